// SPDX-License-Identifier: Apache-2.0
#include "powstream/parts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

// Behind the timeout of a part's last packet: for arrivals that are being handed over, and for a server to
// write what it knows.
#define GRACE (500 * PS_MSEC)
#define GRACE_SERVER (2 * PS_SEC)

struct parts {
    const struct ground *ground;
    struct output *output;
    struct ps_timer *timer;
    struct lane *lane;        // that runs the session
    struct lane *fetcher;     // where the server receives: connected, or NULL
    bool connected, fetching; // the fetcher
    struct ow_request req;
    struct lane_result session; // its fd is not used
    struct output_part next;    // end 0: none
    struct ow_sched *sched;     // its next time is that of the first packet behind `next`
};

static const struct stream_conf *want(const struct parts *p)
{
    return p->output->conf;
}

// From the end of the part before to its last packet.
static void set_next(struct parts *p, uint32_t first, ps_ntp start)
{
    uint32_t n = p->req.npackets, end = first + want(p)->every;
    p->next = (struct output_part){first, end < n ? end : n, start, start};
    if (first >= n || p->sched == NULL)
        p->next.end = 0;
    for (uint32_t seq = first; seq < p->next.end; seq++)
        p->next.until = ow_sched_next(p->sched);
}

// Leaves in it what was due up to then.
static void cut_part(const struct parts *p, struct output_part *part, ps_ntp upto)
{
    struct ow_sched *sched;
    uint32_t end = part->first;
    part->until = upto;
    if (ow_sched_new(&sched, p->req.sid, &want(p)->slot, 1, p->req.npackets, p->req.start) != 0)
        return;
    while (ow_sched_index(sched) < part->first)
        (void)ow_sched_next(sched);
    while (end < part->end && !ps_ntp_before(upto, ow_sched_next(sched)))
        end++;
    part->end = end > part->first ? end : part->first + 1;
    ow_sched_free(sched);
}

static void arm(struct parts *p)
{
    if (p->next.end == 0 || p->next.end == p->req.npackets)
        return; // the last one comes with the session
    ps_ns due = ps_ntp_to_ns(p->next.until) + (ps_ns)(want(p)->timeout * (double)PS_SEC) +
                (want(p)->to ? GRACE_SERVER : GRACE);
    ps_ns wait = due - ps_clock_now(p->ground->clock);
    ps_timer_start(p->timer, wait > 0 ? wait : 0);
}

static void go_on(struct parts *p)
{
    set_next(p, p->next.end, p->next.until);
    arm(p);
}

// --- parts that the server has

static void fetch_now(struct parts *p)
{
    p->fetching = true;
    lane_fetch(p->fetcher, &p->req, p->next.first, p->next.end - 1);
}

static void on_connected(void *ctx, struct lane *l, ps_ns lead)
{
    struct parts *p = ctx;
    (void)lead;
    p->connected = true;
    if (p->next.end != 0)
        fetch_now(p);
    (void)l;
}

static void on_lost(void *ctx, struct lane *l, ps_ntp upto, const char *reason)
{
    struct parts *p = ctx;
    (void)upto;
    ps_log(p->ground->log, PS_LOG_DEBUG, want(p)->name, "fetching a part: %s", reason);
    p->connected = p->fetching = false;
    lane_close(l); // the part is written with the session
}

static void on_fetched(void *ctx, struct lane *l, const struct lane_result *r)
{
    struct parts *p = ctx;
    (void)l;
    p->fetching = false;
    struct lane_result part = p->session;
    part.fd = r->fd;
    (void)output_part(p->output, &part, &p->next);
    go_on(p);
}

static void fetch_next(struct parts *p)
{
    if (p->connected)
        fetch_now(p);
    else
        lane_connect(p->fetcher);
}

static void on_timer(void *ctx)
{
    struct parts *p = ctx;
    struct lane_result r;
    if (p->lane == NULL || p->next.end == 0 || !lane_so_far(p->lane, &r))
        return;
    p->session.clock_steps = r.clock_steps;
    p->session.here = r.here;
    if (r.fd < 0) {
        fetch_next(p);
        return;
    }
    (void)output_part(p->output, &r, &p->next);
    go_on(p);
}

// --- from outside

int parts_new(struct parts **out, const struct lane_conf *conf, struct output *output)
{
    static const struct lane_ops ops = {.connected = on_connected, .lost = on_lost, .fetched = on_fetched};
    struct parts *p = calloc(1, sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    p->ground = conf->ground;
    p->output = output;
    int err = ps_timer_new(conf->ground->loop, &p->timer, on_timer, p);
    if (err == 0 && conf->stream->to) {
        struct lane_conf lc = *conf;
        lc.ctx = p;
        lc.ops = &ops;
        err = lane_new(&p->fetcher, &lc);
    }
    if (err != 0) {
        parts_free(p);
        return err;
    }
    *out = p;
    return 0;
}

void parts_begin(struct parts *p, struct lane *lane)
{
    if (!lane_so_far(lane, &p->session))
        return;
    p->lane = lane;
    p->req = *p->session.req;
    p->session.req = &p->req;
    ow_sched_free(p->sched);
    p->sched = NULL;
    (void)ow_sched_new(&p->sched, p->req.sid, &want(p)->slot, 1, p->req.npackets, p->req.start);
    set_next(p, 0, p->session.start);
    arm(p);
}

void parts_finish(struct parts *p, const struct lane_result *r, ps_ntp upto)
{
    for (; p->next.end != 0 && ps_ntp_before(p->next.start, upto); set_next(p, p->next.end, p->next.until)) {
        struct output_part part = p->next;
        if (ps_ntp_before(upto, part.until))
            cut_part(p, &part, upto);
        (void)output_part(p->output, r, &part);
    }
    parts_stop(p);
}

void parts_stop(struct parts *p)
{
    if (p == NULL)
        return;
    ps_timer_stop(p->timer);
    ow_sched_free(p->sched);
    p->sched = NULL;
    p->lane = NULL;
    p->next.end = 0;
    if (p->fetching) { // it would be taken for a part of the next session
        lane_close(p->fetcher);
        p->connected = p->fetching = false;
    }
}

void parts_free(struct parts *p)
{
    if (p == NULL)
        return;
    ps_timer_free(p->timer);
    ow_sched_free(p->sched);
    lane_free(p->fetcher);
    free(p);
}
