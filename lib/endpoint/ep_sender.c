// SPDX-License-Identifier: Apache-2.0
#include "endpoint/ep_sender.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

#define PASS_MAX 1024 // packets passed over in one go

struct ep_sender {
    struct ps_flow *flow;
    struct ow_send *send; // the packet thread's while running
    uint8_t sid[OW_SID_LEN];
    bool running, closing;
    bool broken; // the machine cannot go on: [pump] while running
    int send_error;
    uint64_t send_errors;
    void (*done)(void *ctx);
    void *ctx;
};

static bool sender_due(void *ctx, ps_ns *when)
{
    struct ep_sender *s = ctx;
    ps_ntp t;
    if (s->broken || !ow_send_due(s->send, &t))
        return false;
    *when = ps_ntp_to_ns(t);
    // The conversion truncates; a packet must not leave before its time.
    if (ps_ntp_before(ps_ntp_from_ns(*when), t))
        ++*when;
    return true;
}

// The next packet that is not too late to be sent, unless very many are.
static int sender_fill(void *ctx, ps_ns now, const struct ps_clock_state *clock, uint8_t *buf, size_t cap)
{
    struct ep_sender *s = ctx;
    ps_ntp t = ps_ntp_from_ns(now), due;
    int n = 0;
    for (int i = 0; i < PASS_MAX && n == 0; i++) {
        if (!ow_send_due(s->send, &due) || ps_ntp_before(t, due))
            return 0;
        n = ow_send_fill(s->send, t, ow_err_pack(clock->synced, clock->error), buf, cap);
    }
    if (n >= 0)
        return n;
    s->broken = true;
    s->send_error = n;
    return 0;
}

static void sender_failed(void *ctx, int err)
{
    struct ep_sender *s = ctx;
    s->send_error = err;
    s->send_errors++;
    // Without memory for the range the packet counts as sent, and so as lost.
    (void)ow_send_failed(s->send);
}

static const struct ps_sender_ops sender_ops = {sender_due, sender_fill, sender_failed};

static void sender_stopped(void *ctx)
{
    struct ep_sender *s = ctx;
    s->running = false;
    if (!s->closing)
        s->done(s->ctx);
}

int ep_sender_open(struct ep_sender **out, const struct ep_sender_conf *conf)
{
    struct ep_sender *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    s->done = conf->done;
    s->ctx = conf->ctx;
    struct ps_flow_conf fc = {
        .local = conf->local, .peer = conf->peer, .dscp = conf->dscp, .ctx = s, .stopped = sender_stopped};
    int err = ps_flow_open(conf->pump, &fc, &s->flow);
    if (err != 0) {
        free(s);
        return err;
    }
    *out = s;
    return 0;
}

uint16_t ep_sender_port(const struct ep_sender *s)
{
    return ps_flow_port(s->flow);
}

int ep_sender_ready(struct ep_sender *s, const struct ow_request *req, const struct ow_slot *slots,
                    uint32_t mode, const struct ow_keys *keys, uint16_t peer_port)
{
    struct ow_send_conf sc = {.mode = mode,
                              .keys = keys,
                              .slots = slots,
                              .nslots = req->nslots,
                              .npackets = req->npackets,
                              .start = req->start,
                              .timeout = req->timeout,
                              .padding = req->padding};
    memcpy(sc.sid, req->sid, OW_SID_LEN);
    memcpy(s->sid, req->sid, OW_SID_LEN);
    int err = peer_port != 0 ? ps_flow_set_peer_port(s->flow, peer_port) : 0;
    return err != 0 ? err : ow_send_new(&s->send, &sc);
}

int ep_sender_start(struct ep_sender *s)
{
    if (s->send == NULL || s->running)
        return PS_ESTATE;
    int err = ps_flow_send(s->flow, &sender_ops);
    if (err == 0)
        s->running = true;
    return err;
}

void ep_sender_stop(struct ep_sender *s)
{
    if (s->running)
        ps_flow_stop(s->flow);
}

bool ep_sender_idle(const struct ep_sender *s)
{
    return !s->running;
}

void ep_sender_result(const struct ep_sender *s, struct ow_stop_rec *out)
{
    memset(out, 0, sizeof *out);
    memcpy(out->sid, s->sid, OW_SID_LEN);
    if (s->send == NULL)
        return;
    out->next_seqno = ow_send_next_seqno(s->send);
    // The list is only read through this record.
    union {
        const struct ow_skip *in;
        struct ow_skip *out;
    } skips = {.in = ow_send_skips(s->send, &out->nskips)};
    out->skips = skips.out;
}

ps_ntp ep_sender_last_time(const struct ep_sender *s)
{
    return s->send == NULL ? 0 : ow_send_last_time(s->send);
}

int ep_sender_send_error(const struct ep_sender *s, uint64_t *count)
{
    *count = s->send_errors;
    return s->send_error;
}

static void sender_closed(void *ctx)
{
    struct ep_sender *s = ctx;
    ow_send_free(s->send);
    free(s);
}

void ep_sender_close(struct ep_sender *s)
{
    if (s == NULL)
        return;
    s->closing = true;
    ps_flow_close(s->flow, sender_closed);
}
