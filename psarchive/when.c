// SPDX-License-Identifier: Apache-2.0
#include "psarchive/when.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "esmond/es_iso.h"

#define AGO_MAX INT64_C(1000000000)

static int64_t unit_seconds(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    case 'w':
        return 7 * 86400;
    default:
        return 0;
    }
}

int when_length(const char *text, int64_t *seconds)
{
    char digits[16];
    size_t len = strlen(text);
    int64_t unit = len > 1 && len < sizeof digits ? unit_seconds(text[len - 1]) : 0, n;
    if (unit == 0)
        return PS_ESYNTAX;
    snprintf(digits, sizeof digits, "%.*s", (int)(len - 1), text);
    if (ps_num_i64(digits, 10, 0, AGO_MAX / unit, &n) != 0)
        return PS_ESYNTAX;
    *seconds = n * unit;
    return 0;
}

static int parse_ago(const char *text, int64_t now, int64_t *out)
{
    int64_t ago;
    int err = when_length(text, &ago);
    if (err == 0)
        *out = now - ago;
    return err;
}

int when_parse(const char *text, int64_t now, int64_t *out)
{
    char full[32];
    if (ps_num_i64(text, 10, 0, INT64_C(0x3ffffffff), out) == 0 || parse_ago(text, now, out) == 0 ||
        es_iso_time(text, out) == 0)
        return 0;
    snprintf(full, sizeof full, "%.10sT00:00:00Z", text);
    return strlen(text) == 10 && es_iso_time(full, out) == 0 ? 0 : PS_ESYNTAX;
}

const char *when_text(int64_t ts, char out[WHEN_SIZE])
{
    struct tm tm;
    time_t t = (time_t)ts;
    if (gmtime_r(&t, &tm) == NULL || strftime(out, WHEN_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        snprintf(out, WHEN_SIZE, "%lld", (long long)ts);
    return out;
}
