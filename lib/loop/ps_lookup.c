// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_lookup.h"
#include <netdb.h>
#include "base/ps_err.h"

static const struct addrinfo *preferred(const struct addrinfo *list)
{
    for (const struct addrinfo *a = list; a; a = a->ai_next)
        if (a->ai_family == AF_INET6)
            return a;
    return list;
}

int ps_lookup(const char *host, uint16_t port, struct ps_addr *out, const char **why)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    const struct addrinfo *a;
    int rc = getaddrinfo(host, NULL, &hints, &list);

    *why = rc ? gai_strerror(rc) : ps_strerror(PS_ENOTFOUND);
    if (rc)
        return PS_ERESOLVE;
    a = preferred(list);
    rc = ps_addr_from_sockaddr(a->ai_addr, a->ai_addrlen, out);
    if (rc == 0)
        ps_addr_set_port(out, port);
    freeaddrinfo(list);
    return rc ? PS_ENOTFOUND : 0;
}
