// SPDX-License-Identifier: Apache-2.0
#include "db_fix.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>

static int fill_in(struct ps_db *db)
{
    return ps_db_run(db, "INSERT INTO t (b) VALUES (7)");
}

static const struct ps_db_migration steps[] = {
    {"CREATE TABLE t (a)", NULL},
    {"ALTER TABLE t ADD COLUMN b", fill_in},
};

static void a_database_is_brought_up_step_by_step(void **state)
{
    struct fix *f = *state;
    assert_int_equal(ps_db_migrate(f->db, steps, 1, &f->fault), 0);
    assert_int_equal(number(f->db, "PRAGMA user_version"), 1);
    assert_int_equal(ps_db_migrate(f->db, steps, 2, &f->fault), 0);
    assert_int_equal(number(f->db, "PRAGMA user_version"), 2);
    assert_int_equal(number(f->db, "SELECT b FROM t"), 7);
    assert_int_equal(ps_db_migrate(f->db, steps, 2, &f->fault), 0);
    assert_int_equal(number(f->db, "SELECT count(*) FROM t"), 1);
}

static void a_newer_database_is_left_alone(void **state)
{
    struct fix *f = *state;
    assert_int_equal(ps_db_migrate(f->db, steps, 2, &f->fault), 0);
    assert_int_equal(ps_db_migrate(f->db, steps, 1, &f->fault), PS_EVERSION);
    assert_non_null(strstr(f->fault.text, "version 2 of the database is newer than this program"));
}

static void a_step_that_fails_leaves_nothing(void **state)
{
    struct fix *f = *state;
    static const struct ps_db_migration bad[] = {{"CREATE TABLE t (a); CREATE TABLE t (a)", NULL}};
    assert_int_equal(ps_db_migrate(f->db, bad, 1, &f->fault), PS_ESTATE);
    assert_int_equal(number(f->db, "PRAGMA user_version"), 0);
    assert_int_equal(number(f->db, "SELECT count(*) FROM sqlite_schema"), 0);
}

static void an_older_database_is_not_read_only(void **state)
{
    struct fix *f = *state;
    struct ps_db *other;
    assert_int_equal(ps_db_migrate(f->db, steps, 1, &f->fault), 0);
    assert_int_equal(fix_open(f, &other, true), 0);
    assert_int_equal(ps_db_migrate(other, steps, 2, &f->fault), -EROFS);
    ps_db_close(other);
}

static void fill(struct fix *f, int rows)
{
    char sql[200];
    snprintf(
        sql, sizeof sql,
        "CREATE TABLE IF NOT EXISTS t (a, b); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < %d) INSERT INTO t SELECT i, randomblob(1000) FROM n",
        rows);
    assert_int_equal(ps_db_run(f->db, sql), 0);
}

static bool count_calls(void *ctx, int left, int total)
{
    (void)left;
    (void)total;
    return ++*(int *)ctx < 1000;
}

static bool give_up(void *ctx, int left, int total)
{
    (void)ctx;
    (void)left;
    (void)total;
    return false;
}

static void a_backup_is_a_database_of_one_file(void **state)
{
    struct fix *f = *state;
    struct ps_db *copy;
    char to[128], log[140];
    int calls = 0;
    fill(f, 2000);
    snprintf(to, sizeof to, "%s/copy.db", f->dir);
    assert_int_equal(ps_db_backup(f->db, to, count_calls, &calls, &f->fault), 0);
    assert_true(calls > 1);
    snprintf(log, sizeof log, "%s-wal", to);
    assert_int_equal(access(log, F_OK), -1);
    snprintf(f->path, sizeof f->path, "%s", to);
    assert_int_equal(fix_open(f, &copy, false), 0);
    assert_int_equal(number(copy, "SELECT count(*) FROM t"), 2000);
    ps_db_close(copy);
}

static void a_backup_that_fails_leaves_what_was_there(void **state)
{
    struct fix *f = *state;
    char to[128];
    struct stat st;
    fill(f, 2000);
    snprintf(to, sizeof to, "%s/copy.db", f->dir);
    int fd = open(to, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(ps_db_backup(f->db, to, give_up, NULL, &f->fault), PS_ECANCELLED);
    assert_int_equal(stat(to, &st), 0);
    assert_int_equal(st.st_size, 0);
    snprintf(to, sizeof to, "%s/none/copy.db", f->dir);
    assert_int_equal(ps_db_backup(f->db, to, NULL, NULL, &f->fault), -ENOENT);
}

// With what SQLite had beside it.
static void a_backup_that_fails_leaves_nothing_of_its_own(void **state)
{
    struct fix *f = *state;
    char to[128], pattern[160];
    glob_t found;
    fill(f, 2000);
    snprintf(to, sizeof to, "%s/copy.db", f->dir);
    snprintf(pattern, sizeof pattern, "%s*", to);
    assert_int_equal(ps_db_backup(f->db, to, give_up, NULL, &f->fault), PS_ECANCELLED);
    assert_int_equal(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
}

static void a_backup_is_its_owners_alone(void **state)
{
    struct fix *f = *state;
    char to[128];
    struct stat st;
    fill(f, 10);
    snprintf(to, sizeof to, "%s/copy.db", f->dir);
    assert_int_equal(ps_db_backup(f->db, to, NULL, NULL, &f->fault), 0);
    assert_int_equal(stat(to, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_database_is_no_place_for_its_backup(void **state)
{
    struct fix *f = *state;
    char link_[128], log[210];
    fill(f, 10);
    snprintf(link_, sizeof link_, "%s/link.db", f->dir);
    snprintf(log, sizeof log, "%s-wal", f->path);
    assert_int_equal(symlink(f->path, link_), 0);
    assert_int_equal(ps_db_backup(f->db, f->path, NULL, NULL, &f->fault), PS_EDUPLICATE);
    assert_int_equal(ps_db_backup(f->db, log, NULL, NULL, &f->fault), PS_EDUPLICATE);
    assert_int_equal(ps_db_backup(f->db, link_, NULL, NULL, &f->fault), PS_EDUPLICATE);
    assert_non_null(strstr(f->fault.text, "link.db: is the database itself"));
    assert_int_equal(number(f->db, "SELECT count(*) FROM t"), 10);
}

static off_t octets(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void what_was_deleted_is_given_back(void **state)
{
    struct fix *f = *state;
    int64_t left = -1;
    struct ps_db_size size;
    fill(f, 2000);
    assert_int_equal(ps_db_checkpoint(f->db), 0);
    off_t full = octets(f->path);
    assert_int_equal(ps_db_run(f->db, "DELETE FROM t"), 0);
    assert_int_equal(ps_db_size(f->db, &size), 0);
    assert_true(size.unused > 400 && size.pages >= size.unused && size.page_octets == 4096);
    assert_int_equal(ps_db_give_back(f->db, 100, &left), 0);
    assert_int_equal(left, size.unused - 100);
    assert_int_equal(ps_db_give_back(f->db, INT64_MAX, &left), 0);
    assert_int_equal(left, 0);
    assert_int_equal(ps_db_checkpoint(f->db), 0);
    assert_true(octets(f->path) < full / 10);
}

static void the_log_is_carried_over_without_waiting(void **state)
{
    struct fix *f = *state;
    struct ps_db *other;
    char log[220];
    fill(f, 100);
    assert_int_equal(fix_open(f, &other, true), 0);
    snprintf(log, sizeof log, "%s-wal", f->path);
    assert_int_equal(ps_db_begin_read(other), 0);
    assert_int_equal(number(other, "SELECT count(*) FROM t"), 100);
    fill(f, 1);
    assert_int_equal(ps_db_checkpoint_now(f->db), -EBUSY);
    assert_true(octets(log) > 0);
    assert_int_equal(ps_db_commit(other), 0);
    assert_int_equal(ps_db_checkpoint_now(f->db), 0);
    assert_int_equal(octets(log), 0);
    assert_int_equal(number(other, "SELECT count(*) FROM t"), 101);
    ps_db_close(other);
}

static void damage_is_found(void **state)
{
    struct fix *f = *state;
    struct ps_db *again;
    fill(f, 2000);
    assert_int_equal(ps_db_check(f->db, &f->fault), 0);
    ps_db_close(f->db);
    f->db = NULL;
    int fd = open(f->path, O_WRONLY);
    char noise[4096];
    memset(noise, 0x5a, sizeof noise);
    assert_int_equal(pwrite(fd, noise, sizeof noise, 40 * 4096), sizeof noise);
    close(fd);
    assert_int_equal(fix_open(f, &again, false), 0);
    assert_int_equal(ps_db_check(again, &f->fault), PS_EMALFORMED);
    assert_non_null(strstr(f->fault.text, "a.db: damaged: "));
    ps_db_close(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_database_is_brought_up_step_by_step),
        TEST(a_newer_database_is_left_alone),
        TEST(a_step_that_fails_leaves_nothing),
        TEST(an_older_database_is_not_read_only),
        TEST(a_backup_is_a_database_of_one_file),
        TEST(a_backup_that_fails_leaves_what_was_there),
        TEST(a_backup_that_fails_leaves_nothing_of_its_own),
        TEST(a_backup_is_its_owners_alone),
        TEST(a_database_is_no_place_for_its_backup),
        TEST(what_was_deleted_is_given_back),
        TEST(the_log_is_carried_over_without_waiting),
        TEST(damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
