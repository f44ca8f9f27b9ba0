// SPDX-License-Identifier: Apache-2.0
// Durations and timestamps of ISO 8601, as far as pScheduler takes them (fact sheet 2.2). Pure, but that a
// timestamp without an offset is this host's local time.
#pragma once
#include <stdbool.h>
#include "base/ps_time.h"

// "P1W2DT3H4M5.5S": weeks, days, hours, minutes, seconds, each at most once and in this order, with a decimal
// fraction ("." or ",") at any. Years and months have no fixed length and are PS_EUNSUPPORTED; PS_ESYNTAX for
// all else, PS_ERANGE for what does not fit 64 bits of nanoseconds.
int ps_iso8601_duration(const char *text, ps_ns *out);
#define PS_ISO8601_DURATION 48
// "P1DT2H0.5S", "P0D" for nothing; d is not negative. Returns out.
const char *ps_iso8601_put_duration(ps_ns d, char out[PS_ISO8601_DURATION]);

// A moment and the clock it was told by.
struct ps_when {
    ps_ns at;       // since 1970; before 1678 and after 2261 the earliest and the latest there is
    int32_t offset; // seconds east of Greenwich
    bool local;     // no offset was written
};
// "2018-06-19T12:34:56", or with ":56.7", "Z", "+01", "+0100", "+01:00", or the date alone. PS_ESYNTAX, PS_ERANGE
// (the 31st of February).
int ps_iso8601_time(const char *text, struct ps_when *out);
#define PS_ISO8601_TIME 48
// "2018-06-19T12:34:56+01:00", "Z" for an offset of 0; fractions are cut off. Returns out.
const char *ps_iso8601_put_time(const struct ps_when *t, char out[PS_ISO8601_TIME]);
const char *ps_iso8601_put_utc(ps_ns t, char out[PS_ISO8601_TIME]); // the same in UTC

// What a calendar and a clock on the wall show.
struct ps_calendar {
    int64_t year;
    unsigned month, day;           // from 1
    unsigned week, weekday;        // ISO 8601's: week 1 to 53, 1 is Monday
    unsigned hour, minute, second; // from 0
};
void ps_iso8601_calendar(ps_ns at, int32_t offset, struct ps_calendar *out);
// Days from 1970-01-01 to a date of the Gregorian calendar.
int64_t ps_iso8601_days(int64_t year, unsigned month, unsigned day);
