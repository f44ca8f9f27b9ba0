// SPDX-License-Identifier: Apache-2.0
#include "psarchive/retention.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "json/ps_jdoc.h"

#define FILE_MAX (1u << 20)
#define DAYS_MAX 100000
#define DAY 86400
#define ANY (-1)
#define NEVER (-1)

struct policy {
    int event, type; // ANY
    int64_t window;  // ANY
    int64_t days;    // NEVER
};

struct retention {
    size_t n;
    struct policy at[];
};

void retention_free(struct retention *r)
{
    free(r);
}

// --- reading

static int read_event(struct ps_jget *g, int *out)
{
    const char *name = ps_jneed_str(g, "event_type", 1, 128);
    *out = ANY;
    if (g->err != 0 || strcmp(name, "*") == 0)
        return g->err;
    *out = es_event_find(name);
    if (*out < 0)
        ps_jget_fail(g, "event_type", PS_EUNKNOWN, "there is no event type '%s'", name);
    return g->err;
}

static int read_type(struct ps_jget *g, int *out)
{
    enum es_summary_type type;
    const char *name = ps_jneed_str(g, "summary_type", 1, 128);
    *out = ANY;
    if (g->err != 0 || strcmp(name, "*") == 0)
        return g->err;
    if (es_summary_find(name, false, &type) != 0)
        ps_jget_fail(g, "summary_type", PS_EUNKNOWN,
                     "wants *, base, aggregation, average or statistics; got '%s'", name);
    else
        *out = (int)type;
    return g->err;
}

// A number, the same as text, or one of two words.
static int read_count(struct ps_jget *g, const char *key, const char *word, uint64_t max, int64_t *out)
{
    struct ps_jnode n = ps_jget_node(g, key);
    const char *text;
    uint64_t v = 0;
    *out = -1;
    if (g->err != 0)
        return g->err;
    if (ps_jnode_str(n, 1, 32, &text, NULL) != 0) {
        if (ps_jnode_u64(n, 0, max, &v, NULL) != 0)
            ps_jget_fail(g, key, PS_EMALFORMED, "wants a number up to %llu or \"%s\"",
                         (unsigned long long)max, word);
    } else if (strcmp(text, word) == 0)
        return 0;
    else if (ps_num_u64(text, 10, 0, max, &v) != 0)
        ps_jget_fail(g, key, PS_EMALFORMED, "wants a number up to %llu or \"%s\"; got '%s'",
                     (unsigned long long)max, word, text);
    *out = (int64_t)v;
    return g->err;
}

static int read_policy(struct ps_jnode n, struct policy *out, struct ps_fault *fault)
{
    struct ps_jget g;
    ps_jget_init(&g, n, fault);
    (void)read_event(&g, &out->event);
    (void)read_type(&g, &out->type);
    (void)read_count(&g, "summary_window", "*", ES_SUMMARY_WINDOW_MAX, &out->window);
    (void)read_count(&g, "expire", "never", DAYS_MAX, &out->days);
    return ps_jget_end(&g);
}

static int read_policies(const struct ps_jdoc *doc, struct retention **out, struct ps_fault *fault)
{
    struct ps_jget g;
    ps_jget_init(&g, ps_jdoc_root(doc), fault);
    struct ps_jnode list = ps_jneed_array(&g, "policies");
    int err = ps_jget_end(&g);
    size_t n = ps_jnode_count(list);
    if (err == 0 && n > RETENTION_MAX) {
        ps_jnode_fault(list, fault, "has more than %d policies", RETENTION_MAX);
        err = PS_ELIMIT;
    }
    struct retention *r = err == 0 ? calloc(1, sizeof *r + n * sizeof r->at[0]) : NULL;
    if (r == NULL)
        return err != 0 ? err : -ENOMEM;
    struct ps_jnode m = ps_jnode_first(list);
    for (; err == 0 && ps_jnode_there(m); m = ps_jnode_next(m))
        err = read_policy(m, &r->at[r->n++], fault);
    if (err != 0)
        retention_free(r);
    else
        *out = r;
    return err;
}

int retention_parse(struct retention **out, const char *name, const char *text, size_t len,
                    struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    int err = ps_jdoc_parse(&doc, name, text, len, fault);
    if (err != 0)
        return err;
    err = read_policies(doc, out, fault);
    ps_jdoc_free(doc);
    return err;
}

int retention_load(struct retention **out, const char *path, struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    int err = ps_jdoc_load(&doc, path, FILE_MAX, fault);
    if (err != 0)
        return err;
    err = read_policies(doc, out, fault);
    ps_jdoc_free(doc);
    return err;
}

// --- asking

// How specific it is: event type before summary type before window. -1: it does not fit.
static int fit(const struct policy *p, int event, enum es_summary_type type, uint32_t window)
{
    if ((p->event != ANY && p->event != event) || (p->type != ANY && p->type != (int)type) ||
        (p->window != ANY && p->window != (int64_t)window))
        return -1;
    return (p->event != ANY) * 4 + (p->type != ANY) * 2 + (p->window != ANY);
}

int64_t retention_cut(const struct retention *r, int event, enum es_summary_type type, uint32_t window,
                      int64_t now)
{
    int best = -1;
    int64_t days = NEVER;
    for (size_t i = 0; i < r->n; i++) {
        int here = fit(&r->at[i], event, type, window);
        if (here <= best)
            continue;
        best = here;
        days = r->at[i].days;
    }
    return days == NEVER ? RETENTION_NEVER : now - days * DAY;
}
