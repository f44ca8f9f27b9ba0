// SPDX-License-Identifier: Apache-2.0
#include "bench/archive_bare.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "psarchive/place.h"
#include "psarchive/schema.h"
#include "psarchive/store.h"

static double seconds(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct rows {
    struct bare_row {
        int64_t place;
        void *body;
        size_t len;
        bool there;       // in the database before
        uint64_t written; // the transaction that wrote it last; 0: none
    } * at;
    size_t n, cap;
};

static int add_row(struct rows *rows, struct ps_stmt *st)
{
    size_t len;
    const void *body = ps_stmt_col_blob(st, 1, &len);
    if (rows->n == rows->cap) {
        size_t cap = rows->cap == 0 ? 1024 : 2 * rows->cap;
        struct bare_row *at = realloc(rows->at, cap * sizeof *at);
        if (at == NULL)
            return -1;
        rows->at = at;
        rows->cap = cap;
    }
    struct bare_row *row = &rows->at[rows->n];
    *row = (struct bare_row){.place = ps_stmt_col_i64(st, 0),
                             .body = malloc(len + 1),
                             .len = len,
                             .there = ps_stmt_col_i64(st, 2) != 0};
    if (row->body == NULL)
        return -1;
    memcpy(row->body, body, len);
    rows->n++;
    return 0;
}

static int read_rows(struct ps_db *db, const char *sql, struct rows *rows)
{
    struct ps_stmt *st;
    int got = ps_stmt_new(&st, db, sql);
    if (got != 0)
        return got;
    while ((got = ps_stmt_step(st)) > 0)
        if (add_row(rows, st) != 0)
            break;
    ps_stmt_free(st);
    return got;
}

static int by_place(const void *a, const void *b)
{
    int64_t x = ((const struct bare_row *)a)->place, y = ((const struct bare_row *)b)->place;
    return x < y ? -1 : x > y;
}

struct bare {
    struct ps_db *db;
    struct ps_stmt *point, *add, *set;
    struct rows points, rollups;
    uint64_t transaction, rollup_rows;
};

static int run_row(struct ps_stmt *st, const struct bare_row *row)
{
    ps_stmt_i64(st, 1, row->place);
    ps_stmt_blob(st, 2, row->body, row->len);
    return ps_stmt_run(st);
}

// Those that the point changes, unless this transaction has written them already.
static int write_rollups(struct bare *b, const struct bare_row *point)
{
    static const int64_t windows[] = {300, 3600, 86400};
    int err = 0;
    for (unsigned w = 0; err == 0 && w < 3; w++) {
        int64_t ts = place_ts(point->place);
        struct bare_row key = {.place = place_rollup(point->place >> PLACE_TS_BITS, w, ts - ts % windows[w])};
        struct bare_row *row = bsearch(&key, b->rollups.at, b->rollups.n, sizeof key, by_place);
        if (row == NULL || row->written == b->transaction)
            continue;
        err = run_row(row->there ? b->set : b->add, row);
        row->there = true;
        row->written = b->transaction;
        b->rollup_rows++;
    }
    return err;
}

static int write_bare(struct bare *b, size_t group, struct bare_cost *cost)
{
    double began = seconds(CLOCK_MONOTONIC), busy = seconds(CLOCK_PROCESS_CPUTIME_ID);
    int err = 0;
    for (size_t at = 0; err == 0 && at < b->points.n;) {
        b->transaction++;
        err = ps_db_begin(b->db);
        for (size_t end = at + group; err == 0 && at < end && at < b->points.n; at++) {
            err = run_row(b->point, &b->points.at[at]);
            if (err == 0)
                err = write_rollups(b, &b->points.at[at]);
        }
        if (err == 0)
            err = ps_db_commit(b->db);
    }
    cost->seconds += seconds(CLOCK_MONOTONIC) - began;
    cost->cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - busy;
    cost->results += b->points.n;
    cost->rollups += b->rollup_rows;
    cost->transactions += b->transaction;
    return err == 0 ? 0 : -1;
}

static const struct ps_db_conf conf = {
    .application = SCHEMA_APPLICATION, .cache_kib = 8192, .wal_pages = 4096}; // as the archive's own

static int open_store(struct ps_db **db, const char *dir)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, STORE_FILE);
    return ps_db_open(db, path, &conf, NULL);
}

// What the archive has and the other one has not.
static int read_news(struct bare *b, const char *dir, const char *other)
{
    char sql[4200];
    struct ps_db *from;
    int err = open_store(&from, dir);
    if (err != 0)
        return err;
    snprintf(sql, sizeof sql, "ATTACH '%s' AS was", other);
    err = ps_db_run(from, sql);
    snprintf(sql, sizeof sql,
             "SELECT place, body, 0 FROM main.point WHERE place NOT IN (SELECT place FROM was.point)"
             " ORDER BY place & %" PRId64 ", place",
             PLACE_TS_MAX);
    if (err == 0)
        err = read_rows(from, sql, &b->points);
    if (err == 0)
        err = read_rows(
            from,
            "SELECT r.place, r.body, w.place IS NOT NULL FROM main.rollup r"
            " LEFT JOIN was.rollup w ON w.place = r.place WHERE w.body IS NOT r.body ORDER BY r.place",
            &b->rollups);
    ps_db_close(from);
    return err;
}

static int open_bare(struct bare *b, const char *dir)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/bare.db", dir);
    if (read_news(b, dir, path) != 0 || ps_db_open(&b->db, path, &conf, NULL) != 0 ||
        ps_stmt_new(&b->point, b->db, "INSERT INTO point (place, body) VALUES (?1, ?2)") != 0 ||
        ps_stmt_new(&b->add, b->db, "INSERT INTO rollup (place, body) VALUES (?1, ?2)") != 0 ||
        ps_stmt_new(&b->set, b->db, "UPDATE rollup SET body = ?2 WHERE place = ?1") != 0)
        return -1;
    return 0;
}

static void free_rows(struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        free(rows->at[i].body);
    free(rows->at);
}

static void close_bare(struct bare *b)
{
    ps_stmt_free(b->point);
    ps_stmt_free(b->add);
    ps_stmt_free(b->set);
    ps_db_close(b->db);
    free_rows(&b->points);
    free_rows(&b->rollups);
}

int bare_copy(const char *dir)
{
    char path[4096];
    struct ps_db *db;
    int err = open_store(&db, dir);
    if (err != 0)
        return err;
    snprintf(path, sizeof path, "%s/bare.db", dir);
    err = ps_db_backup(db, path, NULL, NULL, NULL);
    ps_db_close(db);
    return err;
}

int bare_sqlite(const char *dir, uint64_t transactions, struct bare_cost *cost)
{
    struct bare b = {0};
    int err = open_bare(&b, dir);
    if (err == 0) // the last transaction may be smaller, too
        err = write_bare(&b, (b.points.n + transactions - 1) / transactions, cost);
    close_bare(&b);
    return err;
}
