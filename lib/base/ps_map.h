// SPDX-License-Identifier: Apache-2.0
// A hash table from a fixed-size key to a pointer, open addressing, keyed hash (a peer cannot
// choose collisions).
#pragma once
#include <stddef.h>
#include <stdint.h>

struct ps_map {
    size_t key_size;
    uint64_t seed;
    uint8_t *keys;
    void **values; // NULL: free
    size_t count, cap;
};

int ps_map_init(struct ps_map *m, size_t key_size);
void ps_map_fini(struct ps_map *m);
void *ps_map_get(const struct ps_map *m, const void *key);
// Enters or replaces; value is not NULL. 0 or -ENOMEM.
int ps_map_put(struct ps_map *m, const void *key, void *value);
// Takes out and returns the value, NULL if there was none.
void *ps_map_take(struct ps_map *m, const void *key);
// Walks all values: start with *pos = 0; NULL at the end. Nothing may be put or taken meanwhile.
void *ps_map_each(const struct ps_map *m, size_t *pos);
