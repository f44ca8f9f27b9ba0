// SPDX-License-Identifier: Apache-2.0
// A list of networks: who may write, who may read, whose words count. Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_netset.h"

struct nets {
    struct ps_net *at;
    size_t n;
};

// "192.0.2.0/24", "2001:db8::/32", or an address alone. Bits behind the prefix do not matter. PS_ESYNTAX; -ENOMEM.
int nets_add(struct nets *nets, const char *text);
// An IPv4 address in its IPv6 form is taken for what it is. One of no family is in no network.
bool nets_have(const struct nets *nets, const struct ps_addr *addr);
void nets_fini(struct nets *nets); // also of all zeros
