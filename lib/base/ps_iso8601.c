// SPDX-License-Identifier: Apache-2.0
#include "base/ps_iso8601.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"

#define MINUTE (60 * PS_SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)

// durations

struct unit {
    char letter;
    bool clock; // behind the T
    ps_ns length;
};

static const struct unit units[] = {{'W', false, WEEK},  {'D', false, DAY},   {'H', true, HOUR},
                                    {'M', true, MINUTE}, {'S', true, PS_SEC}, {0, false, 0}};

// The digits behind the point, of one unit; what is below a nanosecond is cut off.
static ps_ns fraction(const char **p, ps_ns length)
{
    ps_ns sum = 0;
    for (; isdigit((unsigned char)**p); (*p)++) {
        sum += length * (**p - '0') / 10;
        length /= 10;
    }
    return sum;
}

// A number with a unit behind it; *next is the first unit that may still follow.
static int duration_part(const char **p, bool clock, const struct unit **next, ps_ns *sum)
{
    const char *digits = *p;
    uint64_t whole = 0;
    while (isdigit((unsigned char)**p)) {
        if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, **p - '0', &whole))
            return PS_ERANGE;
        (*p)++;
    }
    if (*p == digits)
        return PS_ESYNTAX;
    const char *point = **p == '.' || **p == ',' ? ++*p : NULL;
    *p += point ? strspn(*p, "0123456789") : 0;
    if (point == *p)
        return PS_ESYNTAX;
    if (**p == 'Y' || (**p == 'M' && !clock))
        return PS_EUNSUPPORTED;
    const struct unit *u = *next;
    while (u->letter && (u->letter != **p || u->clock != clock))
        u++;
    ps_ns length = 0;
    if (!u->letter)
        return PS_ESYNTAX;
    if (__builtin_mul_overflow(whole, u->length, &length) || __builtin_add_overflow(*sum, length, sum) ||
        __builtin_add_overflow(*sum, point ? fraction(&point, u->length) : 0, sum))
        return PS_ERANGE;
    *next = u + 1;
    (*p)++;
    return 0;
}

int ps_iso8601_duration(const char *text, ps_ns *out)
{
    const char *p = text;
    const struct unit *next = units;
    ps_ns sum = 0;
    bool clock = false;
    if (*p++ != 'P' || *p == '\0')
        return PS_ESYNTAX;
    while (*p) {
        if (*p == 'T') {
            if (clock || p[1] == '\0')
                return PS_ESYNTAX;
            clock = true;
            p++;
        }
        int err = duration_part(&p, clock, &next, &sum);
        if (err)
            return err;
    }
    *out = sum;
    return 0;
}

static size_t put_part(char *out, size_t size, ps_ns n, char letter)
{
    return n ? (size_t)snprintf(out, size, "%" PRId64 "%c", n, letter) : 0;
}

static size_t put_seconds(char *out, size_t size, ps_ns d)
{
    char digits[10];
    if (d % PS_SEC == 0)
        return put_part(out, size, d / PS_SEC, 'S');
    snprintf(digits, sizeof digits, "%09" PRIu32, (uint32_t)(d % PS_SEC) % 1000000000u);
    for (size_t n = strlen(digits); n > 1 && digits[n - 1] == '0'; n--)
        digits[n - 1] = '\0';
    return (size_t)snprintf(out, size, "%" PRId64 ".%sS", d / PS_SEC, digits);
}

const char *ps_iso8601_put_duration(ps_ns d, char out[PS_ISO8601_DURATION])
{
    size_t n = 1, size = PS_ISO8601_DURATION;
    strcpy(out, "P");
    n += put_part(out + n, size - n, d / DAY, 'D');
    d %= DAY;
    if (d)
        strcpy(out + n++, "T");
    n += put_part(out + n, size - n, d / HOUR, 'H');
    n += put_part(out + n, size - n, d % HOUR / MINUTE, 'M');
    n += put_seconds(out + n, size - n, d % MINUTE);
    return n > 1 ? out : strcpy(out, "P0D");
}

// the calendar

// Years are taken to begin in March, so that the leap day is the last.
int64_t ps_iso8601_days(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, struct ps_calendar *c)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, day = days - era * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    c->day = (unsigned)(of_year - (153 * month + 2) / 5 + 1);
    c->month = (unsigned)(month < 10 ? month + 3 : month - 9);
    c->year = year + era * 400 + (c->month <= 2);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

// The week belongs to the year of its Thursday.
static unsigned week_of(int64_t days, unsigned weekday)
{
    struct ps_calendar thursday;
    int64_t at = days - (int64_t)weekday + 4;
    date_of(at, &thursday);
    return (unsigned)((at - ps_iso8601_days(thursday.year, 1, 1)) / 7 + 1);
}

void ps_iso8601_calendar(ps_ns at, int32_t offset, struct ps_calendar *out)
{
    int64_t seconds = floor_div(at, PS_SEC) + offset, days = floor_div(seconds, 86400);
    int64_t rest = seconds - days * 86400;
    date_of(days, out);
    // 1970 began on a Thursday.
    out->weekday = (unsigned)(days + 3 - floor_div(days + 3, 7) * 7 + 1);
    out->week = week_of(days, out->weekday);
    out->hour = (unsigned)(rest / 3600);
    out->minute = (unsigned)(rest / 60 % 60);
    out->second = (unsigned)(rest % 60);
}

// timestamps

// n digits, at least min and at most max.
static int number(const char **p, size_t n, unsigned min, unsigned max, unsigned *out)
{
    unsigned v = 0;
    for (size_t i = 0; i < n; i++, (*p)++) {
        if (!isdigit((unsigned char)**p))
            return PS_ESYNTAX;
        v = v * 10 + (unsigned)(**p - '0');
    }
    *out = v;
    return v < min || v > max ? PS_ERANGE : 0;
}

static int literal(const char **p, char c)
{
    if (**p != c)
        return PS_ESYNTAX;
    (*p)++;
    return 0;
}

static unsigned month_length(unsigned year, unsigned month)
{
    return (unsigned)(ps_iso8601_days(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) -
                      ps_iso8601_days(year, month, 1));
}

// First come, first told.
static void step(int *err, int more)
{
    if (!*err)
        *err = more;
}

static int read_date(const char **p, struct ps_calendar *c)
{
    unsigned year = 0;
    int err = number(p, 4, 0, 9999, &year);
    step(&err, err ? 0 : literal(p, '-'));
    step(&err, err ? 0 : number(p, 2, 1, 12, &c->month));
    step(&err, err ? 0 : literal(p, '-'));
    step(&err, err ? 0 : number(p, 2, 1, 31, &c->day));
    c->year = year;
    return !err && c->day > month_length(year, c->month) ? PS_ERANGE : err;
}

static int read_clock(const char **p, struct ps_calendar *c, ps_ns *frac)
{
    int err = number(p, 2, 0, 23, &c->hour);
    step(&err, err ? 0 : literal(p, ':'));
    step(&err, err ? 0 : number(p, 2, 0, 59, &c->minute));
    if (err || **p != ':')
        return err;
    (*p)++;
    err = number(p, 2, 0, 60, &c->second);
    if (!err && (**p == '.' || **p == ',')) {
        (*p)++;
        if (!isdigit((unsigned char)**p))
            return PS_ESYNTAX;
        *frac = fraction(p, PS_SEC);
    }
    return err;
}

static int read_offset(const char **p, struct ps_when *out)
{
    unsigned hours = 0, minutes = 0;
    if (**p == '\0') {
        out->local = true;
        return 0;
    }
    char sign = *(*p)++;
    if (sign == 'Z')
        return 0;
    if (sign != '+' && sign != '-')
        return PS_ESYNTAX;
    int err = number(p, 2, 0, 23, &hours);
    if (!err && **p == ':')
        (*p)++;
    if (!err && **p)
        err = number(p, 2, 0, 59, &minutes);
    out->offset = (int32_t)(hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
    return err;
}

// What the host's zone was, or will be, at that time of its clock.
static int32_t local_offset(const struct ps_calendar *c, int64_t seconds)
{
    struct tm tm = {.tm_year = (int)c->year - 1900,
                    .tm_mon = (int)c->month - 1,
                    .tm_mday = (int)c->day,
                    .tm_hour = (int)c->hour,
                    .tm_min = (int)c->minute,
                    .tm_sec = (int)c->second,
                    .tm_isdst = -1};
    time_t t = mktime(&tm);
    return (int32_t)(seconds - (int64_t)t);
}

int ps_iso8601_time(const char *text, struct ps_when *out)
{
    struct ps_calendar c = {0};
    struct ps_when w = {0};
    ps_ns frac = 0;
    const char *p = text;
    int err = read_date(&p, &c);
    if (!err && *p == 'T') {
        p++;
        err = read_clock(&p, &c, &frac);
    } else if (!err && *p) {
        err = PS_ESYNTAX;
    }
    step(&err, err ? 0 : read_offset(&p, &w));
    if (err || *p)
        return err ? err : PS_ESYNTAX;
    int64_t seconds =
        ps_iso8601_days(c.year, c.month, c.day) * 86400 + c.hour * 3600 + c.minute * 60 + c.second;
    if (w.local)
        w.offset = local_offset(&c, seconds);
    seconds -= w.offset;
    if (__builtin_mul_overflow(seconds, PS_SEC, &w.at) || __builtin_add_overflow(w.at, frac, &w.at))
        w.at = seconds < 0 ? INT64_MIN : INT64_MAX;
    *out = w;
    return 0;
}

const char *ps_iso8601_put_time(const struct ps_when *t, char out[PS_ISO8601_TIME])
{
    struct ps_calendar c;
    char zone[8] = "Z";
    unsigned minutes = (unsigned)(t->offset < 0 ? -t->offset : t->offset) / 60;
    ps_iso8601_calendar(t->at, t->offset, &c);
    if (t->offset)
        snprintf(zone, sizeof zone, "%c%02u:%02u", t->offset < 0 ? '-' : '+', minutes / 60 % 24,
                 minutes % 60);
    snprintf(out, PS_ISO8601_TIME, "%04" PRId64 "-%02u-%02uT%02u:%02u:%02u%s", c.year, c.month, c.day, c.hour,
             c.minute, c.second, zone);
    return out;
}

const char *ps_iso8601_put_utc(ps_ns t, char out[PS_ISO8601_TIME])
{
    return ps_iso8601_put_time(&(struct ps_when){.at = t}, out);
}
