// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_lines.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_iso8601.h"

#define LEADERS 3 // dots behind the longest label

void sp_lines_add(struct sp_lines *l, const char *label, const char *value, const char *unit)
{
    size_t size = strlen(value) + (unit ? strlen(unit) + 1 : 0) + 1;
    char *copy = l->n < SP_LINES_MAX ? malloc(size) : NULL;

    if (!copy)
        return;
    snprintf(copy, size, "%s%s%s", value, unit ? " " : "", unit ? unit : "");
    snprintf(l->at[l->n].label, sizeof l->at[0].label, "%s", label);
    l->at[l->n++].value = copy;
}

// A duration in seconds, with what is written of it: "PT0.0012S" is 0.0012 s.
static void add_duration(struct sp_lines *l, const char *label, const char *text)
{
    char seconds[40];
    ps_ns d;

    if (ps_iso8601_duration(text, &d) != 0) {
        sp_lines_add(l, label, text, NULL);
        return;
    }
    snprintf(seconds, sizeof seconds, "%.6g", (double)d / (double)PS_SEC);
    sp_lines_add(l, label, seconds, strcmp(seconds, "1") == 0 ? "second" : "seconds");
}

static void add_raw(struct sp_lines *l, const char *label, struct ps_jnode n, const char *unit)
{
    char *copy = ps_jnode_copy(n);

    if (copy)
        sp_lines_add(l, label, copy, unit);
    free(copy);
}

void sp_lines_add_node(struct sp_lines *l, const char *label, struct ps_jnode n, enum sp_value form,
                       const char *unit)
{
    const char *text;
    bool on;

    if (ps_jnode_type(n) == PS_JTYPE_NONE || ps_jnode_type(n) == PS_JTYPE_NULL)
        return;
    if (ps_jnode_bool(n, &on, NULL) == 0)
        sp_lines_add(l, label, on ? "Yes" : "No", NULL);
    else if (form == SP_V_JSON || ps_jnode_str(n, 0, SIZE_MAX, &text, NULL) != 0)
        add_raw(l, label, n, unit);
    else if (form == SP_V_DURATION)
        add_duration(l, label, text);
    else
        sp_lines_add(l, label, text, unit);
}

static size_t widest(const struct sp_lines *l)
{
    size_t width = 0;

    for (size_t i = 0; i < l->n; i++) {
        size_t n = strlen(l->at[i].label);
        width = n > width ? n : width;
    }
    return width;
}

static void put_row(struct sp_text_of *t, const char *label, const char *value)
{
    sp_put(t, "<tr><td>");
    sp_put_html(t, label, strlen(label));
    sp_put(t, "</td><td>");
    sp_put_html(t, value, strlen(value));
    sp_put(t, "</td></tr>\n");
}

void sp_lines_put(struct sp_lines *l, enum sp_mime mime, struct sp_text_of *t)
{
    size_t width = widest(l) + 1 + LEADERS;

    if (mime == SP_HTML)
        sp_put(t, "<table>\n");
    for (size_t i = 0; i < l->n; i++) {
        if (mime == SP_HTML) {
            put_row(t, l->at[i].label, l->at[i].value);
        } else {
            sp_put_label(t, l->at[i].label, width);
            sp_put_clean(t, l->at[i].value);
            sp_put(t, "\n");
        }
        free(l->at[i].value);
    }
    if (mime == SP_HTML)
        sp_put(t, "</table>\n");
    l->n = 0;
}
