// SPDX-License-Identifier: Apache-2.0
// One thing after the other into a registration or a put.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/iso.h"
#include "psarchive/map_impl.h"
#include "psarchive/param.h"

// --- looking

struct ps_jnode map_member(struct ps_jnode n, const char *path)
{
    char key[64];

    while (*path) {
        size_t len = strcspn(path, "/");
        if (len >= sizeof key)
            return (struct ps_jnode){0};
        memcpy(key, path, len);
        key[len] = '\0';
        n = ps_jnode_type(n) == PS_JTYPE_OBJECT ? ps_jnode_member(n, key) : (struct ps_jnode){0};
        path += len + (path[len] == '/');
    }
    return n;
}

const char *map_str(struct ps_jnode n)
{
    const char *text = NULL;

    return ps_jnode_str(n, 1, SIZE_MAX, &text, NULL) == 0 ? text : NULL;
}

double map_number(struct ps_jnode n, double otherwise)
{
    double v = otherwise;

    return ps_jnode_double(n, -1e300, 1e300, &v, NULL) == 0 ? v : otherwise;
}

bool map_truth(struct ps_jnode n)
{
    bool truth = false;

    switch (ps_jnode_type(n)) {
    case PS_JTYPE_NONE:
    case PS_JTYPE_NULL:
        return false;
    case PS_JTYPE_BOOL:
        return ps_jnode_bool(n, &truth, NULL) == 0 && truth;
    case PS_JTYPE_NUMBER:
        return map_number(n, 1) != 0;
    case PS_JTYPE_STRING:
        return map_str(n);
    case PS_JTYPE_ARRAY:
    case PS_JTYPE_OBJECT:
        break;
    }
    return ps_jnode_count(n) > 0;
}

// --- parameters and event types

void map_param(struct map_writer *w, const char *key, struct ps_jnode n)
{
    if (!w->err)
        w->err = param_set(w->reg, key, n, w->fault);
}

void map_param_text(struct map_writer *w, const char *key, const char *value)
{
    if (w->err || !value)
        return;
    w->err = registration_set(w->reg, key, value);
    if (w->err == PS_ELIMIT)
        ps_fault_set(w->fault, NULL, 0, "too long for a parameter: %s", key);
}

void map_param_seconds(struct map_writer *w, const char *key, struct ps_jnode duration)
{
    const char *text = map_str(duration);
    double seconds;
    char number[40];

    if (w->err || !text)
        return;
    if (iso_duration(text, &seconds)) {
        ps_jnode_fault(duration, w->fault, "wants a duration of ISO 8601, as in PT1.5S");
        w->err = PS_EMALFORMED;
        return;
    }
    // As pScheduler's own archiver writes them, so that both register the same.
    snprintf(number, sizeof number, "%.12g", seconds);
    if (!strpbrk(number, ".e"))
        strcat(number, ".0");
    map_param_text(w, key, number);
}

void map_param_flat(struct map_writer *w, const char *key, struct ps_jnode n)
{
    if (!w->err)
        w->err = param_flatten(w->reg, key, n, w->fault);
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

static int add_defaults(struct registration *r, int event, const struct defaults *d)
{
    int err = d->statistics ? registration_summary(r, event, SUMMARY_STATISTICS, 0) : 0;

    for (size_t i = 0; !err && i < 3 && d->windows[i]; i++) {
        err =
            registration_summary(r, event, d->average ? SUMMARY_AVERAGE : SUMMARY_AGGREGATION, d->windows[i]);
        if (!err && d->statistics)
            err = registration_summary(r, event, SUMMARY_STATISTICS, d->windows[i]);
    }
    return err;
}

void map_event(struct map_writer *w, const char *name)
{
    int event = event_find(name);

    if (!w->err)
        w->err = registration_event(w->reg, event);
    for (size_t i = 0; !w->err && i < sizeof defaults / sizeof defaults[0]; i++)
        if (strcmp(defaults[i].event, name) == 0)
            w->err = add_defaults(w->reg, event, &defaults[i]);
}

// --- values

void map_value_take(struct map_writer *w, const char *name, struct value *v)
{
    if (w->err) {
        value_fini(v);
        return;
    }
    w->err = put_value(w->put, w->map->ts, event_find(name), v);
    if (w->err && w->err != -ENOMEM)
        ps_fault_set(w->fault, NULL, 0, "%s: %s", name, ps_strerror(w->err));
}

static bool is_absent(struct ps_jnode n)
{
    return !ps_jnode_there(n) || ps_jnode_type(n) == PS_JTYPE_NULL;
}

static bool is_empty(struct ps_jnode n, enum event_kind kind)
{
    enum ps_jtype type = ps_jnode_type(n);

    if (type != PS_JTYPE_OBJECT && (type != PS_JTYPE_ARRAY || kind == EVENT_HISTOGRAM))
        return false;
    return ps_jnode_count(n) == 0;
}

// Of packets: what is no number of them is no result either.
static int check_count(const char *name, enum event_kind kind, struct ps_jnode n, struct ps_fault *fault)
{
    uint64_t count;

    if (kind != EVENT_INTEGER || strncmp(name, "packet-", 7) != 0)
        return 0;
    return ps_jnode_u64(n, 0, VALUE_RATIO_MAX, &count, fault);
}

void map_value(struct map_writer *w, const char *name, struct ps_jnode n)
{
    enum event_kind kind = event_kind(event_find(name));
    struct value v = {0};

    if (w->err || is_absent(n) || is_empty(n, kind))
        return;
    w->err = check_count(name, kind, n, w->fault);
    if (!w->err)
        w->err = value_from_json(kind, n, &v, w->fault);
    if (!w->err)
        map_value_take(w, name, &v);
}

void map_value_ratio(struct map_writer *w, const char *name, struct ps_jnode numerator,
                     struct ps_jnode denominator)
{
    uint64_t above = 0, below = 0;
    struct value v = {0};

    if (w->err || is_absent(numerator) || is_absent(denominator))
        return;
    w->err = ps_jnode_u64(denominator, 0, VALUE_RATIO_MAX, &below, w->fault);
    if (!w->err)
        w->err = ps_jnode_u64(numerator, 0, below, &above, w->fault);
    if (w->err || below == 0)
        return;
    w->err = value_ratio(above, below, &v);
    if (!w->err)
        map_value_take(w, name, &v);
}

// --- JSON that is made

bool map_text_begin(struct map_writer *w, struct map_text *t)
{
    *t = (struct map_text){0};
    if (w->err)
        return false;
    t->file = open_memstream(&t->text, &t->len);
    if (!t->file) {
        w->err = -ENOMEM;
        return false;
    }
    ps_json_init(&t->json, t->file, false);
    return true;
}

void map_text_end(struct map_writer *w, struct map_text *t, const char *name, bool any)
{
    struct value v = {0};
    int err = fclose(t->file) ? -ENOMEM : 0;

    if (!err && any)
        err = value_json(t->text, t->len, &v);
    free(t->text);
    if (!w->err)
        w->err = err;
    if (v.form != VALUE_NONE)
        map_value_take(w, name, &v);
}

void map_object_text(struct map_writer *w, const char *name, const char *key, const char *text)
{
    struct map_text t;

    if (!map_text_begin(w, &t))
        return;
    ps_json_open(&t.json, '{');
    ps_json_key(&t.json, key);
    ps_json_str(&t.json, text);
    ps_json_close(&t.json, '}');
    map_text_end(w, &t, name, true);
}

void map_failure(struct map_writer *w, const char *why)
{
    map_object_text(w, "failures", "error", why);
}
