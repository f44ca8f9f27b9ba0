// SPDX-License-Identifier: Apache-2.0
// What the files behind store.h share. For them alone.
#pragma once
#include <limits.h>
#include <sys/types.h>
#include "db/ps_db.h"
#include "psched/store.h"

enum store_statement {
    STORE_TASK_PUT,
    STORE_TASK_MARK,
    STORE_TASK_GONE,
    STORE_TASK_ALL,
    STORE_TASK_IDS,
    STORE_RUN_PUT,
    STORE_RUN_RESULT,
    STORE_RUN_DIAGS,
    STORE_RUN_GONE,
    STORE_RUN_ALL,
    STORE_RUN_IDS,
    STORE_RUN_TEXTS,
    STORE_SKIP_PUT,
    STORE_SKIP_ALL,
    STORE_SKIP_GONE,
    STORE_NOTE_PUT,
    STORE_NOTE_GET,
    STORE_STATEMENTS,
};

struct store {
    struct ps_db *db;
    char path[PATH_MAX + 16];
    dev_t device; // the file that was opened
    ino_t inode;
    struct ps_stmt *st[STORE_STATEMENTS];
};
