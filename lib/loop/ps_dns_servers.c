// SPDX-License-Identifier: Apache-2.0
// Who is asked: the servers of a configuration, or of a file like resolv.conf as it is now.
#define CARES_NO_DEPRECATED // what later versions put aside is what the older ones have
#include <ares.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "loop/ps_dns_impl.h"

#define LOOK_EVERY (2 * PS_SEC)
#define PORT 53

static void take_server(const struct ares_addr_port_node *node, struct ps_addr *out)
{
    uint8_t wire[16] = {0};
    uint16_t port = node->udp_port ? (uint16_t)node->udp_port : PORT;

    if (node->family == AF_INET)
        memcpy(wire, &node->addr.addr4, 4);
    else
        memcpy(wire, &node->addr.addr6, 16);
    (void)ps_addr_from_wire(node->family == AF_INET ? 4 : 6, wire, port, out);
}

static int take_servers(struct ps_dns_servers *s, const struct ares_addr_port_node *list)
{
    struct ps_addr *addrs;
    size_t n = 0;

    for (const struct ares_addr_port_node *it = list; it; it = it->next)
        n++;
    addrs = calloc(n + 1, sizeof *addrs);
    if (!addrs)
        return -ENOMEM;
    free(s->addrs);
    s->addrs = addrs;
    for (s->n = 0; list; list = list->next)
        take_server(list, &addrs[s->n++]);
    return 0;
}

// A channel that is made for nothing else reads the file.
static int read_servers(struct ps_dns_servers *s)
{
    struct ares_options options = {.resolvconf_path = s->resolv_conf};
    struct ares_addr_port_node *list = NULL;
    ares_channel channel;
    int err = -ENOMEM;

    if (ares_init_options(&channel, &options, ARES_OPT_RESOLVCONF) != ARES_SUCCESS)
        return -ENOMEM;
    if (ares_get_servers_ports(channel, &list) == ARES_SUCCESS)
        err = take_servers(s, list);
    ares_free_data(list);
    ares_destroy(channel);
    return err;
}

static int copy_servers(struct ps_dns_servers *s, const struct ps_addr *addrs, size_t n)
{
    s->addrs = calloc(n, sizeof *s->addrs);
    if (!s->addrs)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (ps_addr_version(&addrs[i]) == 0)
            return PS_EUNSUPPORTED;
    memcpy(s->addrs, addrs, n * sizeof *addrs);
    s->n = n;
    return 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int ps_dns_servers_init(struct ps_dns_servers *s, const struct ps_dns_conf *conf)
{
    *s = (struct ps_dns_servers){.looked_at = ps_loop_mono()};
    if (conf->nservers > 0)
        return copy_servers(s, conf->servers, conf->nservers);
    s->resolv_conf = strdup(conf->resolv_conf ? conf->resolv_conf : "/etc/resolv.conf");
    if (!s->resolv_conf)
        return -ENOMEM;
    (void)stat(s->resolv_conf, &s->seen);
    return read_servers(s);
}

void ps_dns_servers_fini(struct ps_dns_servers *s)
{
    free(s->addrs);
    free(s->resolv_conf);
    *s = (struct ps_dns_servers){.n = 0};
}

// The host may have moved to another network since.
void ps_dns_servers_look(struct ps_dns_servers *s)
{
    struct stat st = {0};
    ps_ns now = ps_loop_mono();

    if (!s->resolv_conf || now - s->looked_at < LOOK_EVERY)
        return;
    s->looked_at = now;
    (void)stat(s->resolv_conf, &st);
    if (!same_file(&st, &s->seen) && read_servers(s) == 0)
        s->seen = st;
}

static void put_server(const struct ps_addr *a, struct ares_addr_port_node *out)
{
    uint8_t wire[16];

    ps_addr_to_wire(a, wire);
    out->family = ps_addr_version(a) == 4 ? AF_INET : AF_INET6;
    out->udp_port = out->tcp_port = ps_addr_port(a) ? ps_addr_port(a) : PORT;
    if (out->family == AF_INET)
        memcpy(&out->addr.addr4, wire, 4);
    else
        memcpy(&out->addr.addr6, wire, 16);
}

struct ares_addr_port_node *ps_dns_servers_nodes(const struct ps_dns_servers *s)
{
    struct ares_addr_port_node *nodes = calloc(s->n + 1, sizeof *nodes);

    for (size_t i = 0; nodes && i < s->n; i++) {
        put_server(&s->addrs[i], &nodes[i]);
        nodes[i].next = i + 1 < s->n ? &nodes[i + 1] : NULL;
    }
    return nodes;
}
