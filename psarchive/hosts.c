// SPDX-License-Identifier: Apache-2.0
#include "psarchive/hosts.h"
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 1024 // names that are remembered, a power of two
#define GOOD_FOR (600 * PS_SEC)
#define BAD_FOR (60 * PS_SEC)

struct host {
    ps_ns until;
    size_t n;
    struct ps_addr at[HOSTS_ADDRESSES];
    char name[];
};

struct hosts {
    struct host *at[SLOTS];
};

int hosts_new(struct hosts **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? 0 : -ENOMEM;
}

void hosts_free(struct hosts *h)
{
    if (h == NULL)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        free(h->at[i]);
    free(h);
}

static struct host **slot_of(struct hosts *h, const char *name)
{
    uint32_t v = 2166136261u; // FNV-1a
    for (const char *p = name; *p != '\0'; p++)
        v = (v ^ (uint8_t)*p) * 16777619u;
    return &h->at[v % SLOTS];
}

static size_t look_up(const char *name, struct ps_addr out[HOSTS_ADDRESSES])
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM}, *list;
    size_t n = 0;
    if (getaddrinfo(name, NULL, &hints, &list) != 0)
        return 0;
    for (const struct addrinfo *a = list; a != NULL && n < HOSTS_ADDRESSES; a = a->ai_next)
        n += ps_addr_from_sockaddr(a->ai_addr, a->ai_addrlen, &out[n]) == 0;
    freeaddrinfo(list);
    return n;
}

static void remember(struct host **slot, const char *name, ps_ns now, const struct ps_addr *addrs, size_t n)
{
    size_t len = strlen(name) + 1;
    struct host *h = malloc(sizeof *h + len);
    free(*slot);
    *slot = h;
    if (h == NULL)
        return;
    h->until = now + (n > 0 ? GOOD_FOR : BAD_FOR);
    h->n = n;
    memcpy(h->at, addrs, n * sizeof *addrs);
    memcpy(h->name, name, len);
}

size_t hosts_find(struct hosts *h, const char *name, ps_ns now, struct ps_addr out[HOSTS_ADDRESSES])
{
    struct host **slot = slot_of(h, name);
    if (*slot != NULL && strcmp((*slot)->name, name) == 0 && now < (*slot)->until) {
        memcpy(out, (*slot)->at, (*slot)->n * sizeof *out);
        return (*slot)->n;
    }
    size_t n = look_up(name, out);
    remember(slot, name, now, out, n);
    return n;
}
