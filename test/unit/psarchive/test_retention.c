// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"
#include "psarchive/retention.h"

#define DAY INT64_C(86400)
#define NOW (20000 * DAY)

static struct retention *policy(const char *json)
{
    struct retention *r = NULL;
    struct ps_fault fault = {""};
    if (retention_parse(&r, "f.json", json, strlen(json), &fault) != 0)
        fail_msg("%s", fault.text);
    return r;
}

static int64_t days(const struct retention *r, const char *event, enum es_summary_type type, uint32_t window)
{
    int64_t cut = retention_cut(r, ev(event), type, window, NOW);
    return cut == RETENTION_NEVER ? -1 : (NOW - cut) / DAY;
}

static void the_most_specific_policy_counts(void **state)
{
    struct retention *r =
        policy("{\"policies\":["
               "{\"event_type\":\"*\",\"summary_type\":\"*\",\"summary_window\":\"*\",\"expire\":\"365\"},"
               "{\"event_type\":\"*\",\"summary_type\":\"*\",\"summary_window\":86400,\"expire\":1825},"
               "{\"event_type\":\"histogram-owdelay\",\"summary_type\":\"*\",\"summary_window\":\"0\","
               "\"expire\":\"180\"},"
               "{\"event_type\":\"histogram-owdelay\",\"summary_type\":\"statistics\",\"summary_window\":\"*"
               "\",\"expire\":\"90\"},"
               "{\"event_type\":\"failures\",\"summary_type\":\"*\",\"summary_window\":\"*\",\"expire\":"
               "\"never\"}]}");
    (void)state;
    assert_int_equal(days(r, "throughput", ES_SUMMARY_BASE, 0), 365);
    assert_int_equal(days(r, "throughput", ES_SUMMARY_AVERAGE, 86400), 1825);
    assert_int_equal(days(r, "histogram-owdelay", ES_SUMMARY_BASE, 0), 180);
    assert_int_equal(days(r, "histogram-owdelay", ES_SUMMARY_AGGREGATION, 300),
                     365); // back to the general ones
    assert_int_equal(days(r, "histogram-owdelay", ES_SUMMARY_STATISTICS, 0),
                     90); // the type before the window
    assert_int_equal(days(r, "failures", ES_SUMMARY_BASE, 0), -1);
    retention_free(r);
    retention_free(NULL);
}

static void what_no_policy_fits_is_kept(void **state)
{
    struct retention *r = policy("{\"policies\":[{\"event_type\":\"throughput\",\"summary_type\":\"base\","
                                 "\"summary_window\":\"*\",\"expire\":\"0\"}]}");
    (void)state;
    assert_int_equal(days(r, "throughput", ES_SUMMARY_BASE, 0), 0);
    assert_int_equal(days(r, "throughput", ES_SUMMARY_AVERAGE, 86400), -1);
    assert_int_equal(days(r, "failures", ES_SUMMARY_BASE, 0), -1);
    retention_free(r);
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    static const struct {
        const char *json, *fault;
    } wrong[] = {
        {"{}", "f.json:1: policies: is missing"},
        {"{\"policies\":[{\"event_type\":\"delay\",\"summary_type\":\"*\",\"summary_window\":\"*\","
         "\"expire\":\"1\"}]}",
         "f.json:1: policies[0].event_type: there is no event type 'delay'"},
        {"{\"policies\":[{\"event_type\":\"*\",\"summary_type\":\"averages\",\"summary_window\":\"*\","
         "\"expire\":\"1\"}]}",
         "f.json:1: policies[0].summary_type: wants *, base, aggregation, average or statistics; got "
         "'averages'"},
        {"{\"policies\":[{\"event_type\":\"*\",\"summary_type\":\"*\",\"summary_window\":\"*\",\"expire\":"
         "\"soon\"}]}",
         "f.json:1: policies[0].expire: wants a number up to 100000 or \"never\"; got 'soon'"},
        {"{\"policies\":[{\"event_type\":\"*\",\"summary_type\":\"*\",\"summary_window\":true,\"expire\":"
         "\"1\"}]}",
         "f.json:1: policies[0].summary_window: wants a number up to 31622400 or \"*\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct retention *r = NULL;
        struct ps_fault fault = {""};
        assert_int_not_equal(retention_parse(&r, "f.json", wrong[i].json, strlen(wrong[i].json), &fault), 0);
        assert_string_equal(fault.text, wrong[i].fault);
        assert_null(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_policy_counts),
        cmocka_unit_test(what_no_policy_fits_is_kept),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
