// SPDX-License-Identifier: Apache-2.0
// What this host knows of its own clock and stamps in a session, beyond the error estimates in the records.
// Of the other end nothing like it is known.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// The daemon that keeps the clock, as it told of itself during the session.
struct ow_clock_source {
    const char *name; // "chrony", "ntpd", "ptp4l", or "unknown": nobody answered; NULL: it is another host's
    char reference[64]; // what it follows, printable; "": not told
    int stratum;        // -1: not told
    bool synced;
    const char *leap;    // "none", "insert", "delete"; NULL: not told
    double error, bound; // seconds: how far off it thinks the clock may well be, and at most; -1: not told
};

struct ow_here {
    bool known;
    double bound;       // seconds: the clock's maximum error, and what stamping adds
    const char *stamps; // who made them: "hardware", "kernel", "user", or those joined by "+"; NULL: nobody
    uint64_t samples;   // of the following, how late packets left behind their stamp; 0: not measured
    double median, p99; // seconds
    struct ow_clock_source source;
};
