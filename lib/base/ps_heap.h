// SPDX-License-Identifier: Apache-2.0
// An intrusive min-heap of 64-bit keys; equal keys leave in the order they entered. Keys lie together,
// four children to a place, so that finding the way down touches few cache lines.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ps_heap_node {
    int64_t key;
    size_t index; // place in the heap + 1; 0: not in a heap
};

// A node's key and order stand beside the pointer to it.
struct ps_heap_place {
    int64_t key;
    uint64_t order;
    struct ps_heap_node *node;
};

struct ps_heap {
    struct ps_heap_place *at;
    size_t count, cap;
    uint64_t next_order;
};

void ps_heap_init(struct ps_heap *h);
void ps_heap_fini(struct ps_heap *h);
// Room for so many nodes, for which ps_heap_set will not fail. 0 or -ENOMEM.
int ps_heap_reserve(struct ps_heap *h, size_t nodes);
// Enters a node, or moves it if it is in already. 0 or -ENOMEM (only on entering).
int ps_heap_set(struct ps_heap *h, struct ps_heap_node *n, int64_t key);
// Takes a node out; nothing happens if it is not in.
void ps_heap_remove(struct ps_heap *h, struct ps_heap_node *n);
// The smallest, or NULL.
struct ps_heap_node *ps_heap_top(const struct ps_heap *h);
