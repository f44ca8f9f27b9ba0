// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_flowtab.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_rand.h"

#define BUCKETS_MIN 64
#define BUCKETS_MAX (UINT32_C(1) << 24)

int ps_flowtab_key_init(struct ps_flowtab_key *key)
{
    return ps_rand_bytes(key->k, sizeof key->k);
}

// Multilinear hashing: two different inputs collide with probability 2^-32 over the choice of keys.
uint32_t ps_flowtab_hash(const struct ps_flowtab_key *key, uint32_t socket, const struct ps_addr *a,
                         uint16_t port)
{
    uint64_t h = key->k[0] + key->k[1] * socket + key->k[2] * port;
    uint32_t word[4] = {0};

    if (a->sa.sa_family == AF_INET)
        memcpy(word, &a->in.sin_addr, 4);
    else
        memcpy(word, &a->in6.sin6_addr, 16);
    for (int i = 0; i < 4; i++)
        h += key->k[3 + i] * word[i];
    return (uint32_t)(h >> 32);
}

int ps_flowtab_init(struct ps_flowtab *t)
{
    t->count = 0;
    t->mask = BUCKETS_MIN - 1;
    t->bucket = calloc(BUCKETS_MIN, sizeof(struct ps_flowtab_node *));
    return t->bucket ? 0 : -ENOMEM;
}

void ps_flowtab_fini(struct ps_flowtab *t)
{
    free(t->bucket);
    *t = (struct ps_flowtab){0};
}

static void enter(struct ps_flowtab_node **bucket, uint32_t mask, struct ps_flowtab_node *n)
{
    n->next = bucket[n->hash & mask];
    bucket[n->hash & mask] = n;
}

static void grow(struct ps_flowtab *t)
{
    uint32_t size = 2 * (t->mask + 1);
    struct ps_flowtab_node **bucket = size <= BUCKETS_MAX ? calloc(size, sizeof *bucket) : NULL;

    if (!bucket)
        return;
    for (uint32_t i = 0; i <= t->mask; i++) {
        struct ps_flowtab_node *next;
        for (struct ps_flowtab_node *n = t->bucket[i]; n; n = next) {
            next = n->next;
            enter(bucket, size - 1, n);
        }
    }
    free(t->bucket);
    t->bucket = bucket;
    t->mask = size - 1;
}

void ps_flowtab_add(struct ps_flowtab *t, struct ps_flowtab_node *n, uint32_t hash)
{
    if (t->count > t->mask)
        grow(t);
    n->hash = hash;
    enter(t->bucket, t->mask, n);
    t->count++;
}

void ps_flowtab_remove(struct ps_flowtab *t, struct ps_flowtab_node *n)
{
    struct ps_flowtab_node **at = &t->bucket[n->hash & t->mask];

    while (*at != n)
        at = &(*at)->next;
    *at = n->next;
    t->count--;
}

static struct ps_flowtab_node *same_hash(struct ps_flowtab_node *n, uint32_t hash)
{
    while (n && n->hash != hash)
        n = n->next;
    return n;
}

struct ps_flowtab_node *ps_flowtab_first(const struct ps_flowtab *t, uint32_t hash)
{
    return same_hash(t->bucket[hash & t->mask], hash);
}

struct ps_flowtab_node *ps_flowtab_next(const struct ps_flowtab_node *n)
{
    return same_hash(n->next, n->hash);
}
