// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_check.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_addr.h"
#include "base/ps_dnsname.h"
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "spec/sp_test.h"

#define WORDS_SHOWN 200

void sp_check_init(struct sp_check *c, const char *path, struct ps_fault *fault)
{
    *c = (struct sp_check){.fault = fault};
    int n = snprintf(c->path, sizeof c->path, "%s", path);
    c->len = (size_t)n < sizeof c->path ? (size_t)n : sizeof c->path - 1;
}

// Octets of the control character at s, of C1 in UTF-8, too; 0: it is none.
static size_t controls(const char *s)
{
    const unsigned char *p = (const unsigned char *)s;

    if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
        return 2;
    return p[0] < 0x20 || p[0] == 0x7f;
}

// Copies with control characters replaced; what does not fit is cut off between characters and marked. text ends
// with a NUL, at len or behind it.
static void clean(const char *text, size_t len, char *out, size_t size)
{
    size_t n = len, c;

    if (len >= size)
        for (n = size - 4; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
            ;
    for (size_t i = 0; i < n; i += c ? c : 1) {
        c = controls(text + i);
        out[i] = c ? '?' : text[i];
        if (c == 2)
            out[i + 1] = '?';
    }
    strcpy(out + n, n < len ? "..." : "");
}

size_t sp_check_enter(struct sp_check *c, const char *key)
{
    size_t mark = c->len;
    char shown[60];

    clean(key, strlen(key), shown, sizeof shown);
    int n = snprintf(c->path + mark, sizeof c->path - mark, "/%s", shown);
    c->len = (size_t)n < sizeof c->path - mark ? mark + (size_t)n : sizeof c->path - 1;
    return mark;
}

size_t sp_check_enter_nth(struct sp_check *c, size_t i)
{
    char text[24];

    snprintf(text, sizeof text, "%zu", i);
    return sp_check_enter(c, text);
}

void sp_check_leave(struct sp_check *c, size_t mark)
{
    c->len = mark;
    c->path[mark] = '\0';
}

int sp_check_fail(struct sp_check *c, int err, const char *fmt, ...)
{
    char text[sizeof c->fault->text - SP_CHECK_PATH - 8];
    va_list ap;

    if (!c->fault)
        return err;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    snprintf(c->fault->text, sizeof c->fault->text, "At %s: %s", c->len ? c->path : "/", text);
    return err;
}

const char *sp_quoted_text(const char *text, char out[SP_QUOTED])
{
    out[0] = '\'';
    clean(text, strlen(text), out + 1, SP_QUOTED - 2);
    strcat(out, "'");
    return out;
}

const char *sp_quoted(struct ps_jnode n, char out[SP_QUOTED])
{
    const char *text;
    size_t len;

    if (ps_jnode_str(n, 0, SIZE_MAX, &text, NULL) == 0)
        return sp_quoted_text(text, out);
    text = ps_jnode_raw(n, &len);
    clean(text, len, out, SP_QUOTED);
    return out;
}

static const char *type_word(enum ps_jtype type)
{
    switch (type) {
    case PS_JTYPE_NONE:
    case PS_JTYPE_NULL:
        break;
    case PS_JTYPE_BOOL:
        return "boolean";
    case PS_JTYPE_NUMBER:
        return "number";
    case PS_JTYPE_STRING:
        return "string";
    case PS_JTYPE_ARRAY:
        return "array";
    case PS_JTYPE_OBJECT:
        return "object";
    }
    return "null";
}

static int wrong_type(struct sp_check *c, struct ps_jnode n, const char *type)
{
    char shown[SP_QUOTED];

    return sp_check_fail(c, PS_EMALFORMED, "%s is not of type '%s'", sp_quoted(n, shown), type);
}

int sp_check_type(struct sp_check *c, struct ps_jnode n, enum ps_jtype type)
{
    return ps_jnode_type(n) == type ? 0 : wrong_type(c, n, type_word(type));
}

int sp_check_string(struct sp_check *c, struct ps_jnode n, const char **out)
{
    const char *text;
    char shown[SP_QUOTED];

    int err = sp_check_type(c, n, PS_JTYPE_STRING);
    if (err)
        return err;
    if (ps_jnode_str(n, 0, SP_SPEC_STRING, &text, NULL) != 0)
        return sp_check_fail(c, PS_ELIMIT, "%s is too long; the most is %d octets", sp_quoted(n, shown),
                             SP_SPEC_STRING);
    *out = text;
    return 0;
}

int sp_check_int(struct sp_check *c, struct ps_jnode n, int64_t min, int64_t max, int64_t *out)
{
    char shown[SP_QUOTED];
    int64_t v;
    double d;

    int err = ps_jnode_i64(n, INT64_MIN, INT64_MAX, &v, NULL);
    if (err == PS_EMALFORMED)
        return wrong_type(c, n, "integer");
    if (err) { // too large for 64 bits
        bool low = ps_jnode_double(n, -1e308, 0, &d, NULL) == 0;
        v = low ? INT64_MIN : INT64_MAX;
    }
    if (v < min)
        return sp_check_fail(c, PS_ERANGE, "%s is less than the minimum of %" PRId64, sp_quoted(n, shown),
                             min);
    if (v > max || err)
        return sp_check_fail(c, PS_ERANGE, "%s is greater than the maximum of %" PRId64, sp_quoted(n, shown),
                             max);
    *out = v;
    return 0;
}

int sp_check_number(struct sp_check *c, struct ps_jnode n, double min, double max, bool open, double *out)
{
    const char *or_equal = open ? " or equal to" : "";
    char shown[SP_QUOTED];
    double v;

    int err = sp_check_type(c, n, PS_JTYPE_NUMBER);
    if (err)
        return err;
    if (ps_jnode_double(n, -1e308, 1e308, &v, NULL) != 0)
        return sp_check_fail(c, PS_ERANGE, "%s is out of range", sp_quoted(n, shown));
    if (v < min || (open && v <= min))
        return sp_check_fail(c, PS_ERANGE, "%s is less than%s the minimum of %g", sp_quoted(n, shown),
                             or_equal, min);
    if (v > max || (open && v >= max))
        return sp_check_fail(c, PS_ERANGE, "%s is greater than%s the maximum of %g", sp_quoted(n, shown),
                             or_equal, max);
    *out = v;
    return 0;
}

int sp_check_duration(struct sp_check *c, struct ps_jnode n, ps_ns *out)
{
    char shown[SP_QUOTED];
    const char *text;

    int err = sp_check_string(c, n, &text);
    if (err)
        return err;
    switch (ps_iso8601_duration(text, out)) {
    case 0:
        return 0;
    case PS_EUNSUPPORTED:
        return sp_check_fail(c, PS_EMALFORMED, "%s has years or months, which have no fixed length",
                             sp_quoted(n, shown));
    case PS_ERANGE:
        return sp_check_fail(c, PS_ERANGE, "%s is too long a duration", sp_quoted(n, shown));
    default:
        return sp_check_fail(c, PS_EMALFORMED, "%s is not an ISO 8601 duration, as in PT1M30S",
                             sp_quoted(n, shown));
    }
}

static bool is_host(const char *text)
{
    char normal[PS_DNSNAME_STRLEN];
    struct ps_addr a;

    if (ps_addr_parse(text, 0, &a) == 0)
        return true;
    // What begins with a dash would be an option to the programs that get it.
    return ps_dnsname_normal(text, normal) == 0 && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == strlen(text);
}

int sp_check_host(struct sp_check *c, struct ps_jnode n, const char **out)
{
    char shown[SP_QUOTED];

    int err = sp_check_string(c, n, out);
    if (err || is_host(*out))
        return err;
    return sp_check_fail(c, PS_EMALFORMED, "%s is neither the name of a host nor an IP address",
                         sp_quoted(n, shown));
}

int sp_check_hostport(struct sp_check *c, struct ps_jnode n, const char **out)
{
    struct ps_hostport hp;
    char shown[SP_QUOTED];

    int err = sp_check_string(c, n, out);
    if (err || (ps_hostport_parse(*out, 0, false, &hp) == 0 && is_host(hp.host)))
        return err;
    return sp_check_fail(c, PS_EMALFORMED, "%s is not a host with or without a port, as in \"name:443\"",
                         sp_quoted(n, shown));
}

static void list_words(const char *const *words, char out[WORDS_SHOWN])
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; words[i] && at < WORDS_SHOWN - 1; i++)
        at += (size_t)snprintf(out + at, WORDS_SHOWN - at, "%s'%s'", i ? ", " : "", words[i]);
}

int sp_check_word(struct sp_check *c, struct ps_jnode n, const char *const *words, size_t *out)
{
    char shown[SP_QUOTED], list[WORDS_SHOWN];
    const char *text;

    int err = sp_check_string(c, n, &text);
    for (size_t i = 0; !err && words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return 0;
        }
    }
    if (err)
        return err;
    list_words(words, list);
    return sp_check_fail(c, PS_EUNKNOWN, "%s is not one of [%s]", sp_quoted(n, shown), list);
}

int sp_check_count(struct sp_check *c, struct ps_jnode n, size_t max)
{
    size_t count = ps_jnode_count(n);

    return count <= max ? 0 : sp_check_fail(c, PS_ELIMIT, "has %zu members; the most is %zu", count, max);
}

int sp_check_missing(struct sp_check *c, const char *key)
{
    return sp_check_fail(c, PS_ENOTFOUND, "'%s' is a required property", key);
}

int sp_check_unexpected(struct sp_check *c, const char *key, const char *why)
{
    char shown[SP_QUOTED];

    return sp_check_fail(c, PS_EUNKNOWN, "Additional properties are not allowed (%s was unexpected)%s%s",
                         sp_quoted_text(key, shown), why ? "; " : "", why ? why : "");
}
