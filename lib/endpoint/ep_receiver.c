// SPDX-License-Identifier: Apache-2.0
#include "endpoint/ep_receiver.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"

#define FLUSH_EVERY PS_SEC
#define TICK_MIN (10 * PS_MSEC)
// Sessions that have something to write or to call lost share a wake.
#define TICK_SLACK (50 * PS_MSEC)
// Arrivals reach this thread a little after their stamp; nothing is called lost before they can
// have been handed over.
#define GRACE (100 * PS_MSEC)
// Lost records are written a few thousand at a time, so that others get their turn. A session that
// ends with more than these many turns still to come is so far behind that it ends as broken.
#define FINISH_TURNS 64

struct ep_receiver {
    struct ps_loop *loop;
    struct ps_clock *clock;
    struct ps_flow *flow;
    struct ow_recv *recv;
    struct ow_test *test;
    struct ow_writer *writer;
    struct ps_timer *timer;
    int fd;
    ps_ntp timeout;
    size_t packet_len;
    unsigned stamps; // EP_STAMPS_*: those of its packets
    uint64_t bad;    // datagrams that are no test packets of this session
    bool started, announced, finished, closing, unflushed, notifying;
    int file_err;
    ps_ns flush_every;
    void *ctx;
    void (*complete)(void *ctx);
    void (*failed)(void *ctx, int err);
};

// The clock's error and that of the stamp.
static uint16_t own_error(const struct ep_receiver *r, ps_ns stamp_error)
{
    struct ps_clock_state st;
    ps_clock_get(r->clock, &st);
    return ow_err_pack(st.synced, st.error + stamp_error);
}

static ps_ns stamp_error(struct ep_receiver *r, const struct ps_arrival *a)
{
    if (a->hardware_stamp) {
        r->stamps |= EP_STAMPS_HARDWARE;
        return PS_HWSTAMP_ERROR;
    }
    r->stamps |= a->kernel_stamp ? EP_STAMPS_KERNEL : EP_STAMPS_USER;
    return a->kernel_stamp ? PS_STAMP_KERNEL_ERROR : PS_STAMP_USER_ERROR;
}

static int receiver_sink(void *ctx, const struct ow_rec *rec)
{
    struct ep_receiver *r = ctx;
    int err = ow_writer_add(r->writer, rec);
    r->unflushed = true;
    return err;
}

static void receiver_release(struct ep_receiver *r)
{
    ps_timer_free(r->timer);
    ow_recv_free(r->recv);
    ow_test_free(r->test);
    ow_writer_free(r->writer);
    if (r->fd >= 0)
        close(r->fd);
    free(r);
}

static void announce(void *ctx)
{
    struct ep_receiver *r = ctx;
    r->notifying = false;
    if (r->closing) {
        if (r->flow == NULL)
            receiver_release(r);
        return;
    }
    if (r->finished)
        return;
    if (r->file_err != 0)
        r->failed(r->ctx, r->file_err);
    else
        r->complete(r->ctx);
}

static void announce_soon(struct ep_receiver *r)
{
    if (!r->notifying && ps_defer(r->loop, announce, r) == 0)
        r->notifying = true;
}

// After anything that may have changed what is awaited.
static void receiver_check(struct ep_receiver *r, int err)
{
    if (err < 0 && r->file_err == 0) {
        r->file_err = err;
        ps_timer_stop(r->timer);
        announce_soon(r);
    } else if (r->file_err == 0 && !r->announced && ow_recv_complete(r->recv)) {
        r->announced = true;
        announce_soon(r);
    }
}

static void receiver_arm(struct ep_receiver *r)
{
    if (r->file_err != 0 || r->finished)
        return;
    ps_ns wait = INT64_MAX;
    ps_ntp when;
    if (ow_recv_deadline(r->recv, &when))
        wait = ps_ntp_to_ns(when) + GRACE - ps_clock_now(r->clock);
    if (r->unflushed && wait > r->flush_every)
        wait = r->flush_every;
    if (wait < TICK_MIN)
        wait = TICK_MIN;
    if (wait != INT64_MAX)
        ps_timer_about(r->timer, wait, TICK_SLACK);
}

// Until when all that came has been looked at. This process may have been held up, with arrivals waiting.
static ps_ns looked_until(struct ep_receiver *r, ps_ns now)
{
    ps_ns delivered = ps_pump_delivered(ps_flow_pump(r->flow));
    return delivered < now - GRACE ? delivered : now - GRACE;
}

static void receiver_tick(void *ctx)
{
    struct ep_receiver *r = ctx;
    ps_ns now = ps_clock_now(r->clock), until = looked_until(r, now);
    int err = ow_recv_expire(r->recv, ps_ntp_from_ns(until), own_error(r, PS_STAMP_KERNEL_ERROR));
    if (err == 0)
        err = ep_receiver_flush(r);
    receiver_check(r, err);
    receiver_arm(r);
}

static void receiver_arrival(void *ctx, const struct ps_arrival *a)
{
    struct ep_receiver *r = ctx;
    struct ow_test_packet p;
    if (r->finished || r->file_err != 0)
        return;
    size_t len = a->len < PS_ARRIVAL_HEAD ? a->len : PS_ARRIVAL_HEAD;
    if (a->len != r->packet_len || ow_test_unpack(r->test, a->head, len, &p) != 0) {
        r->bad++;
        return;
    }
    bool was_flushed = !r->unflushed;
    int verdict =
        ow_recv_packet(r->recv, &p, ps_ntp_from_ns(a->stamp), own_error(r, stamp_error(r, a)), a->ttl);
    receiver_check(r, verdict);
    if (was_flushed && r->unflushed)
        receiver_arm(r);
}

int ep_receiver_open(struct ep_receiver **out, const struct ep_receiver_conf *conf)
{
    struct ep_receiver *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    r->loop = conf->loop;
    r->clock = conf->clock;
    r->flush_every = conf->flush_every != 0 ? conf->flush_every : FLUSH_EVERY;
    r->ctx = conf->ctx;
    r->complete = conf->complete;
    r->failed = conf->failed;
    r->fd = -1;
    struct ps_flow_conf fc = {
        .local = conf->local, .peer = conf->peer, .ctx = r, .arrival = receiver_arrival};
    int err = ps_timer_new(r->loop, &r->timer, receiver_tick, r);
    if (err == 0)
        err = ps_flow_open(conf->pump, &fc, &r->flow);
    if (err != 0) {
        receiver_release(r);
        return err;
    }
    *out = r;
    return 0;
}

uint16_t ep_receiver_port(const struct ep_receiver *r)
{
    return ps_flow_port(r->flow);
}

int ep_receiver_ready(struct ep_receiver *r, const struct ow_request *req, const struct ow_slot *slots,
                      uint32_t mode, const struct ow_keys *keys, uint16_t peer_port, int fd)
{
    r->fd = fd;
    r->timeout = req->timeout;
    r->packet_len = ow_test_header_len(mode) + req->padding;
    struct ow_recv_conf rc = {.slots = slots,
                              .nslots = req->nslots,
                              .npackets = req->npackets,
                              .start = req->start,
                              .timeout = req->timeout,
                              .max_window = EP_WINDOW_MAX};
    memcpy(rc.sid, req->sid, OW_SID_LEN);
    int err = peer_port != 0 ? ps_flow_set_peer_port(r->flow, peer_port) : 0;
    if (err == 0)
        err = ow_test_new(&r->test, mode, keys, req->sid);
    if (err == 0)
        err = ow_recv_new(&r->recv, &rc, receiver_sink, r);
    if (err == 0)
        err = ow_writer_new(&r->writer, fd, req, slots);
    return err;
}

int ep_receiver_start(struct ep_receiver *r)
{
    if (r->writer == NULL || r->started)
        return PS_ESTATE;
    int err = ps_flow_receive(r->flow);
    if (err != 0)
        return err;
    r->started = true;
    receiver_check(r, 0);
    receiver_arm(r);
    return 0;
}

void ep_receiver_limit(struct ep_receiver *r, uint32_t next_seqno)
{
    ow_recv_limit(r->recv, next_seqno);
    r->announced = false;
    receiver_check(r, 0);
    receiver_arm(r);
}

bool ep_receiver_is_complete(const struct ep_receiver *r)
{
    return r->recv != NULL && ow_recv_complete(r->recv);
}

// Calls lost what was due to come before now.
static int lose_overdue(struct ep_receiver *r, ps_ntp now)
{
    for (int i = 0; i < FINISH_TURNS; i++) {
        ps_ntp when;
        int err = ow_recv_expire(r->recv, now, own_error(r, PS_STAMP_KERNEL_ERROR));
        if (err != 0 || !ow_recv_deadline(r->recv, &when) || !ps_ntp_before(when, now))
            return err;
    }
    return PS_ELIMIT;
}

// What was sent later than this may still be on its way; all else has come or is called lost.
static ps_ntp decided_until(const struct ep_receiver *r, ps_ntp stop)
{
    return stop - ps_ntpdur_from_ns(GRACE) - r->timeout;
}

static void end_stopped(struct ep_receiver *r, ps_ntp stop, const struct ow_stop_rec *rec,
                        struct ow_file_end *end)
{
    end->finished = OW_FIN_NORMAL;
    end->next_seqno = rec->next_seqno;
    end->skips = rec->skips;
    end->nskips = rec->nskips;
    end->end_seq = rec->next_seqno;
    end->cut = !ow_recv_complete(r->recv);
    end->cut_time = decided_until(r, stop);
}

static void end_broken(const struct ep_receiver *r, ps_ntp stop, struct ow_file_end *end)
{
    uint32_t highest;
    end->finished = OW_FIN_INCOMPLETE;
    end->end_seq = ow_recv_highest(r->recv, &highest) ? highest + 1 : 0;
    end->cut = true;
    end->cut_time = decided_until(r, stop);
}

// The time of the stop, or an earlier one when not all is known that came before it. One that is yet to come
// was told by a clock that has been set back since.
static ps_ntp known_until(struct ep_receiver *r, ps_ntp stop)
{
    if (ow_recv_complete(r->recv) || ps_ntp_before(ps_ntp_from_ns(ps_clock_now(r->clock)), stop))
        return stop;
    struct ps_pump *pump = ps_flow_pump(r->flow);
    ps_pump_catch_up(pump, ps_ntp_to_ns(stop) - GRACE);
    ps_ntp known = ps_ntp_from_ns(ps_pump_delivered(pump) + GRACE);
    return ps_ntp_before(known, stop) ? known : stop;
}

int ep_receiver_finish(struct ep_receiver *r, enum ep_end how, ps_ntp stop, const struct ow_stop_rec *rec)
{
    if (r->writer == NULL || r->finished)
        return PS_ESTATE;
    struct ow_file_end end = {0};
    int err = r->file_err;
    if (how == EP_END_STOPPED)
        ow_recv_limit(r->recv, rec->next_seqno);
    stop = known_until(r, stop);
    if (err == 0)
        err = lose_overdue(r, stop - ps_ntpdur_from_ns(GRACE));
    if (err != 0)
        how = EP_END_BROKEN;
    if (how == EP_END_STOPPED)
        end_stopped(r, stop, rec, &end);
    else
        end_broken(r, stop, &end);
    r->finished = true;
    ps_timer_stop(r->timer);
    int ferr = ow_writer_finish(r->writer, &end);
    return err != 0 ? err : ferr;
}

int ep_receiver_flush(struct ep_receiver *r)
{
    r->unflushed = false;
    return r->writer == NULL ? 0 : ow_writer_flush(r->writer);
}

int ep_receiver_fd(const struct ep_receiver *r)
{
    return r->fd;
}

uint64_t ep_receiver_file_size(const struct ep_receiver *r)
{
    return r->writer == NULL ? 0 : ow_writer_size(r->writer);
}

uint64_t ep_receiver_ignored(const struct ep_receiver *r)
{
    uint64_t n = r->bad;
    if (r->recv != NULL)
        for (enum ow_recv_verdict v = OW_RECV_LATE; v < OW_RECV_VERDICTS; v++)
            n += ow_recv_count(r->recv, v);
    return n;
}

unsigned ep_receiver_stamps(const struct ep_receiver *r)
{
    return r->stamps;
}

uint64_t ep_receiver_host_dropped(const struct ep_receiver *r)
{
    return ps_flow_host_dropped(r->flow);
}

bool ep_receiver_highest(const struct ep_receiver *r, uint32_t *seq)
{
    return r->recv != NULL && ow_recv_highest(r->recv, seq);
}

static void receiver_closed(void *ctx)
{
    struct ep_receiver *r = ctx;
    r->flow = NULL;
    if (!r->notifying)
        receiver_release(r);
}

void ep_receiver_close(struct ep_receiver *r)
{
    if (r == NULL)
        return;
    r->closing = true;
    r->finished = true;
    ps_timer_stop(r->timer);
    ps_flow_close(r->flow, receiver_closed);
}
