// SPDX-License-Identifier: Apache-2.0
#include "bench/load_tally.h"
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "owamp/ow_sched.h"

struct load_tally {
    uint32_t npackets;
    uint64_t sent, came;
    ps_ntp *when;
    bool *seen;
};

int load_dist_add(struct load_dist *d, int64_t value)
{
    if (d->n == d->cap) {
        size_t cap = d->cap > 0 ? 2 * d->cap : 4096;
        int64_t *at = realloc(d->at, cap * sizeof *at);
        if (at == NULL)
            return -ENOMEM;
        d->at = at;
        d->cap = cap;
    }
    d->at[d->n++] = value;
    d->sorted = false;
    return 0;
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int64_t load_dist_percentile(struct load_dist *d, double p)
{
    if (d->n == 0)
        return 0;
    if (!d->sorted)
        qsort(d->at, d->n, sizeof *d->at, by_value);
    d->sorted = true;
    size_t rank = (size_t)(p * (double)d->n + 0.999999);
    if (rank > d->n)
        rank = d->n;
    return d->at[rank > 0 ? rank - 1 : 0];
}

void load_counts_free(struct load_counts *c)
{
    free(c->delay.at);
    free(c->late.at);
}

void load_tally_free(struct load_tally *t)
{
    if (t == NULL)
        return;
    free(t->when);
    free(t->seen);
    free(t);
}

static int fill_schedule(struct load_tally *t, const struct ow_request *req, const struct ow_slot *slots)
{
    struct ow_sched *sched;
    int err = ow_sched_new(&sched, req->sid, slots, req->nslots, req->npackets, req->start);
    if (err != 0)
        return err;
    for (uint32_t i = 0; i < req->npackets; i++)
        t->when[i] = ow_sched_next(sched);
    ow_sched_free(sched);
    return 0;
}

int load_tally_new(struct load_tally **out, const struct ow_request *req, const struct ow_slot *slots)
{
    struct load_tally *t = calloc(1, sizeof *t);
    int err = -ENOMEM;
    if (t == NULL)
        return err;
    t->npackets = req->npackets;
    t->when = calloc(req->npackets + (size_t)1, sizeof *t->when);
    t->seen = calloc(req->npackets + (size_t)1, sizeof *t->seen);
    if (t->when != NULL && t->seen != NULL)
        err = fill_schedule(t, req, slots);
    if (err != 0) {
        load_tally_free(t);
        return err;
    }
    *out = t;
    return 0;
}

// 2^-32 s to nanoseconds.
static int64_t to_ns(int64_t diff)
{
    return (int64_t)(((__int128)diff * PS_SEC) >> 32);
}

int load_tally_add(struct load_tally *t, const struct ow_rec *rec, struct load_counts *c)
{
    if (rec->seq >= t->npackets)
        return PS_ERANGE;
    if (ow_rec_lost(rec))
        return 0; // what has not come is lost, with a record or without
    if (t->seen[rec->seq]) {
        c->dups++;
        return 0;
    }
    t->seen[rec->seq] = true;
    t->came++;
    int err = load_dist_add(&c->delay, to_ns(ps_ntp_diff(rec->recv, rec->send)));
    return err != 0 ? err : load_dist_add(&c->late, to_ns(ps_ntp_diff(rec->send, t->when[rec->seq])));
}

void load_tally_sent(struct load_tally *t, uint32_t next_seqno, const struct ow_skip *skips, uint32_t nskips)
{
    t->sent = next_seqno;
    for (uint32_t i = 0; i < nskips; i++)
        t->sent -= (uint64_t)skips[i].last - skips[i].first + 1;
}

void load_tally_end(const struct load_tally *t, struct load_counts *c)
{
    c->sent += t->sent;
    c->lost += t->sent > t->came ? t->sent - t->came : 0;
}
