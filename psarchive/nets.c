// SPDX-License-Identifier: Apache-2.0
#include "psarchive/nets.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

struct net {
    int version;
    unsigned bits;
    uint8_t addr[16];
};

static int parse(struct net *net, const char *text)
{
    const char *slash = strchr(text, '/');
    char host[PS_ADDR_STRLEN];
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    struct ps_addr addr;
    uint64_t bits;

    if (len >= sizeof host)
        return PS_ESYNTAX;
    memcpy(host, text, len);
    host[len] = '\0';
    if (ps_addr_parse(host, 0, &addr))
        return PS_ESYNTAX;
    net->version = ps_addr_version(&addr);
    bits = net->version == 4 ? 32 : 128;
    if (slash && ps_num_u64(slash + 1, 10, 0, bits, &bits))
        return PS_ESYNTAX;
    net->bits = (unsigned)bits;
    ps_addr_to_wire(&addr, net->addr);
    return 0;
}

int nets_add(struct nets *nets, const char *text)
{
    struct net net, *more;
    int err = parse(&net, text);

    if (err)
        return err;
    more = realloc(nets->at, (nets->n + 1) * sizeof *more);
    if (!more)
        return -ENOMEM;
    nets->at = more;
    nets->at[nets->n++] = net;
    return 0;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned rest = bits % 8;

    if (memcmp(a, b, bits / 8) != 0)
        return false;
    return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

bool nets_have(const struct nets *nets, const struct ps_addr *addr)
{
    struct ps_addr a = *addr;
    uint8_t octets[16];

    if (!a.len)
        return false;
    ps_addr_unmap(&a);
    ps_addr_to_wire(&a, octets);
    for (size_t i = 0; i < nets->n; i++)
        if (nets->at[i].version == ps_addr_version(&a) &&
            same_bits(octets, nets->at[i].addr, nets->at[i].bits))
            return true;
    return false;
}

void nets_fini(struct nets *nets)
{
    free(nets->at);
    *nets = (struct nets){NULL, 0};
}
