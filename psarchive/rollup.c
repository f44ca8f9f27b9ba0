// SPDX-License-Identifier: Apache-2.0
#include "psarchive/rollup.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "psarchive/ratio.h"

#define BITS_FORM 2
#define FORM_NOW 0
#define ORDER_POINTS 4
#define ORDER_PART 6
#define ORDER_WHOLE 12

int rollup_new(struct rollup **out, const struct meta *m, uint32_t window)
{
    struct rollup *r = calloc(1, sizeof *r + m->nevents * sizeof r->at[0]);
    if (r == NULL)
        return -ENOMEM;
    r->window = window;
    for (size_t i = 0; i < m->nevents; i++) {
        if (!meta_rolls_up(m, m->event[i], window))
            continue;
        r->at[r->n].event = m->event[i];
        r->at[r->n++].form = es_value_form_of(es_event_kind(m->event[i]));
    }
    *out = r;
    return 0;
}

void rollup_free(struct rollup *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->n; i++)
        if (r->at[i].form == ES_VALUE_HIST)
            tally_fini(&r->at[i].hist);
    free(r);
}

struct rollup_sum *rollup_find(struct rollup *r, int event)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->at[i].event == event)
            return &r->at[i];
    return NULL;
}

size_t rollup_octets(const struct rollup *r)
{
    size_t octets = sizeof *r + r->n * sizeof r->at[0];
    for (size_t i = 0; i < r->n; i++)
        if (r->at[i].form == ES_VALUE_HIST)
            octets += tally_octets(&r->at[i].hist);
    return octets;
}

// --- adding

static int add_ratio(struct rollup_sum *s, const struct es_value *v, bool minus)
{
    uint64_t n = v->ratio.numerator, d = v->ratio.denominator;
    if (minus ? n > s->ratio.numerator || d > s->ratio.denominator
              : n > BITS_GOLOMB_MAX - s->ratio.numerator || d > BITS_GOLOMB_MAX - s->ratio.denominator)
        return PS_ERANGE;
    s->ratio.numerator += minus ? -n : n;
    s->ratio.denominator += minus ? -d : d;
    return 0;
}

static int add_value(struct rollup_sum *s, const struct es_value *v, bool minus)
{
    switch (v->form) {
    case ES_VALUE_NUMBER: {
        decimal_sum more = decimal_from(v->number);
        s->number += minus ? -more : more;
        return 0;
    }
    case ES_VALUE_RATIO:
        return add_ratio(s, v, minus);
    case ES_VALUE_HIST:
        return tally_add(&s->hist, &v->hist, minus);
    case ES_VALUE_JSON:
    case ES_VALUE_NONE:
    case ES_VALUE_STATS:
        break;
    }
    return 0;
}

int rollup_add(struct rollup *r, int event, const struct es_value *v, bool minus)
{
    struct rollup_sum *s = rollup_find(r, event);
    if (s == NULL)
        return 0;
    assert(s->form == v->form);
    if (minus && s->points == 0)
        return PS_ERANGE;
    int err = add_value(s, v, minus);
    if (err == 0)
        s->points += minus ? UINT64_MAX : 1;
    return err;
}

bool rollup_sums_equal(const struct rollup_sum *a, const struct rollup_sum *b)
{
    if (a->event != b->event || a->points != b->points)
        return false;
    switch (a->form) {
    case ES_VALUE_NUMBER:
        return a->number == b->number;
    case ES_VALUE_RATIO:
        return a->ratio.numerator == b->ratio.numerator && a->ratio.denominator == b->ratio.denominator;
    case ES_VALUE_HIST:
        return tally_equal(&a->hist, &b->hist);
    case ES_VALUE_JSON:
    case ES_VALUE_NONE:
    case ES_VALUE_STATS:
        break;
    }
    return true;
}

bool rollup_equal(const struct rollup *a, const struct rollup *b)
{
    if (a->n != b->n || a->window != b->window)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!rollup_sums_equal(&a->at[i], &b->at[i]))
            return false;
    return true;
}

// --- bits

// Both counts beside it have the same points and say the same.
static bool told_by_counts(const struct rollup *r, size_t at, decimal_sum *numerator,
                           decimal_sum *denominator)
{
    int part, whole;
    bool found = false;
    if (!ratio_of_counts(r->at[at].event, &part, &whole))
        return false;
    for (size_t i = 0; i < at; i++) {
        if (r->at[i].event != part && r->at[i].event != whole)
            continue;
        if (r->at[i].points != r->at[at].points)
            return false;
        *(r->at[i].event == part ? numerator : denominator) = r->at[i].number;
        found = true;
    }
    return found;
}

static void pack_ratio(struct bitput *w, const struct rollup *r, size_t at)
{
    const struct rollup_sum *s = &r->at[at];
    decimal_sum numerator = -1, denominator = -1;
    bool told = told_by_counts(r, at, &numerator, &denominator) &&
                numerator == (decimal_sum)s->ratio.numerator * DECIMAL_ONE &&
                denominator == (decimal_sum)s->ratio.denominator * DECIMAL_ONE;
    bitput(w, !told, 1);
    if (told)
        return;
    bitput_golomb(w, s->ratio.numerator, ORDER_PART);
    bitput_golomb(w, s->ratio.denominator, ORDER_WHOLE);
}

static void unpack_ratio(struct bitget *g, struct rollup *r, size_t at)
{
    struct rollup_sum *s = &r->at[at];
    decimal_sum numerator = -1, denominator = -1;
    if (bitget(g, 1) == 1) {
        s->ratio.numerator = bitget_golomb(g, ORDER_PART);
        s->ratio.denominator = bitget_golomb(g, ORDER_WHOLE);
        return;
    }
    if (!told_by_counts(r, at, &numerator, &denominator) || numerator < 0 || denominator < 0 ||
        numerator / DECIMAL_ONE > INT64_MAX / 2 || denominator / DECIMAL_ONE > INT64_MAX / 2) {
        bitget_fail(g, PS_EMALFORMED);
        return;
    }
    s->ratio.numerator = (uint64_t)(numerator / DECIMAL_ONE);
    s->ratio.denominator = (uint64_t)(denominator / DECIMAL_ONE);
}

int rollup_pack(struct bitput *w, const struct rollup *r)
{
    uint64_t points = 0;
    bitput_clear(w);
    bitput(w, FORM_NOW, BITS_FORM);
    for (size_t i = 0; i < r->n; i++) {
        // Most event types have as many points as the one before.
        bitput(w, i > 0 && r->at[i].points == points, 1);
        if (i == 0 || r->at[i].points != points)
            bitput_golomb(w, r->at[i].points, ORDER_POINTS);
        points = r->at[i].points;
    }
    for (size_t i = 0; i < r->n; i++) {
        if (r->at[i].points == 0)
            continue;
        if (r->at[i].form == ES_VALUE_NUMBER)
            decimal_pack(w, r->at[i].number);
        else if (r->at[i].form == ES_VALUE_RATIO)
            pack_ratio(w, r, i);
        else if (r->at[i].form == ES_VALUE_HIST)
            tally_pack(w, &r->at[i].hist);
    }
    return bitput_end(w);
}

static void unpack_points(struct bitget *g, struct rollup *r)
{
    uint64_t points = 0;
    if (bitget(g, BITS_FORM) != FORM_NOW)
        bitget_fail(g, PS_EVERSION);
    for (size_t i = 0; i < r->n; i++) {
        bool same = bitget(g, 1) == 1;
        if (same && i == 0)
            bitget_fail(g, PS_EMALFORMED);
        if (!same)
            points = bitget_golomb(g, ORDER_POINTS);
        r->at[i].points = points;
    }
}

static void unpack_sums(struct bitget *g, struct rollup *r)
{
    for (size_t i = 0; g->err == 0 && i < r->n; i++) {
        if (r->at[i].points == 0)
            continue;
        if (r->at[i].form == ES_VALUE_NUMBER)
            r->at[i].number = decimal_unpack(g);
        else if (r->at[i].form == ES_VALUE_RATIO)
            unpack_ratio(g, r, i);
        else if (r->at[i].form == ES_VALUE_HIST)
            (void)tally_unpack(g, &r->at[i].hist); // the error is the cursor's, too
    }
}

int rollup_unpack(const uint8_t *data, size_t len, const struct meta *m, uint32_t window, struct rollup **out)
{
    struct bitget g;
    struct rollup *r;
    int err = rollup_new(&r, m, window);
    if (err != 0)
        return err;
    bitget_init(&g, data, len);
    unpack_points(&g, r);
    unpack_sums(&g, r);
    err = bitget_end(&g);
    if (err != 0)
        rollup_free(r);
    else
        *out = r;
    return err;
}

// --- what is told

static int aggregation(struct rollup_sum *s, struct es_value *out)
{
    out->form = s->form;
    if (s->form == ES_VALUE_NUMBER)
        out->number = decimal_to(s->number);
    else if (s->form == ES_VALUE_RATIO) {
        out->ratio.numerator = s->ratio.numerator;
        out->ratio.denominator = s->ratio.denominator;
    } else {
        int err = tally_settle(&s->hist);
        if (err != 0)
            return err;
        out->hist = s->hist.hist;
        es_hist_init(&s->hist.hist);
    }
    return 0;
}

static int statistics(struct rollup_sum *s, struct es_value *out)
{
    int err = tally_settle(&s->hist);
    return err == 0 ? es_value_statistics(&s->hist.hist, out) : err;
}

int rollup_value(struct rollup_sum *s, enum es_summary_type type, struct es_value *out)
{
    *out = (struct es_value){0};
    if (s == NULL || s->points == 0)
        return PS_ENOTFOUND;
    switch (type) {
    case ES_SUMMARY_AGGREGATION:
        return aggregation(s, out);
    case ES_SUMMARY_AVERAGE:
        if (s->form != ES_VALUE_NUMBER)
            return PS_ENOTFOUND;
        out->form = ES_VALUE_NUMBER;
        out->number = decimal_mean(s->number, s->points);
        return 0;
    case ES_SUMMARY_STATISTICS:
        if (s->form != ES_VALUE_HIST)
            return PS_ENOTFOUND;
        return statistics(s, out);
    case ES_SUMMARY_BASE:
        break;
    }
    return PS_ENOTFOUND;
}
