// SPDX-License-Identifier: Apache-2.0
#include "psarchive/tally.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/hist_pack.h"

// It is dense as long as it has no more room than this.
#define SPAN_MIN 64
#define SPAN_EACH 4 // for each of its keys

struct tally_dense {
    uint8_t decimals;
    int64_t first;     // key
    size_t span, keys; // counts, and those that are not 0
    uint32_t counts[];
};

void tally_fini(struct tally *t)
{
    es_hist_fini(&t->hist);
    free(t->dense);
    t->dense = NULL;
}

// --- from dense to sparse

static int to_hist(const struct tally_dense *d, struct es_hist *out)
{
    *out = (struct es_hist){.at = malloc((d->keys + 1) * sizeof *out->at), .cap = d->keys + 1};
    if (out->at == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < d->span; i++)
        if (d->counts[i] > 0)
            out->at[out->n++] = (struct es_hist_bucket){
                .decimals = d->decimals, .number = d->first + (int64_t)i, .count = d->counts[i]};
    return 0;
}

int tally_settle(struct tally *t)
{
    if (t->dense == NULL)
        return 0;
    int err = to_hist(t->dense, &t->hist);
    if (err != 0)
        return err;
    free(t->dense);
    t->dense = NULL;
    return 0;
}

// --- from sparse to dense

// Whether its buckets could stand in an array.
static bool is_plain(const struct es_hist *h)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->at[i].count > UINT32_MAX)
            return false;
    return h->n == 0 || (h->at[0].decimals == h->at[h->n - 1].decimals && h->at[0].decimals != ES_HIST_TEXT);
}

// Where the counts of both have room.
static void find_span(const struct tally *t, const struct es_hist *more, int64_t *first, size_t *span)
{
    const struct tally_dense *d = t->dense;
    int64_t last = more->at[more->n - 1].number;
    *first = more->at[0].number;
    if (d != NULL || t->hist.n > 0) {
        int64_t begins = d != NULL ? d->first : t->hist.at[0].number;
        int64_t ends = d != NULL ? d->first + (int64_t)d->span - 1 : t->hist.at[t->hist.n - 1].number;
        *first = begins < *first ? begins : *first;
        last = ends > last ? ends : last;
    }
    *span = (size_t)(last - *first) + 1;
}

static bool is_worth_it(const struct tally *t, const struct es_hist *more, size_t span)
{
    size_t keys = more->n + (t->dense != NULL ? t->dense->keys : t->hist.n);
    return span <= SPAN_MIN + SPAN_EACH * keys;
}

static void enter(struct tally_dense *d, const struct es_hist *h)
{
    for (size_t i = 0; i < h->n; i++) {
        d->counts[h->at[i].number - d->first] = (uint32_t)h->at[i].count;
        d->keys += h->at[i].count > 0;
    }
}

static int widen(struct tally *t, uint8_t decimals, int64_t first, size_t span)
{
    struct tally_dense *d = calloc(1, sizeof *d + span * sizeof d->counts[0]);
    if (d == NULL)
        return -ENOMEM;
    *d = (struct tally_dense){.decimals = decimals, .first = first, .span = span};
    if (t->dense != NULL) {
        memcpy(&d->counts[t->dense->first - first], t->dense->counts, t->dense->span * sizeof d->counts[0]);
        d->keys = t->dense->keys;
    }
    enter(d, &t->hist);
    tally_fini(t);
    t->dense = d;
    return 0;
}

static uint8_t decimals_of(const struct tally *t, const struct es_hist *more)
{
    return t->dense != NULL ? t->dense->decimals
           : t->hist.n > 0  ? t->hist.at[0].decimals
                            : more->at[0].decimals;
}

// 1: it is dense, with room for what is to be added; 0: it cannot be. -ENOMEM.
static int make_dense(struct tally *t, const struct es_hist *more)
{
    int64_t first;
    size_t span;
    uint8_t decimals = decimals_of(t, more);
    if (!is_plain(more) || decimals != more->at[0].decimals || !is_plain(&t->hist))
        return 0;
    find_span(t, more, &first, &span);
    if (t->dense != NULL && t->dense->span == span)
        return 1;
    if (!is_worth_it(t, more, span))
        return 0;
    int err = widen(t, decimals, first, span);
    return err == 0 ? 1 : err;
}

// --- adding

static bool fits(const struct tally_dense *d, const struct es_hist *more, bool minus)
{
    for (size_t i = 0; i < more->n; i++) {
        uint64_t there = d->counts[more->at[i].number - d->first], count = more->at[i].count;
        if (minus ? count > there : count > UINT32_MAX - there)
            return false;
    }
    return true;
}

static void add(struct tally_dense *d, const struct es_hist *more, bool minus)
{
    for (size_t i = 0; i < more->n; i++) {
        uint32_t *there = &d->counts[more->at[i].number - d->first], before = *there;
        *there += (uint32_t)(minus ? -more->at[i].count : more->at[i].count);
        d->keys += (size_t)(*there > 0) - (size_t)(before > 0);
    }
}

int tally_add(struct tally *t, const struct es_hist *more, bool minus)
{
    if (more->n == 0)
        return 0;
    int dense = make_dense(t, more);
    if (dense < 0)
        return dense;
    if (dense > 0 && fits(t->dense, more, minus)) {
        add(t->dense, more, minus);
        return 0;
    }
    int err = tally_settle(t); // an error is es_hist_merge's to tell
    return err == 0 ? es_hist_merge(&t->hist, more, minus) : err;
}

// --- the whole

// The next bucket. False: there is none.
static bool next(const struct tally *t, size_t *at, struct es_hist_bucket *out)
{
    const struct tally_dense *d = t->dense;
    while (d != NULL && *at < d->span && d->counts[*at] == 0)
        ++*at;
    if (*at >= (d != NULL ? d->span : t->hist.n))
        return false;
    *out = d == NULL ? t->hist.at[*at]
                     : (struct es_hist_bucket){.decimals = d->decimals,
                                               .number = d->first + (int64_t)*at,
                                               .count = d->counts[*at]};
    ++*at;
    return true;
}

bool tally_equal(const struct tally *a, const struct tally *b)
{
    struct es_hist_bucket x, y;
    size_t i = 0, k = 0;
    for (;;) {
        bool more = next(a, &i, &x);
        if (next(b, &k, &y) != more)
            return false;
        if (!more)
            return true;
        if (x.count != y.count || !es_hist_same_key(&x, &y))
            return false;
    }
}

size_t tally_octets(const struct tally *t)
{
    size_t octets = t->hist.cap * sizeof(struct es_hist_bucket);
    return t->dense == NULL ? octets
                            : octets + sizeof *t->dense + t->dense->span * sizeof t->dense->counts[0];
}

void tally_pack(struct bitput *w, const struct tally *t)
{
    struct es_hist h;
    if (t->dense == NULL) {
        hist_pack(w, &t->hist);
        return;
    }
    int err = to_hist(t->dense, &h);
    if (err == 0)
        hist_pack(w, &h);
    else if (w->err == 0)
        w->err = err;
    es_hist_fini(&h);
}

int tally_unpack(struct bitget *r, struct tally *out)
{
    out->dense = NULL;
    return hist_unpack(r, &out->hist);
}
