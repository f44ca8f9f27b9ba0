// SPDX-License-Identifier: Apache-2.0
// The sending end of a session: an ow_send on a flow of the packet engine. Used by servers and
// clients alike.
#pragma once
#include "loop/ps_pump.h"
#include "owamp/ow_send.h"

struct ep_sender_conf {
    struct ps_pump *pump;
    struct ps_addr local; // address to send from; port 0: from the pump's range
    struct ps_addr peer;  // port 0: told later by ep_sender_ready
    uint8_t dscp;
    void *ctx;
    // Sending has ended: all packets are out, or ep_sender_stop was called. Once after each start.
    void (*done)(void *ctx);
};

struct ep_sender;
// Reserves the UDP port. Errors as ps_flow_open.
int ep_sender_open(struct ep_sender **out, const struct ep_sender_conf *conf);
uint16_t ep_sender_port(const struct ep_sender *s);
// The session is agreed: req holds its final SID, start and numbers. peer_port 0: known already.
int ep_sender_ready(struct ep_sender *s, const struct ow_request *req, const struct ow_slot *slots,
                    uint32_t mode, const struct ow_keys *keys, uint16_t peer_port);
// Begins to send on schedule. PS_ESTATE before ep_sender_ready.
int ep_sender_start(struct ep_sender *s);
// Ends sending; `done` follows unless it has been called already.
void ep_sender_stop(struct ep_sender *s);
// Not sending (any more): the figures below may be read.
bool ep_sender_idle(const struct ep_sender *s);
// The session's part of Stop-Sessions; skips belong to s. Only while idle.
void ep_sender_result(const struct ep_sender *s, struct ow_stop_rec *out);
// When the last packet is due by schedule.
ps_ntp ep_sender_last_time(const struct ep_sender *s);
// Errors of the last send that failed: -errno, 0 none; and how many failed. Only while idle.
int ep_sender_send_error(const struct ep_sender *s, uint64_t *count);
// Frees, once the packet thread has let go. NULL is fine.
void ep_sender_close(struct ep_sender *s);
