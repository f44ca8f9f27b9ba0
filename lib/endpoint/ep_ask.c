// SPDX-License-Identifier: Apache-2.0
#include "endpoint/ep_ask.h"
#include <string.h>
#include "base/ps_rand.h"
#include "base/ps_wire.h"

static int make_sid(const struct ps_addr *receiver, ps_ntp now, uint8_t sid[OW_SID_LEN])
{
    struct ps_wr w;
    uint8_t addr[16];
    ps_addr_to_wire(receiver, addr);
    ps_wr_init(&w, sid, OW_SID_LEN);
    ps_wr_bytes(&w, ps_addr_version(receiver) == 4 ? addr : addr + 12, 4);
    ps_wr_u64(&w, now);
    return ps_rand_bytes(sid + 12, 4);
}

int ep_ask_request(const struct ep_ask *ask, ps_ntp now, struct ow_request *req)
{
    memset(req, 0, sizeof *req);
    req->ipvn = (uint8_t)ps_addr_version(&ask->local);
    req->conf_receiver = ask->to;
    req->conf_sender = !ask->to;
    req->nslots = ask->nslots;
    req->npackets = ask->count;
    ps_addr_to_wire(ask->to ? &ask->local : &ask->remote, req->sender_addr);
    ps_addr_to_wire(ask->to ? &ask->remote : &ask->local, req->receiver_addr);
    *(ask->to ? &req->sender_port : &req->receiver_port) = ask->port;
    req->padding = ask->padding;
    req->start = ask->start;
    req->timeout = ask->timeout;
    req->typep = (uint32_t)ask->dscp << 24;
    return ask->to ? 0 : make_sid(&ask->local, now, req->sid);
}

const char *ep_ask_fault(const struct ow_request *req, const struct ow_accept_msg *accept)
{
    if (accept->port == 0)
        return "it accepts the session without telling its UDP port";
    // Both ends make the schedule from the SID; the receiver chose it.
    if (req->conf_sender && memcmp(accept->sid, req->sid, OW_SID_LEN) != 0)
        return "it accepts another session than was asked for";
    return NULL;
}
