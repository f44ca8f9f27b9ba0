// SPDX-License-Identifier: Apache-2.0
// Where connections come from, and which gives way when there are too many: of those that wait for their client,
// be it in the set-up or behind it, the oldest from the address that has most of them. So one that makes many
// loses its own.
#pragma once
#include "base/ps_addr.h"
#include "base/ps_heap.h"
#include "base/ps_list.h"
#include "base/ps_map.h"

struct guest_host;

// What a connection is about, and how much it weighs among those that may have to give way.
enum guest_state {
    GUEST_BUSY = 0,     // has sessions, or fetches one
    GUEST_DERIVING = 1, // has said who it is, and its key is being derived: it waits for us
    GUEST_WAITING = 2,  // it is the client that has to say something
};

// Part of each connection; all zero outside.
struct guest {
    struct ps_list node; // of those of its host that are not busy, oldest first
    struct guest_host *host;
    enum guest_state state;
    uint64_t number; // they are numbered as they begin not to be busy
};

struct guests {
    struct ps_map hosts;
    struct ps_heap waiting; // hosts with connections that are not busy: most first, of equals the oldest
    uint64_t next;
};

int guests_init(struct guests *g);
void guests_fini(struct guests *g);
// A connection begins, waiting. An IPv6 host may have all addresses of its /64. 0 or -ENOMEM.
int guests_enter(struct guests *g, struct guest *who, const struct ps_addr *from);
void guests_set(struct guests *g, struct guest *who, enum guest_state state);
// It has gone. One that never entered is fine.
void guests_leave(struct guests *g, struct guest *who);
// How many there are from there.
unsigned guests_from(const struct guests *g, const struct ps_addr *from);
// What the connections from there weigh that are not busy.
unsigned guests_weight(const struct guests *g, const struct ps_addr *from);
unsigned guests_weight_beside(const struct guest *who);
// Who gives way first: of that address, or, from NULL, of the one whose weigh most. NULL: all are busy.
struct guest *guests_yielding(const struct guests *g, const struct ps_addr *from);
