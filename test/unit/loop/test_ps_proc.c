// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_proc.h"
#include "loop_fix.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct ps_proc_end last;
static struct ps_proc *to_free;

static void note_end(void *ctx, const struct ps_proc_end *end)
{
    struct fix *f = ctx;

    last = *end;
    f->count++;
    ps_loop_stop(f->loop);
}

static void never_told(void *ctx, const struct ps_proc_end *end)
{
    (void)ctx;
    (void)end;
    fail_msg("an end was told");
}

// A shell that runs a script, with its output in a pipe.
static struct ps_proc *start_shell(struct fix *f, const char *script, ps_proc_cb cb)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    struct ps_proc_conf conf = {
        .path = "/bin/sh", .argv = argv, .fds = {PS_PROC_PIPE, PS_PROC_PIPE, PS_PROC_NULL}};
    struct ps_proc *p = NULL;
    struct ps_fault fault;

    assert_int_equal(ps_proc_start(f->loop, &conf, cb, f, &p, &fault), 0);
    return p;
}

// Waits for some output, or for its end: the number of octets.
static ssize_t read_some(int fd, char *out, size_t size)
{
    struct pollfd pf = {.fd = fd, .events = POLLIN};
    ssize_t n;
    int got;

    do
        got = poll(&pf, 1, (int)(GUARD / PS_MSEC));
    while (got < 0 && errno == EINTR); // a child's end is a signal
    assert_int_equal(got, 1);
    n = read(fd, out, size - 1);
    assert_true(n >= 0);
    out[n] = '\0';
    return n;
}

static void read_all(int fd, char *out, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while ((n = read_some(fd, out + len, size - len)) > 0)
        len += (size_t)n;
    close(fd);
}

static void claim_output(struct fix *f, const char *script, const char *wanted)
{
    struct ps_proc *p = start_shell(f, script, note_end);
    char got[1024];

    read_all(ps_proc_take(p, 1), got, sizeof got);
    run_guarded(f);
    ps_proc_free(p);
    assert_string_equal(got, wanted);
}

// beginnings

static int try_path(struct fix *f, const char *path, const char *dir, struct ps_fault *fault)
{
    struct ps_proc_conf conf = {.path = path, .dir = dir, .fds = {PS_PROC_NULL, PS_PROC_NULL, PS_PROC_NULL}};
    struct ps_proc *p;

    return ps_proc_start(f->loop, &conf, never_told, f, &p, fault);
}

static void what_cannot_be_executed_is_told_at_once(void **state)
{
    struct fix *f = *state;
    struct ps_fault fault;

    assert_int_equal(try_path(f, "/no/such", NULL, &fault), -ENOENT);
    assert_string_equal(fault.text, "/no/such: cannot be started: No such file or directory");
    assert_int_equal(try_path(f, "/", NULL, &fault), -EACCES);
    assert_string_equal(fault.text, "/: cannot be started: Permission denied");
    assert_int_equal(try_path(f, "/bin/true", "/no/such", &fault), -ENOENT);
    assert_string_equal(fault.text,
                        "/no/such: cannot be the working directory of /bin/true: No such file or directory");
    ps_loop_run(f->loop); // nothing is left that could be told
}

static void the_environment_is_what_was_given_and_else_empty(void **state)
{
    const char *argv[] = {"env", NULL}, *env[] = {"A=1", "B=x y", NULL};
    struct ps_proc_conf conf = {
        .path = "/usr/bin/env", .argv = argv, .fds = {PS_PROC_NULL, PS_PROC_PIPE, PS_PROC_NULL}};
    struct fix *f = *state;
    struct ps_proc *p;
    struct ps_fault fault;
    char got[64];

    for (int i = 0; i < 2; i++) {
        conf.env = i ? env : NULL;
        assert_int_equal(ps_proc_start(f->loop, &conf, note_end, f, &p, &fault), 0);
        read_all(ps_proc_take(p, 1), got, sizeof got);
        run_guarded(f);
        ps_proc_free(p);
        assert_string_equal(got, i ? "A=1\nB=x y\n" : "");
    }
}

static void a_program_gets_three_descriptors_alone(void **state)
{
    int open_here = dup(1); // stays open across exec

    assert_true(open_here >= 0);
    // The folder itself is one while it is read.
    claim_output(*state, "n=0; for i in /proc/self/fd/*; do n=$((n + 1)); done; echo $((n - 1))", "3\n");
    close(open_here);
}

static void it_gets_default_signals(void **state)
{
    struct fix *f = *state;
    sigset_t set, before;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, &before); // and the loop ignores SIGPIPE
    // 32 and 33 are the C library's, which leaves them as they were.
    claim_output(f,
                 "while read a b; do case $a in SigIgn:|SigBlk:) echo $((0x$b & ~0x180000000));; esac; done "
                 "</proc/self/status",
                 "0\n0\n");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void descriptors_of_ours_can_be_given_in_any_order(void **state)
{
    const char *argv[] = {"sh", "-c", "read x; echo got $x; echo err $x >&2", NULL};
    struct ps_proc_conf conf = {.path = "/bin/sh", .argv = argv};
    struct fix *f = *state;
    struct ps_fault fault;
    struct ps_proc *p;
    int in[2], out[2];
    char got[64];

    assert_int_equal(pipe(in) | pipe(out), 0);
    assert_int_equal(write(in[1], "this\n", 5), 5);
    conf.fds[0] = in[0];
    conf.fds[1] = conf.fds[2] = out[1];
    assert_int_equal(ps_proc_start(f->loop, &conf, note_end, f, &p, &fault), 0);
    assert_int_equal(close(in[0]) | close(in[1]) | close(out[1]), 0); // they stayed ours
    read_all(out[0], got, sizeof got);
    run_guarded(f);
    ps_proc_free(p);
    assert_string_equal(got, "got this\nerr this\n");
}

static void what_is_written_to_its_input_arrives(void **state)
{
    struct fix *f = *state;
    struct ps_proc *p = start_shell(f, "while read x; do echo \"<$x>\"; done; echo end", note_end);
    int in = ps_proc_take(p, 0), out = ps_proc_take(p, 1);
    char got[64];

    assert_int_equal(ps_proc_take(p, 0), -1);
    assert_int_equal(ps_proc_take(p, 2), -1);
    assert_true(fcntl(in, F_GETFL) & O_NONBLOCK && fcntl(out, F_GETFL) & O_NONBLOCK);
    assert_int_equal(write(in, "a\nb\n", 4), 4);
    close(in);
    read_all(out, got, sizeof got);
    run_guarded(f);
    ps_proc_free(p);
    assert_string_equal(got, "<a>\n<b>\nend\n");
}

static void directory_and_limits_are_set(void **state)
{
    const char *argv[] = {"sh", "-c", "pwd; ulimit -n; ulimit -c", NULL};
    struct ps_proc_limit limits[] = {{RLIMIT_NOFILE, 17}, {RLIMIT_CORE, 0}};
    struct ps_proc_conf conf = {.path = "/bin/sh",
                                .argv = argv,
                                .dir = "/proc/self/..",
                                .fds = {PS_PROC_NULL, PS_PROC_PIPE, PS_PROC_NULL},
                                .limits = limits,
                                .nlimits = 2};
    struct fix *f = *state;
    struct ps_fault fault;
    struct ps_proc *p;
    char got[64];

    assert_int_equal(ps_proc_start(f->loop, &conf, note_end, f, &p, &fault), 0);
    read_all(ps_proc_take(p, 1), got, sizeof got);
    run_guarded(f);
    ps_proc_free(p);
    assert_string_equal(got, "/proc\n17\n0\n");
}

// ends

static void an_exit_status_and_a_signal_are_told_apart(void **state)
{
    struct fix *f = *state;
    struct ps_proc *p = start_shell(f, "exit 7", note_end);
    char words[64];

    run_guarded(f);
    assert_int_equal(last.status, 7);
    assert_int_equal(last.signal, 0);
    assert_string_equal(ps_proc_end_words(&last, words, sizeof words), "exit status 7");
    ps_proc_kill(p, SIGKILL); // nobody
    ps_proc_free(p);
    p = start_shell(f, "kill -9 $$", note_end);
    run_guarded(f);
    assert_int_equal(last.status, -1);
    assert_int_equal(last.signal, SIGKILL);
    assert_false(last.overdue);
    assert_string_equal(ps_proc_end_words(&last, words, sizeof words), "killed by signal 9 (Killed)");
    ps_proc_free(p);
}

static void free_it(void *ctx, const struct ps_proc_end *end)
{
    struct fix *f = ctx;

    assert_int_equal(end->status, 0);
    f->count++;
    ps_proc_free(to_free);
    ps_loop_stop(f->loop);
}

static void each_of_many_ends_is_told(void **state)
{
    struct fix *f = *state;
    struct ps_proc *all[50];

    for (size_t i = 0; i < 50; i++)
        all[i] = start_shell(f, "exit 3", note_end);
    while (f->count < 50)
        run_guarded(f);
    for (size_t i = 0; i < 50; i++)
        ps_proc_free(all[i]);
    assert_int_equal(last.status, 3);
}

static void it_may_be_freed_when_its_end_is_told(void **state)
{
    struct fix *f = *state;

    to_free = start_shell(f, "exit 0", free_it);
    run_guarded(f);
    assert_int_equal(f->count, 1);
}

static void the_loop_runs_while_a_program_does_and_no_longer(void **state)
{
    struct fix *f = *state;
    struct ps_proc *p = start_shell(f, "read x; exit 4", note_end);

    close(ps_proc_take(p, 0));
    ps_timer_start(f->guard, GUARD);
    ps_loop_run(f->loop);
    ps_timer_stop(f->guard);
    assert_int_equal(f->count, 1);
    ps_loop_run(f->loop); // returns
    ps_proc_free(p);
}

static void its_processor_time_is_its_own(void **state)
{
    struct fix *f = *state;
    struct ps_proc *busy =
        start_shell(f, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo x; read y", note_end);
    struct ps_proc *idle = start_shell(f, "read y", note_end);
    int out = ps_proc_take(busy, 1);
    char got[8];

    assert_int_equal(read_some(out, got, sizeof got), 2);
    assert_true(ps_proc_cpu(busy) > 2 * PS_MSEC);
    assert_in_range(ps_proc_cpu(idle), 0, ps_proc_cpu(busy) - 1);
    close(out);
    close(ps_proc_take(busy, 0));
    run_guarded(f);
    assert_int_equal(ps_proc_cpu(busy), -1);
    ps_proc_free(busy);
    ps_proc_free(idle);
}

// What it has started has its output, which ends when that is gone too.
static void what_it_has_left_behind_goes_with_it(void **state)
{
    struct fix *f = *state;
    struct ps_proc *p = start_shell(f, "sleep 1000 & echo here; read y", note_end);
    int out = ps_proc_take(p, 1);
    char got[64];

    assert_int_equal(read_some(out, got, sizeof got), 5);
    close(ps_proc_take(p, 0)); // the shell ends
    run_guarded(f);
    assert_int_equal(last.signal, 0);
    assert_int_equal(read_some(out, got, sizeof got), 0);
    close(out);
    ps_proc_free(p);
}

static void a_deadline_asks_first_and_then_kills(void **state)
{
    struct fix *f = *state;
    struct ps_proc *p = start_shell(f, "read x", note_end);
    char got[16];
    int out;

    assert_int_equal(ps_proc_end_after(p, PS_MSEC, GUARD), 0);
    run_guarded(f);
    assert_int_equal(last.signal, SIGTERM);
    assert_true(last.overdue);
    ps_proc_free(p);
    p = start_shell(f, "trap '' TERM; echo deaf; while :; do sleep 1000; done", note_end);
    out = ps_proc_take(p, 1);
    assert_int_equal(read_some(out, got, sizeof got), 5);
    close(out);
    assert_int_equal(ps_proc_end_after(p, 0, PS_MSEC), 0);
    run_guarded(f);
    assert_int_equal(last.signal, SIGKILL);
    assert_true(last.overdue);
    assert_int_equal(ps_proc_end_after(p, 0, 0), 0); // too late for that
    ps_proc_free(p);
}

static void freeing_kills_and_tells_nobody(void **state)
{
    struct fix *f = *state;
    struct ps_proc *p = start_shell(f, "trap '' TERM; read x", never_told);
    int out = ps_proc_take(p, 1), in = ps_proc_take(p, 0);
    char got[16];

    ps_proc_free(p);
    assert_int_equal(read_some(out, got, sizeof got), 0);
    ps_loop_run(f->loop); // does not wait for it
    close(in);
    close(out);
    ps_proc_free(NULL);
}

// In a process of its own: starts a program that says so, and then waits to be killed.
static void be_parent(int out)
{
    const char *argv[] = {"sh", "-c", "echo here; exec sleep 1000", NULL};
    struct ps_proc_conf conf = {.path = "/bin/sh", .argv = argv, .fds = {PS_PROC_NULL, out, PS_PROC_NULL}};
    struct ps_loop *l;
    struct ps_proc *p;
    struct ps_fault fault;

    if (ps_loop_new(&l) || ps_proc_start(l, &conf, never_told, NULL, &p, &fault))
        _exit(1);
    for (;;)
        pause();
}

static void a_program_does_not_outlive_who_has_started_it(void **state)
{
    int out[2];
    char got[16];
    pid_t parent;

    (void)state;
    assert_int_equal(pipe(out), 0);
    parent = fork();
    assert_true(parent >= 0);
    if (parent == 0)
        be_parent(out[1]);
    close(out[1]);
    assert_int_equal(read_some(out[0], got, sizeof got), 5);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    assert_int_equal(read_some(out[0], got, sizeof got), 0);
    close(out[0]);
}

static bool is_gone(pid_t pid)
{
    return kill(pid, 0) < 0 && errno == ESRCH;
}

// A program that leaves another one, in a session of its own.
static void an_orphan_of_an_adopting_process_is_waited_for(void **state)
{
    struct fix *f = *state;
    struct ps_proc *p;
    char got[32];
    pid_t orphan;

    assert_int_equal(ps_proc_adopt(f->loop), 0);
    p = start_shell(f, "setsid sh -c 'echo $$; exec sleep 1000 >&-' & wait", note_end);
    assert_true(read_some(ps_proc_take(p, 1), got, sizeof got) > 0);
    orphan = (pid_t)strtol(got, NULL, 10);
    ps_proc_kill(p, SIGKILL);
    run_guarded(f);
    assert_false(is_gone(orphan));
    kill(orphan, SIGKILL);
    ps_timer_start(f->guard, GUARD); // keeps the loop turning
    while (!is_gone(orphan))
        ps_loop_poll(f->loop);
    ps_proc_free(p);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_cannot_be_executed_is_told_at_once),
        TEST(the_environment_is_what_was_given_and_else_empty),
        TEST(a_program_gets_three_descriptors_alone),
        TEST(it_gets_default_signals),
        TEST(descriptors_of_ours_can_be_given_in_any_order),
        TEST(what_is_written_to_its_input_arrives),
        TEST(directory_and_limits_are_set),
        TEST(an_exit_status_and_a_signal_are_told_apart),
        TEST(each_of_many_ends_is_told),
        TEST(it_may_be_freed_when_its_end_is_told),
        TEST(the_loop_runs_while_a_program_does_and_no_longer),
        TEST(its_processor_time_is_its_own),
        TEST(what_it_has_left_behind_goes_with_it),
        TEST(a_deadline_asks_first_and_then_kills),
        TEST(freeing_kills_and_tells_nobody),
        TEST(a_program_does_not_outlive_who_has_started_it),
        TEST(an_orphan_of_an_adopting_process_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
