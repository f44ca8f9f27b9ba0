// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "sched/sch_schedule.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static inline ps_ns at(const char *text)
{
    struct ps_when w = {0};
    if (ps_iso8601_time(text, &w) != 0)
        fail_msg("%s is no time", text);
    return w.at;
}

// Fails showing both times.
static inline void same_time(ps_ns got, const char *wanted)
{
    char text[PS_ISO8601_TIME];
    if (got != at(wanted))
        fail_msg("%s instead of %s", ps_iso8601_put_utc(got, text), wanted);
}

// A clock as in Central Europe in 2027, and no other year: an hour ahead, two from 28 March to 31 October, 01:00 UTC.
static inline int32_t central_europe(ps_ns t, const void *arg)
{
    (void)arg;
    return t >= at("2027-03-28T01:00:00Z") && t < at("2027-10-31T01:00:00Z") ? 7200 : 3600;
}
