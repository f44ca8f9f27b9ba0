// SPDX-License-Identifier: Apache-2.0
// A world made up for one measurement: two hosts with clocks of their own, a path for test packets in
// each direction, a control connection, and no real time. The hosts run the machines of lib/owamp; what
// the path did to each packet is logged, and what is reported at the end is held against that log.
//
// Time in the world is a count of 2^-32 s since it began, so that every figure is exact.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/ps_heap.h"
#include "base/ps_rand.h"
#include "owamp/ow_recv.h"
#include "owamp/ow_stats.h"

typedef int64_t sim_time;
#define SIM_SEC (INT64_C(1) << 32)
#define SIM_MS (SIM_SEC / 1000)
#define SIM_SESSIONS 4
#define SIM_SLOTS 4
#define SIM_COUNT(a) (sizeof(a) / sizeof((a)[0]))
// A second in 2026.
#define SIM_EPOCH ((ps_ntp)0xED100000 << 32)

// --- what a test chooses; zero is "nothing of the kind"

// A span of the world's time, its end not included.
struct sim_span {
    sim_time from, to;
};

struct sim_host_conf {
    sim_time ahead;         // the clock's offset
    int64_t ppb;            // and its drift
    sim_time step_at, step; // somebody sets it
    struct sim_span busy;   // the host does nothing meanwhile: sends come late
    struct sim_span down;   // the interface is: sends fail
    sim_time late;          // each send is up to so much late
    sim_time interrupt_at;  // its user ends the test
};

struct sim_path_conf {
    sim_time delay, jitter;   // jitter: up to so much more
    double loss;              // of each copy
    double burst, burst_stay; // chance that a burst of loss begins, that it goes on
    struct sim_span outage;   // nothing passes
    double dup;               // chance of each further copy
    uint32_t copies_max;      // 0: 2
    double held;              // this share of the copies
    sim_time hold;            // comes so much later
    uint8_t hops, more_hops;  // TTL at arrival: 255 - hops, less up to more_hops
};

struct sim_session_conf {
    bool up; // client to server
    struct ow_slot slots[SIM_SLOTS];
    uint32_t nslots, npackets, padding;
    sim_time timeout;
};

struct sim_conf {
    uint64_t seed;
    uint32_t mode;   // 0: open
    ps_ntp epoch;    // the true time at the beginning; 0: SIM_EPOCH
    bool rfc_timing; // both sides keep the RFC's timing; else both end early
    struct sim_host_conf client, server;
    struct sim_path_conf up, down;
    sim_time control_delay, control_jitter;
    struct sim_session_conf sessions[SIM_SESSIONS];
    uint32_t nsessions;
};

// --- what came of it

struct sim_result {
    struct ow_summary sum; // as reported; its arrays are good until sim_free
    bool have_median;
    int64_t median;
    uint32_t next_seqno, skipped; // skipped: packets
    uint64_t filled, copies;      // packets that left, copies that arrived
    uint64_t uncounted;           // copies that arrived and may not count: late, or clocks too far apart
};

struct sim;
// Runs the measurement to its end, both Stop-Sessions and the fetching of what the server received
// included, and holds all that is reported to what happened: each record, the counts, minimum, median,
// maximum, TTLs, reordering. Fails the test where they differ.
struct sim *sim_run(const struct sim_conf *conf);
const struct sim_result *sim_result(const struct sim *s, uint32_t session);
void sim_free(struct sim *s);

// A session of packets at even distances, and one that is run with each of n seeds.
struct sim_session_conf sim_even(bool up, sim_time distance, uint32_t npackets, sim_time timeout);
typedef void (*sim_look)(const struct sim *s);
void sim_each_seed(const struct sim_conf *conf, uint64_t n, sim_look look); // look may be NULL
