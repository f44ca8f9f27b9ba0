// SPDX-License-Identifier: Apache-2.0
#include "es_fix.h"

static void every_event_type_is_found_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < ES_EVENT_COUNT; i++)
        assert_int_equal(es_event_find(es_event_name(i)), i);
    assert_int_equal(es_event_find("throughpu"), PS_EUNKNOWN);
    assert_int_equal(es_event_find("zzz"), PS_EUNKNOWN);
    assert_int_equal(es_event_find(""), PS_EUNKNOWN);
}

// They stand in databases.
static void numbers_stay(void **state)
{
    (void)state;
    assert_int_equal(es_event_find("throughput"), 0);
    assert_int_equal(es_event_find("time-error-estimates"), 14);
    assert_int_equal(es_event_find("packet-loss-rate"), 21);
    assert_int_equal(es_event_find("histogram-owdelay"), 23);
    assert_int_equal(es_event_find("throughput-subintervals"), 27);
    assert_int_equal(es_event_find("failures"), 31);
    assert_int_equal(es_event_find("rusage"), 48);
    assert_int_equal(ES_SUMMARY_STATISTICS, 3);
}

static void summaries_are_for_their_kinds(void **state)
{
    static const char allowed[][5] = {"xxx.", "xxx.", "xx..", "xx.x", "x...", "x..."};
    (void)state;
    for (int kind = 0; kind < 6; kind++)
        for (int type = 0; type < 4; type++)
            assert_int_equal(es_event_summary_allowed((enum es_event_kind)kind, (enum es_summary_type)type),
                             allowed[kind][type] == 'x');
}

static void summaries_have_two_names(void **state)
{
    enum es_summary_type type;
    (void)state;
    assert_int_equal(es_summary_find("aggregation", false, &type), 0);
    assert_int_equal(type, ES_SUMMARY_AGGREGATION);
    assert_int_equal(es_summary_find("averages", true, &type), 0);
    assert_int_equal(type, ES_SUMMARY_AVERAGE);
    assert_int_equal(es_summary_find("averages", false, &type), PS_EUNKNOWN);
    assert_string_equal(es_summary_name(ES_SUMMARY_AGGREGATION, true), "aggregations");
    assert_string_equal(es_summary_name(ES_SUMMARY_STATISTICS, false), "statistics");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_type_is_found_by_its_name),
        cmocka_unit_test(numbers_stay),
        cmocka_unit_test(summaries_are_for_their_kinds),
        cmocka_unit_test(summaries_have_two_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
