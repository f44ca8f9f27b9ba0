// SPDX-License-Identifier: Apache-2.0
#include "psarchive/nets.h"
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"

int nets_add(struct nets *nets, const char *text)
{
    struct ps_net net, *more;

    if (ps_net_parse(text, &net))
        return PS_ESYNTAX;
    more = realloc(nets->at, (nets->n + 1) * sizeof *more);
    if (!more)
        return -ENOMEM;
    nets->at = more;
    nets->at[nets->n++] = net;
    return 0;
}

bool nets_have(const struct nets *nets, const struct ps_addr *addr)
{
    for (size_t i = 0; i < nets->n; i++)
        if (ps_net_has(&nets->at[i], addr))
            return true;
    return false;
}

void nets_fini(struct nets *nets)
{
    free(nets->at);
    *nets = (struct nets){NULL, 0};
}
