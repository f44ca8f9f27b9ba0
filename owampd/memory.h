// SPDX-License-Identifier: Apache-2.0
// How much memory the daemon may use. What is resident tells what is in use; what was promised to connections
// and sessions tells what they may come to use. The larger of the two counts.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define MEMORY_CONNECTION 8192u // of a connection and its buffers, about
#define MEMORY_SESSION 4096u    // of a session, besides its slots, its window and its padding

struct memory {
    uint64_t max; // 0: no bound
    uint64_t promised;
    uint64_t page;
    int statm; // of /proc, opened while that may be done; -1: what is promised has to do
};

void memory_init(struct memory *m, unsigned max_mib);
void memory_fini(struct memory *m);
// Octets that count as used now.
uint64_t memory_used(const struct memory *m);
// Not even the first connection has room for a session.
bool memory_hopeless(const struct memory *m);
// Promises so much, unless that is too much.
bool memory_take(struct memory *m, uint64_t octets);
void memory_give(struct memory *m, uint64_t octets);
