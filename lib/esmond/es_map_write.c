// SPDX-License-Identifier: Apache-2.0
// One thing after the other into a registration or a put.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "esmond/es_iso.h"
#include "esmond/es_map_impl.h"
#include "esmond/es_param.h"

// --- looking

struct ps_jnode es_map_member(struct ps_jnode n, const char *path)
{
    char key[64];

    while (*path) {
        size_t len = (size_t)(strchrnul(path, '/') - path);
        if (path[len] == '\0') // most paths are of one step
            return ps_jnode_member(n, path);
        if (len >= sizeof key)
            return (struct ps_jnode){0};
        memcpy(key, path, len);
        key[len] = '\0';
        n = ps_jnode_type(n) == PS_JTYPE_OBJECT ? ps_jnode_member(n, key) : (struct ps_jnode){0};
        path += len + (path[len] == '/');
    }
    return n;
}

const char *es_map_str(struct ps_jnode n)
{
    const char *text = NULL;

    return ps_jnode_str(n, 1, SIZE_MAX, &text, NULL) == 0 ? text : NULL;
}

double es_map_number(struct ps_jnode n, double otherwise)
{
    double v = otherwise;

    return ps_jnode_double(n, -1e300, 1e300, &v, NULL) == 0 ? v : otherwise;
}

bool es_map_truth(struct ps_jnode n)
{
    bool truth = false;

    switch (ps_jnode_type(n)) {
    case PS_JTYPE_NONE:
    case PS_JTYPE_NULL:
        return false;
    case PS_JTYPE_BOOL:
        return ps_jnode_bool(n, &truth, NULL) == 0 && truth;
    case PS_JTYPE_NUMBER:
        return es_map_number(n, 1) != 0;
    case PS_JTYPE_STRING:
        return es_map_str(n);
    case PS_JTYPE_ARRAY:
    case PS_JTYPE_OBJECT:
        break;
    }
    return ps_jnode_count(n) > 0;
}

// --- parameters and event types

void es_map_param(struct es_map_writer *w, const char *key, struct ps_jnode n)
{
    if (!w->err)
        w->err = es_param_set(w->reg, key, n, w->fault);
}

void es_map_param_text(struct es_map_writer *w, const char *key, const char *value)
{
    if (w->err || !value)
        return;
    w->err = es_reg_set(w->reg, key, value);
    if (w->err == PS_ELIMIT)
        ps_fault_set(w->fault, NULL, 0, "too long for a parameter: %s", key);
}

void es_map_param_seconds(struct es_map_writer *w, const char *key, struct ps_jnode duration)
{
    const char *text = es_map_str(duration);
    double seconds;
    char number[40];

    if (w->err || !text)
        return;
    if (es_iso_duration(text, &seconds)) {
        ps_jnode_fault(duration, w->fault, "wants a duration of ISO 8601, as in PT1.5S");
        w->err = PS_EMALFORMED;
        return;
    }
    // As pScheduler's own archiver writes them, so that both register the same.
    snprintf(number, sizeof number, "%.12g", seconds);
    if (!strpbrk(number, ".e"))
        strcat(number, ".0");
    es_map_param_text(w, key, number);
}

void es_map_param_flat(struct es_map_writer *w, const char *key, struct ps_jnode n)
{
    if (!w->err)
        w->err = es_param_flatten(w->reg, key, n, w->fault);
}

// 0 ends the windows of statistics that are aggregations as well.
struct defaults {
    const char *event;
    bool average, statistics;
    uint32_t windows[3];
};

static const struct defaults defaults[] = {
    {"throughput", true, false, {86400}},
    {"packet-loss-rate", false, false, {300, 3600, 86400}},
    {"packet-count-sent", false, false, {300, 3600, 86400}},
    {"packet-count-lost", false, false, {300, 3600, 86400}},
    {"packet-count-lost-bidir", false, false, {300, 3600, 86400}},
    {"histogram-owdelay", false, true, {300, 3600, 86400}},
    {"packet-loss-rate-bidir", false, false, {3600, 86400}},
    {"histogram-rtt", false, true, {3600, 86400}},
};

static int add_default(struct es_reg *r, int event, const struct defaults *d)
{
    int err = d->statistics ? es_reg_summary(r, event, ES_SUMMARY_STATISTICS, 0) : 0;

    for (size_t i = 0; !err && i < 3 && d->windows[i]; i++) {
        err =
            es_reg_summary(r, event, d->average ? ES_SUMMARY_AVERAGE : ES_SUMMARY_AGGREGATION, d->windows[i]);
        if (!err && d->statistics)
            err = es_reg_summary(r, event, ES_SUMMARY_STATISTICS, d->windows[i]);
    }
    return err;
}

static int add_defaults(struct es_reg *r, int event)
{
    int err = 0;

    for (size_t i = 0; !err && i < sizeof defaults / sizeof defaults[0]; i++)
        if (strcmp(defaults[i].event, es_event_name(event)) == 0)
            err = add_default(r, event, &defaults[i]);
    return err;
}

static int add_own(struct es_reg *r, int event, const struct es_map *m)
{
    int err = 0;

    for (size_t i = 0; !err && i < m->nsummaries; i++)
        if (m->summaries[i].event == event)
            err =
                es_reg_summary(r, event, (enum es_summary_type)m->summaries[i].type, m->summaries[i].window);
    return err;
}

void es_map_event(struct es_map_writer *w, const char *name)
{
    int event = es_event_find(name);

    if (!w->err)
        w->err = es_reg_event(w->reg, event);
    if (!w->err)
        w->err = w->map->summaries ? add_own(w->reg, event, w->map) : add_defaults(w->reg, event);
}

// --- values

static void take_value(struct es_map_writer *w, int event, const char *name, struct es_value *v)
{
    if (w->err) {
        es_value_fini(v);
        return;
    }
    w->err = w->put(w->ctx, w->map->ts, event, v);
    if (w->err && w->err != -ENOMEM)
        ps_fault_set(w->fault, NULL, 0, "%s: %s", name, ps_strerror(w->err));
}

void es_map_value_take(struct es_map_writer *w, const char *name, struct es_value *v)
{
    take_value(w, es_event_find(name), name, v);
}

static bool is_absent(struct ps_jnode n)
{
    return !ps_jnode_there(n) || ps_jnode_type(n) == PS_JTYPE_NULL;
}

static bool is_empty(struct ps_jnode n, enum es_event_kind kind)
{
    enum ps_jtype type = ps_jnode_type(n);

    if (type != PS_JTYPE_OBJECT && (type != PS_JTYPE_ARRAY || kind == ES_EVENT_HISTOGRAM))
        return false;
    return ps_jnode_count(n) == 0;
}

// Of packets: what is no number of them is no result either.
static int check_count(const char *name, enum es_event_kind kind, struct ps_jnode n, struct ps_fault *fault)
{
    uint64_t count;

    if (kind != ES_EVENT_INTEGER || strncmp(name, "packet-", 7) != 0)
        return 0;
    return ps_jnode_u64(n, 0, ES_VALUE_RATIO_MAX, &count, fault);
}

void es_map_value(struct es_map_writer *w, const char *name, struct ps_jnode n)
{
    int event = es_event_find(name);
    enum es_event_kind kind = es_event_kind(event);
    struct es_value v = {0};

    if (w->err || is_absent(n) || is_empty(n, kind))
        return;
    w->err = check_count(name, kind, n, w->fault);
    if (!w->err)
        w->err = es_value_from_json(kind, n, &v, w->fault);
    if (!w->err)
        take_value(w, event, name, &v);
}

void es_map_value_ratio(struct es_map_writer *w, const char *name, struct ps_jnode numerator,
                        struct ps_jnode denominator)
{
    uint64_t above = 0, below = 0;
    struct es_value v = {0};

    if (w->err || is_absent(numerator) || is_absent(denominator))
        return;
    w->err = ps_jnode_u64(denominator, 0, ES_VALUE_RATIO_MAX, &below, w->fault);
    if (!w->err)
        w->err = ps_jnode_u64(numerator, 0, below, &above, w->fault);
    if (w->err || below == 0)
        return;
    w->err = es_value_ratio(above, below, &v);
    if (!w->err)
        es_map_value_take(w, name, &v);
}

// --- JSON that is made

void es_map_value_text(struct es_map_writer *w, const char *name, struct ps_text *t, bool any)
{
    struct es_value v = {0};
    size_t len;
    char *text = ps_text_close(t, &len);

    if (!w->err)
        w->err = !text ? -ENOMEM : any ? es_value_json(text, len, &v) : 0;
    free(text);
    if (v.form != ES_VALUE_NONE)
        es_map_value_take(w, name, &v);
}

void es_map_object_text(struct es_map_writer *w, const char *name, const char *key, const char *text)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    ps_json_put_str(j, key, text);
    ps_json_close(j, '}');
    es_map_value_text(w, name, &t, true);
}

void es_map_failure(struct es_map_writer *w, const char *why)
{
    es_map_object_text(w, "failures", "error", why);
}
