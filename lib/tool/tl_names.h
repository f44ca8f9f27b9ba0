// SPDX-License-Identifier: Apache-2.0
// What addresses in the output of a tool are called, and whose they are. A parser asks for what it meets; what is not
// known yet is noted as wanted. Somebody looks that up, and the parser reads the same output again. Pure.
#pragma once
#include <stdbool.h>
#include "base/ps_list.h"
#include "base/ps_map.h"
#include "base/ps_out.h"

#define TL_NAMES_ADDR 64
#define TL_NAMES_MAX 1024 // addresses of one output; more stay without names
#define TL_NAMES_OWNER 160

struct tl_named {
    struct ps_list link; // in the order of wanting
    char addr[TL_NAMES_ADDR];
    char host[256];             // "": none
    uint32_t asn;               // 0: none
    char owner[TL_NAMES_OWNER]; // "": not known
};

struct tl_names {
    bool want_hosts, want_as;
    struct ps_map map;
    struct ps_list all;
    size_t n;
};

int tl_names_init(struct tl_names *n, bool want_hosts, bool want_as);
void tl_names_fini(struct tl_names *n);
// What is known of an address, and notes it for a look-up. NULL: nothing is wanted, it is too long, or there are too
// many.
struct tl_named *tl_names_get(struct tl_names *n, const char *addr);
// Members "ip" and, where known, "hostname" (and "as" {"number","owner"}, with_as).
void tl_names_put(struct tl_names *n, const char *addr, bool with_as, struct ps_json *j);
