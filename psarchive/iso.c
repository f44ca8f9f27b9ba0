// SPDX-License-Identifier: Apache-2.0
#include "psarchive/iso.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

#define DAY 86400
#define NUMBER 32 // characters of a part of a duration

// --- times

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Exactly n digits.
static bool take(const char **p, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++) {
        if (!is_digit(**p))
            return false;
        *out = *out * 10 + *(*p)++ - '0';
    }
    return true;
}

static bool take_char(const char **p, const char *which)
{
    if (!**p || !strchr(which, **p))
        return false;
    (*p)++;
    return true;
}

static bool is_leap(int y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static bool take_date(const char **p, int64_t *days)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int y, m, d, last;
    int64_t past;

    if (!take(p, 4, &y) || !take_char(p, "-") || !take(p, 2, &m) || !take_char(p, "-") || !take(p, 2, &d))
        return false;
    if (y < 1 || m < 1 || m > 12)
        return false;
    last = before[m] - before[m - 1] + (m == 2 && is_leap(y));
    if (d < 1 || d > last)
        return false;
    past = y - 1;
    *days = past * 365 + past / 4 - past / 100 + past / 400 + before[m - 1] + (m > 2 && is_leap(y)) + d - 1;
    *days -= 719162; // to 1970
    return true;
}

static bool take_clock(const char **p, int64_t *seconds)
{
    int h, m, s = 0;

    if (!take(p, 2, &h) || !take_char(p, ":") || !take(p, 2, &m))
        return false;
    if (take_char(p, ":")) {
        if (!take(p, 2, &s))
            return false;
        if (take_char(p, ".,") && !is_digit(**p))
            return false;
        while (is_digit(**p))
            (*p)++;
    }
    *seconds = h * 3600 + m * 60 + s;
    return h < 24 && m < 60 && s < 61;
}

static bool take_zone(const char **p, int64_t *seconds)
{
    int sign = **p == '-' ? -1 : 1, h, m = 0;

    *seconds = 0;
    if (!**p || take_char(p, "Zz"))
        return true;
    if (!take_char(p, "+-") || !take(p, 2, &h))
        return false;
    take_char(p, ":");
    if (**p && !take(p, 2, &m))
        return false;
    *seconds = sign * (h * 3600 + m * 60);
    return h < 24 && m < 60;
}

int iso_time(const char *text, int64_t *seconds)
{
    int64_t days, clock, zone;

    if (!take_date(&text, &days) || !take_char(&text, "Tt ") || !take_clock(&text, &clock) ||
        !take_zone(&text, &zone) || *text)
        return PS_EMALFORMED;
    *seconds = days * DAY + clock - zone;
    return 0;
}

// --- durations

static bool take_number(const char **p, double *out)
{
    char text[NUMBER];
    size_t n = 0;

    while (is_digit(**p) || **p == '.' || **p == ',') {
        if (n == sizeof text - 1)
            return false;
        text[n++] = **p == ',' ? '.' : **p;
        (*p)++;
    }
    text[n] = '\0';
    return ps_num_double(text, 0, 1e12, out) == 0;
}

// Numbers with their units, each unit once and in their order.
static bool take_parts(const char **p, const char *units, const double *lengths, double *sum)
{
    const char *left = units;

    while (**p && **p != 'T') {
        const char *unit;
        double n;
        if (!take_number(p, &n) || !**p || !(unit = strchr(left, **p)))
            return false;
        *sum += n * lengths[unit - units];
        left = unit + 1;
        (*p)++;
    }
    return true;
}

int iso_duration(const char *text, double *seconds)
{
    static const double dates[] = {7 * DAY, DAY}, times[] = {3600, 60, 1};
    const char *p = text;
    double sum = 0;

    if (!take_char(&p, "P") || !*p || !take_parts(&p, "WD", dates, &sum))
        return PS_EMALFORMED;
    if (take_char(&p, "T") && (!*p || !take_parts(&p, "HMS", times, &sum)))
        return PS_EMALFORMED;
    if (*p)
        return PS_EMALFORMED;
    *seconds = sum;
    return 0;
}
