// SPDX-License-Identifier: Apache-2.0
// Octets of a mesh, against figures made by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "psarchive/sizing.h"

static const struct sizing_octets octets = {100, 200, 1000, {50, 60, 70}};

static void near(double got, double wanted)
{
    if (fabs(got - wanted) > wanted * 1e-9 + 1e-9)
        fail_msg("got %.9g, wanted %.9g", got, wanted);
}

static struct sizing make(enum sizing_test test, double paths, double every, const char *policy)
{
    struct sizing_load load = {test, paths, every, &octets};
    struct retention *r = NULL;
    struct sizing out;
    struct ps_fault fault;

    if (policy)
        assert_int_equal(retention_parse(&r, NULL, policy, strlen(policy), &fault), 0);
    sizing_make(&load, r, &out);
    retention_free(r);
    return out;
}

static void rows_share_pages(void **state)
{
    (void)state;
    near(sizing_room(100), 4096.0 / 34 * 1.02); // 34 of 117 octets go into 4,088
    near(sizing_room(1500), 2048 * 1.02);       // two
    near(sizing_room(2100), 4096 * 1.02);       // one
    assert_true(sizing_room(10000) > 10017 && sizing_room(10000) < 10400);
}

static void a_year_of_a_mesh_is_counted(void **state)
{
    struct sizing s = make(SIZING_LATENCYBG, 9900, 60, NULL);
    double day = 9900 * 1440.0;

    (void)state;
    near(s.results_per_s, 165);
    near(s.results_per_year, day * 365);
    near(s.rollups_per_year, 9900 * 365.0 * (288 + 24 + 1));
    near(s.documents_per_year, day * 365 * sizing_room(200));
    near(s.per_year, day * 365 * sizing_room(100) +
                         9900 * 365.0 * (288 * sizing_room(50) + 24 * sizing_room(60) + sizing_room(70)));
    near(s.metas, 9900 * 1000);
    assert_true(isinf(s.kept) && isinf(s.documents_kept));
}

static void rare_results_have_a_roll_up_each(void **state)
{
    struct sizing s = make(SIZING_THROUGHPUT, 1, 2 * 86400, NULL);

    (void)state;
    near(s.rollups_per_year, 365 / 2.0); // of a day; there are no others
    near(make(SIZING_RTT, 1, 600, NULL).rollups_per_year, 365 * (144 + 24 + 1.0));
    near(make(SIZING_TRACE, 1, 600, NULL).rollups_per_year, 0);
}

#define POLICY(base, run, hour, day)                                                                         \
    "{\"policies\":[{\"event_type\":\"*\",\"summary_type\":\"*\",\"summary_window\":\"*\",\"expire\":\"" run \
    "\"},"                                                                                                   \
    "{\"event_type\":\"histogram-owdelay\",\"summary_type\":\"base\",\"summary_window\":\"*\",\"expire\":"   \
    "\"" base                                                                                                \
    "\"},{\"event_type\":\"*\",\"summary_type\":\"*\",\"summary_window\":\"3600\",\"expire\":\"" hour        \
    "\"},{\"event_type\":\"*\",\"summary_type\":\"*\",\"summary_window\":\"86400\",\"expire\":\"" day        \
    "\"}]}"

static void a_policy_bounds_what_there_is(void **state)
{
    struct sizing s = make(SIZING_LATENCYBG, 1, 60, POLICY("180", "365", "10", "1825"));

    (void)state;
    near(s.kept, 1440 * (180 * sizing_room(100) + 185 * sizing_room(18)) + 288 * 365 * sizing_room(50) +
                     24 * 10 * sizing_room(60) + 1825 * sizing_room(70));
    near(s.documents_kept, 1440 * 365.0 * sizing_room(200));
}

static void what_is_never_removed_grows_for_ever(void **state)
{
    (void)state;
    assert_true(isinf(make(SIZING_LATENCYBG, 1, 60, POLICY("180", "365", "10", "never")).kept));
    assert_true(isinf(make(SIZING_LATENCYBG, 1, 60, POLICY("never", "365", "10", "10")).kept));
    assert_true(isinf(make(SIZING_LATENCYBG, 1, 60, POLICY("1", "never", "10", "10")).documents_kept));
}

static void tests_have_names(void **state)
{
    (void)state;
    for (int t = 0; t < SIZING_TESTS; t++) {
        assert_int_equal(sizing_find(sizing_name((enum sizing_test)t)), t);
        assert_true(sizing_measured((enum sizing_test)t)->row > 0);
    }
    assert_int_equal(sizing_find("clock"), SIZING_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_share_pages),
        cmocka_unit_test(a_year_of_a_mesh_is_counted),
        cmocka_unit_test(rare_results_have_a_roll_up_each),
        cmocka_unit_test(a_policy_bounds_what_there_is),
        cmocka_unit_test(what_is_never_removed_grows_for_ever),
        cmocka_unit_test(tests_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
