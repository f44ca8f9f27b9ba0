// SPDX-License-Identifier: Apache-2.0
// What changes a process for good runs in a child, which exits with 0 or with the number of the
// check that failed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_priv.h"

#define OTHER_UID 12345 // of no user, so of no groups
#define OTHER_GID 23456
#define KEPT (PS_KEEP_NICE | PS_KEEP_BIND)

#define CHECK(number, condition) \
    do {                         \
        if (!(condition))        \
            return number;       \
    } while (0)

static int exit_of(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int in_child(int (*body)(const char *arg), const char *arg)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(body(arg));
    return exit_of(child);
}

// users and groups

static void a_user_is_found_by_name_and_by_number(void **state)
{
    uid_t uid = 7;
    gid_t gid = 7;

    (void)state;
    assert_int_equal(ps_priv_user("root", &uid, &gid), 0);
    assert_int_equal(uid, 0);
    assert_int_equal(gid, 0);
    uid = gid = 7;
    assert_int_equal(ps_priv_user("-0", &uid, &gid), 0);
    assert_int_equal(uid, 0);
    assert_int_equal(gid, 0);
}

static void a_group_is_found_by_name_and_by_number(void **state)
{
    gid_t gid = 7;

    (void)state;
    assert_int_equal(ps_priv_group("root", &gid), 0);
    assert_int_equal(gid, 0);
    gid = 7;
    assert_int_equal(ps_priv_group("-0", &gid), 0);
    assert_int_equal(gid, 0);
}

static void unknown_users_and_groups_are_not_found(void **state)
{
    uid_t uid;
    gid_t gid;

    (void)state;
    assert_int_equal(ps_priv_user("no such user", &uid, &gid), PS_ENOTFOUND);
    assert_int_equal(ps_priv_user("12345", &uid, &gid), PS_ENOTFOUND);
    assert_int_equal(ps_priv_user("-4000000000", &uid, &gid), PS_ENOTFOUND);
    assert_int_equal(ps_priv_group("no such group", &gid), PS_ENOTFOUND);
    assert_int_equal(ps_priv_group("-4000000000", &gid), PS_ENOTFOUND);
}

static void what_is_neither_name_nor_number_is_a_syntax_error(void **state)
{
    static const char *const bad[] = {"", "-", "-x", "--1", "-1x", "-4294967295", "-99999999999999999999"};
    uid_t uid;
    gid_t gid;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(ps_priv_user(bad[i], &uid, &gid), PS_ESYNTAX);
        assert_int_equal(ps_priv_group(bad[i], &gid), PS_ESYNTAX);
    }
}

// giving up root

static bool cap_is_on(cap_value_t cap, cap_flag_t flag)
{
    cap_t caps = cap_get_proc();
    cap_flag_value_t on = CAP_CLEAR;

    if (caps)
        cap_get_flag(caps, cap, flag, &on);
    cap_free(caps);
    return on == CAP_SET;
}

static int drop_for_good(const char *arg)
{
    bool nice = cap_is_on(CAP_SYS_NICE, CAP_PERMITTED),
         serve = cap_is_on(CAP_NET_BIND_SERVICE, CAP_PERMITTED);
    uid_t ru, eu, su;
    gid_t rg, eg, sg;

    (void)arg;
    CHECK(1, ps_priv_drop(OTHER_UID, OTHER_GID, KEPT) == 0);
    CHECK(2, getresuid(&ru, &eu, &su) == 0 && ru == OTHER_UID && eu == OTHER_UID && su == OTHER_UID);
    CHECK(3, getresgid(&rg, &eg, &sg) == 0 && rg == OTHER_GID && eg == OTHER_GID && sg == OTHER_GID);
    CHECK(4, getgroups(0, NULL) == 0);
    CHECK(5, setuid(0) < 0 && seteuid(0) < 0 && setgid(0) < 0);
    for (cap_value_t cap = 0; cap <= CAP_LAST_CAP; cap++)
        if (cap != CAP_SYS_NICE && cap != CAP_NET_BIND_SERVICE)
            CHECK(6, !cap_is_on(cap, CAP_PERMITTED) && !cap_is_on(cap, CAP_EFFECTIVE));
    CHECK(7, cap_is_on(CAP_SYS_NICE, CAP_PERMITTED) == nice &&
                 cap_is_on(CAP_NET_BIND_SERVICE, CAP_PERMITTED) == serve);
    CHECK(8, cap_is_on(CAP_SYS_NICE, CAP_EFFECTIVE) == nice &&
                 cap_is_on(CAP_NET_BIND_SERVICE, CAP_EFFECTIVE) == serve);
    CHECK(9, ps_priv_drop(OTHER_UID, OTHER_GID, KEPT) == 0); // that it is already
    CHECK(10, ps_priv_drop(0, 0, KEPT) == -EPERM);
    return 0;
}

static int drop_refused(const char *arg)
{
    (void)arg;
    CHECK(1, ps_priv_drop(OTHER_UID, OTHER_GID, KEPT) == -EPERM);
    CHECK(2, ps_priv_drop(getuid(), getgid(), KEPT) == 0);
    return 0;
}

static void dropped_privileges_are_gone_but_for_the_two_kept(void **state)
{
    (void)state;
    if (cap_is_on(CAP_SETUID, CAP_EFFECTIVE) && cap_is_on(CAP_SETGID, CAP_EFFECTIVE))
        assert_int_equal(in_child(drop_for_good, NULL), 0);
    else
        assert_int_equal(in_child(drop_refused, NULL), 0);
}

static int drop_in_turn(const char *arg)
{
    char text[1024];

    (void)arg;
    CHECK(3, strstr(ps_priv_caps(text, sizeof text), "dac_override ") != NULL);
    CHECK(4, ps_priv_drop(OTHER_UID, OTHER_GID, PS_KEEP_NICE | PS_KEEP_BIND) == 0);
    CHECK(5, strcmp(ps_priv_caps(text, sizeof text), "net_bind_service sys_nice") == 0);
    CHECK(6, strcmp(ps_priv_caps(text, 20), "net_bind_service") == 0);
    CHECK(7, ps_priv_drop(OTHER_UID, OTHER_GID, PS_KEEP_BIND) == 0);
    CHECK(8, strcmp(ps_priv_caps(text, sizeof text), "net_bind_service") == 0);
    CHECK(9, ps_priv_drop(OTHER_UID, OTHER_GID, 0) == 0);
    CHECK(10, strcmp(ps_priv_caps(text, sizeof text), "") == 0);
    return 0;
}

static int drop_as_usual(const char *arg)
{
    char text[1024];

    (void)arg;
    CHECK(1, ps_priv_drop(OTHER_UID, OTHER_GID, PS_KEEP_USUAL) == 0);
    CHECK(2, strcmp(ps_priv_caps(text, sizeof text), "") == 0);
    CHECK(3, !cap_is_on(CAP_DAC_OVERRIDE, CAP_EFFECTIVE));
    return 0;
}

static void who_asks_for_nothing_special_keeps_what_the_kernel_leaves(void **state)
{
    (void)state;
    if (cap_is_on(CAP_SETUID, CAP_EFFECTIVE) && cap_is_on(CAP_SETGID, CAP_EFFECTIVE))
        assert_int_equal(in_child(drop_as_usual, NULL), 0);
    else
        assert_int_equal(in_child(drop_refused, NULL), 0);
}

static void capabilities_are_told_by_name_and_given_up_one_by_one(void **state)
{
    (void)state;
    if (cap_is_on(CAP_SETUID, CAP_EFFECTIVE) && cap_is_on(CAP_SYS_NICE, CAP_PERMITTED) &&
        cap_is_on(CAP_DAC_OVERRIDE, CAP_PERMITTED) && cap_is_on(CAP_NET_BIND_SERVICE, CAP_PERMITTED))
        assert_int_equal(in_child(drop_in_turn, NULL), 0);
}

static int drop_to_self(const char *arg)
{
    bool before = cap_is_on(CAP_DAC_OVERRIDE, CAP_EFFECTIVE);

    (void)arg;
    CHECK(1, ps_priv_drop(getuid(), getgid(), KEPT) == 0);
    CHECK(2, cap_is_on(CAP_DAC_OVERRIDE, CAP_EFFECTIVE) == (getuid() == 0 && before));
    return 0;
}

static void a_root_that_stays_root_keeps_its_capabilities(void **state)
{
    (void)state;
    assert_int_equal(in_child(drop_to_self, NULL), 0);
}

// daemonising

static int say_seven(const char *arg)
{
    int fd = -1;

    (void)arg;
    CHECK(1, ps_priv_daemonise(&fd) == 0);
    ps_priv_ready(fd, 7);
    return 0;
}

static void the_parent_exits_with_the_status_that_the_daemon_says(void **state)
{
    (void)state;
    assert_int_equal(in_child(say_seven, NULL), 7);
}

static int exit_with_five(const char *arg)
{
    int fd = -1;

    (void)arg;
    CHECK(1, ps_priv_daemonise(&fd) == 0);
    return 5;
}

static void the_parent_passes_on_the_status_of_a_daemon_that_died(void **state)
{
    (void)state;
    assert_int_equal(in_child(exit_with_five, NULL), 5);
}

static int be_killed(const char *arg)
{
    int fd = -1;

    (void)arg;
    CHECK(2, ps_priv_daemonise(&fd) == 0);
    raise(SIGKILL);
    return 3;
}

static void the_parent_fails_when_the_daemon_was_killed(void **state)
{
    (void)state;
    assert_int_equal(in_child(be_killed, NULL), 1);
}

static bool is_null_device(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

static int look_around(void)
{
    char cwd[16];

    CHECK(11, getsid(0) == getpid());
    CHECK(12, getcwd(cwd, sizeof cwd) && strcmp(cwd, "/") == 0);
    CHECK(13, is_null_device(0) && is_null_device(1) && is_null_device(2));
    return 10;
}

static int daemon_looks_around(const char *arg)
{
    int fd = -1;

    (void)arg;
    CHECK(1, ps_priv_daemonise(&fd) == 0);
    ps_priv_ready(fd, look_around());
    return 0;
}

static void a_daemon_has_its_own_session_and_no_terminal(void **state)
{
    (void)state;
    assert_int_equal(in_child(daemon_looks_around, NULL), 10);
}

static int daemon_without_descriptors(const char *arg)
{
    close(0);
    close(1);
    close(2);
    return daemon_looks_around(arg);
}

static void a_daemon_may_be_started_with_standard_descriptors_closed(void **state)
{
    (void)state;
    assert_int_equal(in_child(daemon_without_descriptors, NULL), 10);
}

static void nobody_waiting_is_fine(void **state)
{
    (void)state;
    ps_priv_ready(-1, 0);
}

// pid files

struct place {
    char dir[40];
    char path[64];
};

static int place_new(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    assert_non_null(p);
    strcpy(p->dir, "/tmp/test_ps_priv.XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/x.pid", p->dir);
    *state = p;
    return 0;
}

static int place_free(void **state)
{
    struct place *p = *state;

    unlink(p->path);
    assert_int_equal(rmdir(p->dir), 0);
    free(p);
    return 0;
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void assert_holds_own_pid(const char *path)
{
    char want[32], got[64];
    FILE *f = fopen(path, "r");
    size_t n;

    assert_non_null(f);
    n = fread(got, 1, sizeof got - 1, f);
    got[n] = '\0';
    snprintf(want, sizeof want, "%ld\n", (long)getpid());
    assert_string_equal(got, want);
    fclose(f);
}

static void a_pid_file_holds_the_pid_and_a_newline(void **state)
{
    struct place *p = *state;
    pid_t holder;
    int fd;

    assert_int_equal(ps_priv_pidfile(p->path, &fd, &holder), 0);
    assert_holds_own_pid(p->path);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

static void a_stale_pid_file_is_taken_over_whole(void **state)
{
    struct place *p = *state;
    pid_t holder;
    int fd;

    write_text(p->path, "1234567890123456789\nand more\n");
    assert_int_equal(ps_priv_pidfile(p->path, &fd, &holder), 0);
    assert_holds_own_pid(p->path);
    close(fd);
}

static int second_comer(const char *path)
{
    pid_t holder = 0;
    int fd;

    CHECK(1, ps_priv_pidfile(path, &fd, &holder) == -EAGAIN);
    CHECK(2, holder == getppid());
    return 0;
}

static void a_second_process_is_told_who_holds_the_file(void **state)
{
    struct place *p = *state;
    pid_t holder;
    int fd;

    assert_int_equal(ps_priv_pidfile(p->path, &fd, &holder), 0);
    assert_int_equal(in_child(second_comer, p->path), 0);
    assert_holds_own_pid(p->path);
    close(fd);
}

static int take(const char *path)
{
    pid_t holder;
    int fd;

    return ps_priv_pidfile(path, &fd, &holder) != 0;
}

static void the_lock_ends_with_its_process(void **state)
{
    struct place *p = *state;

    assert_int_equal(in_child(take, p->path), 0);
    assert_int_equal(in_child(take, p->path), 0);
}

static void a_link_is_not_followed(void **state)
{
    struct place *p = *state;
    char target[96];
    pid_t holder;
    int fd;

    snprintf(target, sizeof target, "%s/victim", p->dir);
    write_text(target, "precious");
    assert_int_equal(symlink(target, p->path), 0);
    assert_int_equal(ps_priv_pidfile(p->path, &fd, &holder), -ELOOP);
    unlink(target);
}

static void a_missing_directory_is_an_error(void **state)
{
    pid_t holder;
    int fd;

    (void)state;
    assert_int_equal(ps_priv_pidfile("/nonexistent/x.pid", &fd, &holder), -ENOENT);
}

#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, place_new, place_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_is_found_by_name_and_by_number),
        cmocka_unit_test(a_group_is_found_by_name_and_by_number),
        cmocka_unit_test(unknown_users_and_groups_are_not_found),
        cmocka_unit_test(what_is_neither_name_nor_number_is_a_syntax_error),
        cmocka_unit_test(dropped_privileges_are_gone_but_for_the_two_kept),
        cmocka_unit_test(who_asks_for_nothing_special_keeps_what_the_kernel_leaves),
        cmocka_unit_test(capabilities_are_told_by_name_and_given_up_one_by_one),
        cmocka_unit_test(a_root_that_stays_root_keeps_its_capabilities),
        cmocka_unit_test(the_parent_exits_with_the_status_that_the_daemon_says),
        cmocka_unit_test(the_parent_passes_on_the_status_of_a_daemon_that_died),
        cmocka_unit_test(the_parent_fails_when_the_daemon_was_killed),
        cmocka_unit_test(a_daemon_has_its_own_session_and_no_terminal),
        cmocka_unit_test(a_daemon_may_be_started_with_standard_descriptors_closed),
        cmocka_unit_test(nobody_waiting_is_fine),
        IN_PLACE(a_pid_file_holds_the_pid_and_a_newline),
        IN_PLACE(a_stale_pid_file_is_taken_over_whole),
        IN_PLACE(a_second_process_is_told_who_holds_the_file),
        IN_PLACE(the_lock_ends_with_its_process),
        IN_PLACE(a_link_is_not_followed),
        IN_PLACE(a_missing_directory_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
