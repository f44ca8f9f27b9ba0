// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <time.h>
#include "sched/sch_cron.h"
#include "sched_test.h"

static const struct sch_zone europe = {central_europe, NULL};

static struct sch_cron parsed(const char *text)
{
    struct sch_cron c = {0};
    struct ps_fault fault = {.text = ""};
    if (sch_cron_parse(&c, text, &fault) != 0)
        fail_msg("%s: %s", text, fault.text);
    return c;
}

// The times from one on, one after the other.
static void comes(const char *cron, const struct sch_zone *zone, const char *from, const char *const *wanted,
                  size_t n)
{
    const struct sch_cron c = parsed(cron);
    ps_ns t = at(from);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(sch_cron_next(&c, zone, t, &t), 0);
        same_time(t, wanted[i]);
        ps_ns again;
        assert_int_equal(sch_cron_next(&c, zone, t, &again), 0);
        assert_int_equal(again, t); // at or after
        t++;
    }
}
#define COMES(cron, zone, from, ...)                            \
    comes(cron, zone, from, (const char *const[]){__VA_ARGS__}, \
          sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void lists_and_ranges_are_times(void **state)
{
    (void)state;
    COMES("* * * * *", &sch_zone_utc, "2027-01-01T00:00:00.5Z", "2027-01-01T00:01:00Z",
          "2027-01-01T00:02:00Z");
    COMES("0,30 9-10 * * *", &sch_zone_utc, "2027-01-01T09:30:00Z", "2027-01-01T09:30:00Z",
          "2027-01-01T10:00:00Z", "2027-01-01T10:30:00Z", "2027-01-02T09:00:00Z");
    COMES("59 23 31 12 *", &sch_zone_utc, "2027-01-01T00:00:00Z", "2027-12-31T23:59:00Z",
          "2028-12-31T23:59:00Z");
    COMES("0 0 1 2-4,11 *", &sch_zone_utc, "2027-03-02T00:00:00Z", "2027-04-01T00:00:00Z",
          "2027-11-01T00:00:00Z", "2028-02-01T00:00:00Z");
    COMES(" 7\t*  * * 1-5 ", &sch_zone_utc, "2027-01-01T23:08:00Z", "2027-01-04T00:07:00Z");
}

static void the_29th_of_february_is_waited_for(void **state)
{
    (void)state;
    COMES("0 12 29 2 *", &sch_zone_utc, "2027-01-01T00:00:00Z", "2028-02-29T12:00:00Z",
          "2032-02-29T12:00:00Z");
    COMES("0 12 29 2 *", &sch_zone_utc, "2096-03-01T00:00:00Z", "2104-02-29T12:00:00Z");
}

// POSIX crontab: if both days are given, one of them is enough.
static void either_day_is_enough_where_both_are_given(void **state)
{
    (void)state;
    // 1 January 2027 is a Friday.
    COMES("0 0 15 * 5", &sch_zone_utc, "2027-01-02T00:00:00Z", "2027-01-08T00:00:00Z", "2027-01-15T00:00:00Z",
          "2027-01-22T00:00:00Z");
    COMES("0 0 13 * 0", &sch_zone_utc, "2027-01-11T00:00:00Z", "2027-01-13T00:00:00Z",
          "2027-01-17T00:00:00Z");
    COMES("0 0 * * 0", &sch_zone_utc, "2027-01-11T00:00:00Z", "2027-01-17T00:00:00Z", "2027-01-24T00:00:00Z");
    COMES("0 0 13 * *", &sch_zone_utc, "2027-01-11T00:00:00Z", "2027-01-13T00:00:00Z",
          "2027-02-13T00:00:00Z");
}

static void times_are_those_of_the_clock_on_the_wall(void **state)
{
    (void)state;
    COMES("0 6 * * *", &europe, "2027-03-26T12:00:00Z", "2027-03-27T05:00:00Z", "2027-03-28T04:00:00Z");
    COMES("0 6 1 7 *", &europe, "2027-01-01T00:00:00Z", "2027-07-01T04:00:00Z");
    COMES("0 6 1 1 *", &europe, "2027-01-02T00:00:00Z", "2028-01-01T05:00:00Z");
}

static void what_the_clock_leaves_out_is_due_when_it_is_set(void **state)
{
    (void)state;
    COMES("30 2 * * *", &europe, "2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z");
    COMES("15,45 2 * * *", &europe, "2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z", "2027-03-29T00:15:00Z");
    COMES("0 2,3 * * *", &europe, "2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z", "2027-03-29T00:00:00Z");
}

static void what_comes_twice_is_due_once(void **state)
{
    (void)state;
    COMES("30 2 * * *", &europe, "2027-10-30T12:00:00Z", "2027-10-31T00:30:00Z", "2027-11-01T01:30:00Z");
    COMES("30 2 * * *", &europe, "2027-10-31T00:30:00.1Z", "2027-11-01T01:30:00Z");
    COMES("30 2 * * *", &europe, "2027-10-31T01:00:00Z", "2027-11-01T01:30:00Z");
    COMES("0 3 * * *", &europe, "2027-10-31T00:30:00.1Z", "2027-10-31T02:00:00Z");
}

static void each_hour_is_each_hour_that_passes(void **state)
{
    (void)state;
    COMES("30 * * * *", &europe, "2027-03-28T00:00:00Z", "2027-03-28T00:30:00Z", "2027-03-28T01:30:00Z");
    COMES("30 * * * *", &europe, "2027-10-31T00:00:00Z", "2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z",
          "2027-10-31T02:30:00Z");
}

static void the_zone_of_the_c_library_is_asked(void **state)
{
    (void)state;
    const char *zone = getenv("TZ");
    char *before = zone != NULL ? strdup(zone) : NULL;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1); // no file is needed
    tzset();
    COMES("30 2 * * *", &sch_zone_local, "2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z",
          "2027-03-29T00:30:00Z");
    COMES("30 2 * * *", &sch_zone_local, "2027-10-30T12:00:00Z", "2027-10-31T00:30:00Z",
          "2027-11-01T01:30:00Z");
    COMES("0 6 1 1 *", &sch_zone_local, "2027-06-01T00:00:00Z", "2028-01-01T05:00:00Z");
    if (before != NULL)
        setenv("TZ", before, 1);
    else
        unsetenv("TZ");
    tzset();
    free(before);
}

// All minutes of two days around each change, compared with the rule told minute by minute.
static void searches_find_what_looking_at_each_minute_finds(void **state)
{
    (void)state;
    static const char *const crons[] = {"*  * * * *", "5,35 * * * *", "0 1-3 * * *", "17 2 * * 0",
                                        "0 0 28 3 1"};
    static const char *const from[] = {"2027-03-27T12:00:00Z", "2027-10-30T12:00:00Z"};
    for (size_t i = 0; i < COUNT(crons); i++) {
        const struct sch_cron c = parsed(crons[i]);
        for (size_t k = 0; k < COUNT(from); k++) {
            for (ps_ns t = at(from[k]), end = t + 172800 * PS_SEC; t < end; t += 60 * PS_SEC) {
                ps_ns a, b;
                assert_int_equal(sch_cron_next(&c, &europe, t, &a), 0);
                assert_int_equal(sch_cron_next(&c, &europe, t + 60 * PS_SEC, &b), 0);
                if (a != t && a != b)
                    fail_msg("%s: skips from %lld to %lld", crons[i], (long long)a, (long long)b);
                assert_true(a >= t && a % (60 * PS_SEC) == 0);
            }
        }
    }
}

static void refused(const char *text, int err, const char *words)
{
    struct sch_cron c;
    struct ps_fault fault = {.text = ""};
    assert_int_equal(sch_cron_parse(&c, text, &fault), err);
    assert_string_equal(fault.text, words);
}

static void faults_name_the_field(void **state)
{
    (void)state;
    refused("60 * * * *", PS_ERANGE, "the minute: 60 is not in 0-59");
    refused("* 24 * * *", PS_ERANGE, "the hour: 24 is not in 0-23");
    refused("* * 0 * *", PS_ERANGE, "the day of the month: 0 is not in 1-31");
    refused("* * * 1-13 *", PS_ERANGE, "the month: 13 is not in 1-12");
    refused("* * * * 7", PS_ERANGE, "the day of the week: 7 is not in 0-6; Sunday is 0");
    refused("30-10 * * * *", PS_ERANGE, "the minute: 30-10 is an empty range");
    refused("999999999999 * * * *", PS_ESYNTAX,
            "the minute: wants *, numbers and ranges as in 1,5-7; got \"999999999999\"");
    refused("*/5 * * * *", PS_EUNSUPPORTED,
            "the minute: steps (\"*/5\") are not taken; write a list as in 0,15,30,45");
    refused("0 0 * jan *", PS_EUNSUPPORTED, "the month: names (\"jan\") are not taken; write numbers");
    refused("1, * * * *", PS_ESYNTAX, "the minute: wants *, numbers and ranges as in 1,5-7; got \"\"");
    refused("1-2-3 * * * *", PS_ESYNTAX,
            "the minute: wants *, numbers and ranges as in 1,5-7; got \"1-2-3\"");
    refused("*,1 * * * *", PS_ESYNTAX, "the minute: wants *, numbers and ranges as in 1,5-7; got \"*\"");
    refused("-1 * * * *", PS_ESYNTAX, "the minute: wants *, numbers and ranges as in 1,5-7; got \"-1\"");
    refused("* * * *", PS_ESYNTAX,
            "wants five fields: minute, hour, day of the month, month, day of the week; got fewer");
    refused("* * * * * *", PS_ESYNTAX,
            "wants five fields: minute, hour, day of the month, month, day of the week; got more");
    refused("", PS_ESYNTAX,
            "wants five fields: minute, hour, day of the month, month, day of the week; got fewer");
    refused("0 0 31 2,4 *", PS_ENOTFOUND, "never comes: none of these months has such a day");
}

static void times_end_some_day(void **state)
{
    (void)state;
    const struct sch_cron c = parsed("0 0 * * *");
    ps_ns t;
    assert_int_equal(sch_cron_next(&c, &sch_zone_utc, INT64_MAX, &t), PS_ENOTFOUND);
    assert_int_equal(sch_cron_next(&c, &sch_zone_utc, at("2200-12-31T00:00:01Z"), &t), PS_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_and_ranges_are_times),
        cmocka_unit_test(the_29th_of_february_is_waited_for),
        cmocka_unit_test(either_day_is_enough_where_both_are_given),
        cmocka_unit_test(times_are_those_of_the_clock_on_the_wall),
        cmocka_unit_test(what_the_clock_leaves_out_is_due_when_it_is_set),
        cmocka_unit_test(what_comes_twice_is_due_once),
        cmocka_unit_test(each_hour_is_each_hour_that_passes),
        cmocka_unit_test(the_zone_of_the_c_library_is_asked),
        cmocka_unit_test(searches_find_what_looking_at_each_minute_finds),
        cmocka_unit_test(faults_name_the_field),
        cmocka_unit_test(times_end_some_day),
    };
    return cmocka_run_group_tests_name("sch_cron", tests, NULL, NULL);
}
