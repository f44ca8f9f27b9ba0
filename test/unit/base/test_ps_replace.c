// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/ps_conf.h"
#include "base/ps_replace.h"

static char dir[] = "/tmp/test_replace.XXXXXX", path[100], temp[100];

static int set_up(void **state)
{
    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/file", dir);
    snprintf(temp, sizeof temp, "%s/file.tmp", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    unlink(temp);
    rmdir(temp);
    return rmdir(dir);
}

static void assert_holds(const char *wanted)
{
    char *text;
    size_t len;
    assert_int_equal(ps_conf_load(path, 1000, &text, &len), 0);
    assert_string_equal(text, wanted);
    free(text);
}

static void the_new_file_stands_in_place_of_the_old_one_with_its_mode(void **state)
{
    struct stat st;
    (void)state;
    umask(077);
    assert_int_equal(ps_replace_file(path, "one", 3, 0644), 0);
    assert_int_equal(ps_replace_file(path, "two2", 4, 0640), 0);
    assert_holds("two2");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_not_equal(access(temp, F_OK), 0);
}

static void what_another_run_has_left_is_no_hindrance(void **state)
{
    (void)state;
    assert_int_equal(symlink("/nowhere", temp), 0);
    assert_int_equal(ps_replace_file(path, "one", 3, 0644), 0);
    assert_holds("one");
}

static void when_it_cannot_be_written_the_old_one_stays(void **state)
{
    (void)state;
    assert_int_equal(ps_replace_file(path, "one", 3, 0644), 0);
    assert_int_equal(mkdir(temp, 0700), 0);
    assert_true(ps_replace_file(path, "two", 3, 0644) < 0);
    assert_holds("one");
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    (void)state;
    assert_true(ps_replace_file("/tmp/no/such/folder/x", "one", 3, 0644) < 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_new_file_stands_in_place_of_the_old_one_with_its_mode),
        TEST(what_another_run_has_left_is_no_hindrance),
        TEST(when_it_cannot_be_written_the_old_one_stays),
        TEST(a_folder_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
