// SPDX-License-Identifier: Apache-2.0
// Root may do everything: who looks is a child that has become nobody.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "loop/ps_access.h"
#include "loop/ps_priv.h"

#define NO_USER 12345 // of no name

struct place {
    char dir[64];
    char closed[80], inside[96], file[96];
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    FILE *f;

    assert_non_null(p);
    snprintf(p->dir, sizeof p->dir, "/tmp/ps_access.XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    assert_int_equal(chmod(p->dir, 0755), 0);
    snprintf(p->closed, sizeof p->closed, "%s/closed", p->dir);
    snprintf(p->inside, sizeof p->inside, "%s/x", p->closed);
    snprintf(p->file, sizeof p->file, "%s/file", p->dir);
    assert_int_equal(mkdir(p->closed, 0700), 0);
    f = fopen(p->file, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(chmod(p->file, 0600), 0);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;

    (void)unlink(p->file);
    (void)rmdir(p->closed);
    (void)rmdir(p->dir);
    free(p);
    return 0;
}

static void what_is_missing_may_be_made_but_not_its_parents(void **state)
{
    static const char *const none[] = {NULL};
    struct place *p = *state;
    struct ps_fault fault = {""};
    char deep[128], wanted[300];

    assert_int_equal(ps_access_folder("data", p->inside, &fault), 0);
    assert_int_equal(ps_access_kept("data", p->inside, none, &fault), 0);
    assert_int_equal(ps_access_file("data", p->inside, &fault), 0);
    snprintf(deep, sizeof deep, "%s/y", p->inside);
    snprintf(wanted, sizeof wanted, "data: %s cannot be made in %s: No such file or directory", deep,
             p->inside);
    assert_int_equal(ps_access_folder("data", deep, &fault), -ENOENT);
    assert_string_equal(fault.text, wanted);
    assert_int_equal(ps_access_file("data", deep, &fault), -ENOENT);
    assert_string_equal(fault.text, wanted);
    assert_int_equal(ps_access_folder("data", p->file, &fault), -ENOTDIR);
    assert_int_equal(ps_access_read("key", p->inside, &fault), -ENOENT);
    assert_int_equal(ps_access_read("key", p->file, &fault), 0);
}

static bool look_at(const char *path, const char *wanted)
{
    struct ps_fault f = {""};

    return ps_access_folder("data", path, &f) == -EACCES && strcmp(f.text, wanted) == 0;
}

// 0, or the number of what is wrong.
static int look_as_nobody(const struct place *p)
{
    struct ps_fault f = {""};
    char wanted[512];

    if (ps_priv_drop(NO_USER, NO_USER, 0) != 0)
        return 1;
    snprintf(wanted, sizeof wanted,
             "data: %s cannot be written by the user '12345': Permission denied: chown 12345 %s", p->closed,
             p->closed);
    if (!look_at(p->closed, wanted))
        return 2;
    snprintf(wanted, sizeof wanted,
             "data: %s cannot be written by the user '12345', who may not pass %s: chmod o+x %s, or name "
             "another place",
             p->inside, p->closed, p->closed);
    if (!look_at(p->inside, wanted))
        return 3;
    snprintf(wanted, sizeof wanted,
             "key: %s cannot be read by the user '12345': Permission denied: chown 12345 %s", p->file,
             p->file);
    if (ps_access_read("key", p->file, &f) != -EACCES || strcmp(f.text, wanted) != 0)
        return 4;
    return ps_access_file("data", p->file, &f) == -EACCES ? 0 : 5;
}

static int in_child(int (*body)(const struct place *), const struct place *p)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        _exit(body(p));
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void who_may_not_is_told_what_to_give_him(void **state)
{
    if (geteuid() != 0)
        skip();
    assert_int_equal(in_child(look_as_nobody, *state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_missing_may_be_made_but_not_its_parents, setup, teardown),
        cmocka_unit_test_setup_teardown(who_may_not_is_told_what_to_give_him, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
