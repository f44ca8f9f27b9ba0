// SPDX-License-Identifier: Apache-2.0
#include "psched/store_schema.h"

static const char first[] =
    "CREATE TABLE tasks(id TEXT PRIMARY KEY, doc TEXT NOT NULL, detail TEXT NOT NULL, added INTEGER NOT NULL,"
    " anchor INTEGER NOT NULL, planned INTEGER NOT NULL, runs INTEGER NOT NULL, skipped INTEGER NOT NULL,"
    " cancelled INTEGER NOT NULL, over INTEGER NOT NULL);"
    "CREATE TABLE runs(id TEXT PRIMARY KEY, task TEXT NOT NULL, due INTEGER NOT NULL, start INTEGER NOT NULL,"
    " stop INTEGER NOT NULL, priority INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,"
    " sentence TEXT NOT NULL, record INTEGER NOT NULL, placed INTEGER NOT NULL, expires INTEGER NOT NULL, "
    "added INTEGER NOT NULL,"
    " local TEXT, merged TEXT, diags TEXT);"
    "CREATE INDEX runs_task ON runs(task);"
    "CREATE TABLE skips(task TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT "
    "NULL,"
    " reason TEXT NOT NULL, sentence TEXT NOT NULL, noted INTEGER NOT NULL);"
    "CREATE INDEX skips_task ON skips(task);"
    "CREATE TABLE notes(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    // What is to be sent where: an archive is its specification, known by a hash of it.
    "CREATE TABLE archives(id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, spec TEXT NOT NULL, archived "
    "INTEGER NOT NULL,"
    " failed INTEGER NOT NULL, dropped INTEGER NOT NULL, last_success INTEGER, last_failure INTEGER, "
    "last_error TEXT);"
    "CREATE TABLE archivings(run TEXT NOT NULL, place INTEGER NOT NULL, archive INTEGER NOT NULL,"
    " begun INTEGER NOT NULL, octets INTEGER NOT NULL, attempts INTEGER NOT NULL, last_attempt INTEGER,"
    " next_attempt INTEGER, archived INTEGER NOT NULL, diags TEXT NOT NULL, doc BLOB,"
    " PRIMARY KEY(run, place)) WITHOUT ROWID;"
    // next_attempt is NULL when it is over, one way or the other; doc is there when the run is gone.
    "CREATE INDEX archivings_due ON archivings(archive, next_attempt) WHERE next_attempt IS NOT NULL;";

// What participants told before a run.
static const char parts[] = "ALTER TABLE runs ADD COLUMN parts TEXT;";

// A version that has been on main stays as it is: a database that has it is not given it again.
const struct ps_db_migration store_migrations[] = {{first, NULL}, {parts, NULL}};
const int store_version = sizeof store_migrations / sizeof store_migrations[0];
