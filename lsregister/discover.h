// SPDX-License-Identifier: Apache-2.0
// What there is to be said of this host, read from the files of the system under a root, so that another may be put in
// its place: /proc, /sys, /etc. What cannot be read is left out. Blocks for as long as reading small files takes.
#pragma once
#include <stdbool.h>
#include "base/ps_addr.h"
#include "lsregister/record.h"

#define DISCOVER_INTERFACES 256
#define DISCOVER_ADDRESSES 64 // of an interface that are told

struct discover_interface {
    char name[16];
    struct ps_addr addrs[DISCOVER_ADDRESSES];
    unsigned bits[DISCOVER_ADDRESSES]; // of their networks' prefixes
    size_t naddrs;
    char mac[18];      // ""; none
    uint64_t mtu;      // 0: not known
    uint64_t capacity; // bit/s; 0: not known
};

struct discovered {
    struct record host; // host-..., as far as it does not depend on addresses and names
    struct discover_interface *interfaces;
    size_t ninterfaces;
};

// The addresses of the system's interfaces that are up, without those of the loopback and of a link alone. Appends to
// out. 0, -errno or -ENOMEM.
typedef int (*discover_addrs_fn)(struct discovered *out);
int discover_addrs(struct discovered *out);

// root: "" for the system's own. 0, -ENOMEM, or what addrs says. out has to be freed either way.
int discover(const char *root, discover_addrs_fn addrs, struct discovered *out);
void discovered_fini(struct discovered *d);
// The interface of that name, made if there is none; NULL: no memory, or there are too many.
struct discover_interface *discover_interface(struct discovered *d, const char *name);
// Whether the internet does not route it: RFC 1918, 6598 (100.64/10), 3927 (169.254/16), 4193 (fc00::/7), loopback and
// the like. Networks for documentation count as routed.
bool discover_is_private(const struct ps_addr *a);
// What tells this system from others, of /etc/machine-id; "": nothing.
#define DISCOVER_MACHINE 64
void discover_machine(const char *root, char out[DISCOVER_MACHINE]);
