// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_put.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"

static void add(struct sp_text_of *t, const void *data, size_t len)
{
    if (!t->err)
        t->err = ps_buf_append(t->out, data, len);
}

void sp_put(struct sp_text_of *t, const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    add(t, text, strlen(text));
}

void sp_put_clean(struct sp_text_of *t, const char *text)
{
    size_t start = 0, i;

    for (i = 0; text[i]; i++) {
        unsigned char c = (unsigned char)text[i];
        bool c1 = c == 0xc2 && (unsigned char)text[i + 1] >= 0x80 && (unsigned char)text[i + 1] < 0xa0;
        if ((c >= 0x20 && c != 0x7f && !c1) || c == '\n' || c == '\t')
            continue;
        add(t, text + start, i - start);
        add(t, "?", 1);
        i += c1;
        start = i + 1;
    }
    add(t, text + start, i - start);
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

void sp_put_html(struct sp_text_of *t, const char *text, size_t len)
{
    size_t start = 0, i;

    for (i = 0; i < len; i++) {
        const char *e = entity(text[i]);
        if (!e)
            continue;
        add(t, text + start, i - start);
        add(t, e, strlen(e));
        start = i + 1;
    }
    add(t, text + start, i - start);
}

void sp_put_heading(struct sp_text_of *t, const char *heading)
{
    sp_put(t, "%s\n", heading);
    for (size_t i = 0; heading[i]; i++)
        sp_put(t, "-");
    sp_put(t, "\n");
}

void sp_put_label(struct sp_text_of *t, const char *label, size_t width)
{
    sp_put(t, "%s ", label);
    for (size_t i = strlen(label) + 1; i < width; i++)
        sp_put(t, ".");
    sp_put(t, " ");
}

void sp_put_scaled(struct sp_text_of *t, double value, const char *unit)
{
    static const char *const prefixes[] = {"", "K", "M", "G", "T", "P"};
    size_t i = 0;

    while (fabs(value) >= 999.995 && i + 1 < sizeof prefixes / sizeof prefixes[0]) {
        value /= 1000;
        i++;
    }
    sp_put(t, "%.2f %s%s", value, prefixes[i], unit);
}

bool sp_get_double(struct ps_jnode n, const char *key, double *out)
{
    return ps_jnode_double(ps_jnode_member(n, key), -1e300, 1e300, out, NULL) == 0;
}

bool sp_get_count(struct ps_jnode n, const char *key, uint64_t *out)
{
    return ps_jnode_u64(ps_jnode_member(n, key), 0, UINT64_MAX, out, NULL) == 0;
}

bool sp_get_text(struct ps_jnode n, const char *key, const char **out)
{
    return ps_jnode_str(ps_jnode_member(n, key), 0, SIZE_MAX, out, NULL) == 0;
}

bool sp_get_duration(struct ps_jnode n, const char *key, ps_ns *out)
{
    const char *text;

    return sp_get_text(n, key, &text) && ps_iso8601_duration(text, out) == 0;
}
