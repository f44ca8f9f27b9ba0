// SPDX-License-Identifier: Apache-2.0
// A keyed hash (SipHash-1-3) for tables whose keys come from peers, who cannot choose collisions. Pure.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Of n octets; the seed, which stays secret, makes both halves of the function's key.
uint64_t ps_hash(uint64_t seed, const void *data, size_t n);
