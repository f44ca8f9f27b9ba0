// SPDX-License-Identifier: Apache-2.0
#include "limits_fix.h"
#include "limits/lim_same.h"

static bool same(const char *a, const char *b)
{
    struct ps_jdoc *x, *y;
    char *s = json(a), *t = json(b);
    assert_int_equal(ps_jdoc_parse(&x, NULL, s, strlen(s), NULL), 0);
    assert_int_equal(ps_jdoc_parse(&y, NULL, t, strlen(t), NULL), 0);
    bool got = lim_same(ps_jdoc_root(x), ps_jdoc_root(y));
    assert_int_equal(lim_same(ps_jdoc_root(y), ps_jdoc_root(x)), got);
    ps_jdoc_free(x);
    ps_jdoc_free(y);
    free(s);
    free(t);
    return got;
}

static void members_may_stand_in_any_order(void **state)
{
    (void)state;
    assert_true(same("{'a':1,'b':[true,null]}", "{ 'b' : [ true, null ], 'a' : 1 }"));
    assert_false(same("{'a':1}", "{'a':1,'b':1}"));
    assert_false(same("{'a':1,'c':1}", "{'a':1,'b':1}"));
    assert_true(same("{'a':1,'#':'x'}", "{'a':1}"));
}

static void elements_may_not(void **state)
{
    (void)state;
    assert_false(same("[1,2]", "[2,1]"));
    assert_false(same("[1,2]", "[1]"));
    assert_true(same("[]", "[]"));
}

static void values_are_compared_and_not_how_they_are_written(void **state)
{
    (void)state;
    assert_true(same("1000", "1e3"));
    assert_true(same("1.50", "1.5"));
    assert_false(same("1", "2"));
    assert_true(same("'\\u0041'", "'A'"));
    assert_false(same("'a'", "'A'"));
    assert_false(same("1", "'1'"));
    assert_false(same("true", "false"));
    assert_true(same("null", "null"));
    assert_false(same("null", "false"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_may_stand_in_any_order),
        cmocka_unit_test(elements_may_not),
        cmocka_unit_test(values_are_compared_and_not_how_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
