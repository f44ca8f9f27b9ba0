// SPDX-License-Identifier: Apache-2.0
#include "base/ps_time.h"
#include <assert.h>
#include <stdio.h>
#include <time.h>

#define TWO32 4294967296.0
#define ERA_SECONDS (INT64_C(1) << 32)

static uint32_t ntp_fraction(uint64_t nsec)
{
    return (uint32_t)((nsec << 32) / (uint64_t)PS_SEC);
}

static int64_t fraction_of(ps_ntp t, int64_t units_per_second)
{
    return (int64_t)(((t & UINT32_MAX) * (uint64_t)units_per_second) >> 32);
}

// Seconds since 1970.
static int64_t unix_seconds(ps_ntp t)
{
    int64_t sec = (int64_t)(t >> 32);

    if (!(t >> 63))
        sec += ERA_SECONDS;
    return sec - (int64_t)PS_NTP_EPOCH;
}

ps_ntp ps_ntp_from_ns(ps_ns unix_ns)
{
    int64_t sec = unix_ns / PS_SEC, nsec = unix_ns % PS_SEC;

    if (nsec < 0) {
        nsec += PS_SEC;
        sec--;
    }
    return (((uint64_t)sec + PS_NTP_EPOCH) << 32) | ntp_fraction((uint64_t)nsec);
}

ps_ns ps_ntp_to_ns(ps_ntp t)
{
    return unix_seconds(t) * PS_SEC + fraction_of(t, PS_SEC);
}

ps_ntp ps_ntpdur_from_double(double seconds)
{
    if (!(seconds > 0))
        return 0;
    if (seconds >= TWO32)
        return UINT64_MAX;
    return (ps_ntp)(seconds * TWO32);
}

double ps_ntpdur_to_double(ps_ntp d)
{
    return (double)d / TWO32;
}

ps_ntp ps_ntpdur_from_ns(ps_ns d)
{
    if (d <= 0)
        return 0;
    if (d / PS_SEC >= ERA_SECONDS)
        return UINT64_MAX;
    return ((uint64_t)(d / PS_SEC) << 32) | ntp_fraction((uint64_t)(d % PS_SEC));
}

ps_ns ps_ntpdur_to_ns(ps_ntp d)
{
    return (int64_t)(d >> 32) * PS_SEC + fraction_of(d, PS_SEC);
}

int64_t ps_ntp_diff(ps_ntp a, ps_ntp b)
{
    return (int64_t)(a - b);
}

double ps_ntpdiff_to_double(int64_t d)
{
    return (double)d / TWO32;
}

// In four partial products, because not every compiler has a 128-bit integer. Only the lowest
// one has bits to drop, so nothing is lost in the sum.
ps_ntp ps_ntp_mul(ps_ntp a, ps_ntp b)
{
    uint64_t ah = a >> 32, al = a & UINT32_MAX, bh = b >> 32, bl = b & UINT32_MAX;

    return ((ah * bh) << 32) + ah * bl + al * bh + ((al * bl) >> 32);
}

// Writes what strftime makes of the date and returns its length.
static size_t put_date(const struct tm *tm, char *out, size_t size)
{
    return strftime(out, size, "%Y-%m-%dT%H:%M:%S", tm);
}

static void format_local(ps_ntp t, bool zone, char *out, size_t size)
{
    time_t sec = (time_t)unix_seconds(t);
    struct tm tm;
    size_t n;

    localtime_r(&sec, &tm);
    n = put_date(&tm, out, size);
    snprintf(out + n, size - n, ".%03d%s", (int)fraction_of(t, 1000), zone ? tm.tm_zone : "");
}

void ps_ntp_format_local(ps_ntp t, char *out, size_t size)
{
    assert(size >= 32);
    format_local(t, false, out, size);
}

void ps_ntp_format_zone(ps_ntp t, char *out, size_t size)
{
    assert(size >= 48);
    format_local(t, true, out, size);
}

void ps_ntp_format_utc(ps_ntp t, char *out, size_t size)
{
    time_t sec = (time_t)unix_seconds(t);
    struct tm tm;
    size_t n;

    assert(size >= 40);
    gmtime_r(&sec, &tm);
    n = put_date(&tm, out, size);
    snprintf(out + n, size - n, ".%09dZ", (int)fraction_of(t, PS_SEC));
}
