// SPDX-License-Identifier: Apache-2.0
#include "psprobe/sockets.h"
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

// The first address of the family (AF_UNSPEC: any).
static int look_up(const char *host, int family, int socktype, unsigned port, struct ps_addr *out,
                   const char **why)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = socktype, .ai_flags = AI_NUMERICSERV},
                    *list = NULL;
    char service[8];
    int rc;

    snprintf(service, sizeof service, "%u", port);
    rc = getaddrinfo(host, service, &hints, &list);
    *why = rc ? gai_strerror(rc) : "it has no address";
    if (!rc)
        rc = ps_addr_from_sockaddr(list->ai_addr, list->ai_addrlen, out);
    if (list)
        freeaddrinfo(list);
    return rc;
}

bool probe_ends(struct probe *p, int socktype, unsigned port, struct ps_addr *dest, struct ps_addr *source)
{
    const char *to = tl_spec_str(p->spec, "dest"), *from = tl_spec_str(p->spec, "source"), *why;
    int version = tl_spec_family(p->spec), family = version == 4   ? AF_INET
                                                    : version == 6 ? AF_INET6
                                                                   : AF_UNSPEC;

    memset(dest, 0, sizeof *dest);
    memset(source, 0, sizeof *source);
    if (from && look_up(from, family, socktype, 0, source, &why)) {
        tl_answer_fail(&p->answer, "%.200s: %s", from, why);
        return false;
    }
    // A source may have both families where the destination has one: its other one is tried then.
    if (to && from && look_up(to, source->sa.sa_family, socktype, port, dest, &why) == 0)
        return true;
    if (!to || look_up(to, family, socktype, port, dest, &why)) {
        tl_answer_fail(&p->answer, "%.200s: %s", to ? to : "", to ? why : "no host");
        return false;
    }
    if (from && look_up(from, dest->sa.sa_family, socktype, 0, source, &why)) {
        tl_answer_fail(&p->answer, "%.100s and %.100s have no addresses of the same family", from, to);
        return false;
    }
    return true;
}

bool probe_wait(int fd, short events, ps_ns until)
{
    struct pollfd pf = {.fd = fd, .events = events};
    ps_ns left;
    int n;

    do {
        left = until - probe_mono();
        n = left > 0 ? poll(&pf, 1, (int)((left + PS_MSEC - 1) / PS_MSEC)) : 0;
    } while (n < 0);
    return n > 0;
}
