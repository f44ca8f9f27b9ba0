// SPDX-License-Identifier: Apache-2.0
#include "psched/waiters.h"
#include "psched_fix.h"

#define TASK "00000000-0000-4000-8000-000000000001"
#define OTHER "00000000-0000-4000-8000-000000000002"

// What stands for a request. The waiters pass it on and never look into it.
struct asked {
    bool ready; // it can be answered
    int looks;
    int answers; // and how the last one came
    bool last;
    char task[SCH_ID];
};

static bool look(struct site *s, struct ps_http_req *req, const char *task, bool last)
{
    struct asked *a = (void *)req;

    (void)s;
    a->looks++;
    snprintf(a->task, sizeof a->task, "%s", task);
    if (!a->ready && !last)
        return false;
    a->answers++;
    a->last = last;
    return true;
}

static struct waiters *waiters(struct fix *f)
{
    struct waiters *w = NULL;

    assert_int_equal(waiters_new(&f->site, &w), 0);
    return w;
}

static void add(struct waiters *w, struct asked *a, const char *task, ps_ns patience)
{
    waiters_add(w, (void *)a, task, patience, look);
}

static void what_can_be_answered_does_not_wait(void **state)
{
    struct fix *f = *state;
    struct waiters *w = waiters(f);
    struct asked a = {.ready = true}, b = {.ready = false};

    add(w, &a, TASK, GUARD);
    assert_int_equal(a.answers, 1);
    assert_false(a.last);
    add(w, &b, TASK, 0); // nor who has no patience
    assert_int_equal(b.answers, 1);
    assert_true(b.last);
    waiters_wake(w, TASK);
    waiters_end(w);
    assert_int_equal(a.looks + b.looks, 2);
    waiters_free(w);
}

static void a_change_of_its_task_answers_it(void **state)
{
    struct fix *f = *state;
    struct waiters *w = waiters(f);
    struct asked a = {.ready = false}, other = {.ready = false};

    add(w, &a, TASK, GUARD);
    add(w, &other, OTHER, GUARD);
    a.ready = other.ready = true;
    waiters_wake(w, TASK);
    assert_int_equal(a.answers, 0); // not from inside
    POLL_UNTIL(f, a.answers);
    assert_string_equal(a.task, TASK);
    assert_false(a.last);
    assert_int_equal(other.looks, 1);
    waiters_end(w);
    waiters_free(w);
}

static void a_change_that_is_not_enough_leaves_it_waiting(void **state)
{
    struct fix *f = *state;
    struct waiters *w = waiters(f);
    struct asked a = {.ready = false};

    add(w, &a, TASK, GUARD);
    waiters_wake(w, TASK);
    POLL_UNTIL(f, a.looks == 2);
    assert_int_equal(a.answers, 0);
    a.ready = true;
    waiters_wake(w, TASK);
    POLL_UNTIL(f, a.answers);
    assert_int_equal(a.looks, 3);
    waiters_end(w);
    assert_int_equal(a.answers, 1);
    waiters_free(w);
}

static void its_time_ends_it(void **state)
{
    struct fix *f = *state;
    struct waiters *w = waiters(f);
    struct asked a = {.ready = false};

    add(w, &a, TASK, PS_MSEC);
    POLL_UNTIL(f, a.answers);
    assert_true(a.last);
    waiters_end(w);
    assert_int_equal(a.answers, 1);
    waiters_free(w);
}

static void the_end_answers_all(void **state)
{
    struct fix *f = *state;
    struct waiters *w = waiters(f);
    struct asked a = {.ready = false}, b = {.ready = false};

    add(w, &a, TASK, GUARD);
    add(w, &b, OTHER, 2 * WAITERS_MOST);
    waiters_end(w);
    assert_int_equal(a.answers, 1);
    assert_int_equal(b.answers, 1);
    assert_true(a.last && b.last);
    waiters_free(w);
    waiters_end(NULL);
    waiters_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_can_be_answered_does_not_wait),
        TEST(a_change_of_its_task_answers_it),
        TEST(a_change_that_is_not_enough_leaves_it_waiting),
        TEST(its_time_ends_it),
        TEST(the_end_answers_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
