// SPDX-License-Identifier: Apache-2.0
// The path between two namespaces: packets that leave one enter the other as late, as often and in
// such order as the two directions' impairments say; what became of each test packet is logged.
#pragma once
#include <stdio.h>
#include "base/ps_heap.h"
#include "door.h"
#include "impair.h"
#include "packet.h"

struct relay_leg {
    const char *name; // "there" or "back"
    struct door *from, *to;
    struct impair impair;
};

struct relay_nat {
    bool on;
    uint8_t outside[4], inside[4];
};

struct relay {
    struct door door[2];
    struct relay_leg there, back;
    struct relay_nat nat;
    bool cut_on; // nothing passes from test packet cut_seq on, for cut_for
    uint32_t cut_seq;
    ps_ns cut_for, cut_until;
    struct ps_heap held;
    FILE *log;
    uint64_t failed; // test packets that a device would not take
};

// Doors, impairments, nat, cut and log are set by the caller.
void relay_init(struct relay *r);
void relay_fini(struct relay *r); // what is held is dropped
// Takes in what has left the leg's first namespace. 0 or -errno.
int relay_take(struct relay *r, struct relay_leg *leg);
// Lets out what is due. When the next one is, or INT64_MAX.
ps_ns relay_release(struct relay *r);
