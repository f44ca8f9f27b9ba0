// SPDX-License-Identifier: Apache-2.0
// The tables of psched's database. Times are nanoseconds since 1970, states and reasons the words of lib/sched.
#pragma once
#include "db/ps_db.h"

#define STORE_FILE "psched.db"        // in the daemon's directory
#define STORE_APPLICATION 0x70736368u // "psch"

extern const struct ps_db_migration store_migrations[];
extern const int store_version;
