// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base_test.h"

static ps_ns duration(const char *text)
{
    ps_ns d = -1;
    assert_int_equal(ps_iso8601_duration(text, &d), 0);
    return d;
}

static void durations_are_sums_of_their_parts(void **state)
{
    (void)state;
    assert_int_equal(duration("PT1S"), PS_SEC);
    assert_int_equal(duration("P0D"), 0);
    assert_int_equal(duration("P1W"), 604800 * PS_SEC);
    assert_int_equal(duration("P1W2DT3H4M5S"), (604800 + 2 * 86400 + 3 * 3600 + 4 * 60 + 5) * PS_SEC);
    assert_int_equal(duration("PT90M"), 5400 * PS_SEC);
    assert_int_equal(duration("P106751D"), INT64_C(106751) * 86400 * PS_SEC);
}

static void any_part_may_have_a_fraction(void **state)
{
    (void)state;
    assert_int_equal(duration("PT0.000333S"), 333000);
    assert_int_equal(duration("PT1,5H"), 5400 * PS_SEC);
    assert_int_equal(duration("P0.5W"), 302400 * PS_SEC);
    assert_int_equal(duration("PT0.1234567899S"), 123456789);
}

static void what_is_no_duration_is_refused(void **state)
{
    static const char *const bad[] = {"",     "P",     "PT",     "1S",     "P1",     "PT1",    "PTS",
                                      "P1DT", "PT1S ", "PT1S2M", "PT1S1S", "P-1D",   "PT1.S",  "PT.5S",
                                      "p1d",  "P1S",   "PT1D",   "PT1W",   "P1DT1D", "P1TT1S", "P 1D"};
    ps_ns d = 7;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (ps_iso8601_duration(bad[i], &d) != PS_ESYNTAX)
            fail_msg("%s", bad[i]);
    assert_int_equal(d, 7);
}

static void years_and_months_have_no_length(void **state)
{
    ps_ns d;
    (void)state;
    assert_int_equal(ps_iso8601_duration("P1Y", &d), PS_EUNSUPPORTED);
    assert_int_equal(ps_iso8601_duration("P2M", &d), PS_EUNSUPPORTED);
    assert_int_equal(ps_iso8601_duration("P1Y2DT1S", &d), PS_EUNSUPPORTED);
}

static void a_duration_that_does_not_fit_is_told_from_a_wrong_one(void **state)
{
    ps_ns d;
    (void)state;
    assert_int_equal(ps_iso8601_duration("P106752D", &d), PS_ERANGE);
    assert_int_equal(ps_iso8601_duration("PT99999999999999999999S", &d), PS_ERANGE);
    assert_int_equal(ps_iso8601_duration("P106751DT999999S", &d), PS_ERANGE);
}

static void a_duration_is_written_as_short_as_it_is(void **state)
{
    char out[PS_ISO8601_DURATION];
    (void)state;
    assert_string_equal(ps_iso8601_put_duration(0, out), "P0D");
    assert_string_equal(ps_iso8601_put_duration(PS_SEC, out), "PT1S");
    assert_string_equal(ps_iso8601_put_duration(90061 * PS_SEC, out), "P1DT1H1M1S");
    assert_string_equal(ps_iso8601_put_duration(333000, out), "PT0.000333S");
    assert_string_equal(ps_iso8601_put_duration(7 * 86400 * PS_SEC, out), "P7D");
    assert_string_equal(ps_iso8601_put_duration(60 * PS_SEC + PS_SEC / 2, out), "PT1M0.5S");
}

static struct ps_when when(const char *text)
{
    struct ps_when w;
    if (ps_iso8601_time(text, &w) != 0)
        fail_msg("%s", text);
    return w;
}

static void a_time_is_read_with_its_offset(void **state)
{
    (void)state;
    assert_int_equal(when("1970-01-01T00:00:00Z").at, 0);
    assert_int_equal(when("2018-06-19T12:34:56Z").at, INT64_C(1529411696) * PS_SEC);
    assert_int_equal(when("2018-06-19T14:34:56+02:00").at, INT64_C(1529411696) * PS_SEC);
    assert_int_equal(when("2018-06-19T14:34:56+02").offset, 7200);
    assert_int_equal(when("2018-06-19T07:04:56-0530").at, INT64_C(1529411696) * PS_SEC);
    assert_int_equal(when("2018-06-19T12:34:56.25Z").at, INT64_C(1529411696) * PS_SEC + PS_SEC / 4);
    assert_int_equal(when("2018-06-19T12:34Z").at, INT64_C(1529411640) * PS_SEC);
    assert_int_equal(when("1901-02-03T04:05:06Z").at, INT64_C(-2174586894) * PS_SEC);
    assert_false(when("2018-06-19T12:34:56Z").local);
}

static void a_time_without_offset_is_local(void **state)
{
    (void)state;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    struct ps_when summer = when("2018-06-19T14:34:56"), winter = when("2018-12-19");
    assert_true(summer.local);
    assert_int_equal(summer.at, INT64_C(1529411696) * PS_SEC);
    assert_int_equal(summer.offset, 7200);
    assert_int_equal(winter.offset, 3600);
    setenv("TZ", "UTC", 1);
    tzset();
}

static void times_too_far_off_are_the_last_there_are(void **state)
{
    (void)state;
    assert_int_equal(when("9999-12-31T23:59:59Z").at, INT64_MAX);
    assert_int_equal(when("0001-01-01T00:00:00Z").at, INT64_MIN);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "2018",
                                      "2018-06",
                                      "2018-6-1",
                                      "2018-06-19T",
                                      "2018-06-19 12:00",
                                      "2018-06-19T12",
                                      "2018-06-19T12:00:00+",
                                      "2018-06-19T12:00:00Zx",
                                      "2018-06-19T12:00:00.Z",
                                      "2018-06-19T12:00:00+1"};
    static const char *const wrong[] = {"2018-02-29", "2018-13-01",          "2018-00-01",
                                        "2018-04-31", "2018-06-19T24:00:00", "2018-06-19T12:60:00",
                                        "2100-02-29", "2018-06-00"};
    struct ps_when w;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (ps_iso8601_time(bad[i], &w) != PS_ESYNTAX)
            fail_msg("%s", bad[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (ps_iso8601_time(wrong[i], &w) != PS_ERANGE)
            fail_msg("%s", wrong[i]);
    assert_int_equal(ps_iso8601_time("2000-02-29", &w), 0);
}

static void a_time_is_written_by_its_own_clock(void **state)
{
    char out[PS_ISO8601_TIME];
    struct ps_when w = when("2018-06-19T14:34:56.7+02:00");
    (void)state;
    assert_string_equal(ps_iso8601_put_time(&w, out), "2018-06-19T14:34:56+02:00");
    w = when("2018-01-01T00:00:00Z");
    assert_string_equal(ps_iso8601_put_time(&w, out), "2018-01-01T00:00:00Z");
    w = when("2018-01-01T00:00:00-05:30");
    assert_string_equal(ps_iso8601_put_time(&w, out), "2018-01-01T00:00:00-05:30");
    assert_string_equal(ps_iso8601_put_utc(w.at, out), "2018-01-01T05:30:00Z");
}

// Each day of 900 years against the C library.
static void the_calendar_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t day = -100000; day < 106000; day++) {
        struct ps_calendar c;
        struct tm tm;
        time_t t = day * 86400 + 4000;
        char iso[8];
        ps_iso8601_calendar((ps_ns)t * PS_SEC, 0, &c);
        gmtime_r(&t, &tm);
        strftime(iso, sizeof iso, "%V %u", &tm);
        if (c.year != tm.tm_year + 1900 || c.month != (unsigned)tm.tm_mon + 1 ||
            c.day != (unsigned)tm.tm_mday || c.week != (unsigned)atoi(iso) ||
            c.weekday != (unsigned)atoi(iso + 3))
            fail_msg("day %lld", (long long)day);
        assert_int_equal(ps_iso8601_days(c.year, c.month, c.day), day);
        if (day == 0)
            assert_int_equal(c.hour * 10000 + c.minute * 100 + c.second, 10640);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_sums_of_their_parts),
        cmocka_unit_test(any_part_may_have_a_fraction),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(years_and_months_have_no_length),
        cmocka_unit_test(a_duration_that_does_not_fit_is_told_from_a_wrong_one),
        cmocka_unit_test(a_duration_is_written_as_short_as_it_is),
        cmocka_unit_test(a_time_is_read_with_its_offset),
        cmocka_unit_test(a_time_without_offset_is_local),
        cmocka_unit_test(times_too_far_off_are_the_last_there_are),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_time_is_written_by_its_own_clock),
        cmocka_unit_test(the_calendar_agrees_with_the_c_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
