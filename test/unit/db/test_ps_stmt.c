// SPDX-License-Identifier: Apache-2.0
#include "db_fix.h"

static void values_come_back_as_they_were_bound(void **state)
{
    struct fix *f = *state;
    struct ps_stmt *add, *get;
    size_t len;
    assert_int_equal(ps_db_run(f->db, "CREATE TABLE t (a, b, c, d)"), 0);
    assert_int_equal(ps_stmt_new(&add, f->db, "INSERT INTO t VALUES (?1, ?2, ?3, ?4)"), 0);
    ps_stmt_i64(add, 1, INT64_MIN);
    ps_stmt_blob(add, 2, "a\0b", 3);
    ps_stmt_text(add, 3, "text");
    ps_stmt_null(add, 4);
    assert_int_equal(ps_stmt_run(add), 0);
    assert_int_equal(ps_db_changes(f->db), 1);
    assert_int_equal(ps_stmt_new(&get, f->db, "SELECT a, b, c, d FROM t"), 0);
    assert_int_equal(ps_stmt_step(get), 1);
    assert_true(ps_stmt_col_i64(get, 0) == INT64_MIN);
    assert_memory_equal(ps_stmt_col_blob(get, 1, &len), "a\0b", 3);
    assert_int_equal(len, 3);
    assert_string_equal(ps_stmt_col_text(get, 2), "text");
    assert_null(ps_stmt_col_text(get, 3));
    assert_string_equal(ps_stmt_col_blob(get, 3, &len), "");
    assert_int_equal(len, 0);
    assert_int_equal(ps_stmt_step(get), 0);
    ps_stmt_free(add);
    ps_stmt_free(get);
    ps_stmt_free(NULL);
}

static void a_statement_can_be_run_again(void **state)
{
    struct fix *f = *state;
    struct ps_stmt *add;
    assert_int_equal(ps_db_run(f->db, "CREATE TABLE t (a INTEGER PRIMARY KEY)"), 0);
    assert_int_equal(ps_stmt_new(&add, f->db, "INSERT INTO t VALUES (?1)"), 0);
    for (int i = 0; i < 3; i++) {
        ps_stmt_i64(add, 1, i);
        assert_int_equal(ps_stmt_run(add), 0);
    }
    assert_int_equal(ps_stmt_run(add), PS_EDUPLICATE);
    ps_stmt_i64(add, 1, 9);
    assert_int_equal(ps_stmt_run(add), 0);
    assert_int_equal(number(f->db, "SELECT count(*) FROM t"), 4);
    ps_stmt_free(add);
}

static void wrong_sql_is_told(void **state)
{
    struct fix *f = *state;
    struct ps_stmt *st = NULL;
    int64_t n;
    assert_int_equal(ps_stmt_new(&st, f->db, "SELEC 1"), PS_ESTATE);
    assert_null(st);
    assert_int_equal(ps_stmt_new(&st, f->db, ""), PS_ESTATE);
    assert_int_equal(ps_db_run(f->db, "INSERT INTO nowhere VALUES (1)"), PS_ESTATE);
    assert_non_null(strstr(ps_db_words(f->db), "nowhere"));
    assert_int_equal(ps_db_number(f->db, "SELECT 1 WHERE 0", &n), PS_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_come_back_as_they_were_bound),
        TEST(a_statement_can_be_run_again),
        TEST(wrong_sql_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
