// SPDX-License-Identifier: Apache-2.0
#include "endpoint/ep_source.h"
#include <ifaddrs.h>
#include <netdb.h>
#include <string.h>
#include "base/ps_err.h"

static bool wanted(const struct ps_addr *a, int family)
{
    return family == AF_UNSPEC || a->sa.sa_family == family;
}

// An interface's address that is not link-local, of IPv6 before IPv4; link-local ones last.
static int rank(const struct ps_addr *a)
{
    int r = ps_addr_version(a) == 6 ? 2 : 1;
    return ps_addr_is_linklocal(a) ? r - 2 : r;
}

static int from_interface(const char *name, int family, struct ps_addr *out)
{
    struct ifaddrs *all;
    int best = -2;
    if (getifaddrs(&all) != 0)
        return PS_ENOTFOUND;
    for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
        struct ps_addr a;
        if (i->ifa_addr == NULL || strcmp(i->ifa_name, name) != 0)
            continue;
        socklen_t len = i->ifa_addr->sa_family == AF_INET ? sizeof a.in : sizeof a.in6;
        if (ps_addr_from_sockaddr(i->ifa_addr, len, &a) == 0 && wanted(&a, family) && rank(&a) > best) {
            best = rank(&a);
            *out = a;
        }
    }
    freeifaddrs(all);
    return best == -2 ? PS_ENOTFOUND : 0;
}

static int from_name(const char *name, int family, struct ps_addr *out)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *list;
    if (getaddrinfo(name, NULL, &hints, &list) != 0)
        return PS_ENOTFOUND;
    int err = PS_ENOTFOUND;
    for (const struct addrinfo *i = list; i != NULL && err != 0; i = i->ai_next)
        err = ps_addr_from_sockaddr(i->ai_addr, i->ai_addrlen, out);
    freeaddrinfo(list);
    return err == 0 ? 0 : PS_ENOTFOUND;
}

int ep_source_find(const char *text, int family, struct ps_addr *out)
{
    if (ps_addr_parse(text, 0, out) == 0)
        return wanted(out, family) ? 0 : PS_ENOTFOUND;
    if (from_interface(text, family, out) != 0 && from_name(text, family, out) != 0) {
        out->len = 0;
        return PS_ENOTFOUND;
    }
    ps_addr_set_port(out, 0);
    return 0;
}
