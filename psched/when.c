// SPDX-License-Identifier: Apache-2.0
#include "psched/when.h"
#include <stdbool.h>
#include "base/ps_iso8601.h"

#define FAR (INT64_C(140) * 365 * 86400 * PS_SEC)

static ps_ns within_reach(ps_ns t)
{
    return t > FAR ? FAR : t < -FAR ? -FAR : t;
}

static bool relative(const char *text, ps_ns now, ps_ns *out)
{
    bool before = *text == '-';
    ps_ns d;

    if (*text == '-' || *text == '+')
        text++;
    if (ps_iso8601_duration(text, &d))
        return false;
    d = within_reach(d);
    *out = within_reach(before ? now - d : now + d);
    return true;
}

int when_read(const char *text, ps_ns now, ps_ns *out)
{
    struct ps_when when;
    int err;

    if (relative(text, now, out))
        return 0;
    err = ps_iso8601_time(text, &when);
    if (!err)
        *out = within_reach(when.at);
    return err;
}
