// SPDX-License-Identifier: Apache-2.0
#include "dir_fix.h"

static void durations_are_read_to_whole_seconds_rounded_up(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {{"PT2H", 7200},  {"PT120M", 7200}, {"P1D", 86400},
                {"P1W", 604800}, {"PT0.1S", 1},    {"PT0S", 0}};
    int64_t s;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(dir_lease_parse(good[i].text, &s), 0);
        assert_int_equal(s, good[i].seconds);
    }
    assert_int_equal(dir_lease_parse("P1M", &s), PS_EUNSUPPORTED);
    assert_int_equal(dir_lease_parse("P1Y", &s), PS_EUNSUPPORTED);
    assert_int_equal(dir_lease_parse("3600", &s), PS_ESYNTAX);
    assert_int_equal(dir_lease_parse("", &s), PS_ESYNTAX);
    assert_int_equal(dir_lease_parse("-PT1H", &s), PS_ESYNTAX);
}

static void a_duration_is_written_with_a_T_that_the_Perl_client_wants(void **state)
{
    char text[DIR_LEASE_TEXT];

    (void)state;
    assert_string_equal(dir_lease_text(86400, text), "PT24H");
    assert_string_equal(dir_lease_text(5400, text), "PT90M");
    assert_string_equal(dir_lease_text(61, text), "PT61S");
    assert_string_equal(dir_lease_text(0, text), "PT0S");
}

static void what_is_outside_is_clamped(void **state)
{
    const struct dir_lease_conf *c = &dir_lease_defaults;

    (void)state;
    assert_int_equal(dir_lease_grant(c, DIR_TTL_NONE), 7200);
    assert_int_equal(dir_lease_grant(c, DIR_TTL_EMPTY), 7200);
    assert_int_equal(dir_lease_grant(c, 0), 30);
    assert_int_equal(dir_lease_grant(c, 29), 30);
    assert_int_equal(dir_lease_grant(c, 30), 30);
    assert_int_equal(dir_lease_grant(c, 2592000), 2592000);
    assert_int_equal(dir_lease_grant(c, 2592001), 2592000);
    assert_int_equal(dir_lease_grant(c, INT64_MAX), 2592000);
}

static void or_gets_the_default_as_upstream_does(void **state)
{
    struct dir_lease_conf c = dir_lease_defaults;

    (void)state;
    c.clamp = false;
    assert_int_equal(dir_lease_grant(&c, 29), 7200);
    assert_int_equal(dir_lease_grant(&c, 2592001), 7200);
    assert_int_equal(dir_lease_grant(&c, 31), 31);
}

static void a_lease_is_over_at_its_end_and_gone_after_the_grace(void **state)
{
    const struct dir_lease_conf *c = &dir_lease_defaults;
    int64_t end = INT64_C(1700000000000);

    (void)state;
    assert_false(dir_lease_over(end, end - 1));
    assert_true(dir_lease_over(end, end));
    assert_false(dir_lease_gone(c, end, end + 299999));
    assert_true(dir_lease_gone(c, end, end + 300000));
}

static void a_time_is_written_in_utc_with_milliseconds(void **state)
{
    char text[DIR_TIME_TEXT];

    (void)state;
    assert_string_equal(dir_lease_time(INT64_C(1700000000007), text), "2023-11-14T22:13:20.007Z");
    assert_string_equal(dir_lease_time(0, text), "1970-01-01T00:00:00.000Z");
}

static void what_is_kept_of_a_ttl_fits(void **state)
{
    (void)state;
    assert_int_equal(dir_lease_kept(INT64_MAX), INT32_MAX);
    assert_int_equal(dir_lease_kept(DIR_TTL_EMPTY), DIR_TTL_EMPTY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_to_whole_seconds_rounded_up),
        cmocka_unit_test(a_duration_is_written_with_a_T_that_the_Perl_client_wants),
        cmocka_unit_test(what_is_outside_is_clamped),
        cmocka_unit_test(or_gets_the_default_as_upstream_does),
        cmocka_unit_test(a_lease_is_over_at_its_end_and_gone_after_the_grace),
        cmocka_unit_test(a_time_is_written_in_utc_with_milliseconds),
        cmocka_unit_test(what_is_kept_of_a_ttl_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
