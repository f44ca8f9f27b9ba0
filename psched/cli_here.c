// SPDX-License-Identifier: Apache-2.0
#include "psched/cli_here.h"
#include <ifaddrs.h>
#include <netdb.h>
#include <string.h>
#include "base/ps_addr.h"

static bool is_ours(const struct ifaddrs *list, const struct ps_addr *a)
{
    struct ps_addr ours;

    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr)
            continue;
        socklen_t len = i->ifa_addr->sa_family == AF_INET    ? sizeof(struct sockaddr_in)
                        : i->ifa_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                             : 0;
        if (len && ps_addr_from_sockaddr(i->ifa_addr, len, &ours) == 0 && ps_addr_same_host(&ours, a))
            return true;
    }
    return false;
}

static bool any_ours(const struct ifaddrs *list, const struct addrinfo *found)
{
    struct ps_addr a;

    for (; found; found = found->ai_next)
        if (ps_addr_from_sockaddr(found->ai_addr, found->ai_addrlen, &a) == 0 && is_ours(list, &a))
            return true;
    return false;
}

bool cli_here(const char *host)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct ifaddrs *list = NULL;
    struct ps_hostport hp;

    if (ps_hostport_parse(host, 0, false, &hp) != 0 || hp.has_port)
        return false;
    if (strcmp(hp.host, "localhost") == 0)
        return true;
    bool here =
        getifaddrs(&list) == 0 && getaddrinfo(hp.host, NULL, &hints, &found) == 0 && any_ours(list, found);
    if (found)
        freeaddrinfo(found);
    freeifaddrs(list);
    return here;
}
