// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <time.h>
#include "loop/ps_timerq.h"

static ps_ns now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

static bool fires(struct ps_timerq *q, int timeout_ms)
{
    struct pollfd p = {.fd = q->fd, .events = POLLIN};
    int n = poll(&p, 1, timeout_ms);

    if (n > 0)
        ps_timerq_fired(q);
    return n > 0;
}

static int setup(void **state)
{
    static struct ps_timerq q;

    *state = &q;
    return ps_timerq_init(&q);
}

static int teardown(void **state)
{
    ps_timerq_fini(*state);
    return 0;
}

static void it_fires_for_the_first_instant_and_not_before_it(void **state)
{
    struct ps_timerq *q = *state;
    struct ps_heap_node late = {0}, early = {0};
    ps_ns start = now();

    assert_int_equal(ps_timerq_set(q, &late, start + 3600 * PS_SEC), 0);
    assert_int_equal(ps_timerq_set(q, &early, start + 20 * PS_MSEC), 0);
    assert_null(ps_timerq_due(q, start));
    ps_timerq_arm(q, 0, 0);
    assert_true(fires(q, -1));
    assert_true(now() >= start + 20 * PS_MSEC);
    assert_ptr_equal(ps_timerq_due(q, now()), &early);
    ps_timerq_remove(q, &early);
    assert_null(ps_timerq_due(q, now()));
}

static void it_does_not_fire_before_the_bound(void **state)
{
    struct ps_timerq *q = *state;
    struct ps_heap_node n = {0};
    ps_ns start = now();

    assert_int_equal(ps_timerq_set(q, &n, start - PS_SEC), 0);
    ps_timerq_arm(q, start + 20 * PS_MSEC, 0);
    assert_true(fires(q, -1));
    assert_true(now() >= start + 20 * PS_MSEC);
}

static void instants_of_long_ago_and_of_never_are_taken(void **state)
{
    struct ps_timerq *q = *state;
    struct ps_heap_node n = {0};

    assert_int_equal(ps_timerq_set(q, &n, INT64_MIN), 0);
    ps_timerq_arm(q, 0, 0);
    assert_true(fires(q, -1));
    assert_int_equal(ps_timerq_set(q, &n, 0), 0);
    ps_timerq_arm(q, 0, 0);
    assert_true(fires(q, -1));
    assert_int_equal(ps_timerq_set(q, &n, INT64_MAX), 0);
    ps_timerq_arm(q, 0, 0);
    assert_false(fires(q, 0));
}

static void it_stays_readable_until_set_anew(void **state)
{
    struct ps_timerq *q = *state;
    struct ps_heap_node n = {0};

    assert_int_equal(ps_timerq_set(q, &n, 1), 0);
    ps_timerq_arm(q, 0, 0);
    assert_true(fires(q, -1));
    assert_true(fires(q, 0));
    ps_timerq_remove(q, &n);
    ps_timerq_arm(q, 0, 0);
    assert_false(fires(q, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_fires_for_the_first_instant_and_not_before_it, setup, teardown),
        cmocka_unit_test_setup_teardown(it_does_not_fire_before_the_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(instants_of_long_ago_and_of_never_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(it_stays_readable_until_set_anew, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
