// SPDX-License-Identifier: Apache-2.0
#include "clock_test.h"

static void a_reference_is_printable_whatever_it_was(void **state)
{
    char out[PS_SOURCE_TEXT], far[200];
    (void)state;
    ps_source_text(out, "GPS", 3);
    assert_string_equal(out, "GPS");
    ps_source_text(out, "a\n\x1b[31m\xc3\xa9\0z \x7f", 13);
    assert_string_equal(out, "a??[31m???z??");
    memset(far, 'x', sizeof far);
    ps_source_text(out, far, sizeof far);
    assert_int_equal(strlen(out), PS_SOURCE_TEXT - 1);
}

static void an_identifier_is_text_or_hexadecimal(void **state)
{
    static const struct {
        uint8_t id[4];
        const char *text;
    } cases[] = {
        {{'G', 'P', 'S', 0}, "GPS"},    {{'P', 'P', 'S', '0'}, "PPS0"}, {{0, 0, 0, 0}, ""},
        {{127, 127, 1, 1}, "7F7F0101"}, {{'A', 0, 'B', 0}, "41004200"}, {{'A', '\n', 0, 0}, "410A0000"}};
    char out[PS_SOURCE_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ps_source_refid(out, cases[i].id);
        assert_string_equal(out, cases[i].text);
    }
}

static void an_error_is_the_sum_of_sizes_within_bounds(void **state)
{
    (void)state;
    assert_int_equal(ps_source_error(-0.25, 0.5), 750 * PS_MSEC);
    assert_int_equal(ps_source_error(0, 0), 0);
    assert_int_equal(ps_source_error(1e-12, 0), 1);
    assert_int_equal(ps_source_error(1e300, 1e300), PS_SOURCE_ERROR_MAX);
    assert_int_equal(ps_source_error((double)NAN, 0), PS_SOURCE_ERROR_MAX);
    assert_int_equal(ps_source_error(0, (double)INFINITY), PS_SOURCE_ERROR_MAX);
}

static void of_one_that_is_not_synced_no_error_is_told(void **state)
{
    struct ps_source s = {.name = "ntpd", .leap = PS_LEAP_INSERT, .stratum = 3, .error = 5, .bound = 6};
    (void)state;
    ps_source_settle(&s);
    assert_int_equal(s.error, PS_SOURCE_UNKNOWN);
    assert_int_equal(s.bound, PS_SOURCE_UNKNOWN);
    assert_int_equal(s.leap, PS_LEAP_NONE);
    assert_int_equal(s.stratum, 3);
}

static void leap_seconds_have_words(void **state)
{
    (void)state;
    assert_string_equal(ps_leap_text(PS_LEAP_NONE), "none");
    assert_string_equal(ps_leap_text(PS_LEAP_INSERT), "insert");
    assert_string_equal(ps_leap_text(PS_LEAP_DELETE), "delete");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reference_is_printable_whatever_it_was),
        cmocka_unit_test(an_identifier_is_text_or_hexadecimal),
        cmocka_unit_test(an_error_is_the_sum_of_sizes_within_bounds),
        cmocka_unit_test(of_one_that_is_not_synced_no_error_is_told),
        cmocka_unit_test(leap_seconds_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
