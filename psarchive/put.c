// SPDX-License-Identifier: Apache-2.0
#include "psarchive/put.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

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
        value_fini(&p->values[i].value);
    free(p->values);
    free(p->document.text);
    registration_fini(&p->reg);
    meta_unref(p->meta);
    free(p);
}

void put_register(struct put *p, struct registration *r)
{
    registration_fini(&p->reg);
    p->reg = *r;
    registration_init(r);
    p->octets += p->reg.nparams * 80 + p->reg.nsummaries * sizeof *p->reg.summaries;
}

static size_t value_octets(const struct value *v)
{
    if (v->form == VALUE_HIST)
        return OCTETS_EACH + v->hist.cap * sizeof(struct hist_bucket);
    return OCTETS_EACH + (v->form == VALUE_JSON ? v->json.len : 0);
}

static int check_value(const struct put *p, int64_t ts, int event, const struct value *value)
{
    uint64_t events = p->meta != NULL ? p->meta->events : p->reg.events;
    if (event < 0 || event >= EVENT_COUNT || !(events >> event & 1))
        return PS_EUNKNOWN;
    if (value->form != value_form_of(event_kind(event)))
        return PS_EMALFORMED;
    if (ts < 0 || ts > PUT_TS_MAX)
        return PS_ERANGE;
    return p->nvalues == PUT_VALUES_MAX ? PS_ELIMIT : 0;
}

static int enter(struct put *p, int64_t ts, int event, struct value *value)
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
    *value = (struct value){0};
    return 0;
}

int put_value(struct put *p, int64_t ts, int event, struct value *value)
{
    int err = check_value(p, ts, event, value);
    if (err == 0)
        err = enter(p, ts, event, value);
    if (err != 0)
        value_fini(value);
    return err;
}

int put_document(struct put *p, int64_t ts, const char *text, size_t len)
{
    if (ts < 0 || ts > PUT_TS_MAX)
        return PS_ERANGE;
    if (len == 0 || len > VALUE_TEXT_MAX || p->document.text != NULL)
        return PS_ELIMIT;
    char *copy = malloc(len);
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, text, len);
    p->document = (struct put_document){.ts = ts, .text = copy, .len = len};
    p->octets += len;
    return 0;
}
