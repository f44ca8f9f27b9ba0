// SPDX-License-Identifier: Apache-2.0
#include "psarchive/jtext.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define EXACT 9007199254740992.0 // 2^53
#define DECIMALS 6

void jtext_grow(struct jtext *j, const char *text, size_t len)
{
    uint8_t *to;

    if (!j->err)
        j->err = ps_buf_reserve(j->out, len, &to);
    if (j->err)
        return;
    memcpy(to, text, len);
    ps_buf_commit(j->out, len);
}

// --- texts

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

// How many of the n octets at s are plain; eight at a time.
static size_t plain_len(const unsigned char *s, size_t n)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    size_t i = 0;

    for (uint64_t v; n - i >= 8; i += 8) {
        memcpy(&v, s + i, 8);
        // The highest bit of each octet: below 0x20, a quote, a backslash, from 0x7f on.
        uint64_t bad =
            (v - ones * 0x20) | ((v ^ ones * '"') - ones) | ((v ^ ones * '\\') - ones) | (v + ones) | v;
        if (bad & highs)
            break;
    }
    while (i < n && is_plain(s[i]))
        i++;
    return i;
}

// Octets of the UTF-8 sequence at s; 0: it is none.
static size_t utf8_len(const unsigned char *s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf8 ? 4 : 0;
    uint32_t code = n ? s[0] & (0x7fu >> n) : 0;

    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3fu);
    }
    return n && code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? n : 0;
}

static void put_code(struct jtext *j, unsigned char c)
{
    char text[8];
    int n = snprintf(text, sizeof text, "\\u%04x", c);

    jtext_raw(j, text, (size_t)n);
}

static size_t put_special(struct jtext *j, const unsigned char *s)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = strchr(from, *s);
    size_t n = *s < 0x80 ? 1 : utf8_len(s);

    if (n > 1)
        jtext_raw(j, (const char *)s, n);
    else if (n == 0)
        jtext_put(j, "\xef\xbf\xbd");
    else if (at)
        jtext_raw(j, (char[]){'\\', to[at - from]}, 2);
    else
        put_code(j, *s);
    return n ? n : 1;
}

void jtext_str(struct jtext *j, const char *text)
{
    const unsigned char *s = (const unsigned char *)text, *end = s + strlen(text);

    jtext_raw(j, "\"", 1);
    while (s < end) {
        size_t n = plain_len(s, (size_t)(end - s));
        jtext_raw(j, (const char *)s, n);
        s += n;
        if (s < end)
            s += put_special(j, s);
    }
    jtext_raw(j, "\"", 1);
}

// --- numbers

// Digits in front of end; returns where they begin.
static char *digits(char *end, uint64_t n, int at_least)
{
    for (; n || at_least > 0; n /= 10, at_least--)
        *--end = (char)('0' + n % 10);
    return end;
}

size_t jtext_digits(char out[24], uint64_t n)
{
    char text[24], *end = text + sizeof text, *p = digits(end, n, 1);

    memcpy(out, p, (size_t)(end - p));
    return (size_t)(end - p);
}

void jtext_int(struct jtext *j, int64_t n)
{
    char text[24], *end = text + sizeof text;
    char *p = digits(end, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, 1);

    if (n < 0)
        *--p = '-';
    jtext_raw(j, p, (size_t)(end - p));
}

// What is a number of few decimals; the quotient of two exact numbers is what reading it gives.
static bool put_decimal(struct jtext *j, double v)
{
    static const double powers[DECIMALS + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    static const uint64_t wholes[DECIMALS + 1] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    char text[40], *end = text + sizeof text, *p;
    double size = fabs(v);

    for (int i = 0; i <= DECIMALS && size * powers[i] < EXACT; i++) {
        double scaled = rint(size * powers[i]);
        uint64_t n = (uint64_t)scaled;
        if (scaled / powers[i] != size)
            continue;
        p = i ? digits(end, n % wholes[i], i) : digits(end, 0, 1);
        *--p = '.';
        p = digits(p, n / wholes[i], 1);
        if (signbit(v))
            *--p = '-';
        jtext_raw(j, p, (size_t)(end - p));
        return true;
    }
    return false;
}

void jtext_real(struct jtext *j, double v)
{
    char text[40];
    int digit = DBL_DIG;

    if (!isfinite(v)) {
        jtext_put(j, "null");
        return;
    }
    if (put_decimal(j, v))
        return;
    do
        snprintf(text, sizeof text, "%.*g", digit, v);
    while (digit++ < DBL_DECIMAL_DIG && strtod(text, NULL) != v);
    jtext_put(j, text);
    if (!strpbrk(text, ".e"))
        jtext_put(j, ".0");
}
