// SPDX-License-Identifier: Apache-2.0
// Numbers as bits, the first bit of an octet being its highest. Writing grows a buffer; reading is bounded. Both
// have a sticky error: a packer is a straight list of puts, an unpacker of gets, and one check each.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define BITS_GOLOMB_MAX (UINT64_MAX >> 2)

struct bitput {
    uint8_t *data; // owned; kept for the next time by bitput_clear
    size_t len, cap;
    uint64_t acc; // the lowest `held` bits wait, up to 64
    unsigned held;
    int err; // 0 or -ENOMEM
};

void bitput_init(struct bitput *w);
void bitput_fini(struct bitput *w);
void bitput_clear(struct bitput *w);
void bitput_flush(struct bitput *w); // what waits, but for less than an octet
// The lowest n bits of v, n <= 57.
static inline void bitput(struct bitput *w, uint64_t v, unsigned n)
{
    if (w->held + n > 64)
        bitput_flush(w);
    w->acc = w->acc << n | (n == 0 ? 0 : v & UINT64_MAX >> (64 - n));
    w->held += n;
}
void bitput64(struct bitput *w, uint64_t v, unsigned n);           // n <= 64
void bitput_golomb_long(struct bitput *w, uint64_t v, unsigned k); // of any length
// Exponential Golomb code of order k: v >> k in twice its length, the rest as it is. v <= BITS_GOLOMB_MAX.
static inline void bitput_golomb(struct bitput *w, uint64_t v, unsigned k)
{
    unsigned all = 2 * (64 - (unsigned)__builtin_clzll((v >> k) + 1)) - 1 + k;
    if (all <= 57)
        bitput(w, v + ((uint64_t)1 << k), all); // (v >> k) + 1 and the rest, behind the zeros
    else
        bitput_golomb_long(w, v, k);
}
// Two of them, at once if both are short, as most are that come in pairs.
static inline void bitput_golomb2(struct bitput *w, uint64_t v, unsigned k, uint64_t v2, unsigned k2)
{
    unsigned all = 2 * (64 - (unsigned)__builtin_clzll((v >> k) + 1)) - 1 + k;
    unsigned all2 = 2 * (64 - (unsigned)__builtin_clzll((v2 >> k2) + 1)) - 1 + k2;
    if (all + all2 <= 57) {
        bitput(w, (v + ((uint64_t)1 << k)) << all2 | (v2 + ((uint64_t)1 << k2)), all + all2);
        return;
    }
    bitput_golomb(w, v, k);
    bitput_golomb(w, v2, k2);
}
void bitput_octets(struct bitput *w, const void *data, size_t n);
// Fills the last octet with zeros; data and len are then the whole. The error.
int bitput_end(struct bitput *w);

struct bitget {
    const uint8_t *data;
    size_t at, end; // bits
    int err;        // 0 or PS_EMALFORMED
};

void bitget_init(struct bitget *r, const void *data, size_t len);
uint64_t bitget(struct bitget *r, unsigned n); // n <= 57; 0 after the end
uint64_t bitget64(struct bitget *r, unsigned n);
uint64_t bitget_golomb(struct bitget *r, unsigned k);
void bitget_octets(struct bitget *r, void *out, size_t n);
// Octets that are left, to bound what is to come.
size_t bitget_left(const struct bitget *r);
void bitget_fail(struct bitget *r, int err); // the first error stays
// The error; also when more than the filling of the last octet is left.
int bitget_end(struct bitget *r);

// Signed as unsigned: 0, -1, 1, -2, ...
static inline uint64_t bits_zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t bits_unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

// The length of v in bits; 0 for 0.
static inline unsigned bits_length(uint64_t v)
{
    return v == 0 ? 0 : 64 - (unsigned)__builtin_clzll(v);
}

// Bits that bitput_golomb takes.
static inline unsigned bits_golomb_cost(uint64_t v, unsigned k)
{
    return 2 * bits_length((v >> k) + 1) - 1 + k;
}
