// SPDX-License-Identifier: Apache-2.0
// What this host knows of its own clock and stamps in a session, beyond the error estimates in the records.
// Of the other end nothing like it is known.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct ow_here {
    bool known;
    double bound;       // seconds: the clock's maximum error, and what stamping adds
    const char *stamps; // who made them: "hardware", "kernel", "user", or those joined by "+"; NULL: nobody
    uint64_t samples;   // of the following, how late packets left behind their stamp; 0: not measured
    double median, p99; // seconds
};
