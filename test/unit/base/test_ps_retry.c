// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "base/ps_retry.h"

static const struct ps_retry_step steps[] = {
    {2, 60 * PS_SEC},
    {1, 300 * PS_SEC},
    {11, 3600 * PS_SEC},
};

static ps_ns wait_after(uint64_t failures)
{
    ps_ns wait = -1;

    return ps_retry_next(steps, 3, failures, 0, 0, &wait) ? wait : -1;
}

static void each_step_is_used_so_often_and_then_the_next(void **state)
{
    (void)state;
    assert_int_equal(wait_after(1), 60 * PS_SEC);
    assert_int_equal(wait_after(2), 60 * PS_SEC);
    assert_int_equal(wait_after(3), 300 * PS_SEC);
    assert_int_equal(wait_after(4), 3600 * PS_SEC);
    assert_int_equal(wait_after(14), 3600 * PS_SEC);
}

static void behind_the_last_step_it_is_given_up(void **state)
{
    ps_ns wait;

    (void)state;
    assert_int_equal(wait_after(15), -1);
    assert_int_equal(wait_after(UINT64_MAX), -1);
    assert_false(ps_retry_next(NULL, 0, 1, 0, 0, &wait));
}

static void a_try_behind_the_time_to_live_is_not_made(void **state)
{
    ps_ns wait;

    (void)state;
    assert_true(ps_retry_next(steps, 3, 1, 40 * PS_SEC, 100 * PS_SEC, &wait));
    assert_int_equal(wait, 60 * PS_SEC);
    assert_false(ps_retry_next(steps, 3, 1, 40 * PS_SEC + 1, 100 * PS_SEC, &wait));
    assert_false(ps_retry_next(steps, 3, 3, 0, 299 * PS_SEC, &wait));
    assert_false(ps_retry_next(steps, 3, 1, INT64_MAX, 1, &wait));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_is_used_so_often_and_then_the_next),
        cmocka_unit_test(behind_the_last_step_it_is_given_up),
        cmocka_unit_test(a_try_behind_the_time_to_live_is_not_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
