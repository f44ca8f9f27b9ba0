// SPDX-License-Identifier: Apache-2.0
// Times by the calendar: the five fields of POSIX crontab (minute, hour, day of the month, month, day of the week),
// lists and ranges, neither steps nor names (fact sheet 2.1). Pure, but that sch_zone_local asks libc.
//
// Where both days are given, a day that is either one counts, as POSIX has it.
//
// Fields are read on the clock on the wall of a zone. When that clock is set forward, what is due in the hour that
// is left out is due once, when it is set; when it is set back, what is due in the hour that comes twice is due
// the first time. An hour of "*" stands for each hour that passes instead: none in the gap, both of the pair.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "base/ps_time.h"

// A time zone: how far a clock on the wall is east of Greenwich, in seconds, at a moment. Zones change their
// clocks no more than once in a fortnight and by less than a day.
struct sch_zone {
    int32_t (*offset)(ps_ns at, const void *arg);
    const void *arg;
};
extern const struct sch_zone sch_zone_utc;
extern const struct sch_zone sch_zone_local; // TZ, or /etc/localtime (localtime_r)

#define SCH_CRON_TEXT 512 // octets of the text at most

struct sch_cron {
    uint64_t minutes;          // bit n: minute n
    uint32_t hours, days;      // bit 1: the first of the month
    uint16_t months;           // bit 1: January
    uint8_t weekdays;          // bit 0: Sunday
    bool any_day, any_weekday; // the field is "*"
    bool any_hour;
};

// Faults name the field: "the hour: 24 is not in 0-23". PS_ESYNTAX, PS_ERANGE, PS_EUNSUPPORTED (steps, names);
// PS_ENOTFOUND for a day that never comes, as the 31st of February.
int sch_cron_parse(struct sch_cron *out, const char *text, struct ps_fault *fault);
// The first moment at or after this one that fits, a whole minute. 0, or PS_ENOTFOUND when times end before.
int sch_cron_next(const struct sch_cron *c, const struct sch_zone *zone, ps_ns at, ps_ns *out);
