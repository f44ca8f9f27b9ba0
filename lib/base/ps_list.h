// SPDX-License-Identifier: Apache-2.0
// A doubly linked circular list of nodes inside their owners.
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct ps_list {
    struct ps_list *prev, *next;
};

#define PS_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define PS_LIST_EACH(it, head) for (struct ps_list *it = (head)->next; it != (head); it = it->next)
// Safe against removal of the current node.
#define PS_LIST_EACH_SAFE(it, head)                                              \
    for (struct ps_list *it = (head)->next, *it##_next = it->next; it != (head); \
         it = it##_next, it##_next = it->next)

static inline void ps_list_init(struct ps_list *l)
{
    l->prev = l->next = l;
}

static inline bool ps_list_empty(const struct ps_list *l)
{
    return l->next == l;
}

static inline void ps_list_append(struct ps_list *head, struct ps_list *n)
{
    n->prev = head->prev;
    n->next = head;
    head->prev->next = n;
    head->prev = n;
}

static inline void ps_list_remove(struct ps_list *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    ps_list_init(n);
}
