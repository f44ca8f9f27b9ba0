// SPDX-License-Identifier: Apache-2.0
// Plug-ins that the test writes: shell scripts.
#include "tool/tl_plugin.h"
#include "test/unit/loop/loop_fix.h"
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"

static char dir[200], more_dir[220]; // more_dir "": there is one folder
static struct tl_plugins *plugins;
static char bad[2048];
static struct tl_plugin_answer answer;
static char text[65536], why[1024];

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void write_method(const char *class, const char *name, const char *method, const char *script)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, class);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/%s", dir, class, name);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/%s/%s", dir, class, name, method);
    f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\n%s\n", script);
    assert_int_equal(fchmod(fileno(f), 0700), 0);
    fclose(f);
}

static int make_dir(void **state)
{
    strcpy(dir, "/tmp/tl-plugin-XXXXXX");
    assert_non_null(mkdtemp(dir));
    bad[0] = '\0';
    more_dir[0] = '\0';
    return setup(state);
}

static int drop_dir(void **state)
{
    tl_plugins_free(plugins);
    plugins = NULL;
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return teardown(state);
}

static void loaded(void *ctx)
{
    struct fix *f = ctx;

    f->count++;
    ps_loop_stop(f->loop);
}

static void note_bad(void *ctx, const char *path, const char *reason)
{
    size_t n = strlen(bad);

    (void)ctx;
    snprintf(bad + n, sizeof bad - n, "%s: %s\n", strrchr(path, '/') + 1, reason);
}

static void load(struct fix *f)
{
    const char *const dirs[] = {dir, more_dir};
    struct ps_fault fault = {""};

    assert_int_equal(tl_plugins_load(f->loop, dirs, 2, loaded, note_bad, f, &plugins, &fault), 0);
    run_guarded(f);
    assert_int_equal(f->count, 1);
}

static void good_ones_are_there_in_order(void **state)
{
    struct fix *f = *state;

    for (char c = 'h'; c >= 'a'; c--) {
        char name[8], script[200];
        snprintf(name, sizeof name, "t%c", c);
        snprintf(script, sizeof script,
                 "echo '{\"name\":\"%s\",\"tests\":[\"rtt\",\"x\"],\"preference\":%d}'", name, c);
        write_method("tool", name, "enumerate", script);
    }
    write_method("test", "x", "enumerate", "echo '{\"name\":\"x\"}'");
    load(f);
    assert_string_equal(bad, "");
    assert_int_equal(tl_plugins_count(plugins, TL_PLUGIN_TOOL), 8);
    assert_int_equal(tl_plugins_count(plugins, TL_PLUGIN_TEST), 1);
    assert_int_equal(tl_plugins_count(plugins, TL_PLUGIN_CONTEXT), 0);
    const struct tl_plugin *second = tl_plugins_at(plugins, TL_PLUGIN_TOOL, 1);
    assert_string_equal(tl_plugin_name(second), "tb");
    assert_true(tl_plugin_does(second, "x"));
    assert_false(tl_plugin_does(second, "trace"));
    assert_int_equal(tl_plugin_preference(second), 'b');
    assert_ptr_equal(tl_plugins_find(plugins, TL_PLUGIN_TOOL, "tb"), second);
    assert_null(tl_plugins_find(plugins, TL_PLUGIN_TEST, "tb"));
    assert_null(tl_plugins_at(plugins, TL_PLUGIN_TOOL, 8));
}

static void bad_ones_are_told_and_left_out(void **state)
{
    struct fix *f = *state;

    write_method("tool", "fails", "enumerate", "echo no such thing >&2; exit 3");
    write_method("tool", "good", "enumerate", "echo '{\"name\":\"good\"}'");
    write_method("tool", "junk", "enumerate", "echo '{'");
    write_method("tool", "none", "run", "");
    write_method("tool", "other", "enumerate", "echo '{\"name\":\"another\"}'");
    load(f);
    assert_int_equal(tl_plugins_count(plugins, TL_PLUGIN_TOOL), 1);
    assert_non_null(strstr(bad, "fails: no such thing\n"));
    assert_non_null(strstr(bad, "junk: enumerate:2: "));
    assert_non_null(strstr(bad, "none: it has no program \"enumerate\"\n"));
    assert_non_null(strstr(bad, "other: its enumeration has another name than its folder\n"));
}

static void a_folder_that_is_not_there_has_none(void **state)
{
    struct fix *f = *state;

    rmdir(dir);
    load(f);
    assert_int_equal(tl_plugins_count(plugins, TL_PLUGIN_TOOL), 0);
}

static void an_earlier_folder_counts_before_a_later_one(void **state)
{
    struct fix *f = *state;

    snprintf(more_dir, sizeof more_dir, "%s/more", dir);
    assert_int_equal(mkdir(more_dir, 0700), 0);
    write_method("tool", "both", "enumerate", "echo '{\"name\":\"both\",\"preference\":1}'");
    write_method("more/tool", "both", "enumerate", "echo '{\"name\":\"both\",\"preference\":2}'");
    write_method("more/tool", "only", "enumerate", "echo '{\"name\":\"only\"}'");
    load(f);
    assert_string_equal(bad, "");
    assert_int_equal(tl_plugins_count(plugins, TL_PLUGIN_TOOL), 2);
    assert_int_equal(tl_plugin_preference(tl_plugins_find(plugins, TL_PLUGIN_TOOL, "both")), 1);
    assert_non_null(tl_plugins_find(plugins, TL_PLUGIN_TOOL, "only"));
}

// --- calls

static void answered(void *ctx, const struct tl_plugin_answer *a)
{
    struct fix *f = ctx;

    answer = *a;
    snprintf(text, sizeof text, "%s", a->text);
    snprintf(why, sizeof why, "%s", a->why);
    ps_loop_stop(f->loop);
}

static void call(struct fix *f, const char *script, const char *arg, const char *input, size_t len,
                 ps_ns patience)
{
    write_method("tool", "t", "enumerate", "echo '{\"name\":\"t\"}'");
    write_method("tool", "t", "go", script);
    load(f);
    assert_int_equal(tl_plugin_call(plugins, tl_plugins_find(plugins, TL_PLUGIN_TOOL, "t"), "go", arg, input,
                                    len, patience, answered, f, NULL),
                     0);
    run_guarded(f);
}

static void a_method_gets_its_input_and_argument(void **state)
{
    call(*state, "echo \"$# $1\"; cat; echo ignored >&2", "text/plain", "{\"a\":1}", 7, 10 * PS_SEC);
    assert_int_equal(answer.err, 0);
    assert_string_equal(text, "1 text/plain\n{\"a\":1}");
}

static void much_in_and_out_blocks_nothing(void **state)
{
    size_t len = 3 << 20;
    char *input = malloc(len);

    memset(input, 'x', len);
    call(*state, "cat", NULL, input, len, 20 * PS_SEC);
    assert_int_equal(answer.err, 0);
    assert_int_equal(answer.len, len);
    free(input);
}

static void a_method_need_not_read_its_input(void **state)
{
    size_t len = 1 << 20;
    char *input = calloc(1, len);

    call(*state, "exec <&-; echo done", NULL, input, len, 10 * PS_SEC);
    assert_int_equal(answer.err, 0);
    assert_string_equal(text, "done\n");
    free(input);
}

static void a_failure_has_its_words(void **state)
{
    call(*state, "echo first >&2; echo the reason >&2; exit 1", NULL, "", 0, 10 * PS_SEC);
    assert_int_equal(answer.err, PS_EREFUSED);
    assert_string_equal(why, "the reason");
}

static void a_failure_without_words_has_its_status(void **state)
{
    call(*state, "exit 7", NULL, "", 0, 10 * PS_SEC);
    assert_int_equal(answer.err, PS_EREFUSED);
    assert_string_equal(why, "exit status 7");
}

// What it has started in its group goes with it.
static void who_is_late_is_killed(void **state)
{
    call(*state, "trap '' TERM; sleep 1000 & wait; sleep 1000", NULL, "", 0, 100 * PS_MSEC);
    assert_int_equal(answer.err, PS_ETIMEOUT);
    assert_string_equal(why, "it did not answer in time");
}

static void who_writes_without_end_is_stopped(void **state)
{
    call(*state, "exec yes", NULL, "", 0, 60 * PS_SEC);
    assert_int_equal(answer.err, PS_ELIMIT);
}

static void what_cannot_be_started_is_told(void **state)
{
    struct fix *f = *state;
    char path[512];
    FILE *file;

    write_method("tool", "t", "enumerate", "echo '{\"name\":\"t\"}'");
    write_method("tool", "t", "go", "");
    snprintf(path, sizeof path, "%s/tool/t/go", dir);
    file = fopen(path, "w");
    fputs("#!/no/such/interpreter\n", file);
    fclose(file);
    load(f);
    const struct tl_plugin *t = tl_plugins_find(plugins, TL_PLUGIN_TOOL, "t");
    assert_int_equal(tl_plugin_call(plugins, t, "go", NULL, "", 0, PS_SEC, answered, f, NULL), 0);
    run_guarded(f);
    assert_int_equal(answer.err, -ENOENT);
    assert_non_null(strstr(why, "cannot be started"));
    assert_int_equal(tl_plugin_call(plugins, t, "nosuch", NULL, "", 0, PS_SEC, answered, f, NULL),
                     PS_ENOTFOUND);
}

static void never(void *ctx, const struct tl_plugin_answer *a)
{
    (void)ctx;
    (void)a;
    fail_msg("a cancelled call was answered");
}

static void a_cancelled_call_is_not_answered(void **state)
{
    struct fix *f = *state;
    struct tl_plugin_call *c = NULL;

    write_method("tool", "t", "enumerate", "echo '{\"name\":\"t\"}'");
    write_method("tool", "t", "go", "sleep 1000");
    load(f);
    const struct tl_plugin *t = tl_plugins_find(plugins, TL_PLUGIN_TOOL, "t");
    assert_int_equal(tl_plugin_call(plugins, t, "go", NULL, "", 0, 60 * PS_SEC, never, f, &c), 0);
    tl_plugin_cancel(c);
    assert_int_equal(tl_plugin_call(plugins, t, "go", NULL, "", 0, 60 * PS_SEC, never, f, NULL), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_dir, drop_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(good_ones_are_there_in_order),           CASE(bad_ones_are_told_and_left_out),
        CASE(a_folder_that_is_not_there_has_none),    CASE(an_earlier_folder_counts_before_a_later_one),
        CASE(a_method_gets_its_input_and_argument),   CASE(much_in_and_out_blocks_nothing),
        CASE(a_method_need_not_read_its_input),       CASE(a_failure_has_its_words),
        CASE(a_failure_without_words_has_its_status), CASE(who_is_late_is_killed),
        CASE(who_writes_without_end_is_stopped),      CASE(what_cannot_be_started_is_told),
        CASE(a_cancelled_call_is_not_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
