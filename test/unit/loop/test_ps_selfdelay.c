// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "loop/ps_selfdelay.h"

static struct ps_selfdelay s;

static int setup(void **state)
{
    (void)state;
    s = (struct ps_selfdelay){0};
    return 0;
}

static struct ps_self_delay figures(void)
{
    struct ps_self_delay d;

    ps_selfdelay_get(&s, &d);
    return d;
}

static void add(ps_ns now, ps_ns delay, int times)
{
    for (int i = 0; i < times; i++)
        assert_true(ps_selfdelay_add(&s, now, delay));
}

static void before_samples_a_bound_is_assumed(void **state)
{
    (void)state;
    assert_int_equal(figures().samples, 0);
    assert_int_equal(figures().bound, PS_SELFDELAY_UNKNOWN);
}

static void few_samples_raise_the_bound_and_do_not_lower_it(void **state)
{
    (void)state;
    add(0, 5 * PS_USEC, 10);
    assert_int_equal(figures().bound, PS_SELFDELAY_UNKNOWN);
    add(0, PS_MSEC, 1);
    assert_true(figures().bound >= PS_MSEC);
}

static void quantiles_are_never_below_the_samples_and_an_eighth_above_at_most(void **state)
{
    struct ps_self_delay d;

    (void)state;
    for (ps_ns delay = 0; delay <= PS_SEC; delay += delay / 9 + 1) {
        s = (struct ps_selfdelay){0};
        add(0, delay, 40);
        d = figures();
        if (d.median <= delay || d.median > delay + delay / 8 + 1)
            fail_msg("%lld for %lld", (long long)d.median, (long long)delay);
        assert_int_equal(d.p99, d.median);
        assert_int_equal(d.bound, d.p99);
    }
}

static void the_median_and_the_worst_hundredth_are_apart(void **state)
{
    (void)state;
    add(0, 8 * PS_USEC, 198);
    add(0, 200 * PS_USEC, 1);
    add(0, 900 * PS_USEC, 1);
    assert_true(figures().median < 10 * PS_USEC);
    assert_true(figures().p99 < 10 * PS_USEC);
    add(0, 200 * PS_USEC, 1);
    assert_true(figures().p99 >= 200 * PS_USEC && figures().p99 < 230 * PS_USEC);
}

static void what_is_older_than_two_periods_is_forgotten(void **state)
{
    (void)state;
    add(0, PS_MSEC, 50);
    add(11 * PS_SEC, 8 * PS_USEC, 50);
    assert_true(figures().p99 >= PS_MSEC);
    assert_int_equal(figures().samples, 100);
    add(22 * PS_SEC, 8 * PS_USEC, 50);
    assert_true(figures().p99 < 10 * PS_USEC);
    add(PS_SEC, 8 * PS_USEC, 1); // the clock was set back
    assert_int_equal(figures().samples, 51);
}

static void what_cannot_be_is_no_sample(void **state)
{
    (void)state;
    assert_false(ps_selfdelay_add(&s, 0, -1));
    assert_false(ps_selfdelay_add(&s, 0, PS_SEC + 1));
    assert_int_equal(figures().samples, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(before_samples_a_bound_is_assumed, setup),
        cmocka_unit_test_setup(few_samples_raise_the_bound_and_do_not_lower_it, setup),
        cmocka_unit_test_setup(quantiles_are_never_below_the_samples_and_an_eighth_above_at_most, setup),
        cmocka_unit_test_setup(the_median_and_the_worst_hundredth_are_apart, setup),
        cmocka_unit_test_setup(what_is_older_than_two_periods_is_forgotten, setup),
        cmocka_unit_test_setup(what_cannot_be_is_no_sample, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
