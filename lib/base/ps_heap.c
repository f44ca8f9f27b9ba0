// SPDX-License-Identifier: Apache-2.0
#include "base/ps_heap.h"
#include <errno.h>
#include <stdlib.h>

void ps_heap_init(struct ps_heap *h)
{
    *h = (struct ps_heap){0};
}

// The nodes are left alone: their owners may be gone by now.
void ps_heap_fini(struct ps_heap *h)
{
    free(h->node);
    ps_heap_init(h);
}

static bool before(const struct ps_heap_node *a, const struct ps_heap_node *b)
{
    return a->key != b->key ? a->key < b->key : a->order < b->order;
}

static void place(struct ps_heap *h, struct ps_heap_node *n, size_t i)
{
    h->node[i] = n;
    n->index = i + 1;
}

// Moves the hole at i towards the top until n fits, and returns where that is.
static size_t hole_up(struct ps_heap *h, const struct ps_heap_node *n, size_t i)
{
    while (i > 0 && before(n, h->node[(i - 1) / 2])) {
        place(h, h->node[(i - 1) / 2], i);
        i = (i - 1) / 2;
    }
    return i;
}

static size_t hole_down(struct ps_heap *h, const struct ps_heap_node *n, size_t i)
{
    size_t child;

    while ((child = 2 * i + 1) < h->count) {
        if (child + 1 < h->count && before(h->node[child + 1], h->node[child]))
            child++;
        if (!before(h->node[child], n))
            break;
        place(h, h->node[child], i);
        i = child;
    }
    return i;
}

static void settle(struct ps_heap *h, struct ps_heap_node *n, size_t i)
{
    i = hole_up(h, n, i);
    i = hole_down(h, n, i);
    place(h, n, i);
}

static int make_room(struct ps_heap *h)
{
    size_t cap = h->cap ? 2 * h->cap : 16;
    struct ps_heap_node **node;

    if (h->count < h->cap)
        return 0;
    node = reallocarray(h->node, cap, sizeof *node);
    if (!node)
        return -ENOMEM;
    h->node = node;
    h->cap = cap;
    return 0;
}

int ps_heap_set(struct ps_heap *h, struct ps_heap_node *n, int64_t key)
{
    if (n->index == 0) {
        int err = make_room(h);
        if (err)
            return err;
        n->index = ++h->count;
    }
    n->key = key;
    n->order = h->next_order++;
    settle(h, n, n->index - 1);
    return 0;
}

void ps_heap_remove(struct ps_heap *h, struct ps_heap_node *n)
{
    size_t i = n->index;
    struct ps_heap_node *last;

    if (i == 0)
        return;
    n->index = 0;
    last = h->node[--h->count];
    if (last != n)
        settle(h, last, i - 1);
}

struct ps_heap_node *ps_heap_top(const struct ps_heap *h)
{
    return h->count ? h->node[0] : NULL;
}
