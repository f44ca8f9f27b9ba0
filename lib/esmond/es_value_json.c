// SPDX-License-Identifier: Apache-2.0
// Values as clients post them.
#include <errno.h>
#include <math.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "esmond/es_value.h"

// A number, or text that is one.
static int get_number(struct ps_jnode n, double *out, struct ps_fault *fault)
{
    const char *text;
    if (ps_jnode_type(n) != PS_JTYPE_STRING)
        return ps_jnode_double(n, -ES_VALUE_NUMBER_MAX, ES_VALUE_NUMBER_MAX, out, fault);
    int err = ps_jnode_str(n, 1, PS_JDOC_NUMBER, &text, fault);
    if (err == 0)
        err = ps_num_double(text, -ES_VALUE_NUMBER_MAX, ES_VALUE_NUMBER_MAX, out);
    if (err != 0)
        ps_jnode_fault(n, fault, "wants a number; got text that is none, or is out of range");
    return err == PS_ESYNTAX ? PS_EMALFORMED : err;
}

// Digits alone, as most counts are, and not too many.
static bool short_count(struct ps_jnode n, uint64_t *out)
{
    size_t len;
    const char *raw = ps_jnode_raw(n, &len);
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++) {
        if (raw[i] < '0' || raw[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(raw[i] - '0');
    }
    *out = v;
    return len > 0 && len < 16;
}

static int get_count(struct ps_jnode n, uint64_t max, uint64_t *out, struct ps_fault *fault)
{
    double d;
    if (short_count(n, out) && *out <= max)
        return 0;
    int err = get_number(n, &d, fault);
    if (err != 0)
        return err;
    if (d < 0 || d > (double)max || d != trunc(d)) {
        ps_jnode_fault(n, fault, "wants a whole count from 0 to %llu", (unsigned long long)max);
        return PS_ERANGE;
    }
    *out = (uint64_t)d;
    return 0;
}

static int number_from(struct ps_jnode val, struct es_value *out, struct ps_fault *fault)
{
    double d;
    int err = get_number(val, &d, fault);
    return err == 0 ? es_value_number(d, out) : err;
}

static int member_count(struct ps_jnode val, const char *key, uint64_t *out, struct ps_fault *fault)
{
    struct ps_jnode m = ps_jnode_member(val, key);
    if (!ps_jnode_there(m)) {
        ps_jnode_fault(val, fault, "wants numerator and denominator; %s is missing", key);
        return PS_EMALFORMED;
    }
    return get_count(m, ES_VALUE_RATIO_MAX, out, fault);
}

static int ratio_from(struct ps_jnode val, struct es_value *out, struct ps_fault *fault)
{
    uint64_t numerator = 0, denominator = 0;
    int err = ps_jnode_want(val, PS_JTYPE_OBJECT, fault);
    if (err == 0)
        err = member_count(val, "numerator", &numerator, fault);
    if (err == 0)
        err = member_count(val, "denominator", &denominator, fault);
    if (err == 0 && (denominator == 0 || numerator > denominator)) {
        ps_jnode_fault(val, fault,
                       denominator == 0 ? "wants a denominator greater than 0"
                                        : "wants a numerator that is not above the denominator");
        err = PS_ERANGE;
    }
    return err == 0 ? es_value_ratio(numerator, denominator, out) : err;
}

static int add_bucket(struct ps_jnode m, struct es_hist *h, struct ps_fault *fault)
{
    uint64_t count;
    int err = get_count(m, ES_HIST_COUNT_MAX, &count, fault);
    if (err != 0)
        return err;
    err = es_hist_add(h, ps_jnode_key(m), count);
    if (err != 0)
        ps_jnode_fault(m, fault, "%s: keys have at most %d octets, histograms %d buckets", ps_strerror(err),
                       ES_HIST_KEY_MAX, ES_HIST_BUCKETS_MAX);
    return err;
}

static int hist_from(struct ps_jnode val, struct es_value *out, struct ps_fault *fault)
{
    int err = ps_jnode_want(val, PS_JTYPE_OBJECT, fault);
    if (err != 0)
        return err;
    size_t n = ps_jnode_count(val);
    out->form = ES_VALUE_HIST;
    err = es_hist_reserve(&out->hist, n < ES_HIST_BUCKETS_MAX ? n : ES_HIST_BUCKETS_MAX);
    for (struct ps_jnode m = ps_jnode_first(val); err == 0 && ps_jnode_there(m); m = ps_jnode_next(m))
        err = add_bucket(m, &out->hist, fault);
    return err == 0 ? es_hist_settle(&out->hist) : err;
}

static int check_subvalue(struct ps_jnode n, struct ps_fault *fault)
{
    struct ps_jnode val = ps_jnode_member(n, "val");
    if (!ps_jnode_there(val))
        ps_jnode_fault(n, fault, "wants start, duration and val; val is missing");
    else if (ps_jnode_type(val) == PS_JTYPE_NULL)
        ps_jnode_fault(val, fault, "null is no value");
    else
        return 0;
    return PS_EMALFORMED;
}

static int check_subinterval(struct ps_jnode n, struct ps_fault *fault)
{
    static const char *const times[] = {"start", "duration"};
    int err = ps_jnode_want(n, PS_JTYPE_OBJECT, fault);
    for (size_t i = 0; err == 0 && i < 2; i++) {
        double d;
        struct ps_jnode m = ps_jnode_member(n, times[i]);
        if (ps_jnode_there(m))
            err = get_number(m, &d, fault);
        else {
            ps_jnode_fault(n, fault, "wants start, duration and val; %s is missing", times[i]);
            err = PS_EMALFORMED;
        }
    }
    return err == 0 ? check_subvalue(n, fault) : err;
}

static int check_subintervals(struct ps_jnode val, struct ps_fault *fault)
{
    int err = ps_jnode_want(val, PS_JTYPE_ARRAY, fault);
    if (err == 0 && ps_jnode_count(val) == 0) {
        ps_jnode_fault(val, fault, "wants at least one subinterval");
        err = PS_EMALFORMED;
    }
    for (struct ps_jnode m = ps_jnode_first(val); err == 0 && ps_jnode_there(m); m = ps_jnode_next(m))
        err = check_subinterval(m, fault);
    return err;
}

static int json_from(struct ps_jnode val, struct es_value *out, struct ps_fault *fault)
{
    size_t len;
    const char *text = ps_jnode_raw(val, &len);
    if (!ps_jnode_there(val)) {
        ps_jnode_fault(val, fault, "wants a value");
        return PS_EMALFORMED;
    }
    int err = es_value_json(text, len, out);
    if (err != 0)
        ps_jnode_fault(val, fault, "%s: a value has at most %u octets", ps_strerror(err), ES_VALUE_TEXT_MAX);
    return err;
}

static int read_value(enum es_event_kind kind, struct ps_jnode val, struct es_value *out,
                      struct ps_fault *fault)
{
    switch (kind) {
    case ES_EVENT_INTEGER:
    case ES_EVENT_FLOAT:
        return number_from(val, out, fault);
    case ES_EVENT_PERCENTAGE:
        return ratio_from(val, out, fault);
    case ES_EVENT_HISTOGRAM:
        return hist_from(val, out, fault);
    case ES_EVENT_SUBINTERVAL: {
        int err = check_subintervals(val, fault);
        return err == 0 ? json_from(val, out, fault) : err;
    }
    case ES_EVENT_JSON:
        break;
    }
    return json_from(val, out, fault);
}

int es_value_from_json(enum es_event_kind kind, struct ps_jnode val, struct es_value *out,
                       struct ps_fault *fault)
{
    *out = (struct es_value){0};
    int err = read_value(kind, val, out, fault);
    if (err != 0)
        es_value_fini(out);
    return err;
}
