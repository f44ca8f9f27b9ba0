// SPDX-License-Identifier: Apache-2.0
// Who may have how many connections, and make how many requests: counted by IPv4 address and IPv6 /64, which is
// what one host can have at least.
#include <stdlib.h>
#include <string.h>
#include "http/ps_httpd_impl.h"

#define FORGET_BATCH 256

static void key_of(const struct ps_addr *addr, uint8_t key[16])
{
    ps_addr_to_wire(addr, key);
    if (ps_addr_version(addr) == 6)
        memset(key + 8, 0, 8);
    else
        key[15] = 4; // an IPv4 address is no IPv6 prefix
}

static void forget(struct ps_httpd *h, struct httpd_net *net)
{
    ps_map_take(&h->nets, net->key);
    free(net);
}

// Those that have neither connections nor a debt; all without connections when room is short.
static void forget_some(struct ps_httpd *h, bool short_of_room)
{
    struct httpd_net *gone[FORGET_BATCH], *net;
    ps_ns now = ps_loop_mono();
    size_t pos = 0, n = 0;

    while (n < FORGET_BATCH && (net = ps_map_each(&h->nets, &pos))) {
        double tokens = net->tokens + (double)(now - net->filled) / (double)PS_SEC * h->conf.rate;
        if (net->conns == 0 && (short_of_room || tokens >= h->conf.burst))
            gone[n++] = net;
    }
    while (n > 0)
        forget(h, gone[--n]);
}

void httpd_net_forget(struct ps_httpd *h)
{
    forget_some(h, false);
}

struct httpd_net *httpd_net_of(struct ps_httpd *h, const struct ps_addr *addr)
{
    uint8_t key[16];
    struct httpd_net *net;

    key_of(addr, key);
    net = ps_map_get(&h->nets, key);
    if (net)
        return net;
    if (h->nets.count >= 2 * (size_t)h->conf.conns_max + 1024)
        forget_some(h, true);
    net = calloc(1, sizeof *net);
    if (!net)
        return NULL;
    memcpy(net->key, key, sizeof key);
    net->tokens = h->conf.burst;
    net->filled = ps_loop_mono();
    if (ps_map_put(&h->nets, key, net) == 0)
        return net;
    free(net);
    return NULL;
}

void httpd_net_leave(struct ps_httpd *h, struct httpd_net *net)
{
    if (--net->conns == 0 && h->conf.rate == 0)
        forget(h, net);
}

bool httpd_net_pass(struct ps_httpd *h, const struct ps_addr *client, ps_ns now)
{
    struct httpd_net *net = h->conf.rate && client->len ? httpd_net_of(h, client) : NULL;

    if (!net)
        return true;
    net->tokens += (double)(now - net->filled) / (double)PS_SEC * h->conf.rate;
    if (net->tokens > h->conf.burst)
        net->tokens = h->conf.burst;
    net->filled = now;
    if (net->tokens < 1)
        return false;
    net->tokens--;
    return true;
}

void httpd_net_fini(struct ps_httpd *h)
{
    struct httpd_net *net;
    size_t pos = 0;

    while ((net = ps_map_each(&h->nets, &pos)))
        free(net);
    ps_map_fini(&h->nets);
}
