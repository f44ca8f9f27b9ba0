// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_stats.h"
#include "spec_fix.h"

#define EPS 1e-9

static void bins_are_sorted_joined_and_rid_of_the_empty(void **state)
{
    struct sp_bin bins[] = {{3, 1}, {1, 2}, {2, 0}, {3, 4}, {-1, 1}};

    (void)state;
    assert_int_equal(sp_bins_sort(bins, 5), 3);
    assert_true(bins[0].value == -1 && bins[1].value == 1 && bins[2].value == 3 && bins[2].count == 5);
    assert_int_equal(sp_bins_sort(bins, 0), 0);
}

// NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.6.2: the 90th percentile of 12 measurements is 95.1981.
static void percentiles_are_those_of_the_nist_handbook(void **state)
{
    struct sp_bin bins[] = {
        {95.1772, 1}, {95.1567, 1}, {95.1937, 1}, {95.1959, 1}, {95.1442, 1}, {95.0610, 1},
        {95.1591, 1}, {95.1195, 1}, {95.1065, 1}, {95.0925, 1}, {95.1990, 1}, {95.1682, 1},
    };

    (void)state;
    assert_int_equal(sp_bins_sort(bins, 12), 12);
    assert_float_equal(sp_bins_percentile(bins, 12, 90), 95.19807, 1e-5);
    assert_float_equal(sp_bins_percentile(bins, 12, 0), 95.0610, EPS);
    assert_float_equal(sp_bins_percentile(bins, 12, 100), 95.1990, EPS);
    assert_float_equal(sp_bins_percentile(bins, 12, 1), 95.0610, EPS);
    assert_float_equal(sp_bins_percentile(bins, 12, 99), 95.1990, EPS);
}

static void counts_stand_for_values_that_come_again(void **state)
{
    struct sp_bin many[] = {{1, 3}, {2, 1}, {10, 1}};

    (void)state; // 1 1 1 2 10: rank of the median 3, of P75 4.5, of P95 5.7
    assert_float_equal(sp_bins_percentile(many, 3, 50), 1, EPS);
    assert_float_equal(sp_bins_percentile(many, 3, 75), 6, EPS);
    assert_float_equal(sp_bins_percentile(many, 3, 95), 10, EPS);
}

static void all_statistics_of_a_small_histogram(void **state)
{
    struct sp_bin bins[] = {{2, 1}, {4, 3}, {5, 2}, {7, 1}, {9, 1}}; // 2 4 4 4 5 5 7 9
    struct sp_stats s;

    (void)state;
    sp_bins_stats(bins, 5, &s);
    assert_int_equal(s.n, 8);
    assert_float_equal(s.min, 2, EPS);
    assert_float_equal(s.max, 9, EPS);
    assert_float_equal(s.mean, 5, EPS);
    assert_float_equal(s.variance, 4, EPS);
    assert_float_equal(s.stddev, 2, EPS);
    assert_float_equal(s.median, 4.5, EPS);
    assert_float_equal(s.p25, 4, EPS);
    assert_float_equal(s.p75, 6.5, EPS);
    assert_int_equal(s.nmodes, 1);
    assert_float_equal(sp_bins_mode(bins, 5, 0), 4, EPS);
}

static void there_can_be_many_modes(void **state)
{
    struct sp_bin bins[] = {{1, 2}, {2, 1}, {3, 2}};
    struct sp_stats s;

    (void)state;
    sp_bins_stats(bins, 3, &s);
    assert_int_equal(s.nmodes, 2);
    assert_float_equal(sp_bins_mode(bins, 3, 0), 1, EPS);
    assert_float_equal(sp_bins_mode(bins, 3, 1), 3, EPS);
}

static void nothing_has_no_statistics(void **state)
{
    struct sp_stats s;

    (void)state;
    sp_bins_stats(NULL, 0, &s);
    assert_int_equal(s.n, 0);
    assert_float_equal(sp_bins_percentile(NULL, 0, 50), 0, EPS);
}

static void one_value_is_all_of_them(void **state)
{
    struct sp_bin one[] = {{0.25, 7}};
    struct sp_stats s;

    (void)state;
    sp_bins_stats(one, 1, &s);
    assert_float_equal(s.min, 0.25, EPS);
    assert_float_equal(s.p95, 0.25, EPS);
    assert_float_equal(s.stddev, 0, EPS);
    assert_float_equal(sp_bins_percentile(one, 1, 0), 0.25, EPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_are_sorted_joined_and_rid_of_the_empty),
        cmocka_unit_test(percentiles_are_those_of_the_nist_handbook),
        cmocka_unit_test(counts_stand_for_values_that_come_again),
        cmocka_unit_test(all_statistics_of_a_small_histogram),
        cmocka_unit_test(there_can_be_many_modes),
        cmocka_unit_test(nothing_has_no_statistics),
        cmocka_unit_test(one_value_is_all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
