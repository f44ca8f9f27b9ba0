// SPDX-License-Identifier: Apache-2.0
// Removes what the retention policy does not keep, and gives the room back to the file system. In steps, each a
// transaction of its own, so that writing goes on between them:
//
//     purge_begin(&p, policy, now)
//     while ((got = purge_step(&p, store)) > 0) ...     on the writer's thread (port_call), or where there is no writer
//     purge_end(&p)
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "psarchive/retention.h"
#include "psarchive/store.h"

struct purge {
    const struct retention *policy;
    int64_t now; // seconds since 1970
    bool count;  // only counts what would be removed; set behind purge_begin

    // What was removed so far.
    uint64_t points;  // whole results
    uint64_t thinned; // results that lost a part of their values
    uint64_t rollups, documents, metas;
    uint64_t octets; // given back to the file system

    struct search search;
    const struct meta *meta; // in work
    int64_t thinning;        // results of the meta up to this ts are looked at already
    int64_t elapsed;         // since the last purge with this policy, seconds; INT64_MAX: there was none
    int stage;
};

void purge_begin(struct purge *p, const struct retention *policy, int64_t now);
// 1: there is more to do; 0: that was all; or an error, after which it may be begun again.
int purge_step(struct purge *p, struct store *s);
void purge_end(struct purge *p);
