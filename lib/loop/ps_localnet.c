// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_localnet.h"
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "loop/ps_watch.h"

struct ps_localnet {
    struct ps_localnet_addr *addrs;
    size_t n;
    bool stale;
    ps_ns read_at; // monotonic
    int err;
    int fd; // netlink; -1: the kernel tells nothing
    struct ps_watch *watch;
};

// --- addresses

static const uint8_t *octets_of(const struct ps_addr *a)
{
    return ps_addr_version(a) == 4 ? (const uint8_t *)&a->in.sin_addr : a->in6.sin6_addr.s6_addr;
}

static unsigned whole(const struct ps_addr *a)
{
    return ps_addr_version(a) == 4 ? 32 : 128;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned rest = bits % 8;

    if (memcmp(a, b, bits / 8) != 0)
        return false;
    return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

static bool scopes_differ(const struct ps_addr *a, const struct ps_addr *b)
{
    return ps_addr_scope(a) != 0 && ps_addr_scope(b) != 0 && ps_addr_scope(a) != ps_addr_scope(b);
}

static bool holds(const struct ps_localnet_addr *net, const struct ps_addr *a)
{
    if (ps_addr_version(&net->addr) != ps_addr_version(a) || scopes_differ(&net->addr, a))
        return false;
    return same_prefix(octets_of(&net->addr), octets_of(a), net->bits);
}

// --- the kernel's list

static unsigned bits_of(const struct sockaddr *mask, const struct ps_addr *addr)
{
    struct ps_addr m;
    unsigned bits = 0;

    // The mask of some kinds of interface has no family.
    if (!mask || mask->sa_family != addr->sa.sa_family || ps_addr_from_sockaddr(mask, addr->len, &m))
        return whole(addr);
    while (bits < whole(addr) && octets_of(&m)[bits / 8] & (0x80 >> bits % 8))
        bits++;
    return bits;
}

static bool take(const struct ifaddrs *it, struct ps_localnet_addr *out)
{
    const struct sockaddr *sa = it->ifa_addr;

    if (!sa || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
        return false;
    if (ps_addr_from_sockaddr(sa, sa->sa_family == AF_INET ? sizeof out->addr.in : sizeof out->addr.in6,
                              &out->addr))
        return false;
    ps_addr_set_port(&out->addr, 0);
    out->bits = bits_of(it->ifa_netmask, &out->addr);
    out->loopback = (it->ifa_flags & IFF_LOOPBACK) != 0;
    snprintf(out->ifname, sizeof out->ifname, "%s", it->ifa_name);
    return true;
}

static int take_all(struct ps_localnet *n, const struct ifaddrs *list)
{
    struct ps_localnet_addr *addrs;
    size_t count = 0;

    for (const struct ifaddrs *it = list; it && count < PS_LOCALNET_MAX; it = it->ifa_next)
        count++;
    addrs = calloc(count + 1, sizeof *addrs);
    if (!addrs)
        return -ENOMEM;
    free(n->addrs);
    n->addrs = addrs;
    n->n = 0;
    for (; list && n->n < count; list = list->ifa_next)
        n->n += take(list, &addrs[n->n]);
    return 0;
}

static int read_list(struct ps_localnet *n)
{
    struct ifaddrs *list;

    n->stale = false;
    n->read_at = ps_loop_mono();
    if (getifaddrs(&list) != 0)
        return n->err = -errno;
    n->err = take_all(n, list);
    freeifaddrs(list);
    return n->err;
}

static void refresh(struct ps_localnet *n)
{
    ps_ns most = n->fd >= 0 ? PS_LOCALNET_AGE : PS_LOCALNET_BLIND_AGE;

    if (n->stale || ps_loop_mono() - n->read_at > most)
        (void)read_list(n); // a failure stays to be asked for
}

// --- the kernel's news

static void came(void *ctx, int ready)
{
    struct ps_localnet *n = ctx;
    char message[8192];

    (void)ready;
    n->stale = true; // whatever it says, and though some of it be lost
    while (recv(n->fd, message, sizeof message, MSG_DONTWAIT) > 0)
        continue;
}

static int open_news(void)
{
    struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
                                 .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&groups, sizeof groups) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void listen_to_news(struct ps_localnet *n, struct ps_loop *l)
{
    n->fd = open_news();
    if (n->fd < 0)
        return;
    if (ps_watch_new(l, n->fd, came, n, &n->watch)) {
        close(n->fd);
        n->fd = -1;
        return;
    }
    ps_watch_set(n->watch, PS_WATCH_READ);
}

// --- the whole

int ps_localnet_new(struct ps_loop *l, struct ps_localnet **out)
{
    struct ps_localnet *n = calloc(1, sizeof *n);
    int err;

    if (!n)
        return -ENOMEM;
    listen_to_news(n, l); // before the list is read
    err = read_list(n);
    if (err)
        ps_localnet_free(n);
    else
        *out = n;
    return err;
}

void ps_localnet_free(struct ps_localnet *n)
{
    if (!n)
        return;
    ps_watch_free(n->watch);
    if (n->fd >= 0)
        close(n->fd);
    free(n->addrs);
    free(n);
}

bool ps_localnet_is_own(struct ps_localnet *n, const struct ps_addr *a)
{
    struct ps_addr host = *a;

    ps_addr_unmap(&host);
    refresh(n);
    for (size_t i = 0; i < n->n && host.len > 0; i++) {
        const struct ps_localnet_addr *it = &n->addrs[i];
        if (ps_addr_same_host(&it->addr, &host))
            return true;
        if (it->loopback && ps_addr_version(&host) == 4 && holds(it, &host))
            return true;
    }
    return false;
}

bool ps_localnet_is_near(struct ps_localnet *n, const struct ps_addr *a)
{
    struct ps_addr host = *a;

    ps_addr_unmap(&host);
    refresh(n);
    for (size_t i = 0; i < n->n && host.len > 0; i++)
        if (holds(&n->addrs[i], &host))
            return true;
    return false;
}

const struct ps_localnet_addr *ps_localnet_all(struct ps_localnet *n, size_t *count)
{
    refresh(n);
    *count = n->n;
    return n->addrs;
}

int ps_localnet_error(const struct ps_localnet *n)
{
    return n->err;
}
