// SPDX-License-Identifier: Apache-2.0
// Runs of plug-ins that the test writes, and of programs that stand in for tools.
#include "run_fix.h"

// --- results

static void a_plug_in_gets_the_run_and_its_output_is_the_result(void **state)
{
    struct tl_run_ask ask = {.start = INT64_C(1500000000) * PS_SEC,
                             .duration = 90 * PS_SEC,
                             .participant = 1,
                             .participant_data = "[{\"a\":1},{}]"};

    (void)state;
    plug_in("input=$(cat); echo "
            "\"{\\\"succeeded\\\":true,\\\"result\\\":{\\\"succeeded\\\":true,\\\"got\\\":$input}}\"");
    ask.start = 0;
    run("t", "x", "{\"b\": \"c\"}", &ask);
    assert_int_equal(w.results, 1);
    assert_true(w.succeeded);
    assert_int_equal(w.how, TL_RUN_DONE);
    assert_non_null(strstr(
        w.merged, "{\"succeeded\":true,\"got\":{\"schema\":1,"
                  "\"task-uuid\":\"00000000-0000-4000-9000-000000000002\",\"schedule\":{\"start\":\""));
    assert_non_null(strstr(w.merged,
                           "\"duration\":\"PT1M30S\"},\"test\":{\"type\":\"x\",\"spec\":{\"b\": \"c\"}},"
                           "\"participant\":1,\"participant-data\":[{\"a\":1},{}]}}"));
    assert_non_null(strstr(w.local, "\"result\":{\"succeeded\":true,\"got\""));
    assert_int_equal(left_in_tmp(), 0);
}

static void the_one_participant_is_asked_for_its_data(void **state)
{
    (void)state;
    plug_in("printf '{\"succeeded\":true,\"result\":%s}' \"$(cat)\"");
    write_method("tool", "participant-data", "printf '{\"asked\":%s}' \"$(cat)\"");
    run("t", "x", "{\"b\":1}", NULL);
#define ASKED "[{\"asked\":{\"participant\":0,\"test\":{\"type\":\"x\",\"spec\":{\"b\":1}}}}]"
    assert_string_equal(w.parts, ASKED);
    assert_non_null(strstr(w.merged, "\"participant-data\":" ASKED));
}

static void without_its_data_there_is_no_run(void **state)
{
    (void)state;
    plug_in("echo '{\"succeeded\":true,\"result\":{}}'");
    write_method("tool", "participant-data", "echo no data >&2; exit 1");
    run("t", "x", "{}", NULL);
    assert_int_equal(w.results, 1);
    assert_string_equal(w.error, "no data");
    assert_int_equal(left_in_tmp(), 0);
}

static void cancel_when_asked(void *ctx)
{
    char path[200];

    snprintf(path, sizeof path, "%s/asked", w.dir);
    if (access(path, F_OK) == 0)
        tl_run_cancel(w.run);
    else
        ps_timer_start(*(struct ps_timer **)ctx, 10 * PS_MSEC);
}

static void a_run_is_cancelled_while_its_data_are_asked_for(void **state)
{
    struct ps_timer *timer;
    char script[200];

    (void)state;
    plug_in("echo '{}'");
    snprintf(script, sizeof script, ": >%s/asked; exec sleep 60", w.dir);
    write_method("tool", "participant-data", script);
    begin("t", "x", "{}", NULL);
    assert_int_equal(ps_timer_new(w.f->loop, &timer, cancel_when_asked, &timer), 0);
    ps_timer_start(timer, 0);
    run_loop();
    ps_timer_free(timer);
    assert_int_equal(w.how, TL_RUN_CANCELLED);
    assert_int_equal(w.results, 0);
    assert_int_equal(left_in_tmp(), 0);
}

static void a_plug_in_merges_by_itself(void **state)
{
    (void)state;
    plug_in("echo '{\"succeeded\":true,\"result\":{\"n\":1}}'");
    write_method("tool", "merged-results", "cat >/dev/null; echo '{\"succeeded\":true,\"merged\":2}'");
    run("t", "x", "{}", NULL);
    assert_string_equal(w.merged, "{\"succeeded\":true,\"merged\":2}");
}

static void a_tool_that_fails_says_why(void **state)
{
    (void)state;
    plug_in("echo a reason >&2; exit 1");
    run("t", "x", "{}", NULL);
    assert_int_equal(w.results, 1);
    assert_false(w.succeeded);
    assert_string_equal(w.error, "t: a reason");
    assert_non_null(strstr(w.merged, "{\"succeeded\":false,\"error\":\"t: a reason\",\"diags\":\""));
}

static void an_output_that_is_no_result_is_a_failure(void **state)
{
    (void)state;
    plug_in("echo '[1'");
    run("t", "x", "{}", NULL);
    assert_non_null(strstr(w.error, "The tool wrote no result: result:"));
}

static void a_result_may_say_that_it_failed(void **state)
{
    (void)state;
    plug_in("echo '{\"succeeded\":false,\"error\":\"no way\",\"diags\":\"d\"}'");
    run("t", "x", "{}", NULL);
    assert_string_equal(w.error, "no way");
}

static void a_signal_is_told(void **state)
{
    (void)state;
    plug_in("kill -SEGV $$");
    run("t", "x", "{}", NULL);
    assert_string_equal(w.error, "The tool was killed by signal 11 (Segmentation fault).");
}

static void an_output_has_a_bound(void **state)
{
    (void)state;
    plug_in("exec yes");
    make_runner(10000);
    run("t", "x", "{}", NULL);
    assert_string_equal(w.error, "The tool wrote more than 10000 octets.");
}

static void a_program_of_a_tool_is_read_by_it(void **state)
{
    (void)state;
    stand_in(TL_PING, "echo \"64 bytes from $3: icmp_seq=1 ttl=3 time=$$ ms\"\n"
                      "echo '1 packets transmitted, 1 received, 0% packet loss'");
    run("ping", "rtt", "{\"dest\":\"192.0.2.1\"}", NULL);
    assert_true(w.succeeded);
    assert_non_null(strstr(w.merged, "\"sent\":1,\"received\":1"));
    assert_non_null(strstr(w.local, "/ping -4 -n -c 5 -i 1 -W 1 192.0.2.1\\n\\n64 bytes from"));
}

static void a_program_that_is_missing_is_named(void **state)
{
    (void)state;
    run("ping", "rtt", "{\"dest\":\"192.0.2.1\"}", NULL);
    assert_string_equal(w.error, "The program ping is not installed here (Debian: package iputils-ping).");
    assert_int_equal(left_in_tmp(), 0);
}

static void a_host_that_looks_like_an_option_is_refused(void **state)
{
    (void)state;
    stand_in(TL_PING, "exit 1");
    run("ping", "rtt", "{\"dest\":\"-f\"}", NULL);
    assert_string_equal(w.error, "\"-f\" is no name of a host and no address");
}

static void ends_of_different_families_are_refused(void **state)
{
    (void)state;
    stand_in(TL_PING, "exit 1");
    run("ping", "rtt", "{\"source\":\"localhost\",\"dest\":\"2001:db8::1\",\"ip-version\":4}", NULL);
    assert_false(w.succeeded);
    assert_true(w.error[0] != '\0');
}

static void records_are_results_of_their_own(void **state)
{
    (void)state;
    stand_in(TL_PROBE,
             "echo noise; printf '\\036{\"succeeded\":true,\"result\":{\"n\":1}}\\n'\n"
             "printf '\\036{\"succeeded\":false,\"error\":\"e\"}\\n\\036{\"succeeded\":true,\"n\":3}\\n'");
    run("sleepbgm", "idlebgm", "{\"duration\":\"PT1S\"}", NULL);
    assert_int_equal(w.results, 3);
    assert_non_null(strstr(w.all, "{\"n\":1}\n{\"succeeded\":false,\"error\":\"e\""));
    assert_non_null(strstr(w.all, "\n{\"succeeded\":true,\"n\":3}\n"));
    assert_int_equal(w.how, TL_RUN_DONE);
}

static void a_multi_result_tool_that_breaks_says_why(void **state)
{
    (void)state;
    stand_in(TL_PROBE, "printf '\\036{\"succeeded\":true,\"n\":1}\\n'; echo broken >&2; exit 1");
    run("sleepbgm", "idlebgm", "{\"duration\":\"PT1S\"}", NULL);
    assert_int_equal(w.results, 2);
    assert_string_equal(w.error, "sleepbgm: broken");
}

static void a_plug_in_may_have_records_too(void **state)
{
    (void)state;
    plug_in("printf '\\036{\"succeeded\":true,\"n\":1}\\n\\036{\"succeeded\":true,\"n\":2}\\n'");
    run("t", "x", "{}", NULL);
    assert_int_equal(w.results, 2);
    assert_string_equal(w.merged, "{\"succeeded\":true,\"n\":2}");
}

// --- time

static void a_run_waits_for_its_time(void **state)
{
    struct tl_run_ask ask = {.start = wall() + 1200 * PS_MSEC, .duration = 10 * PS_SEC};
    char began[100];

    (void)state;
    plug_in("printf '{\"succeeded\":true,\"at\":%s}' $(date +%s%N)");
    run("t", "x", "{}", &ask);
    assert_int_equal(sscanf(w.merged, "{\"succeeded\":true,\"at\":%99[0-9]", began), 1);
    assert_true(strtoll(began, NULL, 10) >= ask.start);
}

static void who_does_not_end_is_killed_with_all_that_it_started(void **state)
{
    struct tl_run_ask ask = {.start = wall() - 100 * PS_SEC, .duration = PS_SEC};

    (void)state;
    plug_in("trap '' TERM; setsid sleep 1000 & sleep 1001 & sleep 1002");
    run("t", "x", "{}", &ask);
    assert_int_equal(w.how, TL_RUN_OVERDUE);
    assert_string_equal(w.error, "The tool had not ended 4 s behind its time, and was killed.");
    assert_int_equal(left_running(), 0);
    assert_int_equal(left_in_tmp(), 0);
}

static void what_a_tool_leaves_behind_is_killed(void **state)
{
    (void)state;
    plug_in("setsid sleep 1000 >/dev/null 2>&1 </dev/null & mkdir -p $TMPDIR/a/b; echo x >$TMPDIR/a/b/c; pwd "
            ">&2\n"
            "echo '{\"succeeded\":true}'");
    run("t", "x", "{}", NULL);
    assert_true(w.succeeded);
    assert_int_equal(left_running(), 0);
    assert_int_equal(left_in_tmp(), 0);
}

// It holds the pipe open; the result is there all the same.
static void a_child_that_keeps_the_output_does_not_hold_up_the_result(void **state)
{
    (void)state;
    plug_in("setsid sleep 1000 & echo '{\"succeeded\":true}'");
    run("t", "x", "{}", NULL);
    assert_true(w.succeeded);
    assert_int_equal(left_running(), 0);
}

// --- cancelling

static void start_and_return(const char *script)
{
    plug_in(script);
    w.stop_at_start = true;
    begin("t", "x", "{}", NULL);
    run_loop();
    assert_int_equal(w.ends, 0);
    assert_int_equal(tl_runner_running(w.runner), 1);
}

static void a_cancelled_run_ends_without_a_result(void **state)
{
    (void)state;
    start_and_return("trap '' TERM; sleep 1000 & sleep 1000");
    tl_run_cancel(w.run);
    tl_run_cancel(w.run);
    run_loop();
    assert_int_equal(w.ends, 1);
    assert_int_equal(w.results, 0);
    assert_int_equal(w.how, TL_RUN_CANCELLED);
    assert_int_equal(left_running(), 0);
    assert_int_equal(left_in_tmp(), 0);
}

static void a_run_that_waits_can_be_cancelled(void **state)
{
    struct tl_run_ask ask = {.start = wall() + 1000 * PS_SEC, .duration = 10 * PS_SEC};

    (void)state;
    plug_in("exit 1");
    begin("t", "x", "{}", &ask);
    tl_run_cancel(w.run);
    run_loop();
    assert_int_equal(w.how, TL_RUN_CANCELLED);
    assert_int_equal(left_in_tmp(), 0);
}

static void a_freed_run_says_nothing(void **state)
{
    (void)state;
    start_and_return("sleep 1000");
    tl_run_free(w.run);
    assert_int_equal(tl_runner_running(w.runner), 0);
    while (left_running() > 0 || left_in_tmp() > 0)
        ps_loop_poll(w.f->loop);
    assert_int_equal(w.ends, 0);
}

static void free_in_result(void *ctx, const struct tl_result *r)
{
    (void)ctx;
    (void)r;
    w.results++;
    tl_run_free(w.run);
}

static void a_run_may_be_freed_when_it_tells(void **state)
{
    static const struct tl_run_ops freeing = {.result = free_in_result, .ended = got_end};
    struct tl_run_ask ask = {
        .tool = "sleepbgm", .run = w.uuid, .task = "", .type = "idlebgm", .spec = "{}", .spec_len = 2};
    struct ps_fault fault;

    (void)state;
    stand_in(TL_PROBE, "printf '\\036{\"succeeded\":true}\\n\\036{\"succeeded\":true}\\n'; sleep 1000");
    make_runner(0);
    ask.start = wall();
    ask.duration = 60 * PS_SEC;
    assert_int_equal(tl_run_start(w.runner, &ask, &freeing, NULL, &w.run, &fault), 0);
    while (tl_runner_running(w.runner) > 0)
        ps_loop_poll(w.f->loop);
    assert_int_equal(w.results, 1);
    assert_int_equal(w.ends, 0);
    assert_int_equal(left_running(), 0);
}

// --- contexts

static void contexts_are_entered_from_the_outermost(void **state)
{
    char outer[300], inner[300];
    struct tl_context contexts[] = {{outer, "{\"n\": 1}"}, {inner, "2"}};
    struct tl_run_ask ask = {.duration = 10 * PS_SEC, .contexts = contexts, .ncontexts = 2};
    static const char change[] =
        "input=$(cat); WAY=\"$WAY $(echo \"$input\" | sed 's/.*\"data\":\\(.*\\),\"exec\".*/\\1/')\"\n"
        "export WAY; exec \"$(echo \"$input\" | sed 's/.*\"exec\":\"\\(.*\\)\"}/\\1/')\"";

    (void)state;
    plug_in("cat >/dev/null; printf '{\"succeeded\":true,\"way\":\"%s\"}' \"$(echo $WAY | tr -d '\"')\"");
    snprintf(outer, sizeof outer, "%s/outer", w.dir);
    snprintf(inner, sizeof inner, "%s/inner", w.dir);
    write_file(outer, change);
    write_file(inner, change);
    run("t", "x", "{}", &ask);
    assert_string_equal(w.error, "");
    assert_string_equal(w.merged, "{\"succeeded\":true,\"way\":\"{n: 1} 2\"}");
    assert_int_equal(left_in_tmp(), 0);
}

static void a_context_that_fails_fails_the_run(void **state)
{
    char outer[300];
    struct tl_context context = {outer, "{}"};
    struct tl_run_ask ask = {.duration = 10 * PS_SEC, .contexts = &context, .ncontexts = 1};

    (void)state;
    plug_in("echo '{\"succeeded\":true}'");
    snprintf(outer, sizeof outer, "%s/outer", w.dir);
    write_file(outer, "echo no such namespace >&2; exit 1");
    run("t", "x", "{}", &ask);
    assert_string_equal(w.error, "t: no such namespace");
}

static void what_is_wrong_with_a_run_is_told(void **state)
{
    struct tl_run_ask ask = {
        .tool = "nosuch", .run = "", .task = "", .type = "x", .spec = "{}", .spec_len = 2};
    struct ps_fault fault;

    (void)state;
    make_runner(0);
    assert_int_equal(tl_run_start(w.runner, &ask, &ops, NULL, &w.run, &fault), PS_ENOTFOUND);
    assert_string_equal(fault.text, "there is no tool nosuch here");
    ask.tool = "ping";
    ask.spec = "{";
    ask.spec_len = 1;
    assert_int_equal(tl_run_start(w.runner, &ask, &ops, NULL, &w.run, &fault), PS_EMALFORMED);
    assert_int_equal(tl_runner_running(w.runner), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_plug_in_gets_the_run_and_its_output_is_the_result),
        CASE(the_one_participant_is_asked_for_its_data),
        CASE(without_its_data_there_is_no_run),
        CASE(a_run_is_cancelled_while_its_data_are_asked_for),
        CASE(a_plug_in_merges_by_itself),
        CASE(a_tool_that_fails_says_why),
        CASE(an_output_that_is_no_result_is_a_failure),
        CASE(a_result_may_say_that_it_failed),
        CASE(a_signal_is_told),
        CASE(an_output_has_a_bound),
        CASE(a_program_of_a_tool_is_read_by_it),
        CASE(a_program_that_is_missing_is_named),
        CASE(a_host_that_looks_like_an_option_is_refused),
        CASE(ends_of_different_families_are_refused),
        CASE(records_are_results_of_their_own),
        CASE(a_multi_result_tool_that_breaks_says_why),
        CASE(a_plug_in_may_have_records_too),
        CASE(a_run_waits_for_its_time),
        CASE(who_does_not_end_is_killed_with_all_that_it_started),
        CASE(what_a_tool_leaves_behind_is_killed),
        CASE(a_child_that_keeps_the_output_does_not_hold_up_the_result),
        CASE(a_cancelled_run_ends_without_a_result),
        CASE(a_run_that_waits_can_be_cancelled),
        CASE(a_freed_run_says_nothing),
        CASE(a_run_may_be_freed_when_it_tells),
        CASE(contexts_are_entered_from_the_outermost),
        CASE(a_context_that_fails_fails_the_run),
        CASE(what_is_wrong_with_a_run_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
