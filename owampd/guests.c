// SPDX-License-Identifier: Apache-2.0
#include "owampd/guests.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEY_LEN 16
#define NET_LEN 8 // octets of an IPv6 address that its owner does not choose

struct guest_host {
    uint8_t key[KEY_LEN];
    unsigned count, setups;
    struct ps_list in_setup;
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

// Moving or removing cannot fail.
static int set_setups(struct guests *g, struct guest_host *h, unsigned setups)
{
    int err = 0;
    if (setups == 0)
        ps_heap_remove(&g->waiting, &h->node);
    else
        err = ps_heap_set(&g->waiting, &h->node, -(int64_t)setups);
    if (err == 0)
        h->setups = setups;
    return err;
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
    ps_list_init(&h->in_setup);
    if (ps_map_put(&g->hosts, key, h) == 0)
        return h;
    free(h);
    return NULL;
}

int guests_enter(struct guests *g, struct guest *who, const struct ps_addr *from)
{
    uint8_t key[KEY_LEN];
    make_key(from, key);
    struct guest_host *h = ps_map_get(&g->hosts, key);
    if (h == NULL)
        h = host_new(g, key);
    int err = h == NULL ? -ENOMEM : set_setups(g, h, h->setups + 1);
    if (err == 0) {
        h->count++;
        who->host = h;
        ps_list_append(&h->in_setup, &who->node);
    } else if (h != NULL) {
        forget_if_empty(g, h);
    }
    return err;
}

void guests_ready(struct guests *g, struct guest *who)
{
    if (who->host == NULL || who->ready)
        return;
    who->ready = true;
    ps_list_remove(&who->node);
    (void)set_setups(g, who->host, who->host->setups - 1);
}

void guests_leave(struct guests *g, struct guest *who)
{
    if (who->host == NULL)
        return;
    guests_ready(g, who);
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

bool guests_is_from(const struct guest *who, const struct ps_addr *from)
{
    uint8_t key[KEY_LEN];
    make_key(from, key);
    return who->host != NULL && memcmp(who->host->key, key, KEY_LEN) == 0;
}

struct guest *guests_yielding(const struct guests *g, const struct ps_addr *from)
{
    struct ps_heap_node *top = ps_heap_top(&g->waiting);
    const struct guest_host *h = from != NULL  ? host_of(g, from)
                                 : top != NULL ? PS_CONTAINER(top, struct guest_host, node)
                                               : NULL;
    if (h == NULL || h->setups == 0)
        return NULL;
    return PS_CONTAINER(h->in_setup.next, struct guest, node);
}
