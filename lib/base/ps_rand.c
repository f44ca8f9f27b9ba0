// SPDX-License-Identifier: Apache-2.0
#include "base/ps_rand.h"
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

int ps_rand_bytes(void *out, size_t n)
{
    uint8_t *p = out;

    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        }
    }
    return 0;
}

static uint64_t splitmix(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

void ps_rand_seed(struct ps_rand *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix(&seed);
}

static uint64_t rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

uint64_t ps_rand_u64(struct ps_rand *r)
{
    uint64_t *s = r->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

double ps_rand_double(struct ps_rand *r)
{
    return (double)(ps_rand_u64(r) >> 11) * 0x1p-53;
}

// In little-endian order, so that a seed gives the same octets on every machine.
void ps_rand_fill(struct ps_rand *r, void *out, size_t n)
{
    uint8_t *p = out;

    while (n > 0) {
        uint64_t v = htole64(ps_rand_u64(r));
        size_t part = n < sizeof v ? n : sizeof v;
        memcpy(p, &v, part);
        p += part;
        n -= part;
    }
}
