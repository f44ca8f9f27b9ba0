// SPDX-License-Identifier: Apache-2.0
// Times and durations. Inside the suite a time is int64_t nanoseconds since 1970 (or a duration);
// on the wire and in files it is NTP's 64 bits: 32 bits of seconds and 32 of fraction (RFC 1305,
// RFC 4656 section 4.1.2). Pure arithmetic: nothing here reads a clock.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t ps_ns;   // nanoseconds, since 1970 or a duration
typedef uint64_t ps_ntp; // NTP timestamp (since 1900, era 0 and 1) or a 32.32 duration

#define PS_SEC INT64_C(1000000000)
#define PS_MSEC INT64_C(1000000)
#define PS_USEC INT64_C(1000)
#define PS_NTP_EPOCH UINT64_C(2208988800) // seconds from 1900 to 1970

// Unix nanoseconds to NTP and back. Both truncate, as the programs we interoperate with do.
// Seconds with the top bit clear are taken as era 1 (after 7 February 2036).
ps_ntp ps_ntp_from_ns(ps_ns unix_ns);
ps_ns ps_ntp_to_ns(ps_ntp t);

// Durations. From double: truncates x * 2^32; negative or NaN becomes 0; too large becomes the
// largest.
ps_ntp ps_ntpdur_from_double(double seconds);
double ps_ntpdur_to_double(ps_ntp d);
ps_ntp ps_ntpdur_from_ns(ps_ns d);
ps_ns ps_ntpdur_to_ns(ps_ntp d);

// a - b as a signed count of 2^-32 s, exact over eras.
int64_t ps_ntp_diff(ps_ntp a, ps_ntp b);
// a is earlier than b.
static inline bool ps_ntp_before(ps_ntp a, ps_ntp b)
{
    return (int64_t)(a - b) < 0;
}
// A signed count of 2^-32 s as seconds.
double ps_ntpdiff_to_double(int64_t d);
// The exact 128-bit product of two 32.32 numbers shifted right by 32, low bits truncated.
ps_ntp ps_ntp_mul(ps_ntp a, ps_ntp b);

// "2030-01-02T03:04:05.678" in local time, milliseconds truncated. size >= 32.
void ps_ntp_format_local(ps_ntp t, char *out, size_t size);
// The same with the zone's abbreviation glued behind: "2030-01-02T03:04:05.678UTC". size >= 48.
void ps_ntp_format_zone(ps_ntp t, char *out, size_t size);
// "2030-01-02T03:04:05.678901234Z". size >= 40.
void ps_ntp_format_utc(ps_ntp t, char *out, size_t size);
