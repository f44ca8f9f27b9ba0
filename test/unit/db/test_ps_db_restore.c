// SPDX-License-Identifier: Apache-2.0
#include "db_fix.h"
#include <sys/stat.h>

// A backup of a table with one row that holds n.
static void backup_of(struct fix *f, int n, char path[200])
{
    char sql[80];

    snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS t; CREATE TABLE t (n); INSERT INTO t VALUES (%d)", n);
    assert_int_equal(ps_db_run(f->db, sql), 0);
    snprintf(path, 200, "%s/backup%d", f->dir, n);
    assert_int_equal(ps_db_backup(f->db, path, NULL, NULL, &f->fault), 0);
}

static int64_t value_in(struct fix *f, const char *path)
{
    struct ps_db *db;

    snprintf(f->path, sizeof f->path, "%s", path);
    assert_int_equal(fix_open(f, &db, true), 0);
    int64_t n = number(db, "SELECT n FROM t");
    ps_db_close(db);
    return n;
}

static int restore(struct fix *f, const char *from, const char *to, bool replace)
{
    f->fault.text[0] = '\0';
    return ps_db_restore(from, to, APPLICATION, 1, replace, NULL, NULL, &f->fault);
}

static void a_backup_becomes_a_database_again(void **state)
{
    struct fix *f = *state;
    char backup[200], to[200];

    backup_of(f, 1, backup);
    snprintf(to, sizeof to, "%s/to.db", f->dir);
    assert_int_equal(restore(f, backup, to, false), 0);
    assert_int_equal(value_in(f, to), 1);
    assert_int_equal(value_in(f, backup), 1);
}

static void one_that_is_there_is_put_aside_on_demand(void **state)
{
    struct fix *f = *state;
    char one[200], two[200], to[200], old[210];

    backup_of(f, 1, one);
    backup_of(f, 2, two);
    snprintf(to, sizeof to, "%s/to.db", f->dir);
    snprintf(old, sizeof old, "%s.old", to);
    assert_int_equal(restore(f, one, to, false), 0);
    assert_int_equal(restore(f, two, to, false), PS_EDUPLICATE);
    assert_non_null(strstr(f->fault.text, "there is one already"));
    assert_int_equal(value_in(f, to), 1);
    assert_int_equal(restore(f, two, to, true), 0);
    assert_int_equal(value_in(f, to), 2);
    assert_int_equal(value_in(f, old), 1);
}

static void one_that_was_put_aside_stays(void **state)
{
    struct fix *f = *state;
    char one[200], two[200], to[200], old[210];
    struct stat st;

    backup_of(f, 1, one);
    backup_of(f, 2, two);
    snprintf(to, sizeof to, "%s/to.db", f->dir);
    assert_int_equal(restore(f, one, to, false), 0);
    assert_int_equal(chmod(to, 0604), 0);
    assert_int_equal(restore(f, two, to, true), 0);
    assert_int_equal(restore(f, two, to, true), 0);
    assert_int_equal(stat(to, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0604);
    snprintf(old, sizeof old, "%s.old", to);
    assert_int_equal(value_in(f, old), 1);
    snprintf(old, sizeof old, "%s.old.2", to);
    assert_int_equal(value_in(f, old), 2);
}

static void what_is_no_backup_changes_nothing(void **state)
{
    struct fix *f = *state;
    char one[200], to[200], bad[200];

    backup_of(f, 1, one);
    snprintf(to, sizeof to, "%s/to.db", f->dir);
    snprintf(bad, sizeof bad, "%s/bad", f->dir);
    assert_int_equal(restore(f, one, to, false), 0);
    FILE *file = fopen(bad, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("no database ", file);
    fclose(file);
    assert_true(restore(f, bad, to, true) < 0);
    assert_non_null(strstr(f->fault.text, "bad"));
    assert_true(restore(f, "/nonexistent/file", to, true) < 0);
    assert_int_equal(value_in(f, to), 1);
    assert_int_equal(ps_db_restore(one, to, APPLICATION + 1, 1, true, NULL, NULL, &f->fault) < 0, 1);
    assert_int_equal(value_in(f, to), 1);
    assert_int_equal(ps_db_restore(one, to, APPLICATION, -1, true, NULL, NULL, &f->fault), PS_EVERSION);
    assert_non_null(strstr(f->fault.text, "is newer than this program"));
    assert_int_equal(value_in(f, to), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_backup_becomes_a_database_again),
        TEST(one_that_is_there_is_put_aside_on_demand),
        TEST(one_that_was_put_aside_stays),
        TEST(what_is_no_backup_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
