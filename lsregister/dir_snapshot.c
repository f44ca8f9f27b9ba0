// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_snapshot.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "lsregister/dir_rest.h"
#include "lsregister/dir_uuid.h"

// --- writing, on a worker

enum { COL_BODY, COL_TYPE, COL_UUID, COL_EXPIRES, COL_TTL, COL_RENEWED };
#define SELECT                                                                               \
    "SELECT record.body, record.type, record.uuid, lease.expires, lease.ttl, lease.renewed " \
    "FROM record JOIN lease ON lease.id = record.id WHERE lease.expires > ?1 ORDER BY record.id"

// The body is an object that is never empty: what the lease says goes in front of its last brace.
static int put_row(struct ps_stmt *st, FILE *f, bool first)
{
    char uuid[DIR_UUID_TEXT], expires[DIR_TIME_TEXT], ttl[DIR_LEASE_TEXT];
    size_t len;
    const uint8_t *octets = ps_stmt_col_blob(st, COL_UUID, &len);
    const char *body = ps_stmt_col_text(st, COL_BODY), *type = ps_stmt_col_text(st, COL_TYPE);
    int64_t ttl_s = ps_stmt_col_i64(st, COL_TTL);

    if (len != DIR_UUID || !body || strlen(body) < 2 || !type)
        return PS_EMALFORMED;
    fprintf(f, "%s%.*s,\"uri\":\"lookup/%s/%s\",\"expires\":\"%s\",\"state\":\"%s\"", first ? "[" : ",\n",
            (int)strlen(body) - 1, body, type, dir_uuid_text(octets, uuid),
            dir_lease_time(ps_stmt_col_i64(st, COL_EXPIRES), expires),
            ps_stmt_col_i64(st, COL_RENEWED) ? "renewed" : "registered");
    if (ttl_s == DIR_TTL_EMPTY)
        (void)fputs(",\"ttl\":[]", f);
    else if (ttl_s != DIR_TTL_NONE)
        fprintf(f, ",\"ttl\":[\"%s\"]", dir_lease_text(ttl_s, ttl));
    return fputs("}", f) < 0 ? -EIO : 0;
}

static int put_all(struct ps_db *db, FILE *f, int64_t now_ms, uint64_t *n)
{
    struct ps_stmt *st = NULL;
    int got = ps_stmt_new(&st, db, SELECT);

    *n = 0;
    if (!got)
        ps_stmt_i64(st, 1, now_ms);
    while (!got && (got = ps_stmt_step(st)) > 0)
        got = put_row(st, f, (*n)++ == 0);
    ps_stmt_free(st);
    (void)fputs(*n ? "]\n" : "[]\n", f);
    return got;
}

static int sync_folder(const char *file)
{
    char copy[PATH_MAX];
    int fd, err;

    snprintf(copy, sizeof copy, "%s", file);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    err = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return err;
}

static int write_file(struct ps_db *db, const char *file, int64_t now_ms, uint64_t *n)
{
    char name[PATH_MAX + 8];
    FILE *f;
    int err;

    snprintf(name, sizeof name, "%s.new", file);
    f = fopen(name, "we");
    if (!f)
        return -errno;
    err = put_all(db, f, now_ms, n);
    if (!err && (fflush(f) || fsync(fileno(f))))
        err = -errno;
    if (fclose(f) && !err)
        err = -errno;
    if (!err && rename(name, file))
        err = -errno;
    if (err)
        (void)unlink(name);
    return err ? err : sync_folder(file);
}

int dir_snapshot_write(const char *data, const char *file, int64_t now_ms, uint64_t *n,
                       struct ps_fault *fault)
{
    struct ps_db *db;
    int err = dir_store_reader(&db, data, fault);

    if (err)
        return err;
    err = write_file(db, file, now_ms, n);
    ps_db_close(db);
    if (err)
        ps_fault_set(fault, file, 0, "cannot be written: %s", ps_strerror(err));
    return err;
}

// --- every now and then

struct dir_snapshot {
    struct dir_site *site;
    struct ps_timer *timer;
    bool working, stopped;
    char data[PATH_MAX], file[PATH_MAX];
    int64_t now_ms;
    uint64_t n;
    int err;
    struct ps_fault fault;
};

static void snapshot_free(struct dir_snapshot *sn)
{
    ps_timer_free(sn->timer);
    free(sn);
}

static void work(void *ctx)
{
    struct dir_snapshot *sn = ctx;

    sn->err = dir_snapshot_write(sn->data, sn->file, sn->now_ms, &sn->n, &sn->fault);
}

static void wait_for_next(struct dir_snapshot *sn, bool first)
{
    const struct dir_settings *c = sn->site->settings;

    if (!c->snapshot[0])
        ps_timer_stop(sn->timer);
    else
        ps_timer_start(sn->timer, first ? 0 : c->snapshot_every_s * PS_SEC);
}

static void done(void *ctx)
{
    struct dir_snapshot *sn = ctx;
    struct dir_site *s = sn->site;

    sn->working = false;
    if (sn->err)
        ps_log(s->log, PS_LOG_WARN, "snapshot", "%s", sn->fault.text);
    else
        ps_log(s->log, PS_LOG_DEBUG, "snapshot", "%s: %llu records", sn->file, (unsigned long long)sn->n);
    if (sn->stopped)
        snapshot_free(sn);
    else
        wait_for_next(sn, false);
    dir_job_end(s);
}

static void due(void *ctx)
{
    struct dir_snapshot *sn = ctx;

    if (sn->working)
        return;
    (void)strcpy(sn->data, sn->site->settings->data);
    (void)strcpy(sn->file, sn->site->settings->snapshot);
    sn->now_ms = dir_now_ms();
    sn->working = true;
    dir_job_begin(sn->site);
    if (ps_work_run(sn->site->loop, work, done, sn) == 0)
        return;
    sn->working = false;
    dir_job_end(sn->site);
    wait_for_next(sn, false);
}

// --- serving it

struct reading {
    int fd;
};

static int pull(void *ctx, struct ps_buf *out)
{
    const struct reading *r = ctx;
    uint8_t *at;
    ssize_t n;
    int err = ps_buf_reserve(out, PS_HTTP_PIECE, &at);

    if (err)
        return err;
    n = read(r->fd, at, PS_HTTP_PIECE);
    if (n < 0)
        return -errno;
    ps_buf_commit(out, (size_t)n);
    return n ? PS_HTTP_MORE : PS_HTTP_DONE;
}

static void end(void *ctx)
{
    struct reading *r = ctx;

    close(r->fd);
    free(r);
}

static void serve(void *ctx, struct ps_http_req *req)
{
    static const struct ps_http_source source = {pull, end};
    const struct dir_snapshot *sn = ctx;
    struct reading *r = malloc(sizeof *r);
    const char *file = sn->site->settings->snapshot;
    char when[DIR_TIME_TEXT];
    struct stat st;
    int fd = r && file[0] ? open(file, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        free(r);
        dir_refuse(req, 404, "There is no snapshot%s", file[0] ? " yet" : " here: none is configured");
        return;
    }
    r->fd = fd;
    ps_http_add(req, "X-Snapshot-Time",
                dir_lease_time((int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000, when));
    ps_http_reply_stream(req, 200, DIR_JSON, PS_HTTP_SIZE_UNKNOWN, &source, r);
}

int dir_snapshot_start(struct dir_snapshot **out, struct dir_site *s)
{
    struct dir_snapshot *sn = calloc(1, sizeof *sn);
    struct ps_http_route route = {PS_HTTP_GET, "/lookup/snapshot.json",          serve, NULL, sn,
                                  0,           PS_HTTP_GZIP | PS_HTTP_ANY_ORIGIN};
    int err = sn ? ps_timer_new(s->loop, &sn->timer, due, sn) : -ENOMEM;

    if (!err) {
        sn->site = s;
        err = ps_httpd_route(s->httpd, &route);
    }
    if (err) {
        if (sn)
            snapshot_free(sn);
        return err;
    }
    wait_for_next(sn, true);
    *out = sn;
    return 0;
}

void dir_snapshot_stop(struct dir_snapshot *sn)
{
    if (!sn)
        return;
    sn->stopped = true;
    ps_timer_stop(sn->timer);
    if (!sn->working)
        snapshot_free(sn);
}

void dir_snapshot_reload(struct dir_snapshot *sn)
{
    if (!sn->working)
        wait_for_next(sn, true);
}
