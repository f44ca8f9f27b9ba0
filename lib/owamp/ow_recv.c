// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_recv.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "owamp/ow_sched.h"

// Longer timeouts are taken as this (17 years), so that twice a timeout is still a signed difference.
#define TIMEOUT_MAX (INT64_C(1) << 61)
#define FIRST_CAP 16u

enum state { AWAITED, DECIDED };

// The window is a ring of the sequence numbers [base, top). Those from `next` on may be awaited;
// those below have come and stay until their time is over: what comes after that is no copy any more.
struct ow_recv {
    struct ow_sched *sched;
    ow_rec_sink sink;
    void *ctx;
    int64_t timeout;
    uint32_t limit, max_window;
    uint64_t max_copies;
    uint32_t base, next, top;
    size_t cap; // power of two
    ps_ntp *when;
    uint8_t *state;
    uint64_t count[OW_RECV_VERDICTS];
    uint64_t lost;
    uint32_t highest;
    bool any;
};

int ow_recv_new(struct ow_recv **out, const struct ow_recv_conf *conf, ow_rec_sink sink, void *ctx)
{
    struct ow_recv *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    int err = ow_sched_new(&r->sched, conf->sid, conf->slots, conf->nslots, conf->npackets, conf->start);
    if (err) {
        ow_recv_free(r);
        return err;
    }
    r->sink = sink;
    r->ctx = ctx;
    r->timeout = conf->timeout > (ps_ntp)TIMEOUT_MAX ? TIMEOUT_MAX : (int64_t)conf->timeout;
    r->limit = conf->npackets;
    r->max_copies = (uint64_t)conf->npackets * OW_RECV_COPIES + OW_RECV_COPIES_MORE;
    r->max_window = conf->max_window ? conf->max_window : 1;
    *out = r;
    return 0;
}

void ow_recv_free(struct ow_recv *r)
{
    if (!r)
        return;
    ow_sched_free(r->sched);
    free(r->when);
    free(r->state);
    free(r);
}

static size_t slot(const struct ow_recv *r, uint32_t seq)
{
    return seq & (r->cap - 1);
}

static int ring_grow(struct ow_recv *r)
{
    size_t cap = r->cap ? r->cap * 2 : FIRST_CAP;
    ps_ntp *when = malloc(cap * sizeof *when);
    uint8_t *state = malloc(cap);
    if (!when || !state) {
        free(when);
        free(state);
        return -ENOMEM;
    }
    for (uint32_t seq = r->base; seq != r->top; seq++) {
        when[seq & (cap - 1)] = r->when[slot(r, seq)];
        state[seq & (cap - 1)] = r->state[slot(r, seq)];
    }
    free(r->when);
    free(r->state);
    r->when = when;
    r->state = state;
    r->cap = cap;
    return 0;
}

// Makes room for one more entry. PS_ELIMIT when all that are there are awaited.
static int ring_room(struct ow_recv *r)
{
    uint32_t used = r->top - r->base;
    if (used >= r->max_window) {
        if (r->base == r->next)
            return PS_ELIMIT;
        r->base++;
        return 0;
    }
    if (used < r->cap)
        return 0;
    int err = ring_grow(r);
    if (!err || r->base == r->next)
        return err;
    r->base++;
    return 0;
}

// Enters the sequence number `top` with its time from the schedule.
static int ring_push(struct ow_recv *r)
{
    int err = ring_room(r);
    if (err)
        return err;
    r->when[slot(r, r->top)] = ow_sched_next(r->sched);
    r->state[slot(r, r->top)] = AWAITED;
    r->top++;
    return ow_sched_error(r->sched);
}

static ps_ntp deadline(const struct ow_recv *r, uint32_t seq)
{
    return r->when[slot(r, seq)] + (ps_ntp)r->timeout;
}

// Forgets what is decided: its time and the timeout have passed.
static void ring_trim(struct ow_recv *r, ps_ntp now)
{
    while (r->base != r->next && ps_ntp_before(deadline(r, r->base), now))
        r->base++;
}

static void advance(struct ow_recv *r)
{
    while (r->next != r->top && r->state[slot(r, r->next)] != AWAITED)
        r->next++;
}

static bool within(ps_ntp a, ps_ntp b, int64_t bound)
{
    int64_t d = ps_ntp_diff(a, b);
    return d <= bound && d >= -bound;
}

// Extends the window up to seq. A packet sent within the timeout of its schedule and received
// within the timeout of that is scheduled no later than recv + 2 * timeout: nobody can make us
// generate further. 1 when seq is in the window now, 0 when it cannot be, or an error.
static int reach(struct ow_recv *r, uint32_t seq, ps_ntp recv)
{
    ps_ntp horizon = recv + 2 * (ps_ntp)r->timeout;
    while (r->top <= seq) {
        if (r->top != r->base && ps_ntp_before(horizon, r->when[slot(r, r->top - 1)]))
            return 0;
        int err = ring_push(r);
        if (err)
            return err == PS_ELIMIT ? 0 : err;
    }
    return 1;
}

// The verdict on a packet, or an error.
static int judge(struct ow_recv *r, const struct ow_test_packet *p, ps_ntp recv)
{
    if (p->seq >= r->limit)
        return OW_RECV_RANGE;
    if (!ow_err_valid(p->err))
        return OW_RECV_ERROR;
    if (!within(recv, p->stamp, r->timeout))
        return OW_RECV_TIME;
    if (p->seq < r->base)
        return OW_RECV_LATE;
    int in = reach(r, p->seq, recv);
    if (in < 0)
        return in;
    if (!in || !within(p->stamp, r->when[slot(r, p->seq)], r->timeout))
        return OW_RECV_TIME;
    if (ps_ntp_before(deadline(r, p->seq), recv))
        return OW_RECV_LATE;
    if (r->state[slot(r, p->seq)] == AWAITED)
        return OW_RECV_NEW;
    return r->count[OW_RECV_DUP] < r->max_copies ? OW_RECV_DUP : OW_RECV_EXCESS;
}

static void mark_came(struct ow_recv *r, uint32_t seq)
{
    r->state[slot(r, seq)] = DECIDED;
    if (!r->any || seq > r->highest)
        r->highest = seq;
    r->any = true;
    advance(r);
}

// Makes sure that `next` is in the window. False when nothing is awaited any more.
static bool next_awaited(struct ow_recv *r, int *err)
{
    *err = 0;
    if (r->next >= r->limit)
        return false;
    if (r->next == r->top)
        *err = ring_push(r);
    return *err == 0;
}

static int lose(struct ow_recv *r, uint16_t recv_err)
{
    struct ow_rec rec = {
        .seq = r->next,
        .send = r->when[slot(r, r->next)],
        .send_err = OW_LOST_ERR,
        .recv_err = recv_err,
        .ttl = OW_TTL_UNKNOWN,
    };
    r->state[slot(r, r->next)] = DECIDED; // and out of the window before anyone looks
    r->lost++;
    advance(r);
    return r->sink(r->ctx, &rec);
}

int ow_recv_expire(struct ow_recv *r, ps_ntp now, uint16_t recv_err)
{
    int err = 0;
    for (uint32_t i = 0; i < OW_RECV_EXPIRE_MAX; i++) {
        if (!next_awaited(r, &err) || !ps_ntp_before(deadline(r, r->next), now))
            break;
        err = lose(r, recv_err);
        if (err)
            return err;
        ring_trim(r, now);
    }
    ring_trim(r, now);
    return err;
}

bool ow_recv_deadline(struct ow_recv *r, ps_ntp *when)
{
    int err;
    if (!next_awaited(r, &err))
        return false;
    *when = deadline(r, r->next);
    return true;
}

// Losses that were due before now are still to be written.
static bool behind(struct ow_recv *r, ps_ntp now)
{
    ps_ntp when;
    return ow_recv_deadline(r, &when) && ps_ntp_before(when, now);
}

// Records stand in the order of time: what was due before recv and has not come is lost first. Readers
// count on that, and it makes a late packet's fate a matter of the stamps alone.
int ow_recv_packet(struct ow_recv *r, const struct ow_test_packet *p, ps_ntp recv, uint16_t recv_err,
                   uint8_t ttl)
{
    int verdict = judge(r, p, recv), err = 0;
    if (verdict == OW_RECV_NEW || verdict == OW_RECV_DUP) {
        err = ow_recv_expire(r, recv, recv_err);
        if (!err && behind(r, recv))
            verdict = OW_RECV_TIME;
    }
    if (verdict < 0 || err)
        return verdict < 0 ? verdict : err;
    r->count[verdict]++;
    if (verdict != OW_RECV_NEW && verdict != OW_RECV_DUP)
        return verdict;
    if (verdict == OW_RECV_NEW)
        mark_came(r, p->seq);
    struct ow_rec rec = {p->seq, p->stamp, recv, p->err, recv_err, ttl};
    err = r->sink(r->ctx, &rec);
    return err ? err : verdict;
}

void ow_recv_limit(struct ow_recv *r, uint32_t next_seqno)
{
    if (next_seqno < r->limit)
        r->limit = next_seqno;
}

bool ow_recv_complete(const struct ow_recv *r)
{
    return r->next >= r->limit;
}

uint32_t ow_recv_resolved(const struct ow_recv *r)
{
    return r->next < r->limit ? r->next : r->limit;
}

uint64_t ow_recv_count(const struct ow_recv *r, enum ow_recv_verdict v)
{
    return v < OW_RECV_VERDICTS ? r->count[v] : 0;
}

uint64_t ow_recv_lost(const struct ow_recv *r)
{
    return r->lost;
}

bool ow_recv_highest(const struct ow_recv *r, uint32_t *seq)
{
    if (r->any)
        *seq = r->highest;
    return r->any;
}

uint64_t ow_recv_window(const struct ow_slot *slots, uint32_t nslots, uint32_t npackets, ps_ntp timeout)
{
    // What can be under way reaches from one timeout back to, with clocks apart, one ahead. Random
    // schedules bunch: six standard deviations more.
    double mean = ow_slots_rate(slots, nslots) * 2 * ps_ntpdur_to_double(timeout);
    double most = mean + 6 * sqrt(mean) + nslots + FIRST_CAP;
    return most < npackets ? (uint64_t)most : npackets;
}
