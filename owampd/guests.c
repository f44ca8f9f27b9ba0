// SPDX-License-Identifier: Apache-2.0
#include "owampd/guests.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEY_LEN 16
#define NET_LEN 8 // octets of an IPv6 address that its owner does not choose
#define NUMBER_BITS 40
#define NUMBER_MASK ((UINT64_C(1) << NUMBER_BITS) - 1)

struct guest_host {
    uint8_t key[KEY_LEN];
    unsigned count, weight;
    struct ps_list waiting;
    struct ps_heap_node node;
};

static void make_key(const struct ps_addr *from, uint8_t key[KEY_LEN])
{
    struct ps_addr a = *from;
    ps_addr_unmap(&a);
    ps_addr_to_wire(&a, key);
    if (ps_addr_version(&a) == 6 && !ps_addr_is_linklocal(&a))
        memset(key + NET_LEN, 0, KEY_LEN - NET_LEN);
}

int guests_init(struct guests *g)
{
    ps_heap_init(&g->waiting);
    return ps_map_init(&g->hosts, KEY_LEN);
}

void guests_fini(struct guests *g)
{
    size_t pos = 0;
    for (void *h; (h = ps_map_each(&g->hosts, &pos)) != NULL;)
        free(h);
    ps_map_fini(&g->hosts);
    ps_heap_fini(&g->waiting);
}

static struct guest *oldest(const struct guest_host *h)
{
    return PS_CONTAINER(h->waiting.next, struct guest, node);
}

// Moving or removing cannot fail.
static int place(struct guests *g, struct guest_host *h)
{
    if (h->weight != 0)
        return ps_heap_set(&g->waiting, &h->node,
                           (int64_t)(oldest(h)->number & NUMBER_MASK) - ((int64_t)h->weight << NUMBER_BITS));
    ps_heap_remove(&g->waiting, &h->node);
    return 0;
}

static void forget_if_empty(struct guests *g, struct guest_host *h)
{
    if (h->count != 0)
        return;
    (void)ps_map_take(&g->hosts, h->key);
    free(h);
}

static struct guest_host *host_new(struct guests *g, const uint8_t key[KEY_LEN])
{
    struct guest_host *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    memcpy(h->key, key, KEY_LEN);
    ps_list_init(&h->waiting);
    if (ps_map_put(&g->hosts, key, h) == 0)
        return h;
    free(h);
    return NULL;
}

static void begin_waiting(struct guests *g, struct guest *who)
{
    who->number = g->next++;
    ps_list_append(&who->host->waiting, &who->node);
}

int guests_enter(struct guests *g, struct guest *who, const struct ps_addr *from)
{
    uint8_t key[KEY_LEN];
    make_key(from, key);
    struct guest_host *h = ps_map_get(&g->hosts, key);
    if (h == NULL)
        h = host_new(g, key);
    if (h == NULL)
        return -ENOMEM;
    h->count++;
    h->weight += GUEST_WAITING;
    who->host = h;
    who->state = GUEST_WAITING;
    begin_waiting(g, who);
    int err = place(g, h);
    if (err != 0)
        guests_leave(g, who);
    return err;
}

void guests_set(struct guests *g, struct guest *who, enum guest_state state)
{
    struct guest_host *h = who->host;
    if (h == NULL || who->state == state)
        return;
    if (state == GUEST_BUSY)
        ps_list_remove(&who->node);
    else if (who->state == GUEST_BUSY)
        begin_waiting(g, who);
    h->weight = h->weight - who->state + state;
    who->state = state;
    // Without memory for one that comes back others give way.
    (void)place(g, h);
}

void guests_leave(struct guests *g, struct guest *who)
{
    if (who->host == NULL)
        return;
    guests_set(g, who, GUEST_BUSY);
    who->host->count--;
    forget_if_empty(g, who->host);
    who->host = NULL;
}

static struct guest_host *host_of(const struct guests *g, const struct ps_addr *from)
{
    uint8_t key[KEY_LEN];
    make_key(from, key);
    return ps_map_get(&g->hosts, key);
}

unsigned guests_from(const struct guests *g, const struct ps_addr *from)
{
    const struct guest_host *h = host_of(g, from);
    return h == NULL ? 0 : h->count;
}

unsigned guests_weight(const struct guests *g, const struct ps_addr *from)
{
    const struct guest_host *h = host_of(g, from);
    return h == NULL ? 0 : h->weight;
}

unsigned guests_weight_beside(const struct guest *who)
{
    return who->host->weight;
}

// The oldest; one that waits for us only if there is no other.
static struct guest *first_of(const struct guest_host *h)
{
    PS_LIST_EACH(it, &h->waiting) {
        struct guest *who = PS_CONTAINER(it, struct guest, node);
        if (who->state == GUEST_WAITING)
            return who;
    }
    return oldest(h);
}

struct guest *guests_yielding(const struct guests *g, const struct ps_addr *from)
{
    struct ps_heap_node *top = ps_heap_top(&g->waiting);
    const struct guest_host *h = from != NULL  ? host_of(g, from)
                                 : top != NULL ? PS_CONTAINER(top, struct guest_host, node)
                                               : NULL;
    return h == NULL || h->weight == 0 ? NULL : first_of(h);
}
