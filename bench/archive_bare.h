// SPDX-License-Identifier: Apache-2.0
// What the rows of an archive cost in bare SQLite: read from one, and written into another database, DIR/bare.db, in
// as many transactions.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Results a second, with *group of them in a transaction; negative: it failed.
double bare_sqlite(const char *dir, uint64_t transactions, size_t *group);
