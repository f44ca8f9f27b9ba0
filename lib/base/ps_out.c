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
    *j = (struct ps_json){.file = file, .pretty = pretty};
}

static uint64_t level_bit(const struct ps_json *j)
{
    return UINT64_C(1) << (j->depth - 1);
}

static void new_line(struct ps_json *j)
{
    if (j->pretty)
        fprintf(j->file, "\n%*s", 2 * j->depth, "");
}

static void separate(struct ps_json *j)
{
    if (j->depth == 0)
        return;
    if (j->comma & level_bit(j))
        putc(',', j->file);
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
    putc(bracket, j->file);
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
    putc(bracket, j->file);
}

// Octets of the UTF-8 sequence at s; 0 if it is not one (too long a form, a surrogate, past the
// last code point, cut off).
static size_t utf8_len(const unsigned char *s)
{
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

static void put_ascii(FILE *f, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *special = strchr(from, c);

    if (special)
        fprintf(f, "\\%c", to[special - from]);
    else if (c < 0x20 || c == 0x7f)
        fprintf(f, "\\u%04x", c);
    else
        putc(c, f);
}

static void put_string(FILE *f, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    putc('"', f);
    while (*s) {
        size_t n = utf8_len(s);
        if (n == 1)
            put_ascii(f, *s);
        else if (n == 0)
            fputs("\xef\xbf\xbd", f);
        else
            fwrite(s, 1, n, f);
        s += n ? n : 1;
    }
    putc('"', f);
}

void ps_json_key(struct ps_json *j, const char *key)
{
    assert(j->depth > 0 && !j->after_key);
    separate(j);
    put_string(j->file, key);
    fputs(j->pretty ? ": " : ":", j->file);
    j->after_key = true;
}

void ps_json_str(struct ps_json *j, const char *value)
{
    if (!value) {
        ps_json_null(j);
        return;
    }
    before_value(j);
    put_string(j->file, value);
}

void ps_json_u64(struct ps_json *j, uint64_t value)
{
    before_value(j);
    fprintf(j->file, "%" PRIu64, value);
}

void ps_json_i64(struct ps_json *j, int64_t value)
{
    before_value(j);
    fprintf(j->file, "%" PRId64, value);
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
    fputs(text, j->file);
}

void ps_json_bool(struct ps_json *j, bool value)
{
    before_value(j);
    fputs(value ? "true" : "false", j->file);
}

void ps_json_null(struct ps_json *j)
{
    before_value(j);
    fputs("null", j->file);
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

void ps_json_put_bool(struct ps_json *j, const char *key, bool value)
{
    ps_json_key(j, key);
    ps_json_bool(j, value);
}

void ps_json_raw(struct ps_json *j, const char *text, size_t len)
{
    before_value(j);
    (void)fwrite(text, 1, len, j->file);
}

int ps_json_end(struct ps_json *j)
{
    assert(j->depth == 0 && !j->after_key);
    putc('\n', j->file);
    return fflush(j->file) != 0 || ferror(j->file) ? -EIO : 0;
}
