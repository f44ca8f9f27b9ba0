// SPDX-License-Identifier: Apache-2.0
#include "base/ps_retry.h"

bool ps_retry_next(const struct ps_retry_step *steps, size_t n, uint64_t failures, ps_ns elapsed, ps_ns ttl,
                   ps_ns *wait)
{
    uint64_t done = failures - 1; // the first try is of no step

    for (size_t i = 0; i < n; i++) {
        if (done < steps[i].attempts) {
            *wait = steps[i].wait;
            return ttl == 0 || steps[i].wait <= ttl - elapsed;
        }
        done -= steps[i].attempts;
    }
    return false;
}
