// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_orphans.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char run[TL_ORPHANS_RUN];

// Of this process alone, so that tests beside each other do not meet.
static int name_run(void **state)
{
    (void)state;
    snprintf(run, sizeof run, "00000000-0000-4000-8000-%012d", (int)getpid());
    return 0;
}

// A process with two variables that waits to be killed, in a session of its own. Returns when it is the program.
static pid_t start_program(const char *path, char **argv, const char *first, const char *second)
{
    char a[TL_ORPHANS_MARK], b[TL_ORPHANS_MARK], *env[] = {(char[]){"OTHER=1"}, a, b, NULL};
    int fds[2];
    char octet;
    pid_t pid;

    snprintf(a, sizeof a, "%s", first);
    snprintf(b, sizeof b, "%s", second);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setsid();
        prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that fails leaves nothing behind
        execve(path, argv, env);
        _exit(127);
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], &octet, 1), 0);
    close(fds[0]);
    return pid;
}

static pid_t start(const char *first, const char *second)
{
    char *argv[] = {(char[]){"sleep"}, (char[]){"1000"}, NULL};

    return start_program("/bin/sleep", argv, first, second);
}

static void claim_killed(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void claim_alive(pid_t pid)
{
    assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void processes_of_a_run_are_found_and_killed(void **state)
{
    char marks[TL_ORPHANS_MARKS][TL_ORPHANS_MARK];
    struct tl_orphan found[4];
    size_t n;
    pid_t ours, others;

    (void)state;
    tl_orphans_mark(run, marks);
    ours = start(marks[0], marks[1]);
    others = start("PSCHED_RUN=00000000-0000-4000-8000-ffffffffffff", marks[1]);
    assert_int_equal(tl_orphans_find(run, found, 4, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(found[0].pid, ours);
    assert_string_equal(found[0].run, run);
    assert_int_equal(tl_orphans_kill(run), 1);
    claim_killed(ours);
    claim_alive(others);
    assert_int_equal(tl_orphans_kill(run), 0);
    end(others);
}

static bool is_among(pid_t pid, const struct tl_orphan *found, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (found[i].pid == pid)
            return true;
    }
    return false;
}

// A psched that starts on this host in the meantime ends them.
static bool is_ended(pid_t pid)
{
    siginfo_t info = {0};

    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
    return info.si_pid == pid;
}

static void those_of_a_dead_owner_are_told_from_those_of_a_living_one(void **state)
{
    char marks[TL_ORPHANS_MARKS][TL_ORPHANS_MARK], dead[TL_ORPHANS_MARK], reused[TL_ORPHANS_MARK];
    struct tl_orphan found[64];
    pid_t living, orphan, other;
    size_t n;

    (void)state;
    tl_orphans_mark(run, marks);
    snprintf(dead, sizeof dead, "PSCHED_OWNER=999999999-5");
    snprintf(reused, sizeof reused, "PSCHED_OWNER=%d-1", (int)getpid());
    living = start(marks[0], marks[1]);
    orphan = start(marks[0], dead);
    other = start(marks[0], reused);
    assert_int_equal(tl_orphans_find(NULL, found, 64, &n), 0);
    assert_false(is_among(living, found, n));
    assert_true(is_among(orphan, found, n) || is_ended(orphan));
    assert_true(is_among(other, found, n) || is_ended(other));
    end(living);
    end(orphan);
    end(other);
}

static void what_has_no_mark_is_left_alone(void **state)
{
    pid_t plain = start("PSCHED_RUNNER=x", "NO_PSCHED_RUN=x"),
          endless = start("PSCHED_RUN=x", "PSCHED_OWNER=");
    struct tl_orphan found[64];
    size_t n;

    (void)state;
    assert_int_equal(tl_orphans_find(NULL, found, 64, &n), 0);
    assert_false(is_among(plain, found, n));
    assert_true(is_among(endless, found, n) || is_ended(endless)); // an owner that is none is not there
    end(plain);
    end(endless);
}

// In between it has no environment that could be looked at.
static void one_that_becomes_a_program_again_and_again_does_not_slip_away(void **state)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"exec sh -c \"$0\" \"$0\""}, NULL, NULL};

    (void)state;
    argv[3] = argv[2];
    for (int i = 0; i < 500; i++) {
        char marks[TL_ORPHANS_MARKS][TL_ORPHANS_MARK];
        pid_t pid;
        tl_orphans_mark(run, marks);
        pid = start_program("/bin/sh", argv, marks[0], marks[1]);
        assert_int_equal(tl_orphans_kill(run), 1);
        claim_killed(pid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes_of_a_run_are_found_and_killed),
        cmocka_unit_test(those_of_a_dead_owner_are_told_from_those_of_a_living_one),
        cmocka_unit_test(what_has_no_mark_is_left_alone),
        cmocka_unit_test(one_that_becomes_a_program_again_and_again_does_not_slip_away),
    };

    return cmocka_run_group_tests(tests, name_run, NULL);
}
