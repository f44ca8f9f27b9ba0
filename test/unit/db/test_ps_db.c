// SPDX-License-Identifier: Apache-2.0
#include "db_fix.h"
#include <errno.h>

static void a_new_database_logs_ahead_and_gives_pages_back(void **state)
{
    struct fix *f = *state;
    struct ps_stmt *st;
    assert_int_equal(ps_stmt_new(&st, f->db, "PRAGMA journal_mode"), 0);
    assert_int_equal(ps_stmt_step(st), 1);
    assert_string_equal(ps_stmt_col_text(st, 0), "wal");
    ps_stmt_free(st);
    assert_int_equal(number(f->db, "PRAGMA synchronous"), 2);
    assert_int_equal(ps_db_run(f->db, "CREATE TABLE t (a)"), 0);
    assert_int_equal(number(f->db, "PRAGMA auto_vacuum"), 2);
    assert_int_equal(number(f->db, "PRAGMA application_id"), APPLICATION);
}

static void what_is_committed_is_there_and_what_is_rolled_back_is_not(void **state)
{
    struct fix *f = *state;
    assert_int_equal(ps_db_run(f->db, "CREATE TABLE t (a)"), 0);
    assert_int_equal(ps_db_begin(f->db), 0);
    assert_int_equal(ps_db_run(f->db, "INSERT INTO t VALUES (1)"), 0);
    assert_int_equal(ps_db_commit(f->db), 0);
    assert_int_equal(ps_db_begin(f->db), 0);
    assert_int_equal(ps_db_run(f->db, "INSERT INTO t VALUES (2)"), 0);
    ps_db_rollback(f->db);
    ps_db_rollback(f->db); // does nothing
    assert_int_equal(number(f->db, "SELECT count(*) FROM t"), 1);
}

static void a_second_writer_waits_and_gives_up(void **state)
{
    struct fix *f = *state;
    struct ps_db *other;
    assert_int_equal(fix_open(f, &other, false), 0);
    assert_int_equal(ps_db_begin(f->db), 0);
    assert_int_equal(ps_db_begin(other), -EBUSY);
    assert_int_equal(ps_db_commit(f->db), 0);
    assert_int_equal(ps_db_begin(other), 0);
    ps_db_rollback(other);
    ps_db_close(other);
}

static void the_version_tells_that_another_handle_wrote(void **state)
{
    struct fix *f = *state;
    struct ps_db *other;
    int64_t before, mine, theirs;
    assert_int_equal(ps_db_run(f->db, "CREATE TABLE t (a)"), 0);
    assert_int_equal(fix_open(f, &other, false), 0);
    assert_int_equal(ps_db_version(f->db, &before), 0);
    assert_int_equal(ps_db_run(f->db, "INSERT INTO t VALUES (1)"), 0);
    assert_int_equal(ps_db_version(f->db, &mine), 0);
    assert_true(mine == before);
    assert_int_equal(ps_db_run(other, "INSERT INTO t VALUES (2)"), 0);
    assert_int_equal(ps_db_version(f->db, &theirs), 0);
    assert_true(theirs != before);
    ps_db_close(other);
}

static void what_is_read_only_writes_nothing(void **state)
{
    struct fix *f = *state;
    struct ps_db *other;
    assert_int_equal(ps_db_run(f->db, "CREATE TABLE t (a)"), 0);
    assert_int_equal(fix_open(f, &other, true), 0);
    assert_int_equal(ps_db_run(other, "INSERT INTO t VALUES (1)"), -EROFS);
    assert_int_equal(number(other, "SELECT count(*) FROM t"), 0);
    ps_db_close(other);
}

static void write_file(const char *path, const char *octets, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(octets, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void a_file_that_is_no_database_of_ours_is_told(void **state)
{
    struct fix *f = *state;
    struct ps_db *other = NULL;
    struct ps_db_conf conf = {.application = APPLICATION + 1};
    assert_int_equal(ps_db_run(f->db, "CREATE TABLE t (a)"), 0);
    assert_int_equal(ps_db_open(&other, f->path, &conf, &f->fault), PS_EMALFORMED);
    assert_non_null(strstr(f->fault.text, "a.db: damaged, or no database of ours"));
    assert_null(strstr(f->fault.text, "not an error"));
    snprintf(f->path, sizeof f->path, "%s/b.db", f->dir);
    write_file(f->path,
               "this is not a database, and longer than the head of one is: a hundred octets, "
               "so that it is looked at in earnest",
               100);
    assert_int_equal(fix_open(f, &other, false), PS_EMALFORMED);
    snprintf(f->path, sizeof f->path, "%s/none/c.db", f->dir);
    assert_int_equal(fix_open(f, &other, false), -ENOENT);
    snprintf(f->path, sizeof f->path, "%s/c.db", f->dir);
    assert_int_equal(fix_open(f, &other, true), -ENOENT);
    assert_null(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_database_logs_ahead_and_gives_pages_back),
        TEST(what_is_committed_is_there_and_what_is_rolled_back_is_not),
        TEST(a_second_writer_waits_and_gives_up),
        TEST(the_version_tells_that_another_handle_wrote),
        TEST(what_is_read_only_writes_nothing),
        TEST(a_file_that_is_no_database_of_ours_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
