// SPDX-License-Identifier: Apache-2.0
#include "limits_fix.h"
#include "limits/lim_schedule.h"

#define RULES(type, data)                                                                                \
    "{'schema':4,'identifiers':[],'classifiers':[],'limits':[{'name':'l','description':'','type':'" type \
    "','data':" data "}],'applications':[]}"

static bool within(const char *type_data, const char *start, const char *duration, unsigned *wrong)
{
    struct lim_rules *r = rules_of(type_data);
    struct ps_when when;
    ps_ns d, end;
    assert_int_equal(ps_iso8601_time(start, &when), 0);
    assert_int_equal(ps_iso8601_duration(duration, &d), 0);
    end = when.at + d;
    *wrong = 0;
    bool got = r->limits[0].type == LIM_SCHEDULE ? lim_schedule_has(&r->limits[0].schedule, &when, d, wrong)
                                                 : lim_daterange_has(&r->limits[0], when.at, end);
    lim_rules_free(r);
    return got;
}

static void expect(const char *data, const char *start, const char *duration, bool want)
{
    char rules[600];
    unsigned wrong;
    snprintf(rules, sizeof rules, RULES("run-schedule", "%s"), data);
    if (within(rules, start, duration, &wrong) != want)
        fail_msg("%s at %s for %s: wrong %x", data, start, duration, wrong);
}

static void a_run_lies_within_what_is_given(void **state)
{
    (void)state;
    expect("{'hour':[8]}", "2026-06-17T08:00:00Z", "PT59M59S", true);
    expect("{'hour':[8]}", "2026-06-17T08:00:00Z", "PT1H", false); // its end counts
    expect("{'hour':[{'lower':8,'upper':10}]}", "2026-06-17T08:00:00Z", "PT2H59M", true);
    expect("{'hour':[8,10]}", "2026-06-17T08:30:00Z", "PT2H", false); // 9 is passed through
    expect("{'month':[6],'weekday':[3],'day':[17],'week':[25],'year':[2026]}", "2026-06-17T08:00:00Z", "PT1H",
           true);
    expect("{}", "2026-06-17T08:00:00Z", "P30D", true);
}

static void an_overlap_is_one_value_in_common(void **state)
{
    (void)state;
    expect("{'hour':[8],'overlap':true}", "2026-06-17T07:59:59Z", "PT1S", true);
    expect("{'hour':[8],'overlap':true}", "2026-06-17T06:00:00Z", "PT1H59M", false);
    expect("{'hour':[8,10],'overlap':true}", "2026-06-17T10:30:00Z", "PT2H", true);
    expect("{'hour':[],'overlap':true}", "2026-06-17T10:30:00Z", "PT2H", false);
}

static void fields_begin_anew_where_they_end(void **state)
{
    (void)state;
    expect("{'hour':[23,0,1]}", "2026-06-17T23:30:00Z", "PT2H", true);
    expect("{'minute':[59,0]}", "2026-06-17T08:59:50Z", "PT20S", true);
    expect("{'second':[{'lower':50,'upper':59},{'lower':0,'upper':10}]}", "2026-06-17T08:59:50Z", "PT20S",
           true);
    expect("{'weekday':[7,1]}", "2026-06-21T23:00:00Z", "PT2H", true);
    expect("{'day':[30,1],'month':[6,7]}", "2026-06-30T23:00:00Z", "PT2H", true);
    expect("{'month':[12,1],'year':[2026,2027],'week':[53]}", "2026-12-31T23:00:00Z", "PT2H", true);
}

static void a_long_run_passes_through_all(void **state)
{
    (void)state;
    expect("{'hour':[8,9]}", "2026-06-17T08:00:00Z", "P1DT1H", false);
    expect("{'minute':[5,6]}", "2026-06-17T08:05:00Z", "PT1H1M", false);
    expect("{'weekday':[3]}", "2026-06-17T08:05:00Z", "P7D", false);
    expect("{'minute':[{'lower':0,'upper':59}],'hour':[{'lower':0,'upper':23}]}", "2026-06-17T08:05:00Z",
           "P900D", true);
    expect("{'year':[{'lower':2026,'upper':2030}]}", "2026-06-17T08:05:00Z", "P900D", true);
    expect("{'year':[2026]}", "2026-06-17T08:05:00Z", "P900D", false);
    expect("{'month':[2],'overlap':true}", "2026-06-17T08:05:00Z", "P106751D", true);
}

static void the_clock_is_that_of_the_start(void **state)
{
    (void)state;
    expect("{'hour':[8]}", "2026-06-17T08:10:00+05:30", "PT1M", true);
    expect("{'hour':[2]}", "2026-06-17T08:10:00+05:30", "PT1M", false);
    expect("{'minute':[10,11]}", "2026-06-17T08:10:00+05:30", "PT1M", true);
}

static void what_does_not_match_is_told(void **state)
{
    unsigned wrong;
    (void)state;
    assert_false(within(RULES("run-schedule", "{'hour':[9],'minute':[0],'year':[2026]}"),
                        "2026-06-17T08:00:00Z", "PT1S", &wrong));
    assert_int_equal(wrong, 1u << LIM_HOUR);
}

static void a_range_of_dates_has_its_start_and_not_its_end(void **state)
{
    unsigned w;
    (void)state;
#define IN RULES("run-daterange", "{'start':'2026-06-01T00:00:00Z','end':'2026-07-01T00:00:00Z'}")
#define MEET \
    RULES("run-daterange", "{'start':'2026-06-01T00:00:00Z','end':'2026-07-01T00:00:00Z','overlap':true}")
    assert_true(within(IN, "2026-06-01T00:00:00Z", "PT1H", &w));
    assert_false(within(IN, "2026-05-31T23:59:59Z", "PT1H", &w));
    assert_false(within(IN, "2026-06-30T23:00:00Z", "PT1H", &w));
    assert_true(within(IN, "2026-06-30T23:00:00Z", "PT59M", &w));
    assert_true(within(MEET, "2026-05-31T23:59:59Z", "PT1H", &w));
    assert_true(within(MEET, "2026-06-30T23:00:00Z", "P7D", &w));
    assert_true(within(MEET, "2026-01-01T00:00:00Z", "P365D", &w));
    assert_false(within(MEET, "2026-05-31T23:00:00Z", "PT1H", &w));
    assert_false(within(MEET, "2026-07-01T00:00:00Z", "PT1H", &w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_lies_within_what_is_given),
        cmocka_unit_test(an_overlap_is_one_value_in_common),
        cmocka_unit_test(fields_begin_anew_where_they_end),
        cmocka_unit_test(a_long_run_passes_through_all),
        cmocka_unit_test(the_clock_is_that_of_the_start),
        cmocka_unit_test(what_does_not_match_is_told),
        cmocka_unit_test(a_range_of_dates_has_its_start_and_not_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
