// SPDX-License-Identifier: Apache-2.0
#include "psarchive/span.h"
#include "base/ps_err.h"
#include "base/ps_num.h"

// Sums and differences of three such numbers do not overflow.
#define SECONDS_MAX (INT64_MAX / 4)

struct asked {
    bool there;
    int64_t value;
};

const char *span_last(const struct ps_query *q, const char *name)
{
    const char *value, *last = NULL;
    size_t at = 0;

    while ((value = ps_query_each(q, name, &at)))
        last = value;
    return last;
}

static int ask(const struct ps_query *q, const char *name, struct asked *a, struct ps_fault *fault)
{
    const char *text = span_last(q, name);

    a->there = text;
    a->value = 0;
    if (!text || ps_num_i64(text, 10, -SECONDS_MAX, SECONDS_MAX, &a->value) == 0)
        return 0;
    ps_fault_set(fault, NULL, 0, "Time parameter must be an integer: %s", name);
    return PS_ESYNTAX;
}

static void set(struct span *s, int64_t from, int64_t to)
{
    *s = (struct span){.from = from, .to = to, .given = true};
}

static void set_open(struct span *s, int64_t from, bool given)
{
    *s = (struct span){.from = from, .to = INT64_MAX, .given = given, .open = true};
}

int span_parse(struct span *s, const struct ps_query *q, int64_t now, struct ps_fault *fault)
{
    struct asked time, start, end, range;

    if (ask(q, "time", &time, fault) || ask(q, "time-start", &start, fault) ||
        ask(q, "time-end", &end, fault) || ask(q, "time-range", &range, fault))
        return PS_ESYNTAX;
    if (range.value < 0) {
        ps_fault_set(fault, NULL, 0, "time-range wants seconds, 0 or more");
        return PS_ERANGE;
    }
    if (time.there)
        set(s, time.value, time.value);
    else if (start.there && end.there)
        set(s, start.value, end.value);
    else if (start.there && range.there)
        set(s, start.value, start.value + range.value);
    else if (end.there && range.there)
        set(s, end.value - range.value, end.value);
    else if (start.there)
        set_open(s, start.value, true);
    else if (end.there)
        set(s, 0, end.value);
    else if (range.there)
        set_open(s, now - range.value, true);
    else
        set_open(s, 0, false);
    if (s->to >= s->from)
        return 0;
    ps_fault_set(fault, NULL, 0, "Requested start time must be less than end time");
    return PS_ERANGE;
}
