// SPDX-License-Identifier: Apache-2.0
// In a folder that holds "there/", "file" and "link" -> "there".
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "powstream/place.h"

static char folder[] = "/tmp/test_place.XXXXXX";

static int begin(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("there", 0755) != 0 ||
        symlink("there", "link") != 0)
        return -1;
    FILE *f = fopen("file", "we");
    return f == NULL ? -1 : fclose(f);
}

static int end(void **state)
{
    (void)state;
    return unlink("file") | unlink("link") | rmdir("there") | chdir("/") | rmdir(folder);
}

static void named(const char *dir, const char *want)
{
    char *name = place_name(dir);
    assert_string_equal(name, want);
    free(name);
}

// What lies in the folder.
static void inside(const char *dir, const char *want)
{
    char whole[200];
    snprintf(whole, sizeof whole, "%s%s%s", folder, want[0] != '\0' ? "/" : "", want);
    named(dir, whole);
}

static void one_directory_has_one_name(void **state)
{
    char whole[200];
    (void)state;
    inside("there", "there");
    inside("./there/", "there");
    inside("there//.", "there");
    inside("there/../there", "there");
    inside("link", "there");
    inside(".", "");
    snprintf(whole, sizeof whole, "%s//link/", folder);
    inside(whole, "there");
}

static void also_one_that_is_not_there_yet(void **state)
{
    (void)state;
    inside("new", "new");
    inside("./new/", "new");
    inside("link/new", "there/new");
    inside("there/./new", "there/new");
    named("/new.not.there/", "/new.not.there");
    named("nosuch/new/", "nosuch/new");
    named("./nosuch//new", "nosuch/new");
    named("/nosuch/./new", "/nosuch/new");
    named("/", "/");
}

static void checked(const char *dir, mode_t make, int want, const char *message)
{
    struct ps_fault fault = {""}, taken = {""};
    assert_int_equal(place_check(dir, make, &fault), want);
    assert_string_equal(fault.text, message);
    if (want == 0)
        return;
    assert_int_equal(place_take(dir, make, &taken), want);
    assert_string_equal(taken.text, message);
}

static void what_cannot_be_written_to_is_told_alike_before_and_when_it_is_taken(void **state)
{
    (void)state;
    checked("there", 0, 0, "");
    checked("there", 0755, 0, "");
    checked("link/", 0755, 0, "");
    checked("new", 0755, 0, "");
    checked("new", 0, -ENOENT, "new: No such file or directory");
    checked("file", 0, -ENOTDIR, "file: Not a directory");
    checked("file", 0755, -ENOTDIR, "file: Not a directory");
    checked("nosuch/new", 0755, -ENOENT, "nosuch/new: cannot be made in nosuch: No such file or directory");
    checked("file/new", 0755, -ENOTDIR, "file/new: cannot be made in file: Not a directory");
}

static void a_check_makes_nothing_and_taking_makes_what_is_missing(void **state)
{
    struct ps_fault fault = {""};
    struct stat st;
    (void)state;
    assert_int_equal(place_check("new", 0750, &fault), 0);
    assert_int_equal(stat("new", &st), -1);
    assert_int_equal(place_take("new", 0750, &fault), 0);
    assert_int_equal(stat("new", &st), 0);
    assert_true(S_ISDIR(st.st_mode) && (st.st_mode & 0007) == 0);
    assert_int_equal(place_take("new", 0750, &fault), 0);
    assert_int_equal(rmdir("new"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_directory_has_one_name),
        cmocka_unit_test(also_one_that_is_not_there_yet),
        cmocka_unit_test(what_cannot_be_written_to_is_told_alike_before_and_when_it_is_taken),
        cmocka_unit_test(a_check_makes_nothing_and_taking_makes_what_is_missing),
    };
    return cmocka_run_group_tests_name("powstream place", tests, begin, end);
}
