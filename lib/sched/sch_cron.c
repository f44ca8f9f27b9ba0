// SPDX-License-Identifier: Apache-2.0
#include "sched/sch_cron.h"
#include <ctype.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"

#define FIELDS 5
#define DAY 86400
#define FORTNIGHT (14 * DAY)
#define DAYS_LOOKED_AT 3300      // the 29th of February may be eight years away
#define LAST INT64_C(7289654400) // 2201-01-01: nothing is planned that far away

// zones

static int32_t offset_utc(ps_ns at, const void *arg)
{
    (void)at;
    (void)arg;
    return 0;
}

static int32_t offset_local(ps_ns at, const void *arg)
{
    const time_t t = (time_t)(at / PS_SEC);
    struct tm tm;
    (void)arg;
    return localtime_r(&t, &tm) != NULL ? (int32_t)tm.tm_gmtoff : 0;
}

const struct sch_zone sch_zone_utc = {offset_utc, NULL};
const struct sch_zone sch_zone_local = {offset_local, NULL};

static int64_t offset_at(const struct sch_zone *z, int64_t second)
{
    return z->offset(second * PS_SEC, z->arg);
}

// reading

struct field {
    const char *name;
    unsigned low, high;
};

static const struct field fields[FIELDS] = {{"the minute", 0, 59},
                                            {"the hour", 0, 23},
                                            {"the day of the month", 1, 31},
                                            {"the month", 1, 12},
                                            {"the day of the week", 0, 6}};

// A number of at most so many digits that it cannot overflow.
static bool number(const char **p, const char *end, unsigned *out)
{
    const char *start = *p;
    unsigned v = 0;
    while (*p < end && isdigit((unsigned char)**p) && *p - start < 6)
        v = 10 * v + (unsigned)(*(*p)++ - '0');
    *out = v;
    return *p > start;
}

static int odd_element(const struct field *f, const char *p, int len, struct ps_fault *fault)
{
    if (memchr(p, '/', (size_t)len) != NULL) {
        ps_fault_set(fault, NULL, 0, "%s: steps (\"%.*s\") are not taken; write a list as in 0,15,30,45",
                     f->name, len, p);
        return PS_EUNSUPPORTED;
    }
    if (isalpha((unsigned char)*p)) {
        ps_fault_set(fault, NULL, 0, "%s: names (\"%.*s\") are not taken; write numbers", f->name, len, p);
        return PS_EUNSUPPORTED;
    }
    ps_fault_set(fault, NULL, 0, "%s: wants *, numbers and ranges as in 1,5-7; got \"%.*s\"", f->name, len,
                 p);
    return PS_ESYNTAX;
}

static int bad_number(const struct field *f, unsigned v, struct ps_fault *fault)
{
    ps_fault_set(fault, NULL, 0, "%s: %u is not in %u-%u%s", f->name, v, f->low, f->high,
                 f == &fields[4] && v == 7 ? "; Sunday is 0" : "");
    return PS_ERANGE;
}

// A number or a range, up to end.
static int element(const struct field *f, const char *p, const char *end, uint64_t *bits,
                   struct ps_fault *fault)
{
    const char *text = p;
    unsigned from, to;
    if (!number(&p, end, &from))
        return odd_element(f, text, (int)(end - text), fault);
    to = from;
    if (p < end && *p == '-') {
        p++;
        if (!number(&p, end, &to))
            return odd_element(f, text, (int)(end - text), fault);
    }
    if (p != end)
        return odd_element(f, text, (int)(end - text), fault);
    if (from < f->low || from > f->high || to > f->high)
        return bad_number(f, from < f->low || from > f->high ? from : to, fault);
    if (to < from) {
        ps_fault_set(fault, NULL, 0, "%s: %u-%u is an empty range", f->name, from, to);
        return PS_ERANGE;
    }
    for (unsigned v = from; v <= to; v++)
        *bits |= UINT64_C(1) << v;
    return 0;
}

static int field_read(const struct field *f, const char *p, size_t len, uint64_t *bits, bool *any,
                      struct ps_fault *fault)
{
    const char *end = p + len;
    *any = len == 1 && *p == '*';
    for (unsigned v = f->low; *any && v <= f->high; v++)
        *bits |= UINT64_C(1) << v;
    for (bool more = !*any; more;) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma != NULL ? comma : end;
        const int err = element(f, p, stop, bits, fault);
        if (err != 0)
            return err;
        more = comma != NULL;
        p = stop + 1;
    }
    return 0;
}

static int fields_read(const char *text, uint64_t bits[FIELDS], bool any[FIELDS], struct ps_fault *fault)
{
    static const char blank[] = " \t";
    int n = 0, err = 0;
    for (const char *p = text + strspn(text, blank); *p != '\0' && n <= FIELDS; n++) {
        const size_t len = strcspn(p, blank);
        if (n < FIELDS && (err = field_read(&fields[n], p, len, &bits[n], &any[n], fault)) != 0)
            return err;
        p += len;
        p += strspn(p, blank);
    }
    if (n == FIELDS)
        return 0;
    ps_fault_set(fault, NULL, 0,
                 "wants five fields: minute, hour, day of the month, month, day of the week; got %s",
                 n < FIELDS ? "fewer" : "more");
    return PS_ESYNTAX;
}

int sch_cron_parse(struct sch_cron *out, const char *text, struct ps_fault *fault)
{
    uint64_t bits[FIELDS] = {0};
    bool any[FIELDS];
    ps_ns next;
    if (strlen(text) > SCH_CRON_TEXT) {
        ps_fault_set(fault, NULL, 0, "is longer than %d characters", SCH_CRON_TEXT);
        return PS_ERANGE;
    }
    const int err = fields_read(text, bits, any, fault);
    if (err != 0)
        return err;
    *out = (struct sch_cron){.minutes = bits[0],
                             .hours = (uint32_t)bits[1],
                             .days = (uint32_t)bits[2],
                             .months = (uint16_t)bits[3],
                             .weekdays = (uint8_t)bits[4],
                             .any_hour = any[1],
                             .any_day = any[2],
                             .any_weekday = any[4]};
    if (sch_cron_next(out, &sch_zone_utc, 0, &next) == 0)
        return 0;
    ps_fault_set(fault, NULL, 0, "never comes: none of these months has such a day");
    return PS_ENOTFOUND;
}

// the next time on the wall

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static bool day_fits(const struct sch_cron *c, const struct ps_calendar *cal)
{
    const bool day = (c->days >> cal->day & 1) != 0, weekday = (c->weekdays >> cal->weekday % 7 & 1) != 0;
    if (!c->any_day && !c->any_weekday)
        return day || weekday;
    return day && weekday;
}

// The first minute of a day, from one on, or -1.
static int minute_of_day(const struct sch_cron *c, int from)
{
    for (int hour = from / 60, minute = from % 60; hour < 24; hour++, minute = 0) {
        const uint64_t left = c->minutes >> minute;
        if ((c->hours >> hour & 1) != 0 && left != 0)
            return 60 * hour + minute + __builtin_ctzll(left);
    }
    return -1;
}

// The first second on the wall, from one on, whose minute fits and has just begun.
static bool wall_next(const struct sch_cron *c, int64_t from, int64_t *out)
{
    const int64_t first = floor_div(from + 59, 60), last_day = floor_div(first, 1440) + DAYS_LOOKED_AT;
    int minute = (int)(first - 1440 * floor_div(first, 1440));
    for (int64_t day = floor_div(first, 1440); day < last_day; day++, minute = 0) {
        struct ps_calendar cal;
        ps_iso8601_calendar(day * DAY * PS_SEC, 0, &cal);
        if ((c->months >> cal.month & 1) == 0) {
            day = ps_iso8601_days(cal.year + cal.month / 12, cal.month % 12 + 1, 1) - 1;
            continue;
        }
        const int m = day_fits(c, &cal) ? minute_of_day(c, minute) : -1;
        if (m >= 0) {
            *out = (day * 1440 + m) * 60;
            return true;
        }
    }
    return false;
}

// the zone

// The first second after from, up to to, at which the offset is no longer that of from; there is one change.
static int64_t change_between(const struct sch_zone *z, int64_t from, int64_t to)
{
    const int64_t before = offset_at(z, from);
    while (to - from > 1) {
        const int64_t middle = from + (to - from) / 2;
        if (offset_at(z, middle) == before)
            from = middle;
        else
            to = middle;
    }
    return to;
}

// Where a search stands: at a second, which the zone shows with an offset; what the wall showed before
// shown_before is not due again.
struct search {
    const struct sch_cron *cron;
    const struct sch_zone *zone;
    int64_t second, offset, shown_before;
};

static void search_begin(struct search *s, int64_t first)
{
    s->second = first - 1; // so that a change at the first one is seen
    s->offset = offset_at(s->zone, s->second);
    s->shown_before = first + s->offset;
    if (s->cron->any_hour)
        return;
    const int64_t before = offset_at(s->zone, s->second - DAY);
    if (before > s->offset) {
        const int64_t set = change_between(s->zone, s->second - DAY, s->second) + before;
        s->shown_before = set > s->shown_before ? set : s->shown_before;
    }
}

// The clock on the wall changes at a second. True: what is due then, because the clock leaves it out.
static bool search_change(struct search *s, int64_t at, int64_t wall)
{
    const int64_t offset = offset_at(s->zone, at);
    if (!s->cron->any_hour && offset > s->offset && wall < at + offset)
        return true;
    if (!s->cron->any_hour && offset < s->offset)
        s->shown_before = at + s->offset;
    else
        s->shown_before = at + offset;
    s->second = at;
    s->offset = offset;
    return false;
}

int sch_cron_next(const struct sch_cron *c, const struct sch_zone *zone, ps_ns at, ps_ns *out)
{
    struct search s = {.cron = c, .zone = zone};
    const int64_t first = at / PS_SEC + (at % PS_SEC > 0);
    int64_t wall, found;
    if (first >= LAST || first < -LAST)
        return PS_ENOTFOUND;
    search_begin(&s, first);
    while (wall_next(c, s.shown_before, &wall)) {
        found = wall - s.offset;
        const int64_t end = found - s.second > FORTNIGHT ? s.second + FORTNIGHT : found;
        if (offset_at(zone, end) != s.offset) {
            const int64_t change = change_between(zone, s.second, end);
            if (!search_change(&s, change, wall))
                continue;
            found = change;
        } else if (end < found) {
            s.second = end;
            continue;
        }
        *out = found * PS_SEC;
        return found < LAST ? 0 : PS_ENOTFOUND;
    }
    return PS_ENOTFOUND;
}
