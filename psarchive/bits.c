// SPDX-License-Identifier: Apache-2.0
#include "psarchive/bits.h"
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

void bitput_init(struct bitput *w)
{
    *w = (struct bitput){0};
}

void bitput_fini(struct bitput *w)
{
    free(w->data);
    *w = (struct bitput){0};
}

void bitput_clear(struct bitput *w)
{
    w->len = 0;
    w->acc = 0;
    w->held = 0;
    w->err = 0;
}

static int reserve(struct bitput *w, size_t n)
{
    if (w->err != 0 || w->cap - w->len >= n)
        return w->err;
    size_t cap = w->cap < 128 ? 256 : w->cap * 2;
    if (cap < w->len + n)
        cap = w->len + n;
    uint8_t *data = realloc(w->data, cap);
    if (data == NULL)
        return w->err = -ENOMEM;
    w->data = data;
    w->cap = cap;
    return 0;
}

void bitput_flush(struct bitput *w)
{
    if (w->held >= 8 && reserve(w, 8) == 0) {
        uint64_t octets = htobe64(w->acc << (64 - w->held));
        memcpy(w->data + w->len, &octets, sizeof octets);
        w->len += w->held / 8;
    }
    w->held %= 8; // after an error nothing is kept
}

void bitput64(struct bitput *w, uint64_t v, unsigned n)
{
    if (n > 32)
        bitput(w, v >> 32, n - 32);
    bitput(w, v, n > 32 ? 32 : n);
}

void bitput_golomb_long(struct bitput *w, uint64_t v, unsigned k)
{
    uint64_t q = (v >> k) + 1;
    unsigned len = bits_length(q);
    bitput64(w, 0, len - 1);
    bitput64(w, q, len);
    bitput64(w, v, k);
}

void bitput_octets(struct bitput *w, const void *data, size_t n)
{
    const uint8_t *p = data;
    bitput_flush(w);
    if (reserve(w, n + 8) != 0)
        return;
    if (w->held == 0) {
        memcpy(w->data + w->len, p, n);
        w->len += n;
        return;
    }
    for (size_t i = 0; i < n; i++)
        bitput(w, p[i], 8);
}

int bitput_end(struct bitput *w)
{
    if (w->held % 8 > 0)
        bitput(w, 0, 8 - w->held % 8);
    bitput_flush(w);
    return w->err;
}

void bitget_init(struct bitget *r, const void *data, size_t len)
{
    *r = (struct bitget){.data = data, .end = len * 8};
}

void bitget_fail(struct bitget *r, int err)
{
    if (r->err == 0)
        r->err = err;
    r->at = r->end;
}

// The octets from the one that holds the next bit on, as many as there are.
static uint64_t window(const struct bitget *r)
{
    size_t at = r->at / 8, len = r->end / 8;
    uint64_t v = 0;
    if (len - at >= 8) {
        memcpy(&v, r->data + at, 8);
        return be64toh(v);
    }
    for (size_t i = 0; i < len - at; i++)
        v |= (uint64_t)r->data[at + i] << (56 - 8 * i);
    return v;
}

uint64_t bitget(struct bitget *r, unsigned n)
{
    if (r->end - r->at < n) {
        bitget_fail(r, PS_EMALFORMED);
        return 0;
    }
    if (n == 0)
        return 0;
    uint64_t v = window(r) << r->at % 8 >> (64 - n);
    r->at += n;
    return v;
}

uint64_t bitget64(struct bitget *r, unsigned n)
{
    uint64_t high = n > 32 ? bitget(r, n - 32) : 0;
    return high << 32 | bitget(r, n > 32 ? 32 : n);
}

// A code that lies in what one look shows, as most do. False: it does not, or there is none.
static inline bool short_golomb(struct bitget *r, unsigned k, uint64_t *out)
{
    if (r->end - r->at < 64)
        return false;
    uint64_t v = window(r) << r->at % 8;
    unsigned zeros = v == 0 ? 64 : (unsigned)__builtin_clzll(v), len = 2 * zeros + 1 + k;
    if (len > 57)
        return false;
    *out = (v >> (64 - len)) - ((uint64_t)1 << k);
    r->at += len;
    return true;
}

uint64_t bitget_golomb(struct bitget *r, unsigned k)
{
    uint64_t value;
    if (short_golomb(r, k, &value))
        return value;
    unsigned zeros = 0;
    for (;;) {
        uint64_t v = r->at < r->end ? window(r) << r->at % 8 : 0;
        unsigned here = v == 0 ? 57 : (unsigned)__builtin_clzll(v);
        zeros += here;
        if (r->at >= r->end || zeros > 62 || here > r->end - r->at) {
            bitget_fail(r, PS_EMALFORMED);
            return 0;
        }
        r->at += here;
        if (v != 0)
            break;
    }
    uint64_t q = bitget64(r, zeros + 1) - 1;
    if (q > BITS_GOLOMB_MAX >> k)
        bitget_fail(r, PS_EMALFORMED);
    uint64_t low = bitget64(r, k);
    return r->err == 0 ? q << k | low : 0;
}

void bitget_octets(struct bitget *r, void *out, size_t n)
{
    uint8_t *p = out;
    if (bitget_left(r) < n) {
        bitget_fail(r, PS_EMALFORMED);
        memset(out, 0, n);
        return;
    }
    if (r->at % 8 == 0) {
        memcpy(out, r->data + r->at / 8, n);
        r->at += n * 8;
        return;
    }
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)bitget(r, 8);
}

size_t bitget_left(const struct bitget *r)
{
    return (r->end - r->at) / 8;
}

int bitget_end(struct bitget *r)
{
    if (r->err == 0 && r->end - r->at >= 8)
        r->err = PS_EMALFORMED;
    return r->err;
}
