// SPDX-License-Identifier: Apache-2.0
#include "sched/sch_schedule.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"

#define SPAN_MAX (PS_SEC * 86400 * 36525) // of a duration: a century
#define RUNS_MAX (INT64_C(1) << 53)
#define SCHEMA_MAX 2
#define CRON_SCHEMA 2

// faults

// The place as pScheduler writes it: "/schedule/max-runs".
static void place(struct ps_jnode n, const char *key, char *out, size_t size)
{
    char path[200];
    ps_jnode_path(n, path, sizeof path);
    const bool root = strcmp(path, "the document") == 0;
    for (char *p = path; *p != '\0'; p++)
        if (*p == '.' || *p == '[')
            *p = '/';
    snprintf(out, size, "%s%s%s%s", root ? "" : "/", root ? "" : path, key != NULL || root ? "/" : "",
             key != NULL ? key : "");
}

static void fault_at(struct ps_fault *fault, struct ps_jnode n, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void fault_at(struct ps_fault *fault, struct ps_jnode n, const char *key, const char *fmt, ...)
{
    char where[256], what[256];
    va_list ap;
    if (fault == NULL)
        return;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    place(n, key, where, sizeof where);
    ps_fault_set(fault, NULL, 0, "At %s: %s", where, what);
}

// reading

struct reading {
    struct ps_jnode node;
    struct ps_fault *fault;
    uint64_t schema;
    int err;
};

// A member, where there is one and nothing was wrong before.
static bool member(struct reading *r, const char *key, struct ps_jnode *out)
{
    *out = ps_jnode_member(r->node, key);
    return r->err == 0 && ps_jnode_there(*out);
}

static void wrong_type(struct reading *r, const char *key, struct ps_jnode n, const char *wanted)
{
    const bool number = ps_jnode_type(n) == PS_JTYPE_NUMBER;
    size_t len = 0;
    const char *text = number ? ps_jnode_raw(n, &len) : ps_jtype_words(ps_jnode_type(n));
    r->err = PS_EMALFORMED;
    fault_at(r->fault, r->node, key, "wants %s; got %.*s", wanted, number && len < 40 ? (int)len : 40, text);
}

// NULL: not there, or wrong.
static const char *read_text(struct reading *r, const char *key, const char *wanted)
{
    struct ps_jnode n;
    const char *text = NULL;
    if (member(r, key, &n) && ps_jnode_str(n, 0, SIZE_MAX, &text, NULL) != 0)
        wrong_type(r, key, n, wanted);
    return text;
}

static void read_bool(struct reading *r, const char *key, bool *out)
{
    struct ps_jnode n;
    if (member(r, key, &n) && ps_jnode_bool(n, out, NULL) != 0)
        wrong_type(r, key, n, "true or false");
}

static void read_number(struct reading *r, const char *key, uint64_t *out)
{
    struct ps_jnode n;
    int64_t v;
    if (!member(r, key, &n))
        return;
    const int err = ps_jnode_i64(n, INT64_MIN, INT64_MAX, &v, NULL);
    if (err != 0) {
        wrong_type(r, key, n, "a whole number");
    } else if (v < 1) {
        r->err = PS_ERANGE;
        fault_at(r->fault, r->node, key, "%lld is less than the minimum of 1", (long long)v);
    } else if (v > RUNS_MAX) {
        r->err = PS_ERANGE;
        fault_at(r->fault, r->node, key, "%lld is greater than the maximum of %lld", (long long)v,
                 (long long)RUNS_MAX);
    } else {
        *out = (uint64_t)v;
    }
}

static ps_ns whole_seconds_up(ps_ns t)
{
    const ps_ns over = t % PS_SEC;
    return over > 0 ? t - over + PS_SEC : t - over;
}

// A duration of text, from least on.
static void to_duration(struct reading *r, const char *key, const char *text, ps_ns least, ps_ns *out)
{
    ps_ns d = 0;
    r->err = ps_iso8601_duration(text, &d);
    if (r->err == 0 && (d < least || d > SPAN_MAX))
        r->err = PS_ERANGE;
    if (r->err == 0)
        *out = d;
    else if (r->err == PS_EUNSUPPORTED)
        fault_at(r->fault, r->node, key,
                 "\"%.40s\": months and years have no fixed length; write days or weeks", text);
    else if (r->err == PS_ERANGE)
        fault_at(r->fault, r->node, key, "\"%.40s\" is not from %s to P36525D", text,
                 least > 0 ? "PT1S" : "P0D");
    else
        fault_at(r->fault, r->node, key, "\"%.40s\" is no ISO 8601 duration, as PT5M is one", text);
}

static void to_time(struct reading *r, const char *key, const char *text, ps_ns *out)
{
    struct ps_when w;
    r->err = ps_iso8601_time(text, &w);
    if (r->err == 0)
        *out = whole_seconds_up(w.at < SCH_NEVER - PS_SEC ? w.at : SCH_NEVER - PS_SEC);
    else
        fault_at(r->fault, r->node, key, "\"%.40s\" is no ISO 8601 time, as 2030-06-21T12:00:00Z is one%s",
                 text, r->err == PS_ERANGE ? ": there is no such day or hour" : "");
}

static void read_start(struct reading *r, struct sch_schedule *s)
{
    const char *text = read_text(r, "start", "a time, a duration, @ and a duration, or \"soonest\"");
    if (text == NULL || strcmp(text, "soonest") == 0)
        return;
    if (text[0] == 'P') {
        s->start_form = SCH_START_IN;
        to_duration(r, "start", text, 0, &s->start);
    } else if (text[0] == '@') {
        s->start_form = SCH_START_MULTIPLE;
        to_duration(r, "start", text + 1, PS_SEC, &s->start);
    } else {
        s->start_form = SCH_START_AT;
        to_time(r, "start", text, &s->start);
        return;
    }
    s->start = whole_seconds_up(s->start);
}

static void read_cron(struct reading *r, struct sch_schedule *s)
{
    struct ps_fault inner = {.text = ""};
    const char *text = read_text(r, "repeat-cron", "five fields as \"0 6 * * 1-5\"");
    if (text == NULL)
        return;
    s->by_cron = true;
    r->err = r->schema < CRON_SCHEMA ? PS_EUNSUPPORTED : sch_cron_parse(&s->cron, text, &inner);
    if (r->schema < CRON_SCHEMA)
        fault_at(r->fault, r->node, "repeat-cron", "needs \"schema\": %d in the schedule", CRON_SCHEMA);
    else if (r->err != 0)
        fault_at(r->fault, r->node, "repeat-cron", "%s", inner.text);
}

static void read_durations(struct reading *r, struct sch_schedule *s)
{
    const char *text = read_text(r, "slip", "a duration");
    if (text != NULL)
        to_duration(r, "slip", text, 0, &s->slip);
    s->slip -= s->slip % PS_SEC;
    text = read_text(r, "repeat", "a duration");
    if (text != NULL)
        to_duration(r, "repeat", text, PS_SEC, &s->repeat);
    s->repeat = whole_seconds_up(s->repeat);
}

static void read_until(struct reading *r, struct sch_schedule *s)
{
    const char *text = read_text(r, "until", "a time, or \"forever\"");
    if (text != NULL && strcmp(text, "forever") != 0 && strcmp(text, "infinity") != 0)
        to_time(r, "until", text, &s->until);
}

static void read_schema(struct reading *r)
{
    r->schema = 1;
    read_number(r, "schema", &r->schema);
    if (r->err != 0 || r->schema <= SCHEMA_MAX)
        return;
    r->err = PS_EUNSUPPORTED;
    fault_at(r->fault, r->node, "schema", "%llu is greater than the maximum of %d",
             (unsigned long long)r->schema, SCHEMA_MAX);
}

static bool key_known(const char *key)
{
    static const char *const keys[] = {"schema", "start",       "slip",  "sliprand",
                                       "repeat", "repeat-cron", "until", "max-runs"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return key[0] == '#';
}

static void check_keys(struct reading *r)
{
    for (struct ps_jnode m = ps_jnode_first(r->node); r->err == 0 && ps_jnode_there(m);
         m = ps_jnode_next(m)) {
        if (key_known(ps_jnode_key(m)))
            continue;
        r->err = PS_EUNKNOWN;
        fault_at(r->fault, r->node, NULL,
                 "there is no '%.60s' in a schedule, but start, slip, sliprand, repeat, repeat-cron, until, "
                 "max-runs",
                 ps_jnode_key(m));
    }
}

int sch_schedule_read(struct sch_schedule *out, struct ps_jnode node, struct ps_fault *fault)
{
    struct sch_schedule s = {.until = SCH_NEVER};
    struct reading r = {.node = node, .fault = fault};
    if (ps_jnode_there(node) && ps_jnode_type(node) != PS_JTYPE_OBJECT)
        wrong_type(&r, NULL, node, "an object");
    if (ps_jnode_there(node) && r.err == 0) {
        read_schema(&r);
        read_start(&r, &s);
        read_durations(&r, &s);
        read_bool(&r, "sliprand", &s.sliprand);
        read_cron(&r, &s);
        read_until(&r, &s);
        read_number(&r, "max-runs", &s.max_runs);
        check_keys(&r);
    }
    if (s.repeat == 0 && !s.by_cron)
        s.max_runs = 1;
    if (r.err == 0)
        *out = s;
    return r.err;
}

// times

static ps_ns add(ps_ns a, ps_ns b)
{
    ps_ns sum;
    return __builtin_add_overflow(a, b, &sum) ? SCH_NEVER : sum;
}

static int anchor_of(const struct sch_schedule *s, const struct sch_zone *zone, ps_ns now, ps_ns lead,
                     ps_ns *out)
{
    switch (s->start_form) {
    case SCH_START_SOON:
        *out = whole_seconds_up(now + lead);
        return s->by_cron ? sch_cron_next(&s->cron, zone, *out, out) : 0;
    case SCH_START_AT:
        *out = s->start;
        break;
    case SCH_START_IN:
        *out = whole_seconds_up(add(now, s->start));
        break;
    case SCH_START_MULTIPLE:
        *out = (now / s->start + 1) * s->start;
    }
    return 0;
}

static int no_time(struct ps_fault *fault, const char *what, ps_ns at, const char *then)
{
    char text[PS_ISO8601_TIME];
    ps_fault_set(fault, NULL, 0, "At /schedule/%s: %s %s", what, ps_iso8601_put_utc(at, text), then);
    return PS_ERANGE;
}

int sch_schedule_anchor(const struct sch_schedule *s, const struct sch_zone *zone, ps_ns now, ps_ns lead,
                        ps_ns *out, struct ps_fault *fault)
{
    const bool once = s->repeat == 0 && !s->by_cron;
    ps_ns anchor = 0;
    if (anchor_of(s, zone, now, lead, &anchor) != 0) {
        ps_fault_set(fault, NULL, 0, "At /schedule/repeat-cron: that time does not come any more");
        return PS_ERANGE;
    }
    if (anchor >= SCH_LAST)
        return no_time(fault, "start", SCH_LAST, "is the last time that can be: wants an earlier one");
    if (anchor < 0) // so that differences of times fit
        return no_time(fault, "start", anchor, "is before 1970");
    if (s->until <= now)
        return no_time(fault, "until", s->until, "has passed");
    if (s->until <= anchor)
        return no_time(fault, "until", s->until, "is not after the start");
    if (once && add(anchor, s->slip) < now)
        return no_time(fault, "start", anchor, "has passed");
    *out = anchor;
    return 0;
}

static ps_ns due_repeat(const struct sch_schedule *s, ps_ns anchor, ps_ns at)
{
    if (s->repeat == 0)
        return SCH_NEVER;
    const ps_ns n = (at - anchor) / s->repeat + ((at - anchor) % s->repeat > 0);
    ps_ns far;
    return __builtin_mul_overflow(n, s->repeat, &far) ? SCH_NEVER : add(anchor, far);
}

static ps_ns due_cron(const struct sch_schedule *s, const struct sch_zone *zone, ps_ns at)
{
    ps_ns due;
    return s->by_cron && sch_cron_next(&s->cron, zone, at, &due) == 0 ? due : SCH_NEVER;
}

ps_ns sch_schedule_due(const struct sch_schedule *s, const struct sch_zone *zone, ps_ns anchor, ps_ns at)
{
    if (at == SCH_NEVER)
        return SCH_NEVER;
    ps_ns due = anchor;
    if (at > anchor) {
        const ps_ns cron = due_cron(s, zone, at);
        due = due_repeat(s, anchor, at);
        due = cron < due ? cron : due;
    }
    return due <= s->until && due < SCH_LAST ? due : SCH_NEVER;
}

// The same by arithmetic, where nothing but repeat counts.
static uint64_t count_repeats(const struct sch_schedule *s, ps_ns first, ps_ns to, uint64_t most, ps_ns *last)
{
    if (to > s->until)
        to = s->until + (s->until < SCH_NEVER);
    if (to > SCH_LAST)
        to = SCH_LAST;
    uint64_t n = first < to ? (uint64_t)((to - 1 - first) / s->repeat) + 1 : 0;
    n = n < most ? n : most;
    if (n > 0)
        *last = first + (ps_ns)(n - 1) * s->repeat;
    return n;
}

uint64_t sch_schedule_count(const struct sch_schedule *s, const struct sch_zone *zone, ps_ns anchor,
                            ps_ns from, ps_ns to, uint64_t most, ps_ns *last)
{
    ps_ns due = sch_schedule_due(s, zone, anchor, from);
    uint64_t n = 0;
    if (s->repeat > 0 && !s->by_cron)
        return count_repeats(s, due, to, most, last);
    for (; due < to && due != SCH_NEVER && n < most; n++) {
        *last = due;
        due = sch_schedule_due(s, zone, anchor, due + 1);
    }
    return n;
}

ps_ns sch_schedule_slip(const struct sch_schedule *s, const struct sch_zone *zone, ps_ns anchor, ps_ns due,
                        ps_ns duration)
{
    if (s->slip == 0)
        return 0;
    const ps_ns next =
        s->repeat > 0 && !s->by_cron ? add(due, s->repeat) : sch_schedule_due(s, zone, anchor, due + 1);
    if (next == SCH_NEVER)
        return s->slip;
    const ps_ns room = next - due > duration ? next - due - duration : 0;
    return s->slip < room ? s->slip : room;
}
