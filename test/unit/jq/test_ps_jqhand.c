// SPDX-License-Identifier: Apache-2.0
// Programs that harm their worker, and workers that are not what they should be: the request fails with the
// reason, and what is asked next is answered.
#include "jq_fix.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHORT (200 * PS_MSEC)
#define SMALL ((size_t)16 << 20)

static const struct ps_jq_conf plain, one = {.workers = 1};

static struct ps_jq_stats stats(const struct fix *f)
{
    struct ps_jq_stats s;

    ps_jq_stats(f->jq, &s);
    return s;
}

// programs

static void claim_harm(struct fix *f, const char *text, int err, const char *why)
{
    unsigned long long before = stats(f).replaced;

    claim_fault(f, text, err, why);
    assert_int_equal(stats(f).replaced, before + 1);
    claim_outputs(f, ".", "\"next\"", "\"next\"");
}

static void one_that_never_ends_is_stopped(void **state)
{
    struct fix *f = *state;

    open_jq(f, (struct ps_jq_conf){.workers = 1, .run_time = SHORT});
    claim_harm(f, "def f: f; f", PS_ETIMEOUT, "ran longer than 200 ms");
    claim_harm(f, "[range(1e12)|select(. < 0)]", PS_ETIMEOUT, "ran longer than 200 ms");
    claim_harm(f, "repeat(stderr|empty)", PS_ETIMEOUT, "ran longer than 200 ms");
    claim_harm(f, "\"a\" * 1e9", PS_ETIMEOUT, "ran longer than 200 ms");
    open_jq(f, (struct ps_jq_conf){.workers = 1, .run_time = PS_SEC});
    claim_harm(f, "while(true; .)|empty", PS_ETIMEOUT, "ran longer than 1 s");
}

static void one_that_wants_all_memory_does_not_get_it(void **state)
{
    struct fix *f = *state;

    open_jq(f, (struct ps_jq_conf){.workers = 1, .memory = SMALL});
    claim_harm(f, "[range(1e12)]", PS_ELIMIT, "wanted more than 16 MiB of memory");
    claim_harm(f, "def f: [f]; f", PS_ELIMIT, "wanted more than 16 MiB of memory");
    claim_harm(f, "[]|.[500000000] = 1", PS_ELIMIT, "wanted more than 16 MiB of memory");
    claim_harm(f, "\"a\"|indices(\"\")", PS_ELIMIT, "wanted more than 16 MiB of memory");
    claim_harm(f, "reduce range(1e9) as $i (\"x\"; . + .)", PS_ELIMIT, "wanted more than 16 MiB of memory");
}

static void one_that_prints_for_ever_is_cut_off(void **state)
{
    struct fix *f = *state;

    open_jq(f, (struct ps_jq_conf){.workers = 1, .output = 65536});
    claim_fault(f, "repeat(.)", PS_ELIMIT, "made more than 64 KiB of output");
    claim_fault(f, "range(1e12)", PS_ELIMIT, "made more than 64 KiB of output");
    claim_fault(f, "[range(20000)]", PS_ELIMIT, "made more than 64 KiB of output");
    claim_outputs(f, ".", "\"next\"", "\"next\"");
    assert_int_equal(stats(f).replaced, 0); // its worker could say so itself
}

// Assertions and overruns of jq 1.6. A later one may have an answer.
static void one_that_breaks_the_library_breaks_its_worker_alone(void **state)
{
    static const char *const programs[] = {
        "1e1000|todate",    "nan|todate",
        "now|strftime([])", "reduce range(1000000) as $i (0; [.])",
        "[nan]|implode",    "\"a\xc3\xa9\"|[match(\"\"; \"g\")]",
        "[1e10]|implode",   "import \"a\" as a; 1",
        "[1,2]|.[nan]=3",   "{}|.[\"a\"].b.c[10] = 1",
    };
    struct fix *f = *state;
    int aborted = 0;

    open_jq(f, (struct ps_jq_conf){.workers = 1, .run_time = PS_SEC, .memory = SMALL});
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        run_once(f, programs[i], "{}");
        aborted += f->err == PS_ECLOSED && strstr(f->why, "the jq library") != NULL;
        claim_outputs(f, ".", "\"next\"", "\"next\"");
    }
    print_message("# %d of %zu harmed their worker\n", aborted, sizeof programs / sizeof programs[0]);
    assert_int_equal(stats(f).replaced >= (unsigned)aborted, 1);
}

static void those_behind_a_harmful_one_are_served(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *bad, *good;

    open_jq(f, (struct ps_jq_conf){.workers = 1, .run_time = SHORT});
    bad = program(f, "def f: f; f");
    good = program(f, ". * 2");
    ask(f, good, "1");
    ask(f, bad, "1");
    for (int i = 0; i < 100; i++)
        ask(f, good, "21");
    await_answers(f);
    assert_string_equal(f->outputs, "42");
    assert_int_equal(stats(f).failed, 1);
    assert_int_equal(f->answered, 102);
    ps_jq_program_free(bad);
    ps_jq_program_free(good);
}

static void it_reaches_no_file_but_the_modules(void **state)
{
    struct fix *f = *state;
    char folder[] = "/tmp/test_ps_jqhand.XXXXXX", path[64];
    int fd;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/data.json", folder);
    fd = open(path, O_WRONLY | O_CREAT, 0644);
    assert_int_equal(write(fd, "1", 1), 1);
    close(fd);
    open_jq(f, (struct ps_jq_conf){.workers = 1, .library = folder});
    claim_outputs(f, "import \"data\" as $d; $d", "0", "[1]");
    open_jq(f, one);
    claim_fault(f, "import \"data\" as $d; $d", PS_ESYNTAX, "module not found: data");
    claim_fault(f, "import \"data\" as $d {search:\"/tmp\"}; $d", PS_ESYNTAX,
                "a module cannot be given a search path");
    unlink(path);
    rmdir(folder);
}

// workers

// The youngest child of this process; 0: the kernel does not tell.
static pid_t worker_pid(void)
{
    char path[64], text[4096] = "", *last;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)gettid());
    file = fopen(path, "r");
    if (!file)
        return 0;
    if (!fgets(text, sizeof text, file))
        text[0] = '\0';
    fclose(file);
    text[strlen(text) > 0 ? strlen(text) - 1 : 0] = '\0'; // each ends with a blank
    last = strrchr(text, ' ');
    return (pid_t)atoi(last ? last : text);
}

static void one_that_is_killed_is_replaced(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *p;

    open_jq(f, one);
    claim_outputs(f, ".", "1", "1");
    if (worker_pid() <= 0) {
        print_message("# not tried: this kernel does not tell the children of a process\n");
        return;
    }
    kill(worker_pid(), SIGKILL); // an idle one: nobody is harmed, unless it is asked before that was noticed
    while (stats(f).workers > 0)
        ps_loop_poll(f->loop);
    claim_outputs(f, ".", "2", "2");
    p = program(f, "def f: f; f");
    ask(f, p, "1");
    ps_loop_poll(f->loop);
    kill(worker_pid(), SIGKILL);
    await_answers(f);
    assert_int_equal(f->err, PS_ECLOSED);
    assert_string_equal(f->why, "its worker ended: killed by signal 9 (Killed)");
    claim_outputs(f, ".", "3", "3");
    assert_int_equal(stats(f).replaced, 2);
    ps_jq_program_free(p);
}

static void one_that_is_missing_is_told_to_all_who_wait(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *p;

    open_jq(f, (struct ps_jq_conf){.worker = "/no/such/ps-jq-worker"});
    p = program(f, ".");
    for (int i = 0; i < 10000; i++)
        ask(f, p, "1");
    await_answers(f);
    assert_int_equal(f->answered, 10000);
    assert_int_equal(f->err, -ENOENT);
    assert_string_equal(f->why, "/no/such/ps-jq-worker: cannot be started: No such file or directory");
    assert_int_equal(stats(f).failed, 10000);
    ask(f, p, "1"); // at once, without another try
    await_answers(f);
    assert_int_equal(f->err, -ENOENT);
    ps_jq_program_free(p);
}

// A script instead of the worker. $ready prints what a worker says when it is ready, on the socket.
static void claim_script(struct fix *f, const char *script, int err, const char *why)
{
    char path[] = "/tmp/test_ps_jqhand.XXXXXX", wanted[512];
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    dprintf(fd, "#!/bin/sh\nready() { printf '\\0\\0\\0\\4\\3\\0\\1\\3' >&0; }\n%s\n", script);
    assert_int_equal(fchmod(fd, 0700) | close(fd), 0);
    open_jq(f, (struct ps_jq_conf){
                   .workers = 1, .worker = path, .run_time = SHORT, .compile_time = SHORT, .output = 1000});
    run_once(f, ".", "1");
    snprintf(wanted, sizeof wanted, "%s%s%s", err == -ECHILD ? path : "", err == -ECHILD ? ": " : "", why);
    assert_string_equal(f->why, wanted);
    assert_int_equal(f->err, err);
    unlink(path);
}

static void one_that_does_not_start_well_is_told(void **state)
{
    struct fix *f = *state;

    claim_script(f, "exit 7", -ECHILD, "does not start: exit status 7");
    claim_script(f, "kill -9 $$", -ECHILD, "does not start: killed by signal 9 (Killed)");
    claim_script(f, "exit 5", -ECHILD, "the kernel refuses what should confine it");
    claim_script(f, "printf '\\0\\0\\0\\4\\3\\0\\2\\3' >&0; exec sleep 1000", PS_ECLOSED,
                 "its worker sent what is no answer");
    claim_script(f, "echo hello there >&0; exec sleep 1000", PS_ECLOSED, "its worker sent what is no answer");
}

static void one_that_answers_amiss_is_ended(void **state)
{
    struct fix *f = *state;

    claim_script(f, "ready; ready; exec sleep 1000", PS_ECLOSED, "its worker sent what is no answer");
    claim_script(f, "ready; exec cat >&0", PS_ECLOSED, "its worker sent what is no answer");
    claim_script(f, "ready; dd bs=1 count=1 >/dev/null; printf '\\0\\0\\0\\2\\5\\0' >&0; exec sleep 1000",
                 PS_ECLOSED,
                 "its worker sent what is no answer"); // done before it was compiled
    claim_script(f, "ready; exec cat /dev/zero >&0", PS_ECLOSED, "its worker sent what is no answer");
}

static void one_that_does_not_answer_is_ended(void **state)
{
    struct fix *f = *state;

    claim_script(f, "ready; exec sleep 1000", PS_ETIMEOUT, "took longer than 200 ms to compile");
    claim_script(f, "ready; exec 0</dev/null; exec sleep 1000", PS_ETIMEOUT,
                 "took longer than 200 ms to compile");
    claim_script(f, "ready; dd bs=1 count=1 >/dev/null; exit 3", PS_ELIMIT,
                 "wanted more than 64 MiB of memory");
    claim_script(f, "ready; dd bs=1 count=1 >/dev/null; kill -11 $$", PS_ECLOSED,
                 "the jq library crashed (signal 11)");
    claim_script(f, "ready; dd bs=1 count=1 >/dev/null; printf '\\0\\0\\0\\2\\4\\0' >&0; exec sleep 1000",
                 PS_ETIMEOUT, "ran longer than 200 ms");
}

static void one_that_says_it_has_grown_is_let_go(void **state)
{
    struct fix *f = *state;

    claim_script(f,
                 "ready; dd bs=1 count=1 >/dev/null; printf "
                 "'\\0\\0\\0\\17\\6\\1\\0\\0\\3\\355\\0\\0\\0\\0\\0\\0\\0\\0\\0' >&0; "
                 "exec sleep 1000",
                 PS_ELIMIT, "");
    assert_int_equal(stats(f).replaced, 1);
    assert_int_equal(stats(f).workers, 0);
}

// The loop does something else for longer than a program may run: that is not the program's fault.
static void an_answer_that_waited_for_the_loop_counts(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *p;

    open_jq(f, (struct ps_jq_conf){.workers = 1, .run_time = SHORT});
    claim_outputs(f, ".", "1", "1");
    p = program(f, ".");
    ask(f, p, "1"); // compiles it
    await_answers(f);
    ask(f, p, "2");
    usleep((useconds_t)(3 * SHORT / PS_USEC));
    await_answers(f);
    assert_string_equal(f->why, "");
    assert_string_equal(f->outputs, "2");
    ps_jq_program_free(p);
}

static void a_second_worker_serves_while_one_is_busy(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *slow, *p;
    struct ps_jq_request *r;
    struct ps_jq_value in = value("1");

    open_jq(f, plain);
    slow = program(f, "def f: f; f");
    p = program(f, ".");
    assert_int_equal(ps_jq_run(slow, &in, NULL, note, f, &r), 0);
    ask(f, p, "5");
    await_answers(f);
    assert_string_equal(f->outputs, "5");
    assert_int_equal(stats(f).workers, 2);
    ps_jq_cancel(r);
    ps_jq_program_free(slow);
    ps_jq_program_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_that_never_ends_is_stopped),
        TEST(one_that_wants_all_memory_does_not_get_it),
        TEST(one_that_prints_for_ever_is_cut_off),
        TEST(one_that_breaks_the_library_breaks_its_worker_alone),
        TEST(those_behind_a_harmful_one_are_served),
        TEST(it_reaches_no_file_but_the_modules),
        TEST(one_that_is_killed_is_replaced),
        TEST(one_that_is_missing_is_told_to_all_who_wait),
        TEST(one_that_does_not_start_well_is_told),
        TEST(one_that_answers_amiss_is_ended),
        TEST(one_that_does_not_answer_is_ended),
        TEST(one_that_says_it_has_grown_is_let_go),
        TEST(an_answer_that_waited_for_the_loop_counts),
        TEST(a_second_worker_serves_while_one_is_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
