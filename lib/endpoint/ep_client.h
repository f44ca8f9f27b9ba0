// SPDX-License-Identifier: Apache-2.0
// A client's control connection: TCP, the ow_client machine, keys derived on a worker, a time limit
// on every answer. What the server says reaches the owner as events of the machine.
#pragma once
#include "loop/ps_loop.h"
#include "loop/ps_stream.h"
#include "owamp/ow_client.h"

struct ep_client;

struct ep_client_conf {
    struct ps_loop *loop;
    struct ps_addr addrs[16]; // tried in order
    size_t naddrs;
    struct ps_addr local; // bind the connection to this address; len 0: no
    const char *device;   // SO_BINDTODEVICE; NULL: no
    uint32_t modes;       // acceptable; AUTH and ENC only with an identity
    const char *identity; // NULL: none
    const uint8_t *pass;
    size_t pass_len;
    ps_ns setup_timeout; // for connecting and for each answer until READY; 0: as timeout
    ps_ns timeout;       // for each answer of the server
    void *ctx;
    // OW_CEV_GREETING does not come here. OW_CEV_READY: the connection is set up, ep_client_rtt is
    // known. The client may be closed from inside.
    void (*event)(void *ctx, const struct ow_client_event *ev);
    // The connection cannot be made or has ended; the owner still has to close. `why` is a sentence.
    void (*failed)(void *ctx, int err, const char *why);
};

int ep_client_open(struct ep_client **out, const struct ep_client_conf *conf);
// Commands; each wants its event before the next one. Errors as in ow_client.h.
int ep_client_request(struct ep_client *c, const struct ow_request *req, const struct ow_slot *slots);
int ep_client_start(struct ep_client *c);
int ep_client_stop(struct ep_client *c, uint8_t accept, const struct ow_stop_rec *recs, uint32_t nrecs);
int ep_client_fetch(struct ep_client *c, const struct ow_fetch *f);
// From now on each answer of the server has this time at most (ns), the one that is being waited for too.
void ep_client_hurry(struct ep_client *c, ps_ns timeout);

struct ow_client *ep_client_machine(struct ep_client *c);
const struct ps_addr *ep_client_local(const struct ep_client *c);
const struct ps_addr *ep_client_peer(const struct ep_client *c);
// An upper bound of the round trip: from just before Set-Up-Response to Server-Start.
ps_ns ep_client_rtt(const struct ep_client *c);
// Closes at once and frees. NULL is fine; may be called from the callbacks.
void ep_client_close(struct ep_client *c);
