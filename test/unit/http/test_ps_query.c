// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "http/ps_query.h"

static int parse(const char *text, struct ps_query *q)
{
    return ps_query_parse(q, text, strlen(text));
}

static void names_and_values_are_decoded_in_their_order(void **state)
{
    struct ps_query q;

    (void)state;
    assert_int_equal(parse("a=1&b=x+y%21&flag&c=&d=e=f&%61=2", &q), 0);
    assert_int_equal(q.n, 6);
    assert_string_equal(ps_query_get(&q, "a"), "1");
    assert_string_equal(ps_query_get(&q, "b"), "x y!");
    assert_string_equal(ps_query_get(&q, "flag"), "");
    assert_string_equal(ps_query_get(&q, "c"), "");
    assert_string_equal(ps_query_get(&q, "d"), "e=f");
    assert_null(ps_query_get(&q, "e"));
    ps_query_fini(&q);
}

static void a_name_that_comes_twice_has_two_values(void **state)
{
    struct ps_query q;
    size_t at = 0;

    (void)state;
    assert_int_equal(parse("a=1&b=2&a=3", &q), 0);
    assert_string_equal(ps_query_each(&q, "a", &at), "1");
    assert_string_equal(ps_query_each(&q, "a", &at), "3");
    assert_null(ps_query_each(&q, "a", &at));
    ps_query_fini(&q);
}

static void empty_parameters_are_left_out(void **state)
{
    struct ps_query q;

    (void)state;
    assert_int_equal(parse("&&a&&=b&", &q), 0);
    assert_int_equal(q.n, 2);
    assert_string_equal(q.params[1].name, "");
    assert_string_equal(q.params[1].value, "b");
    ps_query_fini(&q);
    assert_int_equal(parse("", &q), 0);
    assert_int_equal(q.n, 0);
    ps_query_fini(&q);
}

static void flags_are_what_says_yes(void **state)
{
    struct ps_query q;

    (void)state;
    assert_int_equal(parse("a&b=TRUE&c=yes&d=1&e=0&f=no&g=11", &q), 0);
    assert_true(ps_query_flag(&q, "a") && ps_query_flag(&q, "b") && ps_query_flag(&q, "c"));
    assert_true(ps_query_flag(&q, "d"));
    assert_false(ps_query_flag(&q, "e") || ps_query_flag(&q, "f") || ps_query_flag(&q, "g"));
    assert_false(ps_query_flag(&q, "h"));
    ps_query_fini(&q);
}

static void bad_escapes_and_nul_are_refused(void **state)
{
    static const char *const bad[] = {"%", "a=%4", "a=%zz", "a%00b", "a=b&c=%"};
    struct ps_query q;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(parse(bad[i], &q), PS_EMALFORMED);
    assert_int_equal(ps_query_parse(&q, "a\0b", 3), PS_EMALFORMED);
    assert_null(q.params);
}

static void the_number_of_parameters_is_bounded(void **state)
{
    char text[2 * PS_QUERY_MAX + 4];
    struct ps_query q;
    size_t n = 0;

    (void)state;
    for (int i = 0; i < PS_QUERY_MAX; i++, n += 2)
        memcpy(text + n, "a&", 3);
    assert_int_equal(ps_query_parse(&q, text, n - 1), 0);
    assert_int_equal(q.n, PS_QUERY_MAX);
    ps_query_fini(&q);
    assert_int_equal(ps_query_parse(&q, text, n), PS_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_values_are_decoded_in_their_order),
        cmocka_unit_test(a_name_that_comes_twice_has_two_values),
        cmocka_unit_test(empty_parameters_are_left_out),
        cmocka_unit_test(flags_are_what_says_yes),
        cmocka_unit_test(bad_escapes_and_nul_are_refused),
        cmocka_unit_test(the_number_of_parameters_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
