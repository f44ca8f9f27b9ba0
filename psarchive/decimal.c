// SPDX-License-Identifier: Apache-2.0
#include "psarchive/decimal.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "base/ps_err.h"

#define BITS_LEN 7   // of a sum
#define BITS_ZEROS 5 // powers of ten that were taken off
#define ZEROS_MAX 31
#define ORDER_SMALL 8
#define SMALL_MAX (INT64_C(1) << 20)
#define MANTISSA_MAX (INT64_C(1) << 53)
#define DECIMALS_MAX 15

__extension__ typedef unsigned __int128 decimal_bits;

#define SUM_MAX (((decimal_bits)1 << 126) - 1)

enum { NUMBER_ZERO, NUMBER_SMALL, NUMBER_DECIMAL, NUMBER_RAW };

static const double tens[DECIMALS_MAX + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// number = *m / 10^decimals, exactly (as its nearest double). False: it is not of this form.
static bool as_decimal(double number, int64_t *m, unsigned *decimals)
{
    for (unsigned d = 0; d <= DECIMALS_MAX; d++) {
        double scaled = rint(number * tens[d]);
        if (fabs(scaled) > (double)MANTISSA_MAX)
            return false;
        if (scaled / tens[d] == number) {
            *m = (int64_t)scaled;
            *decimals = d;
            return true;
        }
    }
    return false;
}

// --- sums

// 53 bits times 10^12 and a shift, so that it is the same everywhere.
static decimal_sum from_binary(double number)
{
    int exponent;
    double fraction = frexp(fabs(number), &exponent);
    decimal_bits v = (decimal_bits)(uint64_t)ldexp(fraction, 53) * (uint64_t)DECIMAL_ONE;
    exponent -= 53;
    if (exponent >= 0)
        v <<= exponent;
    else if (exponent > -120)
        v = (v + ((decimal_bits)1 << (-exponent - 1))) >> -exponent;
    else
        v = 0;
    return number < 0 ? -(decimal_sum)v : (decimal_sum)v;
}

decimal_sum decimal_from(double number)
{
    static const int64_t units[] = {
        DECIMAL_ONE, 100000000000, 10000000000, 1000000000, 100000000, 10000000, 1000000,
        100000,      10000,        1000,        100,        10,        1};
    int64_t m;
    unsigned d;
    if (as_decimal(number, &m, &d) && d <= 12)
        return (decimal_sum)m * units[d];
    return from_binary(number);
}

double decimal_to(decimal_sum sum)
{
    decimal_sum whole = sum / DECIMAL_ONE;
    if (whole * DECIMAL_ONE == sum)
        return (double)whole;
    return (double)sum / (double)DECIMAL_ONE;
}

double decimal_mean(decimal_sum sum, uint64_t n)
{
    if (n == 0)
        return 0;
    decimal_sum whole = sum / DECIMAL_ONE;
    if (whole * DECIMAL_ONE == sum)
        return (double)whole / (double)n;
    return (double)sum / ((double)DECIMAL_ONE * (double)n);
}

static unsigned length(decimal_bits v)
{
    uint64_t high = (uint64_t)(v >> 64);
    return high != 0 ? 64 + bits_length(high) : bits_length((uint64_t)v);
}

static void put_wide(struct bitput *w, decimal_bits v, unsigned n)
{
    if (n > 64)
        bitput64(w, (uint64_t)(v >> 64), n - 64);
    bitput64(w, (uint64_t)v, n > 64 ? 64 : n);
}

void decimal_pack(struct bitput *w, decimal_sum sum)
{
    decimal_bits v = sum < 0 ? -(decimal_bits)sum : (decimal_bits)sum;
    unsigned zeros = 0;
    bitput(w, sum != 0, 1);
    if (sum == 0)
        return;
    for (; zeros < ZEROS_MAX && v % 10 == 0; zeros++)
        v /= 10;
    unsigned len = length(v);
    bitput(w, sum < 0, 1);
    bitput(w, zeros, BITS_ZEROS);
    bitput(w, len, BITS_LEN);
    put_wide(w, v, len);
}

decimal_sum decimal_unpack(struct bitget *r)
{
    if (bitget(r, 1) == 0)
        return 0;
    bool minus = bitget(r, 1) == 1;
    unsigned zeros = (unsigned)bitget(r, BITS_ZEROS), len = (unsigned)bitget(r, BITS_LEN);
    decimal_bits v = len > 64 ? (decimal_bits)bitget64(r, len - 64) << 64 : 0;
    v |= bitget64(r, len > 64 ? 64 : len);
    for (; zeros > 0 && r->err == 0; zeros--) {
        if (v > SUM_MAX / 10)
            bitget_fail(r, PS_EMALFORMED);
        v *= 10;
    }
    if (v > SUM_MAX)
        bitget_fail(r, PS_EMALFORMED);
    if (r->err != 0)
        return 0;
    return minus ? -(decimal_sum)v : (decimal_sum)v;
}

// --- numbers

static void pack_decimal(struct bitput *w, int64_t m, unsigned decimals)
{
    uint64_t v = m < 0 ? -(uint64_t)m : (uint64_t)m;
    unsigned len = bits_length(v);
    bitput(w, NUMBER_DECIMAL, 2);
    bitput(w, m < 0, 1);
    bitput(w, decimals, 4);
    bitput(w, len, 6);
    bitput64(w, v, len);
}

void number_pack(struct bitput *w, double number)
{
    int64_t m;
    unsigned decimals;
    uint64_t raw;
    if (number == 0)
        bitput(w, NUMBER_ZERO, 2);
    else if (as_decimal(number, &m, &decimals)) {
        if (decimals == 0 && m > 0 && m < SMALL_MAX) {
            bitput(w, NUMBER_SMALL, 2);
            bitput_golomb(w, (uint64_t)m - 1, ORDER_SMALL);
        } else
            pack_decimal(w, m, decimals);
    } else {
        memcpy(&raw, &number, sizeof raw);
        bitput(w, NUMBER_RAW, 2);
        bitput64(w, raw, 64);
    }
}

static double unpack_decimal(struct bitget *r)
{
    bool minus = bitget(r, 1) == 1;
    unsigned decimals = (unsigned)bitget(r, 4), len = (unsigned)bitget(r, 6);
    uint64_t v = bitget64(r, len);
    if (v > (uint64_t)MANTISSA_MAX)
        bitget_fail(r, PS_EMALFORMED);
    double d = r->err == 0 ? (double)v / tens[decimals] : 0;
    return minus ? -d : d;
}

static double unpack_small(struct bitget *r)
{
    uint64_t v = bitget_golomb(r, ORDER_SMALL) + 1;
    if (v >= (uint64_t)SMALL_MAX)
        bitget_fail(r, PS_EMALFORMED);
    return r->err == 0 ? (double)v : 0;
}

static double unpack_raw(struct bitget *r)
{
    uint64_t raw = bitget64(r, 64);
    double d;
    memcpy(&d, &raw, sizeof d);
    if (!(fabs(d) <= 1e18))
        bitget_fail(r, PS_EMALFORMED);
    return r->err == 0 ? d : 0;
}

double number_unpack(struct bitget *r)
{
    switch (bitget(r, 2)) {
    case NUMBER_SMALL:
        return unpack_small(r);
    case NUMBER_DECIMAL:
        return unpack_decimal(r);
    case NUMBER_RAW:
        return unpack_raw(r);
    default:
        return 0;
    }
}
