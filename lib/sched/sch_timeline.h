// SPDX-License-Identifier: Apache-2.0
// What takes place when: intervals of time by class and resource, and where there is room. Pure.
//
// An exclusive interval is apart from exclusive and normal ones, a normal one from exclusive ones, if both have the
// same resource or one of them has the whole host. What is put here is the caller's to keep apart. Background
// has no place here.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ps_time.h"
#include "sched/sch_run.h"

// An interval [start, end), inside its owner.
struct sch_slot {
    ps_ns start, end;
    int64_t priority;
    unsigned lane;      // of sch_timeline_lane
    enum sch_class cls; // SCH_EXCLUSIVE or SCH_NORMAL
    bool in;            // on the timeline; what stands above is not changed then

    struct sch_slot *left, *right; // in order of start
    ps_ns last_end;                // the latest end at and below it
    uint64_t entry;                // tells those apart that start together
    uint32_t level;                // higher ones are above lower ones
};

struct sch_timeline {
    struct sch_lane *lanes; // the first is the whole host
    size_t nlanes;
    uint64_t entries;
    uint32_t random;
};
#define SCH_LANES 256 // resources

int sch_timeline_init(struct sch_timeline *t);  // 0 or -ENOMEM
void sch_timeline_fini(struct sch_timeline *t); // slots are their owners'
// The number of a resource (NULL: the whole host), which stays. 0, PS_ELIMIT or -ENOMEM.
int sch_timeline_lane(struct sch_timeline *t, const char *resource, unsigned *out);
// The same of one that is known; else PS_ENOTFOUND: nothing is there but what has the whole host.
int sch_timeline_find_lane(const struct sch_timeline *t, const char *resource, unsigned *out);

void sch_timeline_put(struct sch_timeline *t, struct sch_slot *s);
void sch_timeline_take(struct sch_timeline *t, struct sch_slot *s); // nothing happens if it is not in

// Who wants room, and which slots are in the way: those of at least a priority.
struct sch_claim {
    enum sch_class cls;
    unsigned lane;
    int64_t priority; // INT64_MIN: all are in the way
};
// The first slot in the way of [from, to), by start; NULL: none. O(log n) where all are in the way.
struct sch_slot *sch_timeline_conflict(const struct sch_timeline *t, const struct sch_claim *c, ps_ns from,
                                       ps_ns to);
// The first whole second from from to latest at which an interval of this length has room; SCH_NEVER: none.
ps_ns sch_timeline_fit(const struct sch_timeline *t, const struct sch_claim *c, ps_ns duration, ps_ns from,
                       ps_ns latest);
// The next stretch of free time that begins in [from, to): true, and [*begin, *end), which ends at to at the latest.
bool sch_timeline_gap(const struct sch_timeline *t, const struct sch_claim *c, ps_ns from, ps_ns to,
                      ps_ns *begin, ps_ns *end);
// Every slot of a class and lane that meets [from, to), in order of start. each does not change the timeline.
void sch_timeline_each(const struct sch_timeline *t, enum sch_class cls, unsigned lane, ps_ns from, ps_ns to,
                       void (*each)(struct sch_slot *s, void *arg), void *arg);
