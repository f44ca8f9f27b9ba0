// SPDX-License-Identifier: Apache-2.0
#include "db/ps_db.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "db/ps_db_impl.h"

#define PATIENCE_MS 5000
#define WAL_PAGES 1000
#define WAL_KEEP_OCTETS (64 << 20) // of the log's file, when it has been emptied

// --- errors

static int io_error(sqlite3 *handle)
{
    int err = handle != NULL ? sqlite3_system_errno(handle) : 0;
    return err > 0 ? -err : -EIO;
}

int db_error(sqlite3 *handle, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return PS_EMALFORMED;
    case SQLITE_CONSTRAINT:
        return PS_EDUPLICATE;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_TOOBIG:
        return PS_ELIMIT;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return -EACCES;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return io_error(handle);
    default:
        return PS_ESTATE;
    }
}

const char *ps_db_words(const struct ps_db *db)
{
    return db->handle != NULL ? sqlite3_errmsg(db->handle) : "out of memory";
}

static int say(const struct ps_db *db, int err, struct ps_fault *fault)
{
    switch (err) {
    case 0:
        break;
    case PS_EMALFORMED:
        ps_fault_set(fault, db->path, 0, "damaged, or no database of ours (%s): put a backup in its place",
                     ps_db_words(db));
        break;
    case -EBUSY:
        ps_fault_set(fault, db->path, 0, "another process is writing to it and does not come to an end");
        break;
    case -ENOSPC:
        ps_fault_set(fault, db->path, 0, "no space left on its file system: make room");
        break;
    default:
        ps_fault_set(fault, db->path, 0, "%s (%s)", ps_strerror(err), ps_db_words(db));
        break;
    }
    return err;
}

// --- opening

static int set_pragmas(struct ps_db *db, const struct ps_db_conf *conf)
{
    char sql[400];
    snprintf(sql, sizeof sql,
             "PRAGMA cache_size = %d; PRAGMA wal_autocheckpoint = %u; PRAGMA temp_store = MEMORY;"
             "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = %d; PRAGMA trusted_schema = 0",
             conf->cache_kib > 0 ? -(int)conf->cache_kib : -2000,
             conf->wal_pages > 0 ? conf->wal_pages : WAL_PAGES, WAL_KEEP_OCTETS);
    return ps_db_run(db, sql);
}

// A new database gets its form before anything is in it.
static int make_form(struct ps_db *db, uint32_t application)
{
    char sql[200];
    int64_t pages;
    int err = ps_db_number(db, "PRAGMA page_count", &pages);
    if (err != 0 || pages > 0 || db->read_only)
        return err;
    snprintf(sql, sizeof sql,
             "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = %d",
             (int)application);
    return ps_db_run(db, sql);
}

static int check_form(struct ps_db *db, uint32_t application)
{
    int64_t found, tables;
    int err = ps_db_number(db, "PRAGMA application_id", &found);
    if (err == 0)
        err = ps_db_number(db, "SELECT count(*) FROM sqlite_schema", &tables); // looks at the file, at last
    if (err == 0 && (uint32_t)found != application)
        err = PS_EMALFORMED;
    if (err == 0 && !db->read_only)
        err = ps_db_run(db, "PRAGMA journal_mode = WAL");
    return err;
}

static int open_handle(struct ps_db *db, const struct ps_db_conf *conf)
{
    int flags = conf->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int rc =
        sqlite3_open_v2(db->path, &db->handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc != SQLITE_OK)
        return db_error(db->handle, rc);
    sqlite3_busy_timeout(db->handle, db->patience_ms);
    int err = make_form(db, conf->application);
    if (err == 0)
        err = set_pragmas(db, conf);
    return err == 0 ? check_form(db, conf->application) : err;
}

int ps_db_open(struct ps_db **out, const char *path, const struct ps_db_conf *conf, struct ps_fault *fault)
{
    struct ps_db *db = calloc(1, sizeof *db);
    if (db == NULL || (db->path = strdup(path)) == NULL) {
        free(db);
        ps_fault_set(fault, path, 0, "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    db->read_only = conf->read_only;
    db->patience_ms = conf->patience_ms > 0 ? conf->patience_ms : PATIENCE_MS;
    int err = say(db, open_handle(db, conf), fault);
    if (err != 0)
        ps_db_close(db);
    else
        *out = db;
    return err;
}

void ps_db_close(struct ps_db *db)
{
    if (db == NULL)
        return;
    (void)sqlite3_close_v2(db->handle);
    free(db->path);
    free(db);
}

// --- transactions

int ps_db_begin(struct ps_db *db)
{
    return ps_db_run(db, "BEGIN IMMEDIATE");
}

int ps_db_begin_read(struct ps_db *db)
{
    return ps_db_run(db, "BEGIN");
}

int ps_db_commit(struct ps_db *db)
{
    int err = ps_db_run(db, "COMMIT");
    if (err != 0)
        ps_db_rollback(db);
    return err;
}

void ps_db_rollback(struct ps_db *db)
{
    if (sqlite3_get_autocommit(db->handle) == 0)
        (void)ps_db_run(db, "ROLLBACK");
}

int ps_db_version(struct ps_db *db, int64_t *out)
{
    return ps_db_number(db, "PRAGMA data_version", out);
}

int64_t ps_db_changes(struct ps_db *db)
{
    return sqlite3_changes(db->handle);
}
