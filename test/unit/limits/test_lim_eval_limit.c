// SPDX-License-Identifier: Apache-2.0
// Limits, the rewrite and the priority.
#include "eval_fix.h"

// One limit that must pass.
#define LIMIT(limit)                                                                  \
    "{'schema':4,'identifiers':[" Y(                                                  \
        "id") "],'classifiers':[{'name':'c','description':'','identifiers':['id']}]," \
              "'limits':[" limit                                                      \
              "],'applications':[{'stop-on-failure':true,'apply':[{'require':'all','limits':['l']}]}]}"
#define L(type, data, more) "{'name':'l','description':'','type':'" type "','data':" data more "}"

static void expect_limit(const char *rules, const char *request, const struct made_up *facts,
                         const char *result, const char *why)
{
    struct trial t = {0};
    char line[500];
    judge(&t, rules, request, false, facts);
    snprintf(line, sizeof line, "    %s limit l: %s\n", result, why);
    if (!strstr(t.reasons, line))
        fail_msg("no \"%s\" in:\n%s", line, t.reasons);
    assert_int_equal(t.verdict->passed, strcmp(result, "yes") == 0);
    fini(&t);
}

static void types_of_tests_are_listed(void **state)
{
    (void)state;
    expect_limit(LIMIT(L("test-type", "{'types':['trace','rtt']}", "")), ASK, NULL, "yes",
                 "test \"rtt\" is listed");
    expect_limit(LIMIT(L("test-type", "{'types':['trace']}", "")), ASK, NULL, "no",
                 "test \"rtt\" is not listed");
    expect_limit(LIMIT(L("test-type", "{'types':['trace']}", ",'invert':true")), ASK, NULL, "yes",
                 "test \"rtt\" is not listed (inverted)");
    expect_limit(LIMIT(L("test-type", "{'types':['rtt']}", ",'invert':true")), ASK, NULL, "no",
                 "test \"rtt\" is listed (passed, but inverted)");
}

static void limits_on_time_are_for_runs(void **state)
{
    (void)state;
    expect_limit(LIMIT(L("run-schedule", "{'hour':[1]}", "")), ASK, NULL, "yes",
                 "is for runs; this is a task");
    expect_limit(LIMIT(L("run-schedule", "{'hour':[1]}", ",'invert':true")), ASK, NULL, "yes",
                 "is for runs; this is a task");
    expect_limit(LIMIT(L("run-schedule", "{'hour':[8],'weekday':[3]}", "")), ASK_RUN, NULL, "no",
                 "the run's hour is 8-9, wanted 8");
    expect_limit(LIMIT(L("run-schedule", "{'hour':[8],'overlap':true}", "")), ASK_RUN, NULL, "yes",
                 "the run's time matches: hour is 8-9, wanted some of 8");
    expect_limit(
        LIMIT(L("run-daterange", "{'start':'2026-06-01T00:00:00Z','end':'2026-07-01T00:00:00Z'}", "")),
        ASK_RUN, NULL, "yes",
        "the run, 2026-06-17T08:59:50Z for PT20S, is within 2026-06-01T00:00:00Z to 2026-07-01T00:00:00Z");
    expect_limit(
        LIMIT(L("run-daterange", "{'start':'2026-06-01T00:00:00Z','end':'2026-06-17T09:00:00Z'}", "")),
        ASK_RUN, NULL, "no",
        "the run, 2026-06-17T08:59:50Z for PT20S, is not within 2026-06-01T00:00:00Z to "
        "2026-06-17T09:00:00Z");
}

static void a_script_passes_by_true_and_refuses_with_words(void **state)
{
    const struct made_up yes[] = {{"l", {.text = "true", .len = 4}}, {0}},
                         no[] = {{"l", {.text = "false", .len = 5}}, {0}};
    const struct made_up words[] = {{"l", {.text = "\"too long\"", .len = 10}}, {0}},
                         odd[] = {{"l", {.text = "7", .len = 1}}, {0}};
    const struct made_up slow[] = {{"l", {.err = PS_ETIMEOUT, .why = "ran longer than 500 ms"}}, {0}};
    const struct made_up nothing[] = {{"l", {.n = 0}}, {0}};
    (void)state;
#define JQ(more) LIMIT(L("jq", "{'script':'.'}", more))
    expect_limit(JQ(""), ASK, yes, "yes", "the script says true");
    expect_limit(JQ(""), ASK, no, "no", "the script says false");
    expect_limit(JQ(""), ASK, words, "no", "too long");
    expect_limit(JQ(",'invert':true"), ASK, words, "yes", "too long (inverted)");
    expect_limit(JQ(""), ASK, odd, "error",
                 "the script's answer is a number, which is neither true or false nor a reason");
    expect_limit(JQ(",'invert':true"), ASK, slow, "error", "ran longer than 500 ms");
    expect_limit(JQ(""), ASK, nothing, "error", "the script says nothing");
}

static void a_server_elsewhere_may_be_asked(void **state)
{
    const struct made_up yes[] = {
        {"l", {.text = "{\"passed\":true,\"message\":\"fine\"}", .len = 32, .status = 200}}, {0}};
    const struct made_up no[] = {{"l", {.text = "{\"passed\":false}", .len = 16, .status = 200}}, {0}};
    const struct made_up html[] = {{"l", {.text = "<html>", .len = 6, .status = 200}}, {0}};
    const struct made_up gone[] = {{"l", {.text = "", .len = 0, .status = 404}}, {0}};
    (void)state;
#define FETCH(more, out) LIMIT(L("url-fetch", "{'url':'http://x/'" more "}", out))
    expect_limit(FETCH("", ""), ASK, yes, "yes", "the server says yes: fine");
    expect_limit(FETCH("", ""), ASK, no, "no", "the server says no");
    expect_limit(FETCH("", ",'invert':true"), ASK, no, "yes", "the server says no (inverted)");
    expect_limit(FETCH("", ""), ASK, html, "error", "the server's answer is not {\"passed\": true or false}");
    expect_limit(FETCH(",'fail-result':true", ""), ASK, html, "yes",
                 "the server's answer is not {\"passed\": true or false} (fail-result is true)");
    expect_limit(FETCH("", ""), ASK, gone, "error", "the server does not say: HTTP status 404");
    expect_limit(FETCH(",'success-only':true", ""), ASK, gone, "no", "the server says no");
    expect_limit(FETCH("", ""), ASK, NULL, "error", "no answer: nobody answered");
    expect_limit(FETCH(",'fail-result':true", ""), ASK, NULL, "yes",
                 "no answer: nobody answered (fail-result is true)");
    expect_limit(FETCH(",'fail-result':false", ""), ASK, NULL, "no",
                 "no answer: nobody answered (fail-result is false)");
    expect_limit(FETCH(",'fail-result':false", ",'invert':true"), ASK, NULL, "yes",
                 "no answer: nobody answered (fail-result is false)");
    expect_limit(FETCH("", ",'invert':true"), ASK, NULL, "error", "no answer: nobody answered");
}

// Even where the rules say what holds without an answer.
static void for_want_of_a_turn_there_is_no_verdict(void **state)
{
    static const char why[] = "waited longer than 5 s for others";
    const struct made_up facts[] = {{"l", {.err = PS_ESTATE, .why = why, .busy = true}}, {0}};
    struct trial t = {0};
    (void)state;
    judge(&t, FETCH(",'fail-result':true", ""), ASK, false, facts);
    assert_true(t.verdict->busy);
    assert_false(t.verdict->passed);
    assert_string_equal(t.verdict->why, "busy: waited longer than 5 s for others");
    fini(&t);
    judge(&t, FETCH("", ""), ASK, false, NULL);
    assert_false(t.verdict->busy);
    fini(&t);
}

// Each limit is asked for once, however often it is applied; identifiers all at a time.
static void a_question_is_asked_once(void **state)
{
    struct trial t = {0};
    const struct made_up facts[] = {{"l", {.text = "false", .len = 5}}, {0}};
    (void)state;
    judge(&t,
          "{'schema':4,'identifiers':[" Y(
              "id") "],'classifiers':[{'name':'c','description':'','identifiers':['id']}],"
                    "'limits':[" L("jq", "{'script':'.'}", "") "],'applications':[{'apply':[" G(
                        "any", "'l'") "]},{'apply':[" G("all", "'l'") "]}]}",
          ASK, false, facts);
    assert_int_equal(nasked, 1);
    fini(&t);
}

#define SCRIPTS(more)                                                                                        \
    "{'schema':4,'identifiers':[" Y(                                                                         \
        "id") "],'classifiers':[{'name':'c','description':'','identifiers':['id']}],"                        \
              "'limits':[{'name':'only-trace','description':'','type':'test-type','data':{'types':['rtt']}}" \
              "],"                                                                                           \
              "'applications':[{'apply':[" G("all", "'only-trace'") "]}]," more "}"
#define SAYS(t)                                   \
    {                                             \
        {NULL, {.text = t, .len = sizeof t - 1}}, \
        {                                         \
            0                                     \
        }                                         \
    }

static void a_rewritten_task_is_in_force(void **state)
{
    struct trial t = {0};
    static const char out[] = "{\"task\":{\"test\":{\"type\":\"rtt\",\"spec\":{\"dest\":\"y\"}}},\"changed\":"
                              "true,\"messages\":[\"other way\"]}";
    const struct made_up facts[] = SAYS(out);
    (void)state;
    judge(&t, SCRIPTS("'rewrite':{'script':'.'}"), ASK, true, facts);
    assert_true(t.verdict->passed);
    assert_int_equal(t.verdict->task_len, 43);
    assert_memory_equal(t.verdict->task, "{\"test\":{\"type\":\"rtt\",\"spec\":{\"dest\":\"y\"}}}", 43);
    assert_non_null(strstr(t.reasons, "- rewrite : changes the task\n  - change : other way\n"));
    fini(&t);
}

static void only_who_leads_rewrites(void **state)
{
    struct trial t = {0};
    (void)state;
    judge(&t, SCRIPTS("'rewrite':{'script':'.'}"), ASK, false, NULL);
    assert_true(t.verdict->passed);
    assert_int_equal(nasked, 0);
    fini(&t);
}

static void a_task_that_comes_back_as_it_was_is_kept(void **state)
{
    struct trial t = {0};
    static const char out[] = "{\"task\":{\"test\":{\"spec\":{\"dest\":\"x\"},\"type\":\"rtt\"}},\"changed\":"
                              "false,\"messages\":[]}";
    const struct made_up facts[] = SAYS(out);
    (void)state;
    judge(&t, SCRIPTS("'rewrite':{'script':'.'}"), ASK, true, facts);
    assert_null(t.verdict->task);
    assert_non_null(strstr(t.reasons, "- rewrite : leaves the task as it is\n"));
    fini(&t);
}

// pScheduler takes such a task over and judges the one before. Here the limits see what will run.
static void a_change_that_is_not_told_is_judged_too(void **state)
{
    struct trial t = {0};
    static const char out[] = "{\"task\":{\"test\":{\"spec\":{\"dest\":\"z\"},\"type\":\"rtt\"}},\"changed\":"
                              "false,\"messages\":[]}";
    const struct made_up facts[] = SAYS(out);
    (void)state;
    judge(&t, SCRIPTS("'rewrite':{'script':'.'}"), ASK, true, facts);
    assert_non_null(t.verdict->task);
    assert_non_null(strstr(t.reasons, "- rewrite : changes the task and does not say so\n"));
    fini(&t);
}

static void expect_refusal(const struct made_up *facts, const char *why)
{
    struct trial t = {0};
    judge(&t, SCRIPTS("'rewrite':{'script':'.'}"), ASK, true, facts);
    assert_false(t.verdict->passed);
    assert_string_equal(t.verdict->why, why);
    fini(&t);
}

static void a_rewrite_that_fails_denies(void **state)
{
    static const char other[] =
        "{\"task\":{\"test\":{\"spec\":{},\"type\":\"trace\"}},\"changed\":true,\"messages\":[]}";
    const struct made_up type[] = SAYS(other), none[] = SAYS("{\"task\":7}"), odd[] = SAYS("{");
    const struct made_up reject[] = {{NULL, {.err = PS_EREFUSED, .why = "rejected: not with T"}}, {0}};
    const struct made_up slow[] = {{NULL, {.err = PS_ETIMEOUT, .why = "ran longer than 500 ms"}}, {0}};
    (void)state;
    expect_refusal(type, "the rewrite script changed the type of the test");
    expect_refusal(none, "the rewrite script makes no task");
    expect_refusal(odd, "the rewrite script's output cannot be read");
    expect_refusal(reject, "the rewrite script rejects the task: not with T");
    expect_refusal(slow, "the rewrite script failed: ran longer than 500 ms");
}

static void a_run_that_passes_has_a_priority(void **state)
{
    struct trial t = {0};
    const struct made_up facts[] = SAYS("{\"priority\":-7,\"notes\":[\"slow\"]}");
    (void)state;
    judge(&t, SCRIPTS("'priority':{'script':'.'}"), ASK_RUN, false, facts);
    assert_true(t.verdict->passed);
    assert_true(t.verdict->has_priority);
    assert_int_equal(t.verdict->priority, -7);
    assert_non_null(strstr(t.reasons, "- priority : -7\n  - note : slow\n"));
    fini(&t);
    judge(&t, SCRIPTS("'priority':{'script':'.'}"), ASK, false, facts);
    assert_false(t.verdict->has_priority);
    fini(&t);
    judge(&t, SCRIPTS("'priority':{'script':'.'}"), ASK_RUN, false, NULL);
    assert_true(t.verdict->passed);
    assert_int_equal(t.verdict->priority, 0);
    assert_non_null(strstr(t.reasons, "error priority : 0: the priority script failed: nobody answered\n"));
    fini(&t);
}

// What a program is given.
static void scripts_see_the_task_and_the_run(void **state)
{
    struct trial t = {0};
    struct lim_ask ask;
    (void)state;
    judge(&t, LIMIT(L("jq", "{'script':'.','args':{'a':[1]}}", "")), ASK_RUN, false, NULL);
    fini(&t);
    t = (struct trial){.rules = rules_of(LIMIT(L("jq", "{'script':'.','args':{'a':[1]}}", "")))};
    char *text = json(ASK_RUN);
    assert_int_equal(ps_jdoc_parse(&t.doc, NULL, text, strlen(text), NULL), 0);
    struct ps_jnode root = ps_jdoc_root(t.doc);
    assert_int_equal(lim_request_read(&t.request, ps_jnode_member(root, "hints"),
                                      ps_jnode_member(root, "task"), ps_jnode_member(root, "run"), NULL),
                     0);
    assert_int_equal(lim_eval_new(t.rules, &t.request, &t.eval), 0);
    assert_true(lim_eval_next(t.eval, &ask));
    assert_false(lim_eval_next(t.eval, &ask));
    static const char want[] =
        "{\"test\":{\"type\":\"rtt\",\"spec\":{\"dest\":\"x\"}},\"run_schedule\":{\"start\":"
        "\"2026-06-17T08:59:50Z\",\"duration\":\"PT20S\"}}";
    assert_int_equal(ask.input.len, sizeof want - 1);
    assert_memory_equal(ask.input.text, want, sizeof want - 1);
    assert_string_equal(ask.program->names[0], "a");
    assert_int_equal(ask.program->nnames, 1);
    lim_eval_answer(t.eval, ask.id + 1, &(struct lim_answer){.text = "true", .len = 4}); // of nobody
    assert_null(lim_eval_verdict(t.eval));
    free(text);
    fini(&t);
}

static void requests_are_checked(void **state)
{
    static const struct {
        const char *request, *fault;
    } bad[] = {
        {"{" TASK "}", "hints: is missing"},
        {"{'hints':{'requester':'x'}," TASK "}", "hints.requester: \"x\" is no IP address"},
        {"{'hints':{'requester':7}," TASK "}",
         "hints.requester: wants a string of at most 4096 octets; got 7"},
        {"{" HINTS "}", "task: is missing"},
        {"{" HINTS ",'task':{}}", "task.test: is missing"},
        {"{" HINTS ",'task':{'test':{'type':'rtt'}}}", "task.test.spec: is missing"},
        {"{" HINTS "," TASK ",'run':{'start':'x','duration':'PT1S'}}",
         "run.start: \"x\" is no ISO 8601 time, as in 2026-06-21T12:00:00Z"},
        {"{" HINTS "," TASK ",'run':{'start':'2026-06-21','duration':'1'}}",
         "run.duration: \"1\" is no ISO 8601 duration, as in PT30S"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ps_jdoc *doc;
        struct lim_request q;
        struct ps_fault fault = {""};
        char *text = json(bad[i].request);
        assert_int_equal(ps_jdoc_parse(&doc, NULL, text, strlen(text), NULL), 0);
        struct ps_jnode root = ps_jdoc_root(doc);
        assert_int_not_equal(lim_request_read(&q, ps_jnode_member(root, "hints"),
                                              ps_jnode_member(root, "task"), ps_jnode_member(root, "run"),
                                              &fault),
                             0);
        assert_string_equal(fault.text, bad[i].fault);
        ps_jdoc_free(doc);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_of_tests_are_listed),
        cmocka_unit_test(limits_on_time_are_for_runs),
        cmocka_unit_test(a_script_passes_by_true_and_refuses_with_words),
        cmocka_unit_test(a_server_elsewhere_may_be_asked),
        cmocka_unit_test(for_want_of_a_turn_there_is_no_verdict),
        cmocka_unit_test(a_question_is_asked_once),
        cmocka_unit_test(a_rewritten_task_is_in_force),
        cmocka_unit_test(only_who_leads_rewrites),
        cmocka_unit_test(a_task_that_comes_back_as_it_was_is_kept),
        cmocka_unit_test(a_change_that_is_not_told_is_judged_too),
        cmocka_unit_test(a_rewrite_that_fails_denies),
        cmocka_unit_test(a_run_that_passes_has_a_priority),
        cmocka_unit_test(scripts_see_the_task_and_the_run),
        cmocka_unit_test(requests_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
