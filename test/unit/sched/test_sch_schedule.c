// SPDX-License-Identifier: Apache-2.0
#include "sched/sch_schedule.h"
#include "sched_test.h"

#define NOW "2027-01-01T10:20:30Z"

static int read_text(const char *text, struct sch_schedule *s, struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    char task[600];
    snprintf(task, sizeof task, "{\"schedule\": %s}", text);
    assert_int_equal(ps_jdoc_parse(&doc, NULL, task, strlen(task), NULL), 0);
    const int err = sch_schedule_read(s, ps_jnode_member(ps_jdoc_root(doc), "schedule"), fault);
    ps_jdoc_free(doc);
    return err;
}

static struct sch_schedule read(const char *text)
{
    struct sch_schedule s = {0};
    struct ps_fault fault = {.text = ""};
    if (read_text(text, &s, &fault) != 0)
        fail_msg("%s: %s", text, fault.text);
    return s;
}

static ps_ns anchor(const struct sch_schedule *s, const char *now, ps_ns lead)
{
    struct ps_fault fault = {.text = ""};
    ps_ns out = 0;
    if (sch_schedule_anchor(s, &sch_zone_utc, at(now), lead, &out, &fault) != 0)
        fail_msg("%s", fault.text);
    return out;
}

static void nothing_is_once_and_as_soon_as_possible(void **state)
{
    (void)state;
    struct sch_schedule s;
    assert_int_equal(sch_schedule_read(&s, (struct ps_jnode){0}, NULL), 0);
    assert_int_equal(s.start_form, SCH_START_SOON);
    assert_int_equal(s.max_runs, 1);
    same_time(anchor(&s, "2027-01-01T10:20:30.25Z", 5 * PS_SEC), "2027-01-01T10:20:36Z");
    same_time(anchor(&s, NOW, 5 * PS_SEC), "2027-01-01T10:20:35Z");
    assert_int_equal(sch_schedule_due(&s, &sch_zone_utc, at(NOW), at(NOW) + 1), SCH_NEVER);
    assert_int_equal(sch_schedule_due(&s, &sch_zone_utc, at(NOW), 0), at(NOW));
}

static void a_start_has_four_forms(void **state)
{
    (void)state;
    struct sch_schedule s = read("{\"start\": \"soonest\"}");
    same_time(anchor(&s, NOW, PS_SEC), "2027-01-01T10:20:31Z");
    s = read("{\"start\": \"2027-01-02T01:00:00+01:00\"}");
    same_time(anchor(&s, NOW, PS_SEC), "2027-01-02T00:00:00Z");
    s = read("{\"start\": \"PT90M\"}");
    same_time(anchor(&s, NOW, PS_SEC), "2027-01-01T11:50:30Z");
    s = read("{\"start\": \"@PT1H\"}");
    same_time(anchor(&s, NOW, PS_SEC), "2027-01-01T11:00:00Z");
    same_time(anchor(&s, "2027-01-01T11:00:00Z", PS_SEC), "2027-01-01T12:00:00Z");
    s = read("{\"start\": \"@P1D\"}");
    same_time(anchor(&s, NOW, PS_SEC), "2027-01-02T00:00:00Z");
}

static void repeats_are_counted_from_the_anchor(void **state)
{
    (void)state;
    const struct sch_schedule s = read("{\"repeat\": \"PT10M\", \"until\": \"2027-01-01T11:20:30Z\"}");
    const ps_ns a = at(NOW);
    same_time(sch_schedule_due(&s, &sch_zone_utc, a, a - 1), NOW);
    same_time(sch_schedule_due(&s, &sch_zone_utc, a, a), NOW);
    same_time(sch_schedule_due(&s, &sch_zone_utc, a, a + 1), "2027-01-01T10:30:30Z");
    same_time(sch_schedule_due(&s, &sch_zone_utc, a, at("2027-01-01T11:20:00Z")), "2027-01-01T11:20:30Z");
    assert_int_equal(sch_schedule_due(&s, &sch_zone_utc, a, at("2027-01-01T11:20:31Z")), SCH_NEVER);
    assert_int_equal(s.max_runs, 0);
}

static void of_repeat_and_cron_the_earlier_one_counts(void **state)
{
    (void)state;
    const struct sch_schedule s = read("{\"schema\": 2, \"start\": \"2027-01-01T10:20:30Z\", \"repeat\": "
                                       "\"PT45M\", \"repeat-cron\": \"0 * * * *\"}");
    const ps_ns a = anchor(&s, NOW, 0);
    same_time(a, NOW);
    same_time(sch_schedule_due(&s, &sch_zone_utc, a, a + 1), "2027-01-01T11:00:00Z");
    same_time(sch_schedule_due(&s, &sch_zone_utc, a, at("2027-01-01T11:00:01Z")), "2027-01-01T11:05:30Z");
    same_time(sch_schedule_due(&s, &sch_zone_utc, a, at("2027-01-01T11:05:31Z")), "2027-01-01T11:50:30Z");
}

static void by_the_calendar_alone_the_first_time_is_the_calendars(void **state)
{
    (void)state;
    const struct sch_schedule s = read("{\"schema\": 2, \"repeat-cron\": \"30 6 * * *\"}");
    same_time(anchor(&s, NOW, 5 * PS_SEC), "2027-01-02T06:30:00Z");
}

static void due_times_are_counted(void **state)
{
    (void)state;
    struct sch_schedule s = read("{\"repeat\": \"PT10S\"}");
    const ps_ns a = at(NOW);
    ps_ns last = 0;
    assert_int_equal(sch_schedule_count(&s, &sch_zone_utc, a, a, a, 100, &last), 0);
    assert_int_equal(sch_schedule_count(&s, &sch_zone_utc, a, a, a + 1, 100, &last), 1);
    assert_int_equal(sch_schedule_count(&s, &sch_zone_utc, a, a + 1, a + 3600 * PS_SEC, 1000, &last), 359);
    same_time(last, "2027-01-01T11:20:20Z");
    assert_int_equal(sch_schedule_count(&s, &sch_zone_utc, a, a + 1, a + 3600 * PS_SEC, 10, &last), 10);
    same_time(last, "2027-01-01T10:22:10Z");
    s.until = a + 20 * PS_SEC;
    assert_int_equal(sch_schedule_count(&s, &sch_zone_utc, a, a, a + 3600 * PS_SEC, 1000, &last), 3);
    s = read("{\"schema\": 2, \"repeat-cron\": \"* * * * *\"}");
    assert_int_equal(sch_schedule_count(&s, &sch_zone_utc, a, a + 1, a + 3600 * PS_SEC, 1000, &last), 60);
    same_time(last, "2027-01-01T11:20:00Z");
}

static void a_slip_does_not_reach_into_what_is_due_next(void **state)
{
    (void)state;
    struct sch_schedule s = read("{\"repeat\": \"PT10M\", \"slip\": \"PT9M\"}");
    const ps_ns a = at("2027-01-01T10:00:00Z");
    assert_int_equal(sch_schedule_slip(&s, &sch_zone_utc, a, a, 60 * PS_SEC), 540 * PS_SEC);
    assert_int_equal(sch_schedule_slip(&s, &sch_zone_utc, a, a, 90 * PS_SEC), 510 * PS_SEC);
    assert_int_equal(sch_schedule_slip(&s, &sch_zone_utc, a, a, 700 * PS_SEC), 0);
    s = read("{\"schema\": 2, \"repeat-cron\": \"0,10 * * * *\", \"slip\": \"PT1H\"}");
    assert_int_equal(sch_schedule_slip(&s, &sch_zone_utc, a, a, 60 * PS_SEC), 540 * PS_SEC);
    assert_int_equal(sch_schedule_slip(&s, &sch_zone_utc, a, a + 600 * PS_SEC, 60 * PS_SEC), 2940 * PS_SEC);
    s = read("{\"slip\": \"PT1H\"}");
    assert_int_equal(sch_schedule_slip(&s, &sch_zone_utc, a, a, 7200 * PS_SEC), 3600 * PS_SEC);
}

static void times_are_whole_seconds(void **state)
{
    (void)state;
    const struct sch_schedule s = read("{\"start\": \"2027-01-01T10:20:30.1Z\", \"slip\": \"PT1.9S\", "
                                       "\"repeat\": \"PT2.1S\", \"sliprand\": true,"
                                       " \"max-runs\": 7, \"until\": \"forever\", \"#\": \"a comment\"}");
    same_time(s.start, "2027-01-01T10:20:31Z");
    assert_int_equal(s.slip, PS_SEC);
    assert_int_equal(s.repeat, 3 * PS_SEC);
    assert_true(s.sliprand);
    assert_int_equal(s.max_runs, 7);
    assert_int_equal(s.until, SCH_NEVER);
}

static void refused(const char *text, int err, const char *words)
{
    struct sch_schedule s = {.slip = 77};
    struct ps_fault fault = {.text = ""};
    assert_int_equal(read_text(text, &s, &fault), err);
    assert_string_equal(fault.text, words);
    assert_int_equal(s.slip, 77); // left alone
}

static void faults_say_where_and_what(void **state)
{
    (void)state;
    refused("[]", PS_EMALFORMED, "At /schedule: wants an object; got an array");
    refused("{\"max-runs\": 0}", PS_ERANGE, "At /schedule/max-runs: 0 is less than the minimum of 1");
    refused("{\"max-runs\": 1.5}", PS_EMALFORMED, "At /schedule/max-runs: wants a whole number; got 1.5");
    refused("{\"max-runs\": 9007199254740993}", PS_ERANGE,
            "At /schedule/max-runs: 9007199254740993 is greater than the maximum of 9007199254740992");
    refused("{\"slip\": 5}", PS_EMALFORMED, "At /schedule/slip: wants a duration; got 5");
    refused("{\"slip\": \"5M\"}", PS_ESYNTAX,
            "At /schedule/slip: \"5M\" is no ISO 8601 duration, as PT5M is one");
    refused("{\"repeat\": \"P1M\"}", PS_EUNSUPPORTED,
            "At /schedule/repeat: \"P1M\": months and years have no fixed length; write days or weeks");
    refused("{\"repeat\": \"PT0S\"}", PS_ERANGE, "At /schedule/repeat: \"PT0S\" is not from PT1S to P36525D");
    refused("{\"slip\": \"P36526D\"}", PS_ERANGE,
            "At /schedule/slip: \"P36526D\" is not from P0D to P36525D");
    refused("{\"start\": \"tomorrow\"}", PS_ESYNTAX,
            "At /schedule/start: \"tomorrow\" is no ISO 8601 time, as 2030-06-21T12:00:00Z is one");
    refused("{\"start\": \"2027-02-30T00:00:00Z\"}", PS_ERANGE,
            "At /schedule/start: \"2027-02-30T00:00:00Z\" is no ISO 8601 time, as 2030-06-21T12:00:00Z is "
            "one: there is "
            "no such day or hour");
    refused("{\"start\": \"@PT0S\"}", PS_ERANGE, "At /schedule/start: \"PT0S\" is not from PT1S to P36525D");
    refused("{\"sliprand\": 1}", PS_EMALFORMED, "At /schedule/sliprand: wants true or false; got 1");
    refused("{\"repeat-cron\": \"0 * * * *\"}", PS_EUNSUPPORTED,
            "At /schedule/repeat-cron: needs \"schema\": 2 in the schedule");
    refused("{\"schema\": 2, \"repeat-cron\": \"0 25 * * *\"}", PS_ERANGE,
            "At /schedule/repeat-cron: the hour: 25 is not in 0-23");
    refused("{\"schema\": 3}", PS_EUNSUPPORTED, "At /schedule/schema: 3 is greater than the maximum of 2");
    refused("{\"repeet\": \"PT1H\"}", PS_EUNKNOWN,
            "At /schedule: there is no 'repeet' in a schedule, but start, slip, sliprand, repeat, "
            "repeat-cron, until, "
            "max-runs");
}

static void no_anchor(const char *text, const char *words)
{
    const struct sch_schedule s = read(text);
    struct ps_fault fault = {.text = ""};
    ps_ns out = 0;
    assert_int_equal(sch_schedule_anchor(&s, &sch_zone_utc, at(NOW), 0, &out, &fault), PS_ERANGE);
    assert_string_equal(fault.text, words);
}

static void what_cannot_begin_any_more_is_refused(void **state)
{
    (void)state;
    no_anchor("{\"start\": \"2027-01-01T10:20:29Z\"}", "At /schedule/start: 2027-01-01T10:20:29Z has passed");
    no_anchor("{\"until\": \"2027-01-01T10:00:00Z\"}", "At /schedule/until: 2027-01-01T10:00:00Z has passed");
    no_anchor("{\"start\": \"PT2H\", \"until\": \"2027-01-01T12:00:00Z\"}",
              "At /schedule/until: 2027-01-01T12:00:00Z is not after the start");
    no_anchor("{\"start\": \"9999-01-01T00:00:00Z\"}",
              "At /schedule/start: 2201-01-01T00:00:00Z is the last time that can be: wants an earlier one");
    struct sch_schedule s = read("{\"start\": \"2027-01-01T10:20:29Z\", \"slip\": \"PT1M\"}");
    same_time(anchor(&s, NOW, 0), "2027-01-01T10:20:29Z");
    s = read("{\"start\": \"2026-01-01T00:00:00Z\", \"repeat\": \"PT1H\"}");
    same_time(anchor(&s, NOW, 0), "2026-01-01T00:00:00Z");
    same_time(sch_schedule_due(&s, &sch_zone_utc, s.start, at(NOW)), "2027-01-01T11:00:00Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_once_and_as_soon_as_possible),
        cmocka_unit_test(a_start_has_four_forms),
        cmocka_unit_test(repeats_are_counted_from_the_anchor),
        cmocka_unit_test(of_repeat_and_cron_the_earlier_one_counts),
        cmocka_unit_test(by_the_calendar_alone_the_first_time_is_the_calendars),
        cmocka_unit_test(due_times_are_counted),
        cmocka_unit_test(a_slip_does_not_reach_into_what_is_due_next),
        cmocka_unit_test(times_are_whole_seconds),
        cmocka_unit_test(faults_say_where_and_what),
        cmocka_unit_test(what_cannot_begin_any_more_is_refused),
    };
    return cmocka_run_group_tests_name("sch_schedule", tests, NULL, NULL);
}
