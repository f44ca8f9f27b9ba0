// SPDX-License-Identifier: Apache-2.0
// limits_lookup [NETWORKS]: what it takes to find out whether an address is in a list of so many networks (100,000),
// half of them IPv4; half of the addresses are in it. Prints nanoseconds a look-up, and octets.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_netset.h"
#include "base/ps_rand.h"

#define LOOKUPS 4000000
#define ADDRESSES 65536

static void make_up(struct ps_rand *r, struct ps_net *net)
{
    uint64_t v = ps_rand_u64(r), w = ps_rand_u64(r);
    *net = (struct ps_net){.version = v & 1 ? 4 : 6, .bits = v & 1 ? 24 : 48};
    memcpy(net->prefix, &w, net->bits / 8);
    if (net->version == 6)
        net->prefix[0] = 0x20;
}

static void address_in(const struct ps_net *net, bool inside, struct ps_addr *out)
{
    uint8_t octets[16] = {0};
    memcpy(octets, net->prefix, sizeof octets);
    if (!inside)
        octets[net->bits / 8 - 1] ^= 0x55;
    (void)ps_addr_from_wire(net->version, octets, 0, out);
}

static struct ps_netset *make_set(size_t n, struct ps_addr *addresses)
{
    struct ps_netset *s;
    struct ps_rand r;
    ps_rand_seed(&r, 1);
    if (ps_netset_new(&s) != 0)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct ps_net net;
        make_up(&r, &net);
        if (ps_netset_add(s, &net) != 0)
            return NULL;
        address_in(&net, i & 1, &addresses[ps_rand_u64(&r) % ADDRESSES]);
    }
    ps_netset_seal(s);
    return s;
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000, found = 0;
    struct ps_addr *addresses = calloc(ADDRESSES, sizeof *addresses);
    struct ps_netset *s = addresses ? make_set(n, addresses) : NULL;
    struct timespec a, b;
    if (!s)
        return 1;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (size_t i = 0; i < LOOKUPS; i++)
        found += ps_netset_has(s, &addresses[i * 40503 % ADDRESSES]);
    clock_gettime(CLOCK_MONOTONIC, &b);
    double ns = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
    printf("networks %zu octets %zu lookups %d found %zu ns_each %.0f\n", n, ps_netset_memory(s), LOOKUPS,
           found, ns / LOOKUPS);
    ps_netset_free(s);
    free(addresses);
    return 0;
}
