// SPDX-License-Identifier: Apache-2.0
// A hash table of nodes inside their owners, for the flows of a pump. Entering cannot fail (when there
// is no memory to grow, the chains get longer), for the packet thread has nobody to tell. For
// lib/loop alone.
#pragma once
#include "base/ps_addr.h"

struct ps_flowtab_node {
    struct ps_flowtab_node *next;
    uint32_t hash;
};

struct ps_flowtab {
    struct ps_flowtab_node **bucket;
    uint32_t mask, count;
};

// Secret, so that peers cannot choose collisions.
struct ps_flowtab_key {
    uint64_t k[7];
};

int ps_flowtab_key_init(struct ps_flowtab_key *key);
// Of a socket's number, an address without its scope, and a port.
uint32_t ps_flowtab_hash(const struct ps_flowtab_key *key, uint32_t socket, const struct ps_addr *a,
                         uint16_t port);

int ps_flowtab_init(struct ps_flowtab *t);
void ps_flowtab_fini(struct ps_flowtab *t);
void ps_flowtab_add(struct ps_flowtab *t, struct ps_flowtab_node *n, uint32_t hash);
void ps_flowtab_remove(struct ps_flowtab *t, struct ps_flowtab_node *n);
// The nodes with this hash, one by one; NULL at the end.
struct ps_flowtab_node *ps_flowtab_first(const struct ps_flowtab *t, uint32_t hash);
struct ps_flowtab_node *ps_flowtab_next(const struct ps_flowtab_node *n);
