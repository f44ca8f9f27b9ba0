// SPDX-License-Identifier: Apache-2.0
#include "esmond/es_iso.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"

#define DAY 86400

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

static bool take_date(const char **p, int64_t *days)
{
    int y, m, d;
    int64_t next;

    if (!take(p, 4, &y) || !take_char(p, "-") || !take(p, 2, &m) || !take_char(p, "-") || !take(p, 2, &d))
        return false;
    if (y < 1 || m < 1 || m > 12 || d < 1)
        return false;
    *days = ps_iso8601_days(y, (unsigned)m, (unsigned)d);
    next = ps_iso8601_days(m == 12 ? y + 1 : y, m == 12 ? 1 : (unsigned)m + 1, 1);
    return *days < next;
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

int es_iso_time(const char *text, int64_t *seconds)
{
    int64_t days, clock, zone;

    if (!take_date(&text, &days) || !take_char(&text, "Tt ") || !take_clock(&text, &clock) ||
        !take_zone(&text, &zone) || *text)
        return PS_EMALFORMED;
    *seconds = days * DAY + clock - zone;
    return 0;
}

// --- durations

int es_iso_duration(const char *text, double *seconds)
{
    ps_ns length;

    if (ps_iso8601_duration(text, &length))
        return PS_EMALFORMED;
    *seconds = (double)length / (double)PS_SEC;
    return 0;
}
