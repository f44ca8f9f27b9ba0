// SPDX-License-Identifier: Apache-2.0
// SQLite databases: statements, transactions, migrations, backup. The only includer of sqlite3.h. A database is
// in WAL mode, so that readers and the one writer do not hold each other up; what is committed outlives a power
// cut. A handle (and what is made of it) is used by one thread at a time; open one for each thread. All calls
// may block on the disk.
//
// Errors: PS_EMALFORMED (damaged, or no database), -ENOSPC, -EBUSY (another process has written for longer than
// the patience), PS_EDUPLICATE (a constraint), -EROFS, -EIO, -ENOMEM, PS_ESTATE (wrong use, wrong SQL).
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"

struct ps_db;
struct ps_stmt;

struct ps_db_conf {
    bool read_only;       // the database must be there
    uint32_t application; // written into a new database; one of another number is PS_EMALFORMED
    uint32_t cache_kib;   // pages in memory; 0: SQLite's 2,000
    uint32_t wal_pages;   // so many in the log are carried into the database; 0: 1,000
    int patience_ms;      // how long to wait for another process that writes; 0: 5,000
};
// Makes the database where it is missing: pages of 4,096 octets, which can be given back (ps_db_give_back).
// Faults name the file and say what to do.
int ps_db_open(struct ps_db **out, const char *path, const struct ps_db_conf *conf, struct ps_fault *fault);
void ps_db_close(struct ps_db *db); // its statements are freed before; NULL is fine
// What SQLite says of the last error.
const char *ps_db_words(const struct ps_db *db);

// What an error means, naming the file, and what to do.
void ps_db_say(const struct ps_db *db, int err, struct ps_fault *fault);

// --- statements

// Runs SQL that gives no rows: one or more statements.
int ps_db_run(struct ps_db *db, const char *sql);
// The first column of the first row of it.
int ps_db_number(struct ps_db *db, const char *sql, int64_t *out);

int ps_stmt_new(struct ps_stmt **out, struct ps_db *db, const char *sql);
void ps_stmt_free(struct ps_stmt *st); // NULL is fine
// Parameters count from 1, columns from 0. Data must stay until the statement is reset.
void ps_stmt_i64(struct ps_stmt *st, int n, int64_t v);
void ps_stmt_blob(struct ps_stmt *st, int n, const void *data, size_t len);
void ps_stmt_text(struct ps_stmt *st, int n, const char *text);
void ps_stmt_null(struct ps_stmt *st, int n);
// 1: a row; 0: no more; or an error. After 0 and errors it is reset, and can be run again.
int ps_stmt_step(struct ps_stmt *st);
// Runs it to its end: 0 or an error.
int ps_stmt_run(struct ps_stmt *st);
// Done with its rows. Readers do this soon: a statement that is not reset holds a snapshot open.
void ps_stmt_reset(struct ps_stmt *st);
// Of the row: good until the next step or reset. A column of another type is converted or 0, NULL and empty.
int64_t ps_stmt_col_i64(struct ps_stmt *st, int n);
const void *ps_stmt_col_blob(struct ps_stmt *st, int n, size_t *len);
const char *ps_stmt_col_text(struct ps_stmt *st, int n); // NULL: null

// --- transactions

int ps_db_begin(struct ps_db *db);      // to write; waits for other processes
int ps_db_begin_read(struct ps_db *db); // what is read until the commit is of one moment
int ps_db_commit(struct ps_db *db);     // 0: durable. An error rolls back
void ps_db_rollback(struct ps_db *db);  // nothing happens when there is no transaction
// A number that changes when another handle has written.
int ps_db_version(struct ps_db *db, int64_t *out);
// Rows that the last statement changed.
int64_t ps_db_changes(struct ps_db *db);

// --- keeping it

// What leads from version n to n + 1 is migration n: SQL, then (unless NULL) a function.
struct ps_db_migration {
    const char *sql;
    int (*step)(struct ps_db *db);
};
// Brings a database up to version n, each step in a transaction of its own. PS_EVERSION: it is newer than that;
// -EROFS: it is older, and was opened to be read only.
int ps_db_migrate(struct ps_db *db, const struct ps_db_migration *m, int n, struct ps_fault *fault);

// Looks for damage in the whole database: 0 or PS_EMALFORMED, the fault says what was found first.
int ps_db_check(struct ps_db *db, struct ps_fault *fault);

// Copies the database, while it is in use, into the file `to`, which appears whole or not at all; one that is
// there is replaced. Only its owner may read it. progress (may be NULL) is told pages; it returns false to give up
// (PS_ECANCELLED). PS_EDUPLICATE: `to` is the database itself, by whatever path.
int ps_db_backup(struct ps_db *db, const char *to, bool (*progress)(void *ctx, int left, int total),
                 void *ctx, struct ps_fault *fault);

// Brings a database back from the file `from`, which ps_db_backup made: it is looked through, copied, and then put
// in the place of `to`. One that is there is PS_EDUPLICATE, but with replace it becomes TO.old, or TO.old.2 and so on
// when that is there, and the copy gets its owner and mode; -EBUSY: a process is using it. On failure all is as it was. application: as in ps_db_conf; newest: the version of the present schema, PS_EVERSION when
// the backup is of a newer program; progress: as above.
int ps_db_restore(const char *from, const char *to, uint32_t application, int newest, bool replace,
                  bool (*progress)(void *ctx, int left, int total), void *ctx, struct ps_fault *fault);

// Carries the log into the database and empties it, as far as readers allow.
int ps_db_checkpoint(struct ps_db *db);
// The same without waiting for anybody. -EBUSY: a reader or another writer is in the way of a part.
int ps_db_checkpoint_now(struct ps_db *db);
// Gives up to max unused pages back to the file system (after a checkpoint). *left: unused pages that remain.
int ps_db_give_back(struct ps_db *db, int64_t max, int64_t *left);
struct ps_db_size {
    int64_t pages, unused, page_octets;
};
int ps_db_size(struct ps_db *db, struct ps_db_size *out);
