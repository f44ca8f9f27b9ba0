// SPDX-License-Identifier: Apache-2.0
// Random octets: from the kernel where they must be unguessable, from a seeded generator where
// they only have to be incompressible (padding) or repeatable (simulation).
#pragma once
#include <stddef.h>
#include <stdint.h>

// From getrandom(2). 0 or -errno.
int ps_rand_bytes(void *out, size_t n);

struct ps_rand {
    uint64_t s[4]; // xoshiro256**
};
void ps_rand_seed(struct ps_rand *r, uint64_t seed);
uint64_t ps_rand_u64(struct ps_rand *r);
double ps_rand_double(struct ps_rand *r); // [0, 1)
void ps_rand_fill(struct ps_rand *r, void *out, size_t n);
