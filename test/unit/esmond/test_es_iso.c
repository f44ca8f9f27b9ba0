// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "esmond/es_iso.h"

static void times_of_all_zones_are_seconds_since_1970(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } want[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2016-07-29T12:47:31-04:00", 1469810851},
        {"2016-07-29T12:47:31-0400", 1469810851},
        {"2016-07-29T16:47:31+00", 1469810851},
        {"2016-07-29 16:47:31.999999", 1469810851},
        {"2024-02-29T23:59:60Z", 1709251200},
        {"2026-01-02T03:04Z", 1767323040},
        {"2000-03-01T00:00:00+05:30", 951849000},
        {"1969-12-31T23:59:59Z", -1},
        {"9999-12-31T23:59:59Z", 253402300799},
    };

    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        int64_t got = 0;
        assert_int_equal(es_iso_time(want[i].text, &got), 0);
        assert_int_equal(got, want[i].seconds);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "2016",
                                      "2016-07-29",
                                      "2016-07-29T",
                                      "2016-13-01T00:00:00Z",
                                      "2023-02-29T00:00:00Z",
                                      "2016-07-29T24:00:00Z",
                                      "2016-07-29T12:60:00Z",
                                      "2016-07-29T12:00:00.Z",
                                      "2016-07-29T12:00:00ZZ",
                                      "2016-07-29T12:00:00+5",
                                      "2016-07-29T12:00:00Z ",
                                      "0000-01-01T00:00:00Z",
                                      "x016-07-29T12:00:00Z",
                                      "2016-07-00T12:00:00Z",
                                      "2016-07-29T12:00:00+24:00"};
    int64_t got;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(es_iso_time(bad[i], &got), PS_EMALFORMED);
}

static void durations_are_seconds(void **state)
{
    static const struct {
        const char *text;
        double seconds;
    } want[] = {
        {"PT0.000333S", 0.000333}, {"PT15S", 15},  {"P1DT2H3M4.5S", 93784.5},
        {"P2W", 1209600},          {"PT1H", 3600}, {"P1D", 86400},
        {"PT0,5S", 0.5},           {"PT0S", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        double got = -1;
        assert_int_equal(es_iso_duration(want[i].text, &got), 0);
        assert_true(got > want[i].seconds - 1e-9 && got < want[i].seconds + 1e-9);
    }
}

static void what_is_no_duration_is_refused(void **state)
{
    static const char *const bad[] = {
        "",      "P",     "PT",        "15",
        "PT15",  "P1Y",   "P1M",       "PT1S1M",
        "PT1SS", "PT-1S", "PTS",       "PT1.2.3S",
        "P1DT",  "PT1S ", "P1DT1HT1S", "PT111111111111111111111111111111111111S"};
    double got;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(es_iso_duration(bad[i], &got), PS_EMALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_all_zones_are_seconds_since_1970),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(durations_are_seconds),
        cmocka_unit_test(what_is_no_duration_is_refused),
    };
    return cmocka_run_group_tests_name("iso", tests, NULL, NULL);
}
