// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "regex/ps_regex.h"

static int search(const char *pattern, bool caseless, const char *text)
{
    struct ps_regex *re;
    struct ps_fault fault = {""};
    if (ps_regex_new(pattern, caseless, &re, &fault) != 0)
        fail_msg("%s: %s", pattern, fault.text);
    int got = ps_regex_search(re, text, strlen(text));
    ps_regex_free(re);
    return got;
}

static void it_is_searched_for_anywhere(void **state)
{
    (void)state;
    assert_int_equal(search("b+c", false, "aabbcc"), 1);
    assert_int_equal(search("^b+c", false, "aabbcc"), 0);
    assert_int_equal(search("\\.example\\.org$", false, "host.example.org"), 1);
    assert_int_equal(search("\\.example\\.org$", false, "host.example.org.evil.net"), 0);
    assert_int_equal(search("(^$|[aeiou])", false, ""), 1);
    assert_int_equal(search("(^$|[aeiou])", false, "xyz"), 0);
    assert_int_equal(search("", false, "xyz"), 1);
}

static void letters_of_both_cases_match_only_if_asked(void **state)
{
    (void)state;
    assert_int_equal(search("NOC", false, "host.noc.example"), 0);
    assert_int_equal(search("NOC", true, "host.noc.example"), 1);
    assert_int_equal(search("É", true, "café"), 1);
}

static void names_and_ends_are_as_python_has_them(void **state)
{
    (void)state;
    assert_int_equal(search("(?P<x>a)(?P=x)", false, "aa"), 1);
    assert_int_equal(search("a\\Z", false, "a\n"), 0);
    assert_int_equal(search("a\\Z", false, "ba"), 1);
    assert_int_equal(search("a$", false, "a\n"), 1);
    assert_int_equal(search("\\\\Z", false, "\\Z"), 1);
}

static void a_bad_pattern_is_told_with_its_place(void **state)
{
    struct ps_regex *re = NULL;
    struct ps_fault fault = {""};
    (void)state;
    assert_int_equal(ps_regex_new("ab(c", false, &re, &fault), PS_ESYNTAX);
    assert_string_equal(fault.text, "missing closing parenthesis at character 5");
    assert_int_equal(ps_regex_new("a\\", false, &re, &fault), PS_ESYNTAX);
    assert_null(re);
}

static void a_long_pattern_is_refused(void **state)
{
    char *long_one = malloc(PS_REGEX_MAX + 2);
    struct ps_regex *re;
    struct ps_fault fault = {""};
    (void)state;
    assert_non_null(long_one);
    memset(long_one, 'a', PS_REGEX_MAX + 1);
    long_one[PS_REGEX_MAX + 1] = '\0';
    assert_int_equal(ps_regex_new(long_one, false, &re, &fault), PS_ELIMIT);
    free(long_one);
}

static void a_search_that_would_not_end_is_given_up(void **state)
{
    (void)state;
    assert_int_equal(search("(a|aa)+$", false, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"),
                     PS_ELIMIT);
}

static void text_that_is_not_utf8_is_told(void **state)
{
    (void)state;
    assert_int_equal(search("a", false,
                            "\xff"
                            "a"),
                     PS_EMALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_searched_for_anywhere),
        cmocka_unit_test(letters_of_both_cases_match_only_if_asked),
        cmocka_unit_test(names_and_ends_are_as_python_has_them),
        cmocka_unit_test(a_bad_pattern_is_told_with_its_place),
        cmocka_unit_test(a_long_pattern_is_refused),
        cmocka_unit_test(a_search_that_would_not_end_is_given_up),
        cmocka_unit_test(text_that_is_not_utf8_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
