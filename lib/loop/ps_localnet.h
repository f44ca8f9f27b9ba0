// SPDX-License-Identifier: Apache-2.0
// Which addresses are this host's own, and which subnets it is on, now: the kernel tells when they change,
// and the list is read again when it is next asked for.
#pragma once
#include <stdbool.h>
#include "base/ps_addr.h"
#include "loop/ps_loop.h"

#define PS_LOCALNET_AGE (30 * PS_SEC)      // the list is never older
#define PS_LOCALNET_BLIND_AGE (2 * PS_SEC) // the same where the kernel tells nothing
#define PS_LOCALNET_MAX 8192               // addresses that are kept

struct ps_localnet_addr {
    struct ps_addr addr; // port 0; link-local ones have their scope
    unsigned bits;       // of the subnet's prefix
    bool loopback;       // the interface is; every address of its IPv4 subnet is this host's
    char ifname[16];
};

struct ps_localnet;
// 0, -ENOMEM, or -errno of the first reading of the list.
int ps_localnet_new(struct ps_loop *l, struct ps_localnet **out);
void ps_localnet_free(struct ps_localnet *n); // NULL is fine

// An IPv4-mapped address counts as IPv4. Where a link-local address names no scope, that of any interface
// will do.
bool ps_localnet_is_own(struct ps_localnet *n, const struct ps_addr *a);
// On a subnet of one of this host's interfaces (which its own addresses are too).
bool ps_localnet_is_near(struct ps_localnet *n, const struct ps_addr *a);
// All, good until the next call of any of these.
const struct ps_localnet_addr *ps_localnet_all(struct ps_localnet *n, size_t *count);
// The last reading of the list that failed, or 0: the list before it stays in force.
int ps_localnet_error(const struct ps_localnet *n);
