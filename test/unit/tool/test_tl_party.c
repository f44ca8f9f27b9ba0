// SPDX-License-Identifier: Apache-2.0
// Runs of which this host is both participants.
#include "run_fix.h"
#include "tool/tl_party.h"

static struct tl_party *party;

static int start(const char *tool, const char *type, const char *spec, size_t n, struct ps_fault *fault)
{
    struct tl_run_ask asks[TL_PARTY_MAX + 1];

    if (!w.runner)
        make_runner(0);
    for (size_t i = 0; i < n; i++)
        asks[i] = (struct tl_run_ask){.tool = tool,
                                      .run = w.uuid,
                                      .task = "00000000-0000-4000-9000-000000000002",
                                      .type = type,
                                      .spec = spec,
                                      .spec_len = strlen(spec),
                                      .start = wall(),
                                      .duration = 60 * PS_SEC};
    return tl_party_start(w.runner, asks, n, &ops, NULL, &party, fault);
}

static void begin_party(const char *tool, const char *type, const char *spec)
{
    struct ps_fault fault = {""};

    if (start(tool, type, spec, 2, &fault))
        fail_msg("%s", fault.text);
}

static void run_party(const char *tool, const char *type, const char *spec)
{
    begin_party(tool, type, spec);
    run_loop();
    assert_int_equal(w.ends, 1);
    assert_int_equal(tl_runner_running(w.runner), 0);
    assert_int_equal(left_running(), 0);
    assert_int_equal(left_in_tmp(), 0);
}

static void plug_in_of_two(const char *run, const char *merge)
{
    plug_in(run);
    write_method("tool", "participant-data", "cat");
    write_method("tool", "merged-results", merge);
}

static void participants_know_of_each_other_and_make_one_result(void **state)
{
    (void)state;
    plug_in_of_two("printf '{\"succeeded\":true,\"result\":%s}' \"$(cat)\"",
                   "printf '{\"succeeded\":true,\"given\":%s}' \"$(cat)\"");
    run_party("t", "x", "{\"b\":1}");
    assert_int_equal(w.results, 1);
    assert_true(w.succeeded);
    assert_int_equal(w.how, TL_RUN_DONE);
    // What each tells of itself is what it was asked with, and both are told to both.
    assert_non_null(
        strstr(w.merged,
               "{\"succeeded\":true,\"given\":{\"test\":{\"type\":\"x\",\"spec\":{\"b\":1}},\"results\":[{"));
#define DATA                                                                                  \
    "\"participant-data\":[{\"participant\":0,\"test\":{\"type\":\"x\",\"spec\":{\"b\":1}}}," \
    "{\"participant\":1,\"test\":{\"type\":\"x\",\"spec\":{\"b\":1}}}]"
    assert_non_null(strstr(w.merged, "\"participant\":0," DATA));
    assert_non_null(strstr(w.merged, "\"participant\":1," DATA));
    assert_true(w.local[0] == '[');
    assert_non_null(strstr(w.local, "},{\"succeeded\":true,"));
}

static void without_a_word_a_participant_has_no_data(void **state)
{
    (void)state;
    plug_in("printf '{\"succeeded\":true,\"result\":%s}' \"$(cat)\"");
    write_method("tool", "merged-results", "cat");
    run_party("t", "x", "{}");
    assert_false(w.succeeded); // what the method says has no such word
    assert_non_null(strstr(w.merged, "\"participant-data\":[{},{}]"));
}

static void one_that_fails_is_nothing_to_the_merge(void **state)
{
    (void)state;
    plug_in_of_two("case $(cat) in *'\"participant\":1,'*) echo no luck >&2; exit 1 ;; esac; echo "
                   "'{\"succeeded\":true}'",
                   "in=$(cat); printf '{\"succeeded\":false,\"error\":\"half\",\"given\":%s}' \"$in\"");
    write_method("tool", "participant-data", "echo '{}'");
    run_party("t", "x", "{}");
    assert_int_equal(w.results, 1);
    assert_false(w.succeeded);
    assert_string_equal(w.error, "half");
    assert_non_null(strstr(w.merged, "\"results\":[{\"succeeded\":true}"));
    assert_non_null(strstr(w.merged, "null]"));
    assert_non_null(strstr(w.local, "t: no luck"));
}

static void a_method_that_fails_is_the_result(void **state)
{
    (void)state;
    plug_in_of_two("echo '{\"succeeded\":true}'", "echo cannot merge >&2; exit 1");
    run_party("t", "x", "{}");
    assert_false(w.succeeded);
    assert_string_equal(w.error, "cannot merge");
}

static void data_that_cannot_be_had_are_the_result(void **state)
{
    (void)state;
    plug_in_of_two("echo '{\"succeeded\":true}'", "cat");
    write_method("tool", "participant-data", "echo no data >&2; exit 1");
    run_party("t", "x", "{}");
    assert_int_equal(w.results, 1);
    assert_string_equal(w.error, "no data");
    write_method("tool", "participant-data", "echo '{'");
    w.ends = 0;
    run_party("t", "x", "{}");
    assert_false(w.succeeded);
    assert_non_null(strstr(w.error, "participant-data:"));
}

// Where one is over, those of the other live on.
static void a_participant_that_ends_leaves_the_other_alone(void **state)
{
    (void)state;
    plug_in_of_two(
        "case $(cat) in *'\"participant\":1,'*) ;; *) sleep 1 ;; esac; echo '{\"succeeded\":true}'",
        "in=$(cat); case $in in *null*) ;; *) echo '{\"succeeded\":true}' ;; esac");
    write_method("tool", "participant-data", "echo '{}'");
    run_party("t", "x", "{}");
    assert_true(w.succeeded);
}

static void the_tools_that_are_built_in_merge_by_themselves(void **state)
{
    (void)state;
    stand_in(TL_PROBE,
             "in=$(cat)\n"
             "case $in in *'\"participant\":0,'*) echo "
             "'{\"succeeded\":true,\"result\":{\"succeeded\":true,\"dawdled\":\"P0D\",\"sent\":\"a\"}}' ;;\n"
             "*'{\"listen-port\":'*) echo "
             "'{\"succeeded\":true,\"result\":{\"succeeded\":true,\"received\":\"a\",\"elapsed-time\":"
             "\"PT1S\"}}' ;; esac");
    run_party("simplestreamer", "simplestream", "{\"dest\":\"127.0.0.1\"}");
    assert_true(w.succeeded);
    assert_string_equal(w.merged, "{\"succeeded\":true,\"schema\":1,\"dawdled\":\"P0D\",\"sent\":\"a\","
                                  "\"received\":\"a\",\"elapsed-time\":\"PT1S\"}");
    stand_in(TL_PROBE, "echo broken >&2; exit 1");
    w.ends = 0;
    run_party("simplestreamer", "simplestream", "{\"dest\":\"127.0.0.1\"}");
    assert_false(w.succeeded);
    assert_string_equal(w.error, "simplestreamer: broken");
}

static void all_of_them_are_cancelled(void **state)
{
    (void)state;
    plug_in_of_two("sleep 1000", "cat");
    w.stop_at_start = true;
    begin_party("t", "x", "{}");
    run_loop();
    assert_int_equal(tl_runner_running(w.runner), 2);
    tl_party_cancel(party);
    tl_party_cancel(party);
    run_loop();
    assert_int_equal(w.ends, 1);
    assert_int_equal(w.how, TL_RUN_CANCELLED);
    assert_int_equal(w.results, 0);
    assert_int_equal(tl_runner_running(w.runner), 0);
    assert_int_equal(left_running(), 0);
}

static void before_they_begin_they_can_be_cancelled(void **state)
{
    (void)state;
    plug_in_of_two("sleep 1000", "cat");
    begin_party("t", "x", "{}");
    tl_party_cancel(party);
    run_loop();
    assert_int_equal(w.how, TL_RUN_CANCELLED);
    assert_int_equal(w.results, 0);
}

static void freed_nothing_is_heard_of_them(void **state)
{
    (void)state;
    plug_in_of_two("sleep 1000", "cat");
    w.stop_at_start = true;
    begin_party("t", "x", "{}");
    run_loop();
    tl_party_free(party);
    assert_int_equal(tl_runner_running(w.runner), 0);
    assert_int_equal(w.ends, 0);
    ps_loop_run(w.f->loop);
    assert_int_equal(left_running(), 0);
    begin_party("t", "x", "{}");
    tl_party_free(party);
    tl_party_free(NULL);
}

static void what_cannot_be_a_party_is_refused(void **state)
{
    struct ps_fault fault = {""};

    (void)state;
    assert_int_equal(start("t", "x", "{}", 0, &fault), PS_EUNSUPPORTED);
    assert_int_equal(start("t", "x", "{}", TL_PARTY_MAX + 1, &fault), PS_EUNSUPPORTED);
    assert_int_equal(start("nobody", "x", "{}", 2, &fault), PS_ENOTFOUND);
    assert_string_equal(fault.text, "there is no tool nobody here");
    assert_int_equal(start("powstream", "latencybg", "{}", 2, &fault), PS_EUNSUPPORTED);
    assert_int_equal(start("simplestreamer", "simplestream", "{", 2, &fault), PS_EMALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(participants_know_of_each_other_and_make_one_result),
        CASE(without_a_word_a_participant_has_no_data),
        CASE(one_that_fails_is_nothing_to_the_merge),
        CASE(a_method_that_fails_is_the_result),
        CASE(data_that_cannot_be_had_are_the_result),
        CASE(a_participant_that_ends_leaves_the_other_alone),
        CASE(the_tools_that_are_built_in_merge_by_themselves),
        CASE(all_of_them_are_cancelled),
        CASE(before_they_begin_they_can_be_cancelled),
        CASE(freed_nothing_is_heard_of_them),
        CASE(what_cannot_be_a_party_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
