// SPDX-License-Identifier: Apache-2.0
#include <time.h>
#include "psched/allow.h"
#include "loop/ps_ctl.h"
#include "psched_fix.h"

// What the limits were asked, and answer.
struct limits {
    struct fix *f;
    struct ps_ctl *ctl;
    const char *reply;
    char asked[1024];
};

// The last answer.
struct got {
    int calls, err;
    bool passed, has_priority, has_task;
    int64_t priority;
    char why[512], diags[256], task[256];
};

static void limits_asked(void *ctx, struct ps_ctl_request req, const char *line, size_t len)
{
    struct limits *l = ctx;

    snprintf(l->asked, sizeof l->asked, "%.*s", (int)len, line);
    assert_int_equal(ps_ctl_reply(req, l->reply, strlen(l->reply)), 0);
}

static void note(void *ctx, const struct allow_answer *a)
{
    struct got *g = ctx;

    g->calls++;
    g->err = a->err;
    g->passed = a->passed;
    g->has_priority = a->has_priority;
    g->priority = a->priority;
    g->has_task = a->task != NULL;
    snprintf(g->why, sizeof g->why, "%s", a->why);
    snprintf(g->diags, sizeof g->diags, "%s", a->diags);
    snprintf(g->task, sizeof g->task, "%.*s", (int)a->task_len, a->task ? a->task : "");
}

static const char *socket_of(struct fix *f)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/limits", f->dir);
    return path;
}

static void open_limits(struct fix *f, struct limits *l)
{
    l->f = f;
    assert_int_equal(ps_ctl_listen(f->loop, socket_of(f), 0600, limits_asked, l, &l->ctl, &f->fault), 0);
}

static void ask(struct fix *f, const struct allow_ask *q, struct got *g)
{
    *g = (struct got){.calls = 0};
    if (!f->site.limits)
        assert_int_equal(ps_ctl_asker_new(f->loop, socket_of(f), &f->site.limits), 0);
    assert_int_equal(allow_ask(&f->site, q, note, g), 0);
    assert_int_equal(g->calls, 0);
    POLL_UNTIL(f, g->calls);
    assert_int_equal(g->calls, 1);
}

static void close_limits(struct fix *f, struct limits *l)
{
    ps_ctl_asker_free(f->site.limits);
    f->site.limits = NULL;
    ps_ctl_close(l->ctl);
}

static const struct allow_ask task_question = {"{\"requester\":\"h\"}", "{\"test\":\n{}}", 0, 0};

static void answer_of(struct fix *f, const char *reply, struct got *g)
{
    struct limits l = {.reply = reply};

    open_limits(f, &l);
    ask(f, &task_question, g);
    close_limits(f, &l);
}

static void a_task_is_asked_about_and_may_be_rewritten(void **state)
{
    struct fix *f = *state;
    struct limits l = {
        .reply = "{\"ok\":true,\"passed\":true,\"why\":\"\",\"diags\":\"all well\",\"task\":{\"a\":1}}"};
    struct got g;

    open_limits(f, &l);
    ask(f, &task_question, &g);
    assert_string_equal(l.asked,
                        "{\"verb\":\"judge\",\"hints\":{\"requester\":\"h\"},\"task\":{\"test\": {}},"
                        "\"rewrite\":true,\"reasons\":false,\"diags\":true}");
    assert_int_equal(g.err, 0);
    assert_true(g.passed);
    assert_string_equal(g.task, "{\"a\":1}");
    assert_string_equal(g.diags, "all well");
    assert_false(g.has_priority);
    close_limits(f, &l);
}

static void in_zone(const char *zone)
{
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

static void the_time_of_a_run_is_told_by_the_clock_on_the_wall(void **state)
{
    struct fix *f = *state;
    struct limits l = {.reply = "{\"ok\":true,\"passed\":true,\"why\":\"\"}"};
    const struct allow_ask q = {"{}", "{}", INT64_C(1800000000) * PS_SEC, 90 * PS_SEC};
    struct got g;

    in_zone("XST-5:30");
    open_limits(f, &l);
    ask(f, &q, &g);
    fix_has(l.asked, "\"start\":\"2027-01-15T13:30:00+05:30\"");
    close_limits(f, &l);
    in_zone("UTC");
}

static void a_run_is_asked_about_with_its_time(void **state)
{
    struct fix *f = *state;
    struct limits l = {.reply = "{\"ok\":true,\"passed\":true,\"why\":\"\",\"priority\":-7}"};
    const struct allow_ask q = {"{}", "{}", INT64_C(1800000000) * PS_SEC, 90 * PS_SEC};
    struct got g;

    in_zone("UTC");
    open_limits(f, &l);
    ask(f, &q, &g);
    fix_has(l.asked, "\"start\":\"2027-01-15T08:00:00Z\"");
    fix_has(l.asked, "\"duration\":\"PT1M30S\"");
    fix_has(l.asked, "\"rewrite\":false");
    assert_true(g.passed);
    assert_false(g.has_task);
    assert_true(g.has_priority);
    assert_true(g.priority == -7);
    close_limits(f, &l);
}

static void a_no_has_its_reason(void **state)
{
    struct got g;

    answer_of(*state, "{\"ok\":true,\"passed\":false,\"why\":\"not at night\",\"diags\":\"x\\ny\"}", &g);
    assert_int_equal(g.err, 0);
    assert_false(g.passed);
    assert_string_equal(g.why, "not at night");
    assert_string_equal(g.diags, "x\ny");
}

static void what_is_no_answer_is_a_no(void **state)
{
    static const struct {
        const char *reply, *words;
    } cases[] = {
        {"{\"ok\":false,\"error\":\"no rules yet\"}", "no rules yet"},
        {"{\"ok\":true}", "The limits give no answer"},
        {"{\"ok\":true,\"passed\":\"yes\"}", "The limits give no answer"},
        {"{\"passed\":true}", "The limits give no answer"},
        {"[true]", "The limits give no answer"},
        {"passed", "The limits give no answer"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct got g;

        answer_of(*state, cases[i].reply, &g);
        if (g.err == 0 || g.passed)
            fail_msg("this is taken for an answer: %s", cases[i].reply);
        fix_has(g.why, cases[i].words);
    }
}

static void a_priority_that_is_none_does_not_count(void **state)
{
    struct got g;

    answer_of(*state, "{\"ok\":true,\"passed\":true,\"why\":\"\",\"priority\":\"high\",\"task\":[1]}", &g);
    assert_true(g.passed);
    assert_false(g.has_priority);
    assert_false(g.has_task);
}

static void without_limits_at_their_socket_it_is_a_no(void **state)
{
    struct fix *f = *state;
    struct limits l = {.ctl = NULL};
    struct got g;

    ask(f, &task_question, &g);
    assert_true(g.err < 0);
    assert_false(g.passed);
    fix_has(g.why, "The limits give no answer");
    fix_has(g.why, socket_of(f));
    close_limits(f, &l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_task_is_asked_about_and_may_be_rewritten),
        TEST(a_run_is_asked_about_with_its_time),
        TEST(the_time_of_a_run_is_told_by_the_clock_on_the_wall),
        TEST(a_no_has_its_reason),
        TEST(what_is_no_answer_is_a_no),
        TEST(a_priority_that_is_none_does_not_count),
        TEST(without_limits_at_their_socket_it_is_a_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
