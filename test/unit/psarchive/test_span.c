// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "psarchive/span.h"

#define NOW 1700000000

static int parse(const char *text, struct span *s, struct ps_fault *fault)
{
    struct ps_query q;
    int err;

    assert_int_equal(ps_query_parse(&q, text, strlen(text)), 0);
    err = span_parse(s, &q, NOW, fault);
    ps_query_fini(&q);
    return err;
}

static void what_is_given_decides_in_its_order(void **state)
{
    static const struct {
        const char *query;
        int64_t from, to;
        bool given, open;
    } want[] = {
        {"", 0, INT64_MAX, false, true},
        {"time=5", 5, 5, true, false},
        {"time=5&time-start=1&time-end=9", 5, 5, true, false},
        {"time-start=1&time-end=9&time-range=100", 1, 9, true, false},
        {"time-start=1&time-range=100", 1, 101, true, false},
        {"time-end=9&time-range=5", 4, 9, true, false},
        {"time-start=7", 7, INT64_MAX, true, true},
        {"time-end=7", 0, 7, true, false},
        {"time-range=86400", NOW - 86400, INT64_MAX, true, true},
        {"time-start=1&time-end=9&time-start=3", 3, 9, true, false},
        {"time-start=9&time-end=9", 9, 9, true, false},
        {"time-start=-9&time-end=0", -9, 0, true, false},
    };
    struct ps_fault fault = {""};

    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct span s;
        assert_int_equal(parse(want[i].query, &s, &fault), 0);
        assert_int_equal(s.from, want[i].from);
        assert_int_equal(s.to, want[i].to);
        assert_int_equal(s.given, want[i].given);
        assert_int_equal(s.open, want[i].open);
    }
}

static void what_is_no_whole_number_is_refused(void **state)
{
    static const char *const bad[] = {"time=",
                                      "time=1.5",
                                      "time-start=now",
                                      "time-end=1e3",
                                      "time-range=0x10",
                                      "time=99999999999999999999",
                                      "time-start=9223372036854775807"};
    struct ps_fault fault = {""};
    struct span s;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(parse(bad[i], &s, &fault), PS_ESYNTAX);
    assert_string_equal(fault.text, "Time parameter must be an integer: time-start");
}

static void an_end_before_the_start_is_refused(void **state)
{
    struct ps_fault fault = {""};
    struct span s;

    (void)state;
    assert_int_equal(parse("time-start=10&time-end=9", &s, &fault), PS_ERANGE);
    assert_string_equal(fault.text, "Requested start time must be less than end time");
    assert_int_equal(parse("time-start=10&time-range=-1", &s, &fault), PS_ERANGE);
    assert_int_equal(parse("time-end=-1", &s, &fault), PS_ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_given_decides_in_its_order),
        cmocka_unit_test(what_is_no_whole_number_is_refused),
        cmocka_unit_test(an_end_before_the_start_is_refused),
    };
    return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
