// SPDX-License-Identifier: Apache-2.0
#include "clock/ps_source.h"
#include <math.h>
#include <stdio.h>

static bool is_printable(uint8_t c)
{
    return c > 0x20 && c < 0x7f;
}

void ps_source_text(char out[PS_SOURCE_TEXT], const void *text, size_t n)
{
    const uint8_t *in = text;

    if (n >= PS_SOURCE_TEXT)
        n = PS_SOURCE_TEXT - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = is_printable(in[i]) ? (char)in[i] : '?';
    out[n] = '\0';
}

void ps_source_refid(char out[PS_SOURCE_TEXT], const uint8_t id[4])
{
    size_t n = 4;
    bool text = true;

    while (n > 0 && id[n - 1] == 0)
        n--;
    for (size_t i = 0; i < n; i++)
        text = text && is_printable(id[i]);
    if (text)
        ps_source_text(out, id, n);
    else
        snprintf(out, PS_SOURCE_TEXT, "%02X%02X%02X%02X", id[0], id[1], id[2], id[3]);
}

ps_ns ps_source_error(double seconds, double more)
{
    double sum = fabs(seconds) + fabs(more);

    // Not a number compares with nothing.
    if (!(sum * (double)PS_SEC < (double)PS_SOURCE_ERROR_MAX))
        return PS_SOURCE_ERROR_MAX;
    return (ps_ns)ceil(sum * (double)PS_SEC);
}

void ps_source_settle(struct ps_source *s)
{
    if (s->synced)
        return;
    s->leap = PS_LEAP_NONE;
    s->error = s->bound = PS_SOURCE_UNKNOWN;
}

const char *ps_leap_text(enum ps_leap leap)
{
    switch (leap) {
    case PS_LEAP_NONE:
        return "none";
    case PS_LEAP_INSERT:
        return "insert";
    case PS_LEAP_DELETE:
        return "delete";
    }
    return NULL;
}
