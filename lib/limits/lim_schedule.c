// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_schedule.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "limits/lim_parse_impl.h"

#define DAY (86400 * PS_SEC)
#define YEAR_MAX 294276
#define DAYS_LOOKED_AT 2200 // in six years every day, week and month has passed

// What a field may be; weekday 0 is taken for pScheduler's sake and never comes.
static const struct {
    unsigned low, high;
} bounds[LIM_FIELDS] = {{1, YEAR_MAX}, {1, 12}, {1, 53}, {1, 31}, {0, 7}, {0, 23}, {0, 59}, {0, 59}};

// reading

static struct ps_when read_time(struct lim_parsing *p, struct lim_read *r, const char *key)
{
    struct ps_when w = {0};
    const char *text = lim_get_str(r, key, LIM_NEEDED, 1);
    int err = text[0] ? ps_iso8601_time(text, &w) : 0;
    if (err)
        lim_fault_at(p->faults, LIM_FAULT, ps_jnode_member(r->node, key), NULL,
                     "as in 2026-06-21T00:00:00+02:00", "\"%.40s\" is no ISO 8601 time%s", text,
                     err == PS_ERANGE ? ": there is no such day or hour" : "");
    return w;
}

void lim_read_daterange(struct lim_parsing *p, struct lim_limit *l)
{
    struct lim_read r;
    lim_read_begin(&r, l->data, p->faults);
    l->start = read_time(p, &r, "start");
    l->end = read_time(p, &r, "end");
    l->overlap = lim_get_bool(&r, "overlap", LIM_OPTIONAL, false);
    if (lim_read_end(&r) && l->end.at < l->start.at)
        lim_fault_at(p->faults, LIM_FAULT, ps_jnode_member(l->data, "end"), NULL, NULL,
                     "is before the start");
}

static unsigned read_value(struct lim_parsing *p, struct ps_jnode n, enum lim_field field)
{
    struct ps_fault fault;
    uint64_t v = bounds[field].low;
    if (ps_jnode_u64(n, bounds[field].low, bounds[field].high, &v, &fault) != 0)
        lim_fault_from(p->faults, n, &fault);
    return (unsigned)v;
}

static struct lim_span read_range(struct lim_parsing *p, struct ps_jnode n, enum lim_field field)
{
    struct lim_span s = {0};
    struct lim_read r;
    lim_read_begin(&r, n, p->faults);
    struct ps_jnode lower = lim_get(&r, "lower", LIM_NEEDED), upper = lim_get(&r, "upper", LIM_NEEDED);
    if (ps_jnode_there(lower))
        s.lower = read_value(p, lower, field);
    if (ps_jnode_there(upper))
        s.upper = read_value(p, upper, field);
    if (lim_read_end(&r) && s.lower > s.upper)
        lim_fault_at(p->faults, LIM_WARNING, n, NULL, "write two: one up to the end, one from the beginning",
                     "is an empty range: %u is above %u", s.lower, s.upper);
    return s;
}

static struct lim_span read_span(struct lim_parsing *p, struct ps_jnode n, enum lim_field field)
{
    struct lim_span s;
    if (ps_jnode_type(n) == PS_JTYPE_OBJECT)
        return read_range(p, n, field);
    s.lower = s.upper = read_value(p, n, field);
    uint64_t v = 1;
    if (field == LIM_WEEKDAY && ps_jnode_u64(n, 0, 0, &v, NULL) == 0)
        lim_fault_at(p->faults, LIM_WARNING, n, NULL, "Sunday is 7, Monday 1", "no weekday has the number 0");
    return s;
}

static void read_field(struct lim_parsing *p, struct ps_jnode array, enum lim_field field,
                       struct lim_schedule *s)
{
    s->given[field] = ps_jnode_there(array);
    if (field == LIM_YEAR)
        s->years = lim_room(p, array, sizeof *s->years);
    for (struct ps_jnode n = ps_jnode_first(array); ps_jnode_there(n); n = ps_jnode_next(n)) {
        struct lim_span span = read_span(p, n, field);
        if (field == LIM_YEAR && s->years)
            s->years[s->nyears++] = span;
        for (unsigned v = span.lower; field != LIM_YEAR && v <= span.upper; v++)
            s->bits[field] |= UINT64_C(1) << v;
    }
}

// Whether there is a day of the days and months that are given.
static bool has_day(const struct lim_schedule *s)
{
    static const unsigned days[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (unsigned m = 1; m <= 12; m++) {
        uint64_t those = (UINT64_C(1) << (days[m] + 1)) - 2;
        if ((s->bits[LIM_MONTH] >> m & 1) && (s->bits[LIM_DAY] & those))
            return true;
    }
    return false;
}

static void check_sense(struct lim_parsing *p, const struct lim_limit *l)
{
    const struct lim_schedule *s = &l->schedule;
    bool any = false;
    for (int f = 0; f < LIM_FIELDS; f++)
        any |= s->given[f];
    if (!any)
        lim_fault_at(p->faults, LIM_WARNING, l->data, NULL, "as in \"hour\": [ 8, 9 ]",
                     "names no time: every run passes");
    if (s->bits[LIM_MONTH] && s->bits[LIM_DAY] && !has_day(s))
        lim_fault_at(p->faults, LIM_WARNING, l->data, NULL, NULL, "none of its months has one of its days");
}

void lim_read_schedule(struct lim_parsing *p, struct lim_limit *l)
{
    struct lim_read r;
    lim_read_begin(&r, l->data, p->faults);
    for (int f = 0; f < LIM_FIELDS; f++)
        read_field(p, lim_get_array(&r, lim_fields[f], LIM_OPTIONAL), (enum lim_field)f, &l->schedule);
    l->schedule.overlap = lim_get_bool(&r, "overlap", LIM_OPTIONAL, false);
    if (lim_read_end(&r))
        check_sense(p, l);
}

// judging

bool lim_daterange_has(const struct lim_limit *l, ps_ns start, ps_ns end)
{
    if (l->overlap)
        return start < l->end.at && (end > l->start.at || start >= l->start.at);
    return start >= l->start.at && end < l->end.at;
}

// The values that a field passes through, as bits.
struct passed {
    int64_t first_year, last_year;
    uint64_t bits[LIM_FIELDS];
};

static void pass_days(struct passed *p, int32_t offset, ps_ns start, ps_ns end)
{
    struct ps_calendar c;
    ps_iso8601_calendar(end, offset, &c);
    p->last_year = c.year;
    for (int i = 0; i <= DAYS_LOOKED_AT; i++) {
        ps_iso8601_calendar(start, offset, &c);
        if (i == 0)
            p->first_year = c.year;
        p->bits[LIM_MONTH] |= UINT64_C(1) << c.month;
        p->bits[LIM_WEEK] |= UINT64_C(1) << c.week;
        p->bits[LIM_DAY] |= UINT64_C(1) << c.day;
        p->bits[LIM_WEEKDAY] |= UINT64_C(1) << c.weekday;
        if (start == end)
            break;
        start = end - start > DAY ? start + DAY : end;
    }
}

// Units of a cycle from the one that start lies in to the one that end lies in.
static uint64_t pass_cycle(ps_ns start, ps_ns end, int32_t offset, ps_ns unit, unsigned cycle)
{
    int64_t first = (start / PS_SEC + offset) / (unit / PS_SEC),
            last = (end / PS_SEC + offset) / (unit / PS_SEC);
    uint64_t bits = 0;
    for (int64_t n = 0; n < cycle && first + n <= last; n++)
        bits |= UINT64_C(1) << (((first + n) % cycle + cycle) % cycle);
    return bits;
}

static bool year_allowed(const struct lim_schedule *s, int64_t year)
{
    for (size_t i = 0; i < s->nyears; i++)
        if (year >= s->years[i].lower && year <= s->years[i].upper)
            return true;
    return false;
}

static bool years_match(const struct lim_schedule *s, const struct passed *p)
{
    for (int64_t y = p->first_year; y <= p->last_year; y++)
        if (year_allowed(s, y) == s->overlap)
            return s->overlap;
    return !s->overlap;
}

static bool field_matches(const struct lim_schedule *s, const struct passed *p, enum lim_field f)
{
    if (f == LIM_YEAR)
        return years_match(s, p);
    return s->overlap ? (p->bits[f] & s->bits[f]) != 0 : (p->bits[f] & ~s->bits[f]) == 0;
}

static void pass_all(struct passed *p, const struct ps_when *start, ps_ns duration)
{
    ps_ns end;
    memset(p, 0, sizeof *p);
    if (__builtin_add_overflow(start->at, duration, &end))
        end = INT64_MAX;
    pass_days(p, start->offset, start->at, end);
    p->bits[LIM_HOUR] = pass_cycle(start->at, end, start->offset, 3600 * PS_SEC, 24);
    p->bits[LIM_MINUTE] = pass_cycle(start->at, end, start->offset, 60 * PS_SEC, 60);
    p->bits[LIM_SECOND] = pass_cycle(start->at, end, start->offset, PS_SEC, 60);
}

bool lim_schedule_has(const struct lim_schedule *s, const struct ps_when *start, ps_ns duration,
                      unsigned *wrong)
{
    struct passed p;
    pass_all(&p, start, duration);
    *wrong = 0;
    for (int f = 0; f < LIM_FIELDS; f++)
        if (s->given[f] && !field_matches(s, &p, (enum lim_field)f))
            *wrong |= 1u << f;
    return *wrong == 0;
}

// words

static void put_span(struct ps_buf *b, int64_t first, int64_t last)
{
    (void)ps_buf_printf(b, "%s%" PRId64, ps_buf_len(b) ? ", " : "", first);
    if (last > first)
        (void)ps_buf_printf(b, "-%" PRId64, last);
}

static void put_bits(struct ps_buf *b, uint64_t bits)
{
    for (int i = 0; i < 64; i++) {
        int last = i;
        if (!(bits >> i & 1))
            continue;
        while (last < 63 && (bits >> (last + 1) & 1))
            last++;
        put_span(b, i, last);
        i = last;
    }
}

static void put_wanted(struct ps_buf *b, const struct lim_schedule *s, enum lim_field field)
{
    for (size_t i = 0; field == LIM_YEAR && i < s->nyears; i++)
        put_span(b, s->years[i].lower, s->years[i].upper);
    put_bits(b, s->bits[field]);
}

const char *lim_schedule_words(const struct lim_schedule *s, const struct ps_when *start, ps_ns duration,
                               enum lim_field field, char *out, size_t size)
{
    struct passed p;
    struct ps_buf wanted, has;
    ps_buf_init(&wanted, size);
    ps_buf_init(&has, size);
    pass_all(&p, start, duration);
    put_wanted(&wanted, s, field);
    if (field == LIM_YEAR)
        put_span(&has, p.first_year, p.last_year);
    put_bits(&has, p.bits[field]);
    snprintf(out, size, "%s is %.*s, wanted %s%.*s", lim_fields[field], (int)ps_buf_len(&has),
             (const char *)ps_buf_head(&has), s->overlap ? "some of " : "",
             ps_buf_len(&wanted) ? (int)ps_buf_len(&wanted) : 7,
             ps_buf_len(&wanted) ? (const char *)ps_buf_head(&wanted) : "nothing");
    ps_buf_fini(&wanted);
    ps_buf_fini(&has);
    return out;
}
