// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <math.h>
#include <stdlib.h>
#include <time.h>
#include "base/ps_rand.h"
#include "base/ps_time.h"

#define ERA1_NS (INT64_C(2085978496) * PS_SEC) // 2036-02-07T06:28:16Z

static void the_unix_epoch_is_0x83aa7e80(void **state)
{
    (void)state;
    assert_int_equal(ps_ntp_from_ns(0), UINT64_C(0x83aa7e8000000000));
    assert_int_equal(ps_ntp_to_ns(UINT64_C(0x83aa7e8000000000)), 0);
}

static void fractions_truncate_both_ways(void **state)
{
    (void)state;
    assert_int_equal(ps_ntp_from_ns(PS_SEC / 2) & UINT32_MAX, 0x80000000u);
    assert_int_equal(ps_ntp_from_ns(1) & UINT32_MAX, 4); // 4.29 units
    assert_int_equal(ps_ntp_to_ns(UINT64_C(0x83aa7e8000000004)), 0);
    assert_int_equal(ps_ntp_to_ns(UINT64_C(0x83aa7e8000000005)), 1);
    assert_int_equal(ps_ntp_to_ns(UINT64_C(0x83aa7e80ffffffff)), PS_SEC - 1);
}

static void times_before_1970_count_their_fraction_upwards(void **state)
{
    (void)state;
    assert_int_equal(ps_ntp_from_ns(-PS_SEC / 2), UINT64_C(0x83aa7e7f80000000));
    assert_int_equal(ps_ntp_to_ns(UINT64_C(0x83aa7e7f80000000)), -PS_SEC / 2);
    assert_int_equal(ps_ntp_from_ns(-PS_SEC), UINT64_C(0x83aa7e7f00000000));
}

static void era_1_begins_in_february_2036(void **state)
{
    (void)state;
    assert_int_equal(ps_ntp_from_ns(ERA1_NS), 0);
    assert_int_equal(ps_ntp_to_ns(0), ERA1_NS);
    assert_int_equal(ps_ntp_from_ns(ERA1_NS - PS_SEC), UINT64_C(0xffffffff00000000));
    assert_int_equal(ps_ntp_to_ns(UINT64_C(0xffffffff00000000)), ERA1_NS - PS_SEC);
}

static void the_eras_part_where_the_top_bit_changes(void **state)
{
    int64_t first = (INT64_C(0x80000000) - (int64_t)PS_NTP_EPOCH) * PS_SEC;
    int64_t last = ((INT64_C(1) << 32) + 0x7fffffff - (int64_t)PS_NTP_EPOCH) * PS_SEC;

    (void)state;
    assert_int_equal(ps_ntp_to_ns(UINT64_C(0x8000000000000000)), first);
    assert_int_equal(ps_ntp_to_ns(UINT64_C(0x7fffffff00000000)), last);
}

static void a_round_trip_loses_at_most_a_nanosecond(void **state)
{
    struct ps_rand r;

    (void)state;
    ps_rand_seed(&r, 1);
    for (int i = 0; i < 100000; i++) {
        int64_t t = (int64_t)(ps_rand_u64(&r) % (uint64_t)(2 * ERA1_NS));
        assert_in_range(t - ps_ntp_to_ns(ps_ntp_from_ns(t)), 0, 1);
    }
}

static void extreme_nanoseconds_convert_without_overflow(void **state)
{
    (void)state;
    assert_int_equal(ps_ntp_from_ns(INT64_MAX) >> 32,
                     (uint32_t)((uint64_t)(INT64_MAX / PS_SEC) + PS_NTP_EPOCH));
    assert_int_equal(ps_ntp_from_ns(INT64_MIN) >> 32,
                     (uint32_t)((uint64_t)(INT64_MIN / PS_SEC - 1) + PS_NTP_EPOCH));
}

static void durations_from_double_truncate_and_saturate(void **state)
{
    (void)state;
    assert_int_equal(ps_ntpdur_from_double(0.5), 0x80000000u);
    assert_int_equal(ps_ntpdur_from_double((double)0.1f), 0x199999a0u);
    assert_int_equal(ps_ntpdur_from_double(2.0), UINT64_C(8589934592));
    assert_int_equal(ps_ntpdur_from_double(1e-12), 0);
    assert_int_equal(ps_ntpdur_from_double(4294967295.0), UINT64_C(0xffffffff00000000));
    assert_int_equal(ps_ntpdur_from_double(4294967296.0), UINT64_MAX);
    assert_int_equal(ps_ntpdur_from_double((double)INFINITY), UINT64_MAX);
    assert_int_equal(ps_ntpdur_from_double(-1.0), 0);
    assert_int_equal(ps_ntpdur_from_double(-(double)INFINITY), 0);
    assert_int_equal(ps_ntpdur_from_double((double)NAN), 0);
}

static void durations_to_double_are_the_count_over_2_to_32(void **state)
{
    (void)state;
    assert_same_double(ps_ntpdur_to_double(1), 0x1p-32);
    assert_same_double(ps_ntpdur_to_double(UINT64_C(0x180000000)), 1.5);
    assert_same_double(ps_ntpdiff_to_double(-1), -0x1p-32);
    assert_same_double(ps_ntpdiff_to_double(INT64_MIN), -0x1p31);
}

static void durations_from_ns_saturate(void **state)
{
    (void)state;
    assert_int_equal(ps_ntpdur_from_ns(1500 * PS_MSEC), UINT64_C(0x180000000));
    assert_int_equal(ps_ntpdur_from_ns(-1), 0);
    assert_int_equal(ps_ntpdur_from_ns(INT64_MIN), 0);
    assert_int_equal(ps_ntpdur_from_ns(INT64_C(4294967296) * PS_SEC - 1), UINT64_C(0xfffffffffffffffb));
    assert_int_equal(ps_ntpdur_from_ns(INT64_C(4294967296) * PS_SEC), UINT64_MAX);
    assert_int_equal(ps_ntpdur_from_ns(INT64_MAX), UINT64_MAX);
}

static void the_longest_duration_fits_in_nanoseconds(void **state)
{
    (void)state;
    assert_int_equal(ps_ntpdur_to_ns(UINT64_MAX), INT64_C(4294967296) * PS_SEC - 1);
    assert_int_equal(ps_ntpdur_to_ns(0), 0);
}

static void differences_are_exact_over_the_era_boundary(void **state)
{
    ps_ntp before = UINT64_C(0xffffffffffffffff), after = 1;

    (void)state;
    assert_int_equal(ps_ntp_diff(after, before), 2);
    assert_int_equal(ps_ntp_diff(before, after), -2);
    assert_true(ps_ntp_before(before, after));
    assert_false(ps_ntp_before(after, before));
    assert_false(ps_ntp_before(after, after));
}

static void products_are_the_128_bit_ones(void **state)
{
    struct ps_rand r;

    (void)state;
    assert_int_equal(ps_ntp_mul(UINT64_C(0x180000000), UINT64_C(0x200000000)), UINT64_C(0x300000000));
    assert_int_equal(ps_ntp_mul(1, UINT32_MAX), 0);
    assert_int_equal(ps_ntp_mul(UINT64_MAX, UINT64_C(1) << 32), UINT64_MAX);
#ifdef __SIZEOF_INT128__
    ps_rand_seed(&r, 2);
    for (int i = 0; i < 100000; i++) {
        uint64_t a = ps_rand_u64(&r) >> (i % 40), b = ps_rand_u64(&r);
        assert_int_equal(ps_ntp_mul(a, b), (uint64_t)((unsigned __int128)a * b >> 32));
    }
#else
    (void)r;
#endif
}

static void set_zone(const char *tz)
{
    setenv("TZ", tz, 1);
    tzset();
}

static void local_times_have_truncated_milliseconds(void **state)
{
    char text[32];

    (void)state;
    set_zone("XYZ-2");
    ps_ntp_format_local(ps_ntp_from_ns(INT64_C(1893553445) * PS_SEC + 678999999), text, sizeof text);
    assert_string_equal(text, "2030-01-02T05:04:05.678");
}

static void the_zone_is_glued_behind(void **state)
{
    char text[48];

    (void)state;
    set_zone("UTC0");
    ps_ntp_format_zone(ps_ntp_from_ns(INT64_C(1893553445) * PS_SEC + 678500000), text, sizeof text);
    assert_string_equal(text, "2030-01-02T03:04:05.678UTC");
    set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    ps_ntp_format_zone(ps_ntp_from_ns(INT64_C(1909105445) * PS_SEC), text, sizeof text);
    assert_string_equal(text, "2030-07-01T05:04:05.000CEST");
}

static void utc_does_not_mind_the_zone(void **state)
{
    char text[40];

    (void)state;
    set_zone("XYZ-2");
    ps_ntp_format_utc(ps_ntp_from_ns(INT64_C(1893553445) * PS_SEC + 678901235), text, sizeof text);
    assert_string_equal(text, "2030-01-02T03:04:05.678901234Z");
    ps_ntp_format_utc(0, text, sizeof text);
    assert_string_equal(text, "2036-02-07T06:28:16.000000000Z");
    ps_ntp_format_utc(UINT64_C(0x8000000000000000), text, sizeof text);
    assert_string_equal(text, "1968-01-20T03:14:08.000000000Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_unix_epoch_is_0x83aa7e80),
        cmocka_unit_test(fractions_truncate_both_ways),
        cmocka_unit_test(times_before_1970_count_their_fraction_upwards),
        cmocka_unit_test(era_1_begins_in_february_2036),
        cmocka_unit_test(the_eras_part_where_the_top_bit_changes),
        cmocka_unit_test(a_round_trip_loses_at_most_a_nanosecond),
        cmocka_unit_test(extreme_nanoseconds_convert_without_overflow),
        cmocka_unit_test(durations_from_double_truncate_and_saturate),
        cmocka_unit_test(durations_to_double_are_the_count_over_2_to_32),
        cmocka_unit_test(durations_from_ns_saturate),
        cmocka_unit_test(the_longest_duration_fits_in_nanoseconds),
        cmocka_unit_test(differences_are_exact_over_the_era_boundary),
        cmocka_unit_test(products_are_the_128_bit_ones),
        cmocka_unit_test(local_times_have_truncated_milliseconds),
        cmocka_unit_test(the_zone_is_glued_behind),
        cmocka_unit_test(utc_does_not_mind_the_zone),
    };
    return cmocka_run_group_tests_name("ps_time", tests, NULL, NULL);
}
