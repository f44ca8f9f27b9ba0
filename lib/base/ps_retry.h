// SPDX-License-Identifier: Apache-2.0
// When to try again what failed: pScheduler's retry policies, a list of "so many times, after such a wait each".
// Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_time.h"

struct ps_retry_step {
    uint64_t attempts; // at least 1
    ps_ns wait;        // before each of them
};

// failures: how often it was tried in vain, at least 1. elapsed: since the first try; ttl: how long it is worth
// trying at all (0: for ever). True: try again after *wait. False: give up, because the steps are used up or the
// next try would come behind ttl.
bool ps_retry_next(const struct ps_retry_step *steps, size_t n, uint64_t failures, ps_ns elapsed, ps_ns ttl,
                   ps_ns *wait);
