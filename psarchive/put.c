// SPDX-License-Identifier: Apache-2.0
#include "psarchive/put.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/when.h"

#define OCTETS_EACH 64 // of a value, beside what it holds

struct put *put_new(const struct meta *m)
{
    struct put *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->meta = m != NULL ? meta_ref(m) : NULL;
    p->octets = sizeof *p;
    p->conflict_event = -1;
    ps_list_init(&p->node);
    return p;
}

void put_free(struct put *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->nvalues; i++)
        es_value_fini(&p->values[i].value);
    free(p->values);
    for (size_t i = 0; i < p->nsums; i++)
        es_value_fini(&p->sums[i].value);
    free(p->sums);
    free(p->document.text);
    es_reg_fini(&p->reg);
    meta_unref(p->meta);
    free(p);
}

void put_register(struct put *p, struct es_reg *r)
{
    es_reg_fini(&p->reg);
    p->reg = *r;
    es_reg_init(r);
    p->octets += p->reg.nparams * 80 + p->reg.nsummaries * sizeof *p->reg.summaries;
}

static size_t value_octets(const struct es_value *v)
{
    if (v->form == ES_VALUE_HIST)
        return OCTETS_EACH + v->hist.cap * sizeof(struct es_hist_bucket);
    return OCTETS_EACH + (v->form == ES_VALUE_JSON ? v->json.len : 0);
}

static int check_value(const struct put *p, int64_t ts, int event, const struct es_value *value)
{
    uint64_t events = p->meta != NULL ? p->meta->events : p->reg.events;
    if (event < 0 || event >= ES_EVENT_COUNT || !(events >> event & 1))
        return PS_EUNKNOWN;
    if (value->form != es_value_form_of(es_event_kind(event)))
        return PS_EMALFORMED;
    if (ts < 0 || ts > PUT_TS_MAX)
        return PS_ERANGE;
    return p->nvalues == PUT_VALUES_MAX ? PS_ELIMIT : 0;
}

static int enter(struct put *p, int64_t ts, int event, struct es_value *value)
{
    if (p->nvalues == p->cap) {
        size_t cap = p->cap == 0 ? 16 : 2 * p->cap;
        struct put_value *values = realloc(p->values, cap * sizeof *values);
        if (values == NULL)
            return -ENOMEM;
        p->values = values;
        p->cap = cap;
    }
    struct put_value *to = &p->values[p->nvalues];
    *to =
        (struct put_value){.ts = ts, .order = (uint32_t)p->nvalues, .event = (uint8_t)event, .value = *value};
    p->octets += value_octets(value);
    p->nvalues++;
    *value = (struct es_value){0};
    return 0;
}

int put_value(struct put *p, int64_t ts, int event, struct es_value *value)
{
    int err = check_value(p, ts, event, value);
    if (err == 0)
        err = enter(p, ts, event, value);
    if (err != 0)
        es_value_fini(value);
    return err;
}

static int enter_sum(struct put *p, const struct put_sum *sum)
{
    if (p->nsums == p->sums_cap) {
        size_t cap = p->sums_cap == 0 ? 16 : 2 * p->sums_cap;
        struct put_sum *sums = realloc(p->sums, cap * sizeof *sums);
        if (sums == NULL)
            return -ENOMEM;
        p->sums = sums;
        p->sums_cap = cap;
    }
    p->sums[p->nsums++] = *sum;
    p->octets += value_octets(&sum->value);
    return 0;
}

int put_sum(struct put *p, int64_t ts, int event, uint32_t window, struct es_value *value)
{
    struct put_sum sum = {.ts = ts, .window = window, .event = (uint8_t)event, .value = *value};
    int err = check_value(p, ts, event, value);
    if (err == 0 && (p->meta == NULL || window == 0 || !meta_rolls_up(p->meta, event, window)))
        err = PS_EUNKNOWN;
    if (err == 0 && ts % window != 0)
        err = PS_ERANGE;
    if (err == 0 && p->nsums == PUT_VALUES_MAX)
        err = PS_ELIMIT;
    if (err == 0)
        err = enter_sum(p, &sum);
    if (err != 0)
        es_value_fini(value);
    *value = (struct es_value){0};
    return err;
}

int put_document(struct put *p, int64_t ts, const char *text, size_t len)
{
    if (ts < 0 || ts > PUT_TS_MAX)
        return PS_ERANGE;
    if (len == 0 || len > ES_VALUE_TEXT_MAX || p->document.text != NULL)
        return PS_ELIMIT;
    char *copy = malloc(len);
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, text, len);
    p->document = (struct put_document){.ts = ts, .text = copy, .len = len};
    p->octets += len;
    return 0;
}

const char *put_why(const struct put *p, char out[PUT_WHY_SIZE])
{
    char when[WHEN_SIZE];
    if (p->err == PS_EDUPLICATE && p->conflict_event >= 0)
        snprintf(out, PUT_WHY_SIZE, "%s has another value at %lld already", es_event_name(p->conflict_event),
                 (long long)p->conflict_ts);
    else if (p->err == PS_EDUPLICATE && p->document.text != NULL)
        snprintf(out, PUT_WHY_SIZE, "there is another document at %lld already", (long long)p->conflict_ts);
    else if (p->err == PS_ERANGE && p->ahead > 0)
        snprintf(out, PUT_WHY_SIZE, "the time %lld (%s) is more than a day ahead of the archive's clock",
                 (long long)p->ahead, when_text(p->ahead, when));
    else
        snprintf(out, PUT_WHY_SIZE, "%s", ps_strerror(p->err));
    return out;
}
