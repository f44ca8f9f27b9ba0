// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_addr.h"
#include "base/ps_err.h"
#include "esmond/es_reg.h"

void es_reg_init(struct es_reg *r)
{
    *r = (struct es_reg){0};
}

void es_reg_fini(struct es_reg *r)
{
    for (size_t i = 0; i < r->nparams; i++) {
        free(r->params[i].key);
        free(r->params[i].value);
    }
    free(r->params);
    free(r->summaries);
    es_reg_init(r);
}

// --- parameters

static struct es_param *find_param(const struct es_reg *r, const char *key)
{
    for (size_t i = 0; i < r->nparams; i++)
        if (strcmp(r->params[i].key, key) == 0)
            return &r->params[i];
    return NULL;
}

const char *es_reg_get(const struct es_reg *r, const char *key)
{
    const struct es_param *p = find_param(r, key);
    return p != NULL ? p->value : NULL;
}

static int replace(struct es_param *p, const char *value)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return -ENOMEM;
    free(p->value);
    p->value = copy;
    return 0;
}

int es_reg_set(struct es_reg *r, const char *key, const char *value)
{
    struct es_param *p = find_param(r, key);
    if (strlen(key) > ES_REG_NAME_MAX || strlen(value) > ES_REG_VALUE_MAX)
        return PS_ELIMIT;
    if (p != NULL)
        return replace(p, value);
    if (r->nparams == ES_REG_PARAMS_MAX)
        return PS_ELIMIT;
    p = realloc(r->params, (r->nparams + 1) * sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    r->params = p;
    p += r->nparams;
    p->key = strdup(key);
    p->value = strdup(value);
    if (p->key == NULL || p->value == NULL) {
        free(p->key);
        free(p->value);
        return -ENOMEM;
    }
    r->nparams++;
    return 0;
}

// --- event types

int es_reg_event(struct es_reg *r, int event)
{
    if (event < 0 || event >= ES_EVENT_COUNT)
        return PS_EUNKNOWN;
    r->events |= UINT64_C(1) << event;
    return 0;
}

static bool has_summary(const struct es_reg *r, const struct es_summary *s)
{
    for (size_t i = 0; i < r->nsummaries; i++)
        if (r->summaries[i].event == s->event && r->summaries[i].type == s->type &&
            r->summaries[i].window == s->window)
            return true;
    return false;
}

static bool windows_full(const struct es_reg *r, uint32_t window)
{
    uint32_t seen[ES_REG_WINDOWS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < r->nsummaries; i++) {
        size_t k = 0;
        uint32_t w = r->summaries[i].window;
        while (k < n && seen[k] != w)
            k++;
        if (w == window)
            return false;
        if (k == n && w > 0)
            seen[n++] = w;
    }
    return window > 0 && n == ES_REG_WINDOWS_MAX;
}

int es_reg_summary(struct es_reg *r, int event, enum es_summary_type type, uint32_t window)
{
    struct es_summary s = {.event = (uint8_t)event, .type = (uint8_t)type, .window = window};
    int err = es_reg_event(r, event);
    if (err != 0)
        return err;
    if (!es_event_summary_allowed(es_event_kind(event), type))
        return PS_EUNSUPPORTED;
    if (window > ES_SUMMARY_WINDOW_MAX)
        return PS_ERANGE;
    if (type == ES_SUMMARY_BASE || has_summary(r, &s))
        return 0;
    if (r->nsummaries == ES_REG_SUMMARIES_MAX || windows_full(r, window))
        return PS_ELIMIT;
    struct es_summary *all = realloc(r->summaries, (r->nsummaries + 1) * sizeof *all);
    if (all == NULL)
        return -ENOMEM;
    r->summaries = all;
    r->summaries[r->nsummaries++] = s;
    return 0;
}

// --- judging

static int complain(struct ps_fault *fault, const char *key, const char *what)
{
    ps_fault_set(fault, NULL, 0, "%s: %s", key, what);
    return PS_EMALFORMED;
}

static int check_address(struct es_reg *r, const char *key, bool needed, struct ps_fault *fault)
{
    struct es_param *p = find_param(r, key);
    struct ps_addr a;
    char text[PS_ADDR_STRLEN];
    if (p == NULL)
        return needed ? complain(fault, key, "is missing") : 0;
    if (ps_addr_parse(p->value, 0, &a) != 0)
        return complain(fault, key, "wants an IP address");
    return replace(p, ps_addr_host(&a, text));
}

static int check_subject(struct es_reg *r, struct ps_fault *fault)
{
    const char *type = es_reg_get(r, "subject-type");
    bool pair = type != NULL && strcasecmp(type, "point-to-point") == 0;
    if (type == NULL)
        return complain(fault, "subject-type", "is missing");
    if (!pair && strcasecmp(type, "network-element") != 0)
        return complain(fault, "subject-type", "wants point-to-point or network-element");
    if (es_reg_set(r, "subject-type", pair ? "point-to-point" : "network-element") != 0)
        return -ENOMEM;
    int err = check_address(r, "source", pair, fault);
    if (err == 0)
        err = check_address(r, "destination", pair, fault);
    if (err == 0)
        err = check_address(r, "measurement-agent", false, fault);
    return err;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct es_param *)a)->key, ((const struct es_param *)b)->key);
}

static int by_place(const void *a, const void *b)
{
    const struct es_summary *x = a, *y = b;
    if (x->event != y->event)
        return x->event < y->event ? -1 : 1;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    return x->window < y->window ? -1 : x->window > y->window;
}

int es_reg_check(struct es_reg *r, struct ps_fault *fault)
{
    if (r->events == 0)
        return complain(fault, "event-types", "wants at least one");
    int err = check_subject(r, fault);
    if (err != 0)
        return err;
    qsort(r->params, r->nparams, sizeof *r->params, by_key);
    if (r->nsummaries > 0)
        qsort(r->summaries, r->nsummaries, sizeof *r->summaries, by_place);
    return 0;
}
