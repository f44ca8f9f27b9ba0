// SPDX-License-Identifier: Apache-2.0
#include "psched/who.h"
#include "psched/task.h"
#include "psched_fix.h"

static void hints_say_who_asks_where(void **state)
{
    const struct who w = {.requester = "192.0.2.1", .server = "2001:db8::1", .local = false};
    char *text = who_hints(&w);

    (void)state;
    assert_string_equal(text, "{\"requester\":\"192.0.2.1\",\"server\":\"2001:db8::1\"}");
    free(text);
}

static void a_task_is_its_requesters(void **state)
{
    const struct task t = {.key = "s3cret", .detail = {.requester = "192.0.2.1"}};
    const struct who owner = {.requester = "192.0.2.1"}, other = {.requester = "192.0.2.10"},
                     here = {.requester = "203.0.113.1", .local = true};

    (void)state;
    assert_true(who_may_write(&owner, &t, NULL));
    assert_true(who_may_write(&here, &t, NULL));
    assert_false(who_may_write(&other, &t, NULL));
    assert_true(who_may_write(&other, &t, "s3cret"));
    assert_false(who_may_write(&other, &t, "s3cre"));
    assert_false(who_may_write(&other, &t, "s3cret2"));
    assert_false(who_may_write(&other, &t, ""));
}

static void without_a_key_of_its_own_none_opens_it(void **state)
{
    const struct task t = {.detail = {.requester = "192.0.2.1"}};
    const struct who other = {.requester = "192.0.2.2"};

    (void)state;
    assert_false(who_may_write(&other, &t, ""));
    assert_false(who_may_write(&other, &t, "x"));
    assert_int_equal(who_may_see(&t, ""), 0);
    assert_int_equal(who_may_see(&t, "x"), 0);
}

static void secrets_are_for_the_key(void **state)
{
    const struct task t = {.key = "s3cret"};

    (void)state;
    assert_int_equal(who_may_see(&t, NULL), 0);
    assert_int_equal(who_may_see(&t, "s3cret"), 1);
    assert_int_equal(who_may_see(&t, "S3cret"), PS_EAUTH);
    assert_int_equal(who_may_see(&t, ""), PS_EAUTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hints_say_who_asks_where),
        cmocka_unit_test(a_task_is_its_requesters),
        cmocka_unit_test(without_a_key_of_its_own_none_opens_it),
        cmocka_unit_test(secrets_are_for_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
