// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "db/ps_db_impl.h"

int ps_db_run(struct ps_db *db, const char *sql)
{
    return db_error(db->handle, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

int ps_db_number(struct ps_db *db, const char *sql, int64_t *out)
{
    struct ps_stmt *st;
    int got = ps_stmt_new(&st, db, sql);
    if (got != 0)
        return got;
    got = ps_stmt_step(st);
    if (got > 0)
        *out = ps_stmt_col_i64(st, 0);
    ps_stmt_free(st);
    return got > 0 ? 0 : got < 0 ? got : PS_ENOTFOUND;
}

int ps_stmt_new(struct ps_stmt **out, struct ps_db *db, const char *sql)
{
    struct ps_stmt *st = calloc(1, sizeof *st);
    if (st == NULL)
        return -ENOMEM;
    st->db = db;
    int rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &st->handle, NULL);
    if (rc != SQLITE_OK || st->handle == NULL) {
        free(st);
        return rc == SQLITE_OK ? PS_ESTATE : db_error(db->handle, rc);
    }
    *out = st;
    return 0;
}

void ps_stmt_free(struct ps_stmt *st)
{
    if (st == NULL)
        return;
    (void)sqlite3_finalize(st->handle);
    free(st);
}

// What fails here (a parameter that is not there) is told by no one but shows in the step: the value is null.
void ps_stmt_i64(struct ps_stmt *st, int n, int64_t v)
{
    (void)sqlite3_bind_int64(st->handle, n, v);
}

void ps_stmt_blob(struct ps_stmt *st, int n, const void *data, size_t len)
{
    (void)sqlite3_bind_blob64(st->handle, n, len > 0 ? data : "", len, SQLITE_STATIC);
}

void ps_stmt_text(struct ps_stmt *st, int n, const char *text)
{
    (void)sqlite3_bind_text(st->handle, n, text, -1, SQLITE_STATIC);
}

void ps_stmt_null(struct ps_stmt *st, int n)
{
    (void)sqlite3_bind_null(st->handle, n);
}

int ps_stmt_step(struct ps_stmt *st)
{
    int rc = sqlite3_step(st->handle);
    if (rc == SQLITE_ROW)
        return 1;
    int err = db_error(st->db->handle, rc);
    (void)sqlite3_reset(st->handle);
    return err;
}

int ps_stmt_run(struct ps_stmt *st)
{
    int got;
    do
        got = ps_stmt_step(st);
    while (got > 0);
    return got;
}

void ps_stmt_reset(struct ps_stmt *st)
{
    (void)sqlite3_reset(st->handle);
}

int64_t ps_stmt_col_i64(struct ps_stmt *st, int n)
{
    return sqlite3_column_int64(st->handle, n);
}

const void *ps_stmt_col_blob(struct ps_stmt *st, int n, size_t *len)
{
    const void *data = sqlite3_column_blob(st->handle, n);
    *len = data != NULL ? (size_t)sqlite3_column_bytes(st->handle, n) : 0;
    return data != NULL ? data : "";
}

const char *ps_stmt_col_text(struct ps_stmt *st, int n)
{
    return (const char *)sqlite3_column_text(st->handle, n);
}
