// SPDX-License-Identifier: Apache-2.0
#include "base/ps_heap.h"
#include <errno.h>
#include <stdlib.h>

#define CHILDREN 4

void ps_heap_init(struct ps_heap *h)
{
    *h = (struct ps_heap){0};
}

// The nodes are left alone: their owners may be gone by now.
void ps_heap_fini(struct ps_heap *h)
{
    free(h->at);
    ps_heap_init(h);
}

static bool before(const struct ps_heap_place *a, const struct ps_heap_place *b)
{
    return a->key != b->key ? a->key < b->key : a->order < b->order;
}

static void put(struct ps_heap *h, const struct ps_heap_place *p, size_t i)
{
    h->at[i] = *p;
    p->node->index = i + 1;
}

// Moves the hole at i towards the top until p fits, and returns where that is.
static size_t hole_up(struct ps_heap *h, const struct ps_heap_place *p, size_t i)
{
    while (i > 0 && before(p, &h->at[(i - 1) / CHILDREN])) {
        put(h, &h->at[(i - 1) / CHILDREN], i);
        i = (i - 1) / CHILDREN;
    }
    return i;
}

static size_t least_child(const struct ps_heap *h, size_t first)
{
    size_t end = first + CHILDREN < h->count ? first + CHILDREN : h->count, least = first;

    for (size_t i = first + 1; i < end; i++)
        if (before(&h->at[i], &h->at[least]))
            least = i;
    return least;
}

static size_t hole_down(struct ps_heap *h, const struct ps_heap_place *p, size_t i)
{
    size_t first;

    while ((first = CHILDREN * i + 1) < h->count) {
        size_t child = least_child(h, first);
        if (!before(&h->at[child], p))
            break;
        put(h, &h->at[child], i);
        i = child;
    }
    return i;
}

// By value: p may lie in the heap itself.
static void settle(struct ps_heap *h, struct ps_heap_place p, size_t i)
{
    i = hole_up(h, &p, i);
    i = hole_down(h, &p, i);
    put(h, &p, i);
}

int ps_heap_reserve(struct ps_heap *h, size_t nodes)
{
    size_t cap = h->cap ? 2 * h->cap : 16;
    struct ps_heap_place *at;

    if (nodes <= h->cap)
        return 0;
    if (cap < nodes)
        cap = nodes;
    at = reallocarray(h->at, cap, sizeof *at);
    if (!at)
        return -ENOMEM;
    h->at = at;
    h->cap = cap;
    return 0;
}

int ps_heap_set(struct ps_heap *h, struct ps_heap_node *n, int64_t key)
{
    if (n->index == 0) {
        int err = ps_heap_reserve(h, h->count + 1);
        if (err)
            return err;
        n->index = ++h->count;
    }
    n->key = key;
    settle(h, (struct ps_heap_place){key, h->next_order++, n}, n->index - 1);
    return 0;
}

void ps_heap_remove(struct ps_heap *h, struct ps_heap_node *n)
{
    size_t i = n->index;
    struct ps_heap_place last;

    if (i == 0)
        return;
    n->index = 0;
    last = h->at[--h->count];
    if (last.node != n)
        settle(h, last, i - 1);
}

struct ps_heap_node *ps_heap_top(const struct ps_heap *h)
{
    return h->count ? h->at[0].node : NULL;
}
