// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_daemon.h"

static void who_is_not_there_is_told(void **state)
{
    struct ps_fault fault = {""};

    (void)state;
    assert_int_equal(ps_daemon_check_who("", "", &fault), 0);
    assert_int_equal(ps_daemon_check_who("root", "root", &fault), 0);
    assert_int_equal(ps_daemon_check_who("nobody-of-that-name", "", &fault), PS_ENOTFOUND);
    assert_string_equal(fault.text, "user: there is no 'nobody-of-that-name' on this host");
    assert_int_equal(ps_daemon_check_who("root", "none-of-that-name", &fault), PS_ENOTFOUND);
    assert_string_equal(fault.text, "group: there is no 'none-of-that-name' on this host");
}

// --- a folder that one process has

static int setup(void **state)
{
    char *dir = strdup("/tmp/ps_daemon.XXXXXX");

    assert_non_null(dir);
    assert_non_null(mkdtemp(dir));
    *state = dir;
    return 0;
}

static int teardown(void **state)
{
    char *dir = *state, lock[100];

    snprintf(lock, sizeof lock, "%s/lock", dir);
    (void)unlink(lock);
    assert_int_equal(rmdir(dir), 0);
    free(dir);
    return 0;
}

static int in_child(int (*body)(const char *dir), const char *dir)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        _exit(body(dir));
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static int come_second(const char *dir)
{
    struct ps_fault fault = {""};
    char wanted[200];
    int fd;

    snprintf(wanted, sizeof wanted, "%s: is in use by the x of process %ld: end that one, or " PS_DAEMON_NEXT,
             dir, (long)getppid());
    if (ps_daemon_hold_folder(dir, "x", &fd, &fault) != -EAGAIN)
        return 1;
    return strcmp(fault.text, wanted) == 0 ? 0 : 2;
}

static int hold(const char *dir)
{
    struct ps_fault fault = {""};
    int fd;

    return ps_daemon_hold_folder(dir, "x", &fd, &fault) == 0 ? 0 : 1;
}

static void who_comes_second_is_told_who_has_the_folder(void **state)
{
    struct ps_fault fault = {""};
    int fd;

    assert_int_equal(ps_daemon_hold_folder(*state, "x", &fd, &fault), 0);
    assert_int_equal(in_child(come_second, *state), 0);
    close(fd);
    assert_int_equal(in_child(hold, *state), 0);
    assert_int_equal(in_child(hold, *state), 0); // that process has ended
}

static int hold_on_full_disk(const char *dir)
{
    const struct rlimit none = {0, 0};

    (void)signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &none) == 0 ? hold(dir) : 2;
}

static void a_full_disk_is_no_reason_not_to_start(void **state)
{
    assert_int_equal(in_child(hold_on_full_disk, *state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_not_there_is_told),
        cmocka_unit_test_setup_teardown(who_comes_second_is_told_who_has_the_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_no_reason_not_to_start, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
