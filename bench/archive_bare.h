// SPDX-License-Identifier: Apache-2.0
// What an archive's rows cost in bare SQLite: those that came into it since it was copied are written into the copy,
// DIR/bare.db, with the same settings, in the order of time, in as many transactions, each of them its results and,
// once, the roll-ups that they change. The copy then has them, too.
#pragma once
#include <stddef.h>
#include <stdint.h>

int bare_copy(const char *dir); // 0 or an error

struct bare_cost {             // in all
    uint64_t results, rollups; // rows of them
    uint64_t transactions;
    double seconds, cpu; // cpu: seconds of processor
};
// Adds to *cost. 0 or -1: it failed.
int bare_sqlite(const char *dir, uint64_t transactions, struct bare_cost *cost);
