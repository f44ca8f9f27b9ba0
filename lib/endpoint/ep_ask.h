// SPDX-License-Identifier: Apache-2.0
// What a client asks for, and whether the answer fits.
#pragma once
#include "base/ps_addr.h"
#include "owamp/ow_msg.h"

struct ep_ask {
    bool to; // to the server, which receives; else from it
    uint32_t count, padding, nslots;
    uint8_t dscp;
    ps_ntp start, timeout;        // NTP time; 32.32 duration
    struct ps_addr local, remote; // of the control connection
    uint16_t port;                // ours for the test packets
};

// The Request-Session message. Where we receive, the SID is made here, from our address, `now` and random
// octets (RFC 4656 section 3.5).
int ep_ask_request(const struct ep_ask *ask, ps_ntp now, struct ow_request *req);
// What is wrong with an answer whose Accept is 0; NULL: nothing.
const char *ep_ask_fault(const struct ow_request *req, const struct ow_accept_msg *accept);
