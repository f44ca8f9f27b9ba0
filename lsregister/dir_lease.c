// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_lease.h"
#include <inttypes.h>
#include <stdio.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"

const struct dir_lease_conf dir_lease_defaults = {
    .min_s = 30, .max_s = 2592000, .otherwise_s = 7200, .clamp = true, .grace_s = 300};

int dir_lease_parse(const char *text, int64_t *seconds)
{
    ps_ns d;
    int err = ps_iso8601_duration(text, &d);

    if (!err)
        *seconds = d / PS_SEC + (d % PS_SEC > 0);
    return err;
}

const char *dir_lease_text(int64_t seconds, char out[DIR_LEASE_TEXT])
{
    if (seconds > 0 && seconds % 3600 == 0)
        snprintf(out, DIR_LEASE_TEXT, "PT%" PRId64 "H", seconds / 3600);
    else if (seconds > 0 && seconds % 60 == 0)
        snprintf(out, DIR_LEASE_TEXT, "PT%" PRId64 "M", seconds / 60);
    else
        snprintf(out, DIR_LEASE_TEXT, "PT%" PRId64 "S", seconds);
    return out;
}

int64_t dir_lease_grant(const struct dir_lease_conf *c, int64_t asked_s)
{
    if (asked_s == DIR_TTL_NONE || asked_s == DIR_TTL_EMPTY)
        return c->otherwise_s;
    if (asked_s >= c->min_s && asked_s <= c->max_s)
        return asked_s;
    if (!c->clamp)
        return c->otherwise_s;
    return asked_s < c->min_s ? c->min_s : c->max_s;
}

bool dir_lease_gone(const struct dir_lease_conf *c, int64_t expires_ms, int64_t now_ms)
{
    return expires_ms <= now_ms - c->grace_s * 1000;
}

const char *dir_lease_time(int64_t ms, char out[DIR_TIME_TEXT])
{
    struct ps_calendar at;

    ps_iso8601_calendar(ms * PS_MSEC, 0, &at);
    snprintf(out, DIR_TIME_TEXT, "%04d-%02u-%02uT%02u:%02u:%02u.%03dZ", (int)at.year % 10000, at.month % 100,
             at.day % 100, at.hour % 100, at.minute % 100, at.second % 100, (int)(ms % 1000));
    return out;
}
