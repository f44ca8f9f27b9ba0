// SPDX-License-Identifier: Apache-2.0
// What the load generator is asked to do, and what it found out.
#pragma once
#include <sys/types.h>
#include "base/ps_addr.h"
#include "bench/load_proc.h"
#include "bench/load_tally.h"

#define LOAD_TARGETS_MAX 2
#define LOAD_FAULTS_MAX 4

// A server of this host.
struct load_server {
    pid_t pid; // its first process
    struct ps_addr addr;
};

struct load_target {
    char name[32];
    unsigned sessions;
    struct load_server server[2]; // that is sent to, that sends
};

struct load_conf {
    unsigned per_connection, open_rate;
    double rate, seconds, timeout;
    bool fixed, to, from, announce, json;
    uint32_t padding;
    unsigned ntargets;
    struct load_target targets[LOAD_TARGETS_MAX];
};

// Why sessions failed: the first few reasons.
struct load_fault {
    char why[160];
    unsigned sessions;
};

// One server measured in one direction.
struct load_result {
    unsigned opened;  // sessions that the server accepted and started
    double opening_s; // from the first connection to the last session's start
    unsigned ended;   // of those: ended in order, with all records at hand
    struct load_counts counts;
    uint64_t client_dropped; // datagrams that this host dropped at the generator's own sockets
    double window_s;         // how long the processor time was counted
    uint64_t window_packets; // and how many packets there were in that time
    double window_cpu_s;
    struct load_usage idle, loaded;
    struct load_fault faults[LOAD_FAULTS_MAX];
};
