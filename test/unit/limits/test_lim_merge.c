// SPDX-License-Identifier: Apache-2.0
#include "limits_fix.h"
#include "limits/lim_merge.h"

static void expect(const char *under, const char *over, const char *want)
{
    struct ps_jdoc *x, *y;
    struct ps_buf out;
    char *s = json(under), *t = json(over), *w = json(want);
    ps_buf_init(&out, 0);
    assert_int_equal(ps_jdoc_parse(&x, NULL, s, strlen(s), NULL), 0);
    assert_int_equal(ps_jdoc_parse(&y, NULL, t, strlen(t), NULL), 0);
    assert_int_equal(lim_merge(ps_jdoc_root(x), ps_jdoc_root(y), &out), 0);
    assert_int_equal(ps_buf_append(&out, "", 1), 0);
    assert_string_equal((char *)ps_buf_head(&out), w);
    ps_buf_fini(&out);
    ps_jdoc_free(x);
    ps_jdoc_free(y);
    free(s);
    free(t);
    free(w);
}

static void members_of_the_upper_one_win(void **state)
{
    (void)state;
    expect("{'a':1,'b':2}", "{'b':3,'c':4}", "{'a':1,'b':3,'c':4}");
    expect("{}", "{}", "{}");
    expect("{'a':1}", "{}", "{'a':1}");
    expect("{}", "{'a':null}", "{'a':null}");
}

static void objects_are_merged_and_arrays_replaced(void **state)
{
    (void)state;
    expect("{'a':{'x':1,'y':{'z':2}}}", "{'a':{'y':{'w':3}}}", "{'a':{'x':1,'y':{'z':2,'w':3}}}");
    expect("{'a':[1,2]}", "{'a':[3]}", "{'a':[3]}");
    expect("{'a':{'x':1}}", "{'a':7}", "{'a':7}");
    expect("{'a':7}", "{'a':{'x':1}}", "{'a':{'x':1}}");
}

static void numbers_keep_all_their_digits(void **state)
{
    (void)state;
    expect("{'a':12345678901234567890}", "{}", "{'a':12345678901234567890}");
}

static void a_string_is_escaped(void **state)
{
    struct ps_buf out;
    (void)state;
    ps_buf_init(&out, 0);
    assert_int_equal(lim_put_string(&out, "a\"\\\n\x7f\xc3\xa9"), 0);
    assert_int_equal(ps_buf_append(&out, "", 1), 0);
    assert_string_equal((char *)ps_buf_head(&out), "\"a\\\"\\\\\\u000a\\u007f\xc3\xa9\"");
    ps_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_the_upper_one_win),
        cmocka_unit_test(objects_are_merged_and_arrays_replaced),
        cmocka_unit_test(numbers_keep_all_their_digits),
        cmocka_unit_test(a_string_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
