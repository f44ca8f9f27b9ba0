// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_daemon.h"

#define APPLICATION 0x6c736469 // "lsdi"
#define SCHEMA_VERSION 2

static const struct ps_db_migration schema[SCHEMA_VERSION] = {
    {"CREATE TABLE record (id INTEGER PRIMARY KEY, uuid BLOB NOT NULL, type TEXT NOT NULL, token BLOB, body "
     "TEXT NOT NULL);"
     "CREATE TABLE lease (id INTEGER PRIMARY KEY, expires INTEGER NOT NULL, ttl INTEGER NOT NULL,"
     " renewed INTEGER NOT NULL);"
     "CREATE TABLE upper (uuid BLOB PRIMARY KEY, uri TEXT NOT NULL) WITHOUT ROWID;",
     NULL},
    {"ALTER TABLE lease ADD COLUMN way TEXT;"
     "CREATE TABLE self (id TEXT NOT NULL);"
     "INSERT INTO self (id) VALUES (lower(hex(randomblob(16))));",
     NULL},
};

// Statements of the thread that writes.
enum { ADD_RECORD, ADD_LEASE, RENEW, REMOVE_LEASE, REMOVE_RECORD, SET_UPPER, FORGET_UPPER, STATEMENTS };

static const char *const sql[STATEMENTS] = {
    "INSERT INTO record (id, uuid, token, body, type) VALUES (?1, ?2, ?3, ?4, ?5)",
    "INSERT INTO lease (id, expires, ttl, way, renewed) VALUES (?1, ?2, ?3, ?4, 0)",
    "UPDATE lease SET expires = ?2, ttl = ?3, way = ?4, renewed = 1 WHERE id = ?1",
    "DELETE FROM lease WHERE id = ?1",
    "DELETE FROM record WHERE id = ?1",
    "INSERT OR REPLACE INTO upper (uuid, uri) VALUES (?1, ?2)",
    "DELETE FROM upper WHERE uuid = ?1",
};

struct dir_store {
    struct ps_db *db;
    struct ps_dbqueue *queue;
    struct ps_stmt *statements[STATEMENTS];
    int lock;
    struct stat opened; // the file
    int64_t last_id;
    char self[DIR_SELF_TEXT];
    char path[];
};

// --- opening

// Nothing is left beside a file that is none of ours. One that cannot be read is for those who open it to tell.
static int look(const char *path, struct ps_fault *fault)
{
    static const char magic[16] = "SQLite format 3";
    char head[sizeof magic];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof head);

    if (fd >= 0)
        close(fd);
    if (n <= 0 || (n == sizeof head && memcmp(head, magic, sizeof head) == 0))
        return 0;
    ps_fault_set(fault, path, 0, "is no database: name another file, or put a backup in its place");
    return PS_EMALFORMED;
}

// One process a file: two would not know of each other's records.
static int hold(struct dir_store *s, struct ps_fault *fault)
{
    char name[PATH_MAX];

    if ((size_t)snprintf(name, sizeof name, "%s.lock", s->path) < sizeof name)
        return ps_daemon_hold(name, s->path, "lsregister directory", PS_DAEMON_NEXT, &s->lock, fault);
    ps_fault_set(fault, s->path, 0, "cannot be held: %s", ps_strerror(-ENAMETOOLONG));
    return -ENAMETOOLONG;
}

static int know_self(struct dir_store *s, struct ps_fault *fault)
{
    struct ps_stmt *st = NULL;
    int got = ps_stmt_new(&st, s->db, "SELECT id FROM self");
    const char *id = !got && (got = ps_stmt_step(st)) > 0 ? ps_stmt_col_text(st, 0) : NULL;

    if (id && dir_way_good(id) && strlen(id) < sizeof s->self) {
        (void)strcpy(s->self, id);
        got = 0;
    } else if (got >= 0) {
        got = PS_EMALFORMED;
    }
    ps_stmt_free(st);
    if (got)
        ps_fault_set(fault, s->path, 0, "which directory this is cannot be read: %s", ps_strerror(got));
    return got;
}

int dir_store_open(struct dir_store **out, const char *path, struct ps_fault *fault)
{
    const struct ps_db_conf conf = {.application = APPLICATION, .cache_kib = 8192, .wal_pages = 4096};
    struct dir_store *s = calloc(1, sizeof *s + strlen(path) + 1);
    int err;

    if (!s) {
        ps_fault_set(fault, path, 0, "cannot be opened: %s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    (void)strcpy(s->path, path);
    s->lock = -1;
    err = look(path, fault);
    if (!err)
        err = hold(s, fault);
    if (!err)
        err = ps_db_open(&s->db, path, &conf, fault);
    if (!err)
        err = ps_db_migrate(s->db, schema, SCHEMA_VERSION, fault);
    if (!err)
        err = ps_db_check(s->db, fault);
    if (!err)
        err = know_self(s, fault);
    if (!err && stat(path, &s->opened) < 0) {
        err = -errno;
        ps_fault_set(fault, path, 0, "%s", ps_strerror(err));
    }
    if (err) {
        dir_store_close(s);
        return err;
    }
    *out = s;
    return 0;
}

int dir_store_reader(struct ps_db **out, const char *path, struct ps_fault *fault)
{
    const struct ps_db_conf conf = {.read_only = true, .application = APPLICATION};

    return ps_db_open(out, path, &conf, fault);
}

void dir_store_close(struct dir_store *s)
{
    if (!s)
        return;
    dir_store_stop(s);
    for (size_t i = 0; i < STATEMENTS; i++)
        ps_stmt_free(s->statements[i]);
    ps_db_close(s->db);
    if (s->lock >= 0)
        close(s->lock);
    free(s);
}

// --- loading

// The columns of SELECT: id, body, expires, ttl, renewed, uuid, token, way.
static int load_draft(struct ps_stmt *st, struct ps_jdoc **doc, struct dir_draft *d, struct ps_fault *fault)
{
    const char *body = ps_stmt_col_text(st, 1);
    int err = ps_jdoc_parse(doc, NULL, body ? body : "", body ? strlen(body) : 0, fault);

    return err ? err : dir_draft_read(d, ps_jdoc_root(*doc), fault);
}

static int load_token(struct ps_stmt *st, struct dir_rec *rec)
{
    size_t len;
    const void *token = ps_stmt_col_blob(st, 6, &len);

    if (!token || len != DIR_TOKEN)
        return len == 0 ? 0 : PS_EMALFORMED;
    rec->token = malloc(DIR_TOKEN);
    if (!rec->token)
        return -ENOMEM;
    memcpy(rec->token, token, DIR_TOKEN);
    return 0;
}

static int load_way(struct ps_stmt *st, struct dir_rec *rec)
{
    const char *way = ps_stmt_col_text(st, 7);

    if (way && !dir_way_good(way))
        return PS_EMALFORMED;
    rec->way = way ? strdup(way) : NULL;
    return way && !rec->way ? -ENOMEM : 0;
}

static int load_record(struct dir_index *ix, struct ps_stmt *st, const struct dir_draft *d)
{
    size_t len;
    const uint8_t *uuid = ps_stmt_col_blob(st, 5, &len);
    struct dir_rec *rec;
    int err = len == DIR_UUID ? dir_index_add(ix, d, uuid, &rec) : PS_EMALFORMED;

    if (err)
        return err;
    rec->id = ps_stmt_col_i64(st, 0);
    rec->expires_ms = ps_stmt_col_i64(st, 2);
    rec->ttl_s = (int32_t)ps_stmt_col_i64(st, 3);
    rec->renewed = ps_stmt_col_i64(st, 4) != 0;
    err = load_token(st, rec);
    return err ? err : load_way(st, rec);
}

static int load_row(struct dir_store *s, struct dir_index *ix, struct ps_stmt *st, struct ps_fault *fault)
{
    struct dir_draft d = {0};
    struct ps_jdoc *doc = NULL;
    int err = load_draft(st, &doc, &d, fault);

    if (!err)
        err = load_record(ix, st, &d);
    dir_draft_fini(&d);
    ps_jdoc_free(doc);
    if (ps_stmt_col_i64(st, 0) > s->last_id)
        s->last_id = ps_stmt_col_i64(st, 0);
    return err;
}

#define SELECT                                                                                            \
    "SELECT record.id, record.body, lease.expires, lease.ttl, lease.renewed, record.uuid, record.token, " \
    "lease.way "                                                                                          \
    "FROM record JOIN lease ON lease.id = record.id "

int dir_store_load(struct dir_store *s, struct dir_index *ix, struct ps_fault *fault)
{
    struct ps_fault why = {""};
    struct ps_stmt *st = NULL;
    int got = ps_stmt_new(&st, s->db, SELECT "ORDER BY record.id");

    while (!got && (got = ps_stmt_step(st)) > 0)
        got = load_row(s, ix, st, &why);
    ps_stmt_free(st);
    if (got)
        ps_fault_set(fault, s->path, 0, "record %lld cannot be read: %s", (long long)s->last_id,
                     why.text[0] ? why.text : ps_strerror(got));
    return got;
}

int dir_store_uppers(struct dir_store *s,
                     int (*each)(void *ctx, const uint8_t uuid[DIR_UUID], const char *uri), void *ctx,
                     struct ps_fault *fault)
{
    struct ps_stmt *st = NULL;
    int got = ps_stmt_new(&st, s->db, "SELECT uuid, uri FROM upper");

    while (!got && (got = ps_stmt_step(st)) > 0) {
        size_t len;
        const uint8_t *uuid = ps_stmt_col_blob(st, 0, &len);
        const char *uri = ps_stmt_col_text(st, 1);

        got = len == DIR_UUID && uri ? each(ctx, uuid, uri) : PS_EMALFORMED;
    }
    ps_stmt_free(st);
    if (got)
        ps_fault_set(fault, s->path, 0, "what the upper server has cannot be read: %s", ps_strerror(got));
    return got;
}

int dir_store_start(struct dir_store *s, struct ps_fault *fault)
{
    int err = 0;

    for (size_t i = 0; !err && i < STATEMENTS; i++)
        err = ps_stmt_new(&s->statements[i], s->db, sql[i]);
    if (err) {
        ps_fault_set(fault, s->path, 0, "cannot be written: %s", ps_strerror(err));
        return err;
    }
    return ps_dbqueue_new(&s->queue, s->db, s, 0, fault);
}

void dir_store_stop(struct dir_store *s)
{
    ps_dbqueue_free(s->queue);
    s->queue = NULL;
}

struct ps_dbqueue *dir_store_queue(const struct dir_store *s)
{
    return s->queue;
}

const char *dir_store_self(const struct dir_store *s)
{
    return s->self;
}

int64_t dir_store_next_id(struct dir_store *s)
{
    return ++s->last_id;
}

// --- writing, on the queue's thread

static void bind_lease(struct ps_stmt *st, const struct dir_lease_row *row)
{
    ps_stmt_i64(st, 1, row->id);
    ps_stmt_i64(st, 2, row->expires_ms);
    ps_stmt_i64(st, 3, row->ttl_s);
    if (row->way)
        ps_stmt_text(st, 4, row->way);
    else
        ps_stmt_null(st, 4);
}

static int write_add(struct dir_store *s, const struct dir_write *w)
{
    struct ps_stmt *record = s->statements[ADD_RECORD], *lease = s->statements[ADD_LEASE];
    const struct dir_lease_row *row = w->rows;
    int err;

    ps_stmt_i64(record, 1, row->id);
    ps_stmt_blob(record, 2, row->uuid, DIR_UUID);
    if (w->token)
        ps_stmt_blob(record, 3, w->token, DIR_TOKEN);
    else
        ps_stmt_null(record, 3);
    ps_stmt_text(record, 4, w->body);
    ps_stmt_text(record, 5, w->type);
    err = ps_stmt_run(record);
    if (err)
        return err;
    bind_lease(lease, row);
    return ps_stmt_run(lease);
}

static int write_lease(struct dir_store *s, struct dir_lease_row *row)
{
    struct ps_stmt *st = s->statements[RENEW];
    int err;

    bind_lease(st, row);
    err = ps_stmt_run(st);
    row->missing = !err && ps_db_changes(s->db) == 0;
    return err;
}

static int write_removal(struct dir_store *s, struct dir_lease_row *row)
{
    int err;

    ps_stmt_i64(s->statements[REMOVE_LEASE], 1, row->id);
    err = ps_stmt_run(s->statements[REMOVE_LEASE]);
    row->missing = !err && ps_db_changes(s->db) == 0;
    if (err)
        return err;
    ps_stmt_i64(s->statements[REMOVE_RECORD], 1, row->id);
    return ps_stmt_run(s->statements[REMOVE_RECORD]);
}

static int write_upper(struct dir_store *s, const struct dir_write *w)
{
    struct ps_stmt *st = s->statements[w->body ? SET_UPPER : FORGET_UPPER];

    ps_stmt_blob(st, 1, w->rows->uuid, DIR_UUID);
    if (w->body)
        ps_stmt_text(st, 2, w->body);
    return ps_stmt_run(st);
}

// What is written to a file that has no name any more, or whose name is another file's, is lost with the process.
static bool is_replaced(const struct dir_store *s)
{
    struct stat now;

    if (stat(s->path, &now) < 0)
        return errno == ENOENT;
    return now.st_dev != s->opened.st_dev || now.st_ino != s->opened.st_ino;
}

static int write_rows(struct ps_dbjob *job, void *ctx)
{
    struct dir_write *w = PS_CONTAINER(job, struct dir_write, job);
    struct dir_store *s = ctx;
    int err = is_replaced(s) ? -ESTALE : 0;

    if (err)
        return err;
    if (w->kind == DIR_WRITE_ADD)
        return write_add(s, w);
    if (w->kind == DIR_WRITE_UPPER)
        return write_upper(s, w);
    for (size_t i = 0; !err && i < w->n; i++)
        err = w->kind == DIR_WRITE_LEASES ? write_lease(s, &w->rows[i]) : write_removal(s, &w->rows[i]);
    return err;
}

// --- writing, on the loop's

static void written(struct ps_dbjob *job)
{
    struct dir_write *w = PS_CONTAINER(job, struct dir_write, job);

    // Or while it was being written.
    if (!job->err && is_replaced(w->store))
        job->err = -ESTALE;
    w->done(w);
}

int dir_write_init(struct dir_write *w, struct dir_store *s, enum dir_write_kind kind, size_t n)
{
    w->job = (struct ps_dbjob){.write = write_rows, .done = written};
    w->store = s;
    w->kind = kind;
    w->rows = calloc(n ? n : 1, sizeof *w->rows);
    w->n = n;
    return w->rows ? 0 : -ENOMEM;
}

void dir_write_fini(struct dir_write *w)
{
    for (size_t i = 0; w->rows && i < w->n; i++)
        free(w->rows[i].way);
    free(w->rows);
    free(w->body);
    free(w->token);
    w->rows = NULL;
    w->body = NULL;
    w->token = NULL;
}

int dir_write_put(struct dir_write *w)
{
    w->job.octets = sizeof *w + w->n * sizeof *w->rows + w->body_len;
    return ps_dbqueue_put(w->store->queue, &w->job);
}
