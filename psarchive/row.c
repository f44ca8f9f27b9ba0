// SPDX-License-Identifier: Apache-2.0
#include "psarchive/row.h"
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/decimal.h"
#include "psarchive/hist_pack.h"
#include "psarchive/ratio.h"

#define BITS_FORM 2
#define FORM_NOW 0
#define ORDER_PART 3 // of a percentage
#define ORDER_WHOLE 8

void row_fini(struct row *row)
{
    for (size_t i = 0; i < row->n; i++)
        es_value_fini(&row->at[i].value);
    row->n = 0;
}

struct es_value *row_find(struct row *row, int event)
{
    for (size_t i = 0; i < row->n; i++)
        if (row->at[i].event == event)
            return &row->at[i].value;
    return NULL;
}

void row_add(struct row *row, int event, struct es_value *value)
{
    size_t i = row->n++;
    for (; i > 0 && row->at[i - 1].event > event; i--)
        row->at[i] = row->at[i - 1];
    row->at[i].event = (uint8_t)event;
    row->at[i].value = *value;
    *value = (struct es_value){0};
}

// --- percentages

static double number_at(const struct row *row, int event)
{
    for (size_t i = 0; i < row->n; i++)
        if (row->at[i].event == event)
            return row->at[i].value.number;
    return -1;
}

static bool told_by_counts(const struct row *row, int event, const struct es_value *v)
{
    int part, whole;
    return ratio_of_counts(event, &part, &whole) && number_at(row, part) == (double)v->ratio.numerator &&
           number_at(row, whole) == (double)v->ratio.denominator;
}

static void pack_ratio(struct bitput *w, const struct row *row, int event, const struct es_value *v)
{
    bool told = told_by_counts(row, event, v);
    bitput(w, !told, 1);
    if (told)
        return;
    bitput_golomb(w, v->ratio.numerator, ORDER_PART);
    bitput_golomb(w, v->ratio.denominator, ORDER_WHOLE);
}

static int unpack_ratio(struct bitget *r, const struct row *row, int event, struct es_value *out)
{
    int part, whole;
    if (bitget(r, 1) == 1) {
        uint64_t numerator = bitget_golomb(r, ORDER_PART), denominator = bitget_golomb(r, ORDER_WHOLE);
        return es_value_ratio(numerator, denominator, out);
    }
    if (!ratio_of_counts(event, &part, &whole))
        return PS_EMALFORMED;
    double n = number_at(row, part), d = number_at(row, whole);
    if (!(n >= 0 && d > 0 && n <= (double)ES_VALUE_RATIO_MAX && d <= (double)ES_VALUE_RATIO_MAX))
        return PS_EMALFORMED;
    return es_value_ratio((uint64_t)n, (uint64_t)d, out);
}

// --- rows

static int pack_value(struct bitput *w, const struct row *row, int event, const struct es_value *v,
                      int64_t ts, struct phrases *p)
{
    switch (v->form) {
    case ES_VALUE_NUMBER:
        number_pack(w, v->number);
        break;
    case ES_VALUE_RATIO:
        pack_ratio(w, row, event, v);
        break;
    case ES_VALUE_HIST:
        hist_pack(w, &v->hist);
        break;
    case ES_VALUE_JSON:
        return phrase_pack(p, w, ts, v->json.text, v->json.len);
    case ES_VALUE_NONE:
    case ES_VALUE_STATS:
        return PS_ESTATE;
    }
    return 0;
}

int row_pack(struct bitput *w, const struct row *row, const struct meta *m, int64_t ts, struct phrases *p)
{
    int err = 0;
    bitput_clear(w);
    bitput(w, FORM_NOW, BITS_FORM);
    for (size_t i = 0, k = 0; i < m->nevents; i++) {
        bool there = k < row->n && row->at[k].event == m->event[i];
        bitput(w, there, 1);
        k += there;
    }
    for (size_t i = 0; err == 0 && i < row->n; i++)
        err = pack_value(w, row, row->at[i].event, &row->at[i].value, ts, p);
    return err == 0 ? bitput_end(w) : err;
}

static int unpack_value(struct bitget *r, const struct row *row, int event, struct phrases *p,
                        struct es_value *out)
{
    *out = (struct es_value){0};
    switch (es_value_form_of(es_event_kind(event))) {
    case ES_VALUE_NUMBER:
        out->form = ES_VALUE_NUMBER;
        out->number = number_unpack(r);
        break;
    case ES_VALUE_RATIO:
        return unpack_ratio(r, row, event, out);
    case ES_VALUE_HIST:
        out->form = ES_VALUE_HIST;
        return hist_unpack(r, &out->hist);
    case ES_VALUE_JSON:
        return phrase_unpack(p, r, out);
    case ES_VALUE_NONE:
    case ES_VALUE_STATS:
        break;
    }
    return r->err;
}

// What a percentage is told by is kept until it is read.
static void drop_unwanted(struct row *row, uint64_t wanted)
{
    size_t to = 0;
    for (size_t i = 0; i < row->n; i++) {
        if (wanted >> row->at[i].event & 1)
            row->at[to++] = row->at[i];
        else
            es_value_fini(&row->at[i].value);
    }
    row->n = to;
}

static size_t unpack_presence(struct bitget *r, const struct meta *m, uint8_t present[ES_EVENT_COUNT])
{
    size_t n = 0;
    if (bitget(r, BITS_FORM) != FORM_NOW)
        bitget_fail(r, PS_EVERSION);
    for (size_t i = 0; i < m->nevents; i++)
        if (bitget(r, 1) == 1)
            present[n++] = m->event[i];
    return r->err == 0 ? n : 0;
}

int row_events(const uint8_t *data, size_t len, const struct meta *m, uint64_t *events)
{
    struct bitget r;
    uint8_t present[ES_EVENT_COUNT];
    bitget_init(&r, data, len);
    size_t n = unpack_presence(&r, m, present);
    *events = 0;
    for (size_t i = 0; i < n; i++)
        *events |= UINT64_C(1) << present[i];
    return r.err;
}

static bool any_from(const uint8_t *present, size_t i, size_t n, uint64_t wanted)
{
    for (; i < n; i++)
        if (wanted >> present[i] & 1)
            return true;
    return false;
}

int row_unpack(const uint8_t *data, size_t len, const struct meta *m, struct phrases *p, uint64_t wanted,
               struct row *out)
{
    struct bitget r;
    uint8_t present[ES_EVENT_COUNT];
    int err = 0;
    out->n = 0;
    bitget_init(&r, data, len);
    size_t n = unpack_presence(&r, m, present);
    for (size_t i = 0; err == 0 && i < n && any_from(present, i, n, wanted); i++) {
        err = unpack_value(&r, out, present[i], p, &out->at[out->n].value);
        out->at[out->n].event = present[i];
        out->n += err == 0;
    }
    if (err == 0)
        err = r.err;
    if (err != 0)
        row_fini(out);
    else
        drop_unwanted(out, wanted);
    return err;
}
