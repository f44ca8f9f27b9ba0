// SPDX-License-Identifier: Apache-2.0
#include "base/ps_map.h"
#include "base/ps_hash.h"
#include "base/ps_rand.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAP_MIN ((size_t)16)

static uint64_t hash(const struct ps_map *m, const uint8_t *key)
{
    return ps_hash(m->seed, key, m->key_size);
}

int ps_map_init(struct ps_map *m, size_t key_size)
{
    assert(key_size > 0);
    *m = (struct ps_map){.key_size = key_size};
    return ps_rand_bytes(&m->seed, sizeof m->seed);
}

void ps_map_fini(struct ps_map *m)
{
    free(m->keys);
    free(m->values);
    *m = (struct ps_map){.key_size = m->key_size, .seed = m->seed};
}

static uint8_t *key_at(const struct ps_map *m, size_t i)
{
    return m->keys + i * m->key_size;
}

static size_t home(const struct ps_map *m, const void *key)
{
    return (size_t)hash(m, key) & (m->cap - 1);
}

// Where the key is, or the free place where it belongs. There is always a free place.
static size_t find(const struct ps_map *m, const void *key)
{
    size_t i = home(m, key);

    while (m->values[i] && memcmp(key_at(m, i), key, m->key_size) != 0)
        i = (i + 1) & (m->cap - 1);
    return i;
}

static void enter(struct ps_map *m, size_t i, const void *key, void *value)
{
    memcpy(key_at(m, i), key, m->key_size);
    m->values[i] = value;
    m->count++;
}

static int resize(struct ps_map *m, size_t cap)
{
    struct ps_map bigger = {.key_size = m->key_size, .seed = m->seed, .cap = cap};

    bigger.keys = reallocarray(NULL, cap, m->key_size);
    bigger.values = calloc(cap, sizeof *bigger.values);
    if (!bigger.keys || !bigger.values) {
        ps_map_fini(&bigger);
        return -ENOMEM;
    }
    for (size_t i = 0; i < m->cap; i++)
        if (m->values[i])
            enter(&bigger, find(&bigger, key_at(m, i)), key_at(m, i), m->values[i]);
    ps_map_fini(m);
    *m = bigger;
    return 0;
}

void *ps_map_get(const struct ps_map *m, const void *key)
{
    return m->cap ? m->values[find(m, key)] : NULL;
}

int ps_map_put(struct ps_map *m, const void *key, void *value)
{
    assert(value);
    if (m->cap) {
        size_t i = find(m, key);
        if (m->values[i]) {
            m->values[i] = value;
            return 0;
        }
    }
    if (m->count >= m->cap / 4 * 3) {
        int err = resize(m, m->cap ? 2 * m->cap : CAP_MIN);
        if (err)
            return err;
    }
    enter(m, find(m, key), key, value);
    return 0;
}

// Closes the gap at i, so that no search stops short and no tombstones pile up.
static void close_gap(struct ps_map *m, size_t gap)
{
    size_t mask = m->cap - 1;

    for (size_t i = (gap + 1) & mask; m->values[i]; i = (i + 1) & mask) {
        size_t distance = (i - home(m, key_at(m, i))) & mask;
        if (distance < ((i - gap) & mask))
            continue;
        memcpy(key_at(m, gap), key_at(m, i), m->key_size);
        m->values[gap] = m->values[i];
        gap = i;
    }
    m->values[gap] = NULL;
}

void *ps_map_take(struct ps_map *m, const void *key)
{
    size_t i = m->cap ? find(m, key) : 0;
    void *value = m->cap ? m->values[i] : NULL;

    if (value) {
        close_gap(m, i);
        m->count--;
    }
    return value;
}

void *ps_map_each(const struct ps_map *m, size_t *pos)
{
    while (*pos < m->cap) {
        void *value = m->values[(*pos)++];
        if (value)
            return value;
    }
    return NULL;
}
