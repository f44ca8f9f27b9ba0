// SPDX-License-Identifier: Apache-2.0
#include "base/ps_num.h"
#include "base/ps_err.h"
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// strtoull would take blanks and signs before the number: "-1" as 2^64 - 1.
static int parse_unsigned(const char *s, int base, uint64_t *out, const char **end)
{
    unsigned long long v;
    char *e;

    if (!isalnum((unsigned char)s[0]))
        return PS_ESYNTAX;
    errno = 0;
    v = strtoull(s, &e, base);
    if (e == s)
        return PS_ESYNTAX;
    *end = e;
    *out = v;
    return errno == ERANGE ? PS_ERANGE : 0;
}

// The whole string, so that trailing garbage is told before an overflow.
static int parse_whole(const char *s, int base, uint64_t *out)
{
    const char *end = NULL;
    int err = parse_unsigned(s, base, out, &end);

    return end && *end ? PS_ESYNTAX : err;
}

int ps_num_u64(const char *s, int base, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t v;
    int err = parse_whole(s, base, &v);

    if (err)
        return err;
    if (v < min || v > max)
        return PS_ERANGE;
    *out = v;
    return 0;
}

int ps_num_i64(const char *s, int base, int64_t min, int64_t max, int64_t *out)
{
    int negative = s[0] == '-';
    uint64_t magnitude;
    int64_t v;
    int err = parse_whole(s + negative, base, &magnitude);

    if (err)
        return err;
    if (magnitude > (uint64_t)INT64_MAX + (uint64_t)negative)
        return PS_ERANGE;
    v = (int64_t)(negative ? 0 - magnitude : magnitude);
    if (v < min || v > max)
        return PS_ERANGE;
    *out = v;
    return 0;
}

// Digits alone, as most numbers are, and not too many to be exact.
static bool short_whole(const char *s, double *out)
{
    uint64_t v = 0;
    size_t n = 0;

    for (; n < DBL_DIG && s[n] >= '0' && s[n] <= '9'; n++)
        v = 10 * v + (uint64_t)(s[n] - '0');
    *out = (double)v;
    return n > 0 && !s[n];
}

int ps_num_double(const char *s, double min, double max, double *out)
{
    char *end;
    double v;

    if (!short_whole(s, &v)) {
        if (!*s || *s == '+' || s[strspn(s, "0123456789+-.eE")])
            return PS_ESYNTAX;
        v = strtod(s, &end);
        if (end == s || *end)
            return PS_ESYNTAX;
    }
    if (!isfinite(v) || v < min || v > max)
        return PS_ERANGE;
    *out = v;
    return 0;
}

static int scale(uint64_t *v, int thousands)
{
    while (thousands-- > 0) {
        if (*v > UINT64_MAX / 1000)
            return PS_ERANGE;
        *v *= 1000;
    }
    return 0;
}

int ps_num_scaled(const char *s, uint64_t max, uint64_t *out)
{
    static const char suffixes[] = "kmgtpez";
    const char *end = NULL, *suffix;
    uint64_t v;
    int err = parse_unsigned(s, 10, &v, &end);

    if (!end)
        return err;
    suffix = *end ? strchr(suffixes, tolower((unsigned char)*end)) : NULL;
    if (*end && (!suffix || end[1]))
        return PS_ESYNTAX;
    if (!err && suffix)
        err = scale(&v, (int)(suffix - suffixes) + 1);
    if (!err && v > max)
        err = PS_ERANGE;
    if (!err)
        *out = v;
    return err;
}

static uint8_t nibble(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

int ps_num_hex(const char *s, uint8_t *out, size_t n)
{
    size_t digits = strspn(s, "0123456789abcdefABCDEF");

    if (n > SIZE_MAX / 2 || digits != 2 * n || s[digits])
        return PS_ESYNTAX;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(nibble(s[2 * i]) << 4 | nibble(s[2 * i + 1]));
    return 0;
}

void ps_num_to_hex(const uint8_t *in, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        *out++ = digits[in[i] >> 4];
        *out++ = digits[in[i] & 15];
    }
    *out = '\0';
}
