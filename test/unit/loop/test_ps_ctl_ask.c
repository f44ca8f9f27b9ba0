// SPDX-License-Identifier: Apache-2.0
#include "ctl_fix.h"
#include "loop/ps_ctl_ask.h"

#define MANY 50

struct answers {
    int n, err, order[MANY];
    char text[64], why[256];
};

struct numbered {
    struct answers *into;
    int number;
};

static void got(void *ctx, int err, const char *reply, size_t len, const char *why)
{
    struct answers *a = ctx;

    a->n++;
    a->err = err;
    a->text[0] = '\0';
    if (!err)
        snprintf(a->text, sizeof a->text, "%.*s", (int)len, reply);
    snprintf(a->why, sizeof a->why, "%s", why);
}

static void got_numbered(void *ctx, int err, const char *reply, size_t len, const char *why)
{
    struct numbered *n = ctx;

    (void)len;
    (void)why;
    assert_int_equal(err, 0);
    assert_int_equal(atoi(reply), n->number);
    n->into->order[n->into->n++] = n->number;
}

static void ask(struct ps_ctl_asker *asker, const char *line, struct answers *a)
{
    assert_int_equal(ps_ctl_ask(asker, line, strlen(line), GUARD, got, a, NULL), 0);
}

static void a_question_is_answered_and_the_connection_is_kept(void **state)
{
    struct fix *f = *state;
    struct ps_ctl_asker *asker;
    struct answers a = {0};

    f->echo = true;
    assert_int_equal(ps_ctl_asker_new(f->loop, f->path, &asker), 0);
    ask(asker, "one", &a);
    assert_int_equal(a.n, 0);
    POLL_UNTIL(f, a.n == 1);
    assert_string_equal(a.text, "one");
    assert_string_equal(a.why, "");
    ask(asker, "two", &a);
    POLL_UNTIL(f, a.n == 2);
    assert_string_equal(a.text, "two");
    assert_int_equal(ps_ctl_conns(f->ctl), 1);
    ps_ctl_asker_free(asker);
}

static void many_get_each_its_own_answer(void **state)
{
    struct fix *f = *state;
    struct ps_ctl_asker *asker;
    struct answers a = {0};
    struct numbered n[MANY];

    f->echo = true;
    assert_int_equal(ps_ctl_asker_new(f->loop, f->path, &asker), 0);
    for (int i = 0; i < MANY; i++) {
        char line[16];

        n[i] = (struct numbered){&a, i};
        snprintf(line, sizeof line, "%d", i);
        assert_int_equal(ps_ctl_ask(asker, line, strlen(line), GUARD, got_numbered, &n[i], NULL), 0);
    }
    POLL_UNTIL(f, a.n == MANY);
    assert_in_range(ps_ctl_conns(f->ctl), 1, PS_CTL_ASK_CONNS);
    ps_ctl_asker_free(asker);
}

static void without_a_daemon_the_reason_names_the_socket(void **state)
{
    struct fix *f = *state;
    struct ps_ctl_asker *asker;
    struct answers a = {0};

    fix_close(f);
    assert_int_equal(ps_ctl_asker_new(f->loop, f->path, &asker), 0);
    ask(asker, "one", &a);
    POLL_UNTIL(f, a.n == 1);
    assert_int_equal(a.err, -ENOENT);
    assert_non_null(strstr(a.why, f->path));
    assert_non_null(strstr(a.why, "is the daemon running?"));
    ps_ctl_asker_free(asker);
}

static void silence_ends_at_the_deadline_and_the_next_is_served(void **state)
{
    struct fix *f = *state;
    struct ps_ctl_asker *asker;
    struct answers a = {0};

    assert_int_equal(ps_ctl_asker_new(f->loop, f->path, &asker), 0);
    assert_int_equal(ps_ctl_ask(asker, "one", 3, 20 * PS_MSEC, got, &a, NULL), 0);
    POLL_UNTIL(f, a.n == 1);
    assert_int_equal(a.err, PS_ETIMEOUT);
    f->echo = true;
    ask(asker, "two", &a);
    POLL_UNTIL(f, a.n == 2);
    assert_string_equal(a.text, "two");
    ps_ctl_asker_free(asker);
}

static void a_daemon_that_ended_meanwhile_is_asked_again(void **state)
{
    struct fix *f = *state;
    struct ps_ctl_asker *asker;
    struct answers a = {0};

    f->echo = true;
    assert_int_equal(ps_ctl_asker_new(f->loop, f->path, &asker), 0);
    ask(asker, "one", &a);
    POLL_UNTIL(f, a.n == 1);
    fix_close(f);
    assert_int_equal(fix_listen(f), 0);
    ask(asker, "two", &a);
    POLL_UNTIL(f, a.n == 2);
    assert_string_equal(a.text, "two");
    ps_ctl_asker_free(asker);
}

static void a_dropped_question_is_not_answered_nor_mixed_up(void **state)
{
    struct fix *f = *state;
    struct ps_ctl_asker *asker;
    struct ps_ctl_question *q;
    struct answers dropped = {0}, a = {0};

    assert_int_equal(ps_ctl_asker_new(f->loop, f->path, &asker), 0);
    assert_int_equal(ps_ctl_ask(asker, "one", 3, GUARD, got, &dropped, &q), 0);
    POLL_UNTIL(f, f->n == 1);
    ps_ctl_question_drop(q);
    f->echo = true;
    ps_ctl_reply(f->reqs[0], "late", 4);
    ask(asker, "two", &a);
    POLL_UNTIL(f, a.n == 1);
    assert_string_equal(a.text, "two");
    assert_int_equal(dropped.n, 0);
    ps_ctl_asker_free(asker);
}

static void what_is_no_line_is_refused_and_the_end_is_silent(void **state)
{
    struct fix *f = *state;
    struct ps_ctl_asker *asker;
    struct answers a = {0};

    assert_int_equal(ps_ctl_asker_new(f->loop, f->path, &asker), 0);
    assert_int_equal(ps_ctl_ask(asker, "a\nb", 3, GUARD, got, &a, NULL), -EINVAL);
    assert_int_equal(ps_ctl_ask(asker, "", 0, GUARD, got, &a, NULL), -EINVAL);
    for (int i = 0; i < 10; i++)
        ask(asker, "x", &a);
    POLL_UNTIL(f, f->n == PS_CTL_ASK_CONNS);
    ps_ctl_asker_free(asker);
    ps_loop_poll(f->loop);
    assert_int_equal(a.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_is_answered_and_the_connection_is_kept),
        TEST(many_get_each_its_own_answer),
        TEST(without_a_daemon_the_reason_names_the_socket),
        TEST(silence_ends_at_the_deadline_and_the_next_is_served),
        TEST(a_daemon_that_ended_meanwhile_is_asked_again),
        TEST(a_dropped_question_is_not_answered_nor_mixed_up),
        TEST(what_is_no_line_is_refused_and_the_end_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
