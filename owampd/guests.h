// SPDX-License-Identifier: Apache-2.0
// Where connections come from, and which gives way when there are too many: of those that are still in their
// set-up the oldest from the address that has most of them. So one that makes many loses its own.
#pragma once
#include "base/ps_addr.h"
#include "base/ps_heap.h"
#include "base/ps_list.h"
#include "base/ps_map.h"

struct guest_host;

// Part of each connection; all zero outside.
struct guest {
    struct ps_list node; // of those of its host that are in the set-up, oldest first
    struct guest_host *host;
    bool ready;
};

struct guests {
    struct ps_map hosts;
    struct ps_heap waiting; // hosts with connections in the set-up, most first
};

int guests_init(struct guests *g);
void guests_fini(struct guests *g);
// A connection begins. An IPv6 host may have all addresses of its /64. 0 or -ENOMEM.
int guests_enter(struct guests *g, struct guest *who, const struct ps_addr *from);
// It is past its set-up.
void guests_ready(struct guests *g, struct guest *who);
// It has gone. One that never entered is fine.
void guests_leave(struct guests *g, struct guest *who);
// How many there are from there.
unsigned guests_from(const struct guests *g, const struct ps_addr *from);
bool guests_is_from(const struct guest *who, const struct ps_addr *from);
// Who gives way: of that address, or, from NULL, of the one with most in the set-up. NULL: nobody is in it.
struct guest *guests_yielding(const struct guests *g, const struct ps_addr *from);
