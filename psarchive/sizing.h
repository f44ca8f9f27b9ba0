// SPDX-License-Identifier: Apache-2.0
// How much room results take: of a kind of test, so many of so many paths, as long as a policy keeps them. Pure.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "psarchive/retention.h"

enum sizing_test {
    SIZING_LATENCYBG,
    SIZING_LATENCY,
    SIZING_THROUGHPUT,
    SIZING_RTT,
    SIZING_TRACE,
    SIZING_OTHER, // what is kept as pscheduler-raw
    SIZING_TESTS
};

#define SIZING_WINDOWS 3 // 300, 3,600 and 86,400 s
#define SIZING_YEAR 31536000

// Mean octets of what is stored, as they stand in a row; negative: not known.
struct sizing_octets {
    double row, document, meta; // meta: all that there is once for a path
    double rollup[SIZING_WINDOWS];
};

const char *sizing_name(enum sizing_test test);                // "latencybg"
int sizing_find(const char *name);                             // the test, SIZING_OTHER for others
const struct sizing_octets *sizing_measured(enum sizing_test); // what bench/archive_documents gave
uint32_t sizing_window(int w);                                 // seconds
// The page of the database that a row of so many octets takes, as a share in octets.
double sizing_room(double octets);

// So many paths, each with a result every so many seconds.
struct sizing_load {
    enum sizing_test test;
    double paths, every;
    const struct sizing_octets *octets;
};

// Of a load, in octets of disk.
struct sizing {
    double results_per_s, results_per_year, rollups_per_year;
    double per_year;           // values and roll-ups, if nothing is removed
    double documents_per_year; // beside it
    double metas;              // once
    // With a policy: what there is when as much is removed as comes; infinite: something is kept for ever.
    double kept, documents_kept;
};

// policy NULL: kept and documents_kept are infinite.
void sizing_make(const struct sizing_load *load, const struct retention *policy, struct sizing *out);
