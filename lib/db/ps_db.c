// SPDX-License-Identifier: Apache-2.0
#include "db/ps_db.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
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

// " (words)"; "" where SQLite has none to complain of.
static const char *in_brackets(const struct ps_db *db, char out[200])
{
    out[0] = '\0';
    if (db->handle == NULL || sqlite3_errcode(db->handle) != SQLITE_OK)
        snprintf(out, 200, " (%s)", ps_db_words(db));
    return out;
}

static bool is_read_only(const struct ps_db *db)
{
    struct statvfs v;
    return statvfs(db->path, &v) == 0 && (v.f_flag & ST_RDONLY) != 0;
}

static int say(const struct ps_db *db, int err, struct ps_fault *fault)
{
    char why[200];

    if (err == -ENOENT && is_read_only(db)) { // what is not there is the log's index
        ps_fault_set(fault, db->path, 0, "its file system is read-only%s",
                     db->read_only
                         ? ", and a log beside it (-wal) has not been taken in: copy both to where can be "
                           "written"
                         : "");
        return err;
    }
    switch (err) {
    case 0:
        break;
    case PS_EMALFORMED:
        ps_fault_set(fault, db->path, 0, "damaged, or no database of ours%s: put a backup in its place",
                     in_brackets(db, why));
        break;
    case -EBUSY:
        ps_fault_set(fault, db->path, 0, "another process is writing to it and does not come to an end");
        break;
    case -ENOSPC:
        ps_fault_set(fault, db->path, 0, "no space left on its file system: make room");
        break;
    default:
        ps_fault_set(fault, db->path, 0, "%s%s", ps_strerror(err), in_brackets(db, why));
        break;
    }
    return err;
}

void ps_db_say(const struct ps_db *db, int err, struct ps_fault *fault)
{
    (void)say(db, err, fault);
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
// Of a new one: who may read it is for its group to say. What SQLite puts beside it has its mode.
static void make_private(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & S_IRWXO) != 0)
        (void)chmod(path, st.st_mode & 0770);
}

static int make_form(struct ps_db *db, uint32_t application)
{
    char sql[200];
    int64_t pages;
    int err = ps_db_number(db, "PRAGMA page_count", &pages);
    if (err != 0 || pages > 0 || db->read_only)
        return err;
    make_private(db->path);
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

// Nobody can be writing to it, and nothing is in a log that would have to be read as well.
static bool is_at_rest(const struct ps_db *db)
{
    char log[PATH_MAX];
    struct stat st;
    int n = snprintf(log, sizeof log, "%s-wal", db->path);
    if (!is_read_only(db) || n < 0 || (size_t)n >= sizeof log)
        return false;
    return stat(log, &st) != 0 ? errno == ENOENT : st.st_size == 0;
}

// On a read-only file system SQLite cannot make the files that go with a log; it does without if it is told that the
// file does not change.
static int open_at_rest(struct ps_db *db, int flags)
{
    static const char plain[] = "/-._~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    char *uri = NULL;
    size_t size;
    FILE *f = open_memstream(&uri, &size);
    if (f == NULL)
        return SQLITE_NOMEM;
    fputs("file:", f);
    for (const char *p = db->path; *p != '\0'; p++)
        fprintf(f, strchr(plain, *p) != NULL ? "%c" : "%%%02X", (unsigned char)*p);
    fputs("?immutable=1", f);
    int rc = fclose(f) != 0 ? SQLITE_NOMEM : sqlite3_open_v2(uri, &db->handle, flags | SQLITE_OPEN_URI, NULL);
    free(uri);
    return rc;
}

static int open_handle(struct ps_db *db, const struct ps_db_conf *conf)
{
    int flags = conf->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc = conf->read_only && is_at_rest(db) ? open_at_rest(db, flags)
                                               : sqlite3_open_v2(db->path, &db->handle, flags, NULL);
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
