// SPDX-License-Identifier: Apache-2.0
#include "base/ps_out.h"
#include <assert.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

void ps_json_init(struct ps_json *j, FILE *file, bool pretty)
{
    *j = (struct ps_json){.file = file, .pretty = pretty, .bad = !file};
}

// A stream in memory that cannot grow takes less than it is given and forgets that: its ferror and fclose say nothing.
static void put_len(struct ps_json *j, const char *text, size_t len)
{
    if (j->file && fwrite(text, 1, len, j->file) != len)
        j->bad = true;
}

static void put_char(struct ps_json *j, char c)
{
    if (j->file && putc(c, j->file) == EOF)
        j->bad = true;
}

static void put_text(struct ps_json *j, const char *text)
{
    put_len(j, text, strlen(text));
}

static uint64_t level_bit(const struct ps_json *j)
{
    return UINT64_C(1) << (j->depth - 1);
}

static void new_line(struct ps_json *j)
{
    if (!j->pretty)
        return;
    put_char(j, '\n');
    for (int i = 0; i < j->depth; i++)
        put_len(j, "  ", 2);
}

static void separate(struct ps_json *j)
{
    if (j->depth == 0)
        return;
    if (j->comma & level_bit(j))
        put_char(j, ',');
    j->comma |= level_bit(j);
    new_line(j);
}

static void before_value(struct ps_json *j)
{
    if (!j->after_key)
        separate(j);
    j->after_key = false;
}

void ps_json_open(struct ps_json *j, char bracket)
{
    assert(bracket == '{' || bracket == '[');
    assert(j->depth < DEPTH_MAX);
    before_value(j);
    put_char(j, bracket);
    j->depth++;
    j->comma &= ~level_bit(j);
}

void ps_json_close(struct ps_json *j, char bracket)
{
    bool had_members;

    assert(bracket == '}' || bracket == ']');
    assert(j->depth > 0 && !j->after_key);
    had_members = j->comma & level_bit(j);
    j->depth--;
    if (had_members)
        new_line(j);
    put_char(j, bracket);
}

size_t ps_utf8_len(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf8 ? 4 : 0;
    uint32_t code;

    if (n <= 1)
        return n;
    code = s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3fu);
    }
    if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return n;
}

static void put_ascii(struct ps_json *j, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *special = strchr(from, c);
    char text[16];

    if (special)
        snprintf(text, sizeof text, "\\%c", to[special - from]);
    else
        snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
    put_text(j, text);
}

// The character of n octets at s as \u and four digits, two of these past the basic plane.
static void put_escaped(struct ps_json *j, const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    uint32_t code = s[0] & (0xffu >> (n + 1));
    char escape[16];

    for (size_t i = 1; i < n; i++)
        code = code << 6 | (s[i] & 0x3fu);
    if (code > 0xffff)
        snprintf(escape, sizeof escape, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                 0xdc00 + ((code - 0x10000) & 0x3ff));
    else
        snprintf(escape, sizeof escape, "\\u%04x", code & 0xffff);
    put_text(j, escape);
}

// Octets from s on that need no escape and are characters of their own.
static size_t plain_len(const char *s)
{
    size_t n = 0;

    while (s[n] >= 0x20 && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
        n++;
    return n;
}

static void put_string(struct ps_json *j, const char *s)
{
    static const char replacement[] = "\xef\xbf\xbd";

    put_char(j, '"');
    while (*s) {
        size_t n = plain_len(s);
        if (n) {
            put_len(j, s, n);
            s += n;
            continue;
        }
        n = ps_utf8_len(s);
        if (n == 1)
            put_ascii(j, *s);
        else if (j->ascii)
            put_escaped(j, n ? s : replacement, n ? n : sizeof replacement - 1);
        else
            put_len(j, n ? s : replacement, n ? n : sizeof replacement - 1);
        s += n ? n : 1;
    }
    put_char(j, '"');
}

void ps_json_key(struct ps_json *j, const char *key)
{
    assert(j->depth > 0 && !j->after_key);
    separate(j);
    put_string(j, key);
    put_text(j, j->pretty ? ": " : ":");
    j->after_key = true;
}

void ps_json_str(struct ps_json *j, const char *value)
{
    if (!value) {
        ps_json_null(j);
        return;
    }
    before_value(j);
    put_string(j, value);
}

void ps_json_u64(struct ps_json *j, uint64_t value)
{
    char text[24];

    before_value(j);
    snprintf(text, sizeof text, "%" PRIu64, value);
    put_text(j, text);
}

void ps_json_i64(struct ps_json *j, int64_t value)
{
    char text[24];

    before_value(j);
    snprintf(text, sizeof text, "%" PRId64, value);
    put_text(j, text);
}

void ps_json_double(struct ps_json *j, double value)
{
    char text[40];
    // Fifteen digits never show more than were put in, except below the normal range.
    int digits = fabs(value) < DBL_MIN ? 1 : DBL_DIG;

    if (!isfinite(value)) {
        ps_json_null(j);
        return;
    }
    before_value(j);
    do
        snprintf(text, sizeof text, "%.*g", digits, value);
    while (digits++ < DBL_DECIMAL_DIG && strtod(text, NULL) != value);
    put_text(j, text);
}

void ps_json_bool(struct ps_json *j, bool value)
{
    before_value(j);
    put_text(j, value ? "true" : "false");
}

void ps_json_null(struct ps_json *j)
{
    before_value(j);
    put_text(j, "null");
}

void ps_json_put_str(struct ps_json *j, const char *key, const char *value)
{
    ps_json_key(j, key);
    ps_json_str(j, value);
}

void ps_json_put_u64(struct ps_json *j, const char *key, uint64_t value)
{
    ps_json_key(j, key);
    ps_json_u64(j, value);
}

void ps_json_put_i64(struct ps_json *j, const char *key, int64_t value)
{
    ps_json_key(j, key);
    ps_json_i64(j, value);
}

void ps_json_put_double(struct ps_json *j, const char *key, double value)
{
    ps_json_key(j, key);
    ps_json_double(j, value);
}

void ps_json_put_bool(struct ps_json *j, const char *key, bool value)
{
    ps_json_key(j, key);
    ps_json_bool(j, value);
}

void ps_json_raw(struct ps_json *j, const char *text, size_t len)
{
    before_value(j);
    put_len(j, text, len);
}

void ps_json_put_raw(struct ps_json *j, const char *key, const char *text, size_t len)
{
    ps_json_key(j, key);
    ps_json_raw(j, text, len);
}

void ps_json_put_open(struct ps_json *j, const char *key, char bracket)
{
    ps_json_key(j, key);
    ps_json_open(j, bracket);
}

int ps_json_end(struct ps_json *j)
{
    assert(j->depth == 0 && !j->after_key);
    put_char(j, '\n');
    return j->bad || fflush(j->file) != 0 || ferror(j->file) ? -EIO : 0;
}

struct ps_json *ps_text_open(struct ps_text *t)
{
    t->at = NULL;
    t->len = 0;
    ps_json_init(&t->json, open_memstream(&t->at, &t->len), false);
    return &t->json;
}

char *ps_text_close(struct ps_text *t, size_t *len)
{
    char *text = NULL;

    if (t->json.file && fclose(t->json.file) == 0 && !t->json.bad)
        text = t->at;
    else
        free(t->at);
    t->json.file = NULL;
    t->at = NULL;
    if (len)
        *len = text ? t->len : 0;
    return text;
}

int ps_text_append(struct ps_text *t, struct ps_buf *out)
{
    size_t len;
    char *text = ps_text_close(t, &len);
    int err = text ? ps_buf_append(out, text, len) : -ENOMEM;

    free(text);
    return err;
}
