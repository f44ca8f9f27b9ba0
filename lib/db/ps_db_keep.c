// SPDX-License-Identifier: Apache-2.0
// What keeps a database over the years: versions, checks, backups, and its size.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "db/ps_db_impl.h"

#define BACKUP_PAGES 256 // in one go; writers wait meanwhile
#define BACKUP_BUSY_MS 20

// --- versions

static int run_migration(struct ps_db *db, const struct ps_db_migration *m, int to)
{
    char sql[60];
    int err = ps_db_begin(db);
    if (err == 0)
        err = ps_db_run(db, m->sql);
    if (err == 0 && m->step != NULL)
        err = m->step(db);
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", to);
    if (err == 0)
        err = ps_db_run(db, sql);
    if (err == 0)
        return ps_db_commit(db);
    ps_db_rollback(db);
    return err;
}

static int migrate_fault(const struct ps_db *db, int err, int64_t version, struct ps_fault *fault)
{
    if (err == PS_EVERSION)
        ps_fault_set(fault, db->path, 0, "version %d of the database is newer than this program: update it",
                     (int)version);
    else if (err == -EROFS)
        ps_fault_set(fault, db->path, 0,
                     "version %d of the database is older than this program: open it for writing once",
                     (int)version);
    else
        ps_fault_set(fault, db->path, 0, "bringing the database up from version %d: %s (%s)", (int)version,
                     ps_strerror(err), ps_db_words(db));
    return err;
}

int ps_db_migrate(struct ps_db *db, const struct ps_db_migration *m, int n, struct ps_fault *fault)
{
    int64_t version = 0;
    int err = ps_db_number(db, "PRAGMA user_version", &version);
    if (err == 0 && (version > n || version < 0))
        err = PS_EVERSION;
    if (err == 0 && version < n && db->read_only)
        err = -EROFS;
    for (; err == 0 && version < n; version++) {
        err = run_migration(db, &m[version], (int)version + 1);
        if (err != 0)
            break;
    }
    return err == 0 ? 0 : migrate_fault(db, err, version, fault);
}

// --- damage

int ps_db_check(struct ps_db *db, struct ps_fault *fault)
{
    struct ps_stmt *st;
    int got = ps_stmt_new(&st, db, "PRAGMA quick_check(1)");
    if (got == 0) {
        got = ps_stmt_step(st);
        const char *words = got > 0 ? ps_stmt_col_text(st, 0) : NULL;
        bool fine = words != NULL && strcmp(words, "ok") == 0;
        if (got > 0 && !fine) {
            ps_fault_set(fault, db->path, 0, "damaged: %s", words != NULL ? words : "no answer");
            got = PS_EMALFORMED;
        } else if (got < 0)
            ps_fault_set(fault, db->path, 0, "damaged: %s", ps_db_words(db));
        ps_stmt_free(st);
    } else
        ps_fault_set(fault, db->path, 0, "damaged: %s", ps_db_words(db));
    return got > 0 ? 0 : got;
}

// --- backup

static int copy_pages(struct ps_db *db, sqlite3 *to, bool (*progress)(void *, int, int), void *ctx)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", db->handle, "main");
    if (b == NULL)
        return db_error(to, sqlite3_extended_errcode(to));
    int rc;
    do {
        rc = sqlite3_backup_step(b, BACKUP_PAGES);
        if (progress != NULL && !progress(ctx, sqlite3_backup_remaining(b), sqlite3_backup_pagecount(b))) {
            (void)sqlite3_backup_finish(b);
            return PS_ECANCELLED;
        }
        if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
            sqlite3_sleep(BACKUP_BUSY_MS);
    } while (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED);
    int err = db_error(to, rc);
    int end = db_error(to, sqlite3_backup_finish(b));
    return err != 0 ? err : end;
}

static int copy_to(struct ps_db *db, const char *path, bool (*progress)(void *, int, int), void *ctx)
{
    sqlite3 *to = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(path, &to, flags, NULL);
    int err = db_error(to, rc);
    if (err == 0)
        err = copy_pages(db, to, progress, ctx);
    if (err == 0) // one file, with no log beside it
        err = db_error(to, sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL));
    (void)sqlite3_close(to);
    return err;
}

// Nobody else's to read, and not there before.
static int make_part(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

static void remove_part(const char *path)
{
    static const char *const beside[] = {"", "-journal", "-wal", "-shm"};
    char name[PATH_MAX];
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        int n = snprintf(name, sizeof name, "%s%s", path, beside[i]);
        if (n > 0 && (size_t)n < sizeof name)
            (void)unlink(name);
    }
}

// By whatever path.
static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

// The database, or a file that belongs to it.
static bool is_itself(const struct ps_db *db, const char *to)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    char name[PATH_MAX];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int n = snprintf(name, sizeof name, "%s%s", db->path, parts[i]);
        if (n > 0 && (size_t)n < sizeof name && is_same_file(name, to))
            return true;
    }
    return false;
}

static int sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_RDONLY | O_CLOEXEC);
    int err = fd < 0 || fsync(fd) != 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return err;
}

static int sync_parent(const char *path)
{
    char *dir = strdup(path);
    if (dir == NULL)
        return -ENOMEM;
    char *slash = strrchr(dir, '/');
    if (slash != NULL)
        slash[slash == dir ? 1 : 0] = '\0';
    int err = sync_path(slash != NULL ? dir : ".", O_DIRECTORY);
    free(dir);
    return err;
}

// What a backup takes the place of can be an earlier one, and no device, pipe or link.
static bool is_replaceable(const char *path)
{
    struct stat st;
    return lstat(path, &st) != 0 || S_ISREG(st.st_mode);
}

int ps_db_backup(struct ps_db *db, const char *to, bool (*progress)(void *ctx, int left, int total),
                 void *ctx, struct ps_fault *fault)
{
    char *part;
    if (is_itself(db, to)) {
        ps_fault_set(fault, to, 0, "is the database itself: name another file for its backup");
        return PS_EDUPLICATE;
    }
    if (!is_replaceable(to)) {
        ps_fault_set(fault, to, 0, "is there and is no file: name another one for the backup");
        return -EEXIST;
    }
    if (asprintf(&part, "%s.part-%ld", to, (long)getpid()) < 0)
        return -ENOMEM;
    int err = make_part(part);
    if (err == 0)
        err = copy_to(db, part, progress, ctx);
    if (err == 0)
        err = sync_path(part, 0);
    if (err == 0 && rename(part, to) != 0)
        err = -errno;
    if (err == 0)
        err = sync_parent(to);
    else
        remove_part(part);
    free(part);
    if (err != 0)
        ps_fault_set(fault, to, 0, "backup: %s", ps_strerror(err));
    return err;
}

// --- size

int ps_db_checkpoint(struct ps_db *db)
{
    return db_error(db->handle,
                    sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
}

int ps_db_checkpoint_now(struct ps_db *db)
{
    sqlite3_busy_timeout(db->handle, 0);
    int err = ps_db_checkpoint(db);
    sqlite3_busy_timeout(db->handle, db->patience_ms);
    return err;
}

int ps_db_give_back(struct ps_db *db, int64_t max, int64_t *left)
{
    char sql[60];
    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", (int)(max > INT32_MAX ? INT32_MAX : max));
    int err = ps_db_run(db, sql);
    if (err == 0)
        err = ps_db_number(db, "PRAGMA freelist_count", left);
    return err;
}

int ps_db_size(struct ps_db *db, struct ps_db_size *out)
{
    int err = ps_db_number(db, "PRAGMA page_count", &out->pages);
    if (err == 0)
        err = ps_db_number(db, "PRAGMA freelist_count", &out->unused);
    if (err == 0)
        err = ps_db_number(db, "PRAGMA page_size", &out->page_octets);
    return err;
}
