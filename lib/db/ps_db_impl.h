// SPDX-License-Identifier: Apache-2.0
// What the parts of ps_db share.
#pragma once
#include <sqlite3.h>
#include "db/ps_db.h"

struct ps_db {
    sqlite3 *handle;
    char *path;
    bool read_only;
    int patience_ms;
};

struct ps_stmt {
    struct ps_db *db;
    sqlite3_stmt *handle;
};

// The error of ours for SQLite's.
int db_error(sqlite3 *handle, int rc);
