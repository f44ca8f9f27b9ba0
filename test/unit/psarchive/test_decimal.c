// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"
#include "psarchive/decimal.h"

static const double some[] = {0,
                              1,
                              -1,
                              600,
                              1048576,
                              0.13,
                              -0.001,
                              7016320000.0,
                              5.9,
                              1e18,
                              -1e18,
                              9007199254740993.0,
                              0.1234567890123456789,
                              1e-300,
                              3.141592653589793,
                              1e15,
                              123456.789012};

static void numbers_come_back_exactly(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(some); i++) {
        struct bitput w;
        struct bitget r;
        bitput_init(&w);
        number_pack(&w, some[i]);
        assert_int_equal(bitput_end(&w), 0);
        bitget_init(&r, w.data, w.len);
        assert_true(number_unpack(&r) == some[i]);
        assert_int_equal(bitget_end(&r), 0);
        bitput_fini(&w);
    }
}

static void sums_come_back_exactly(void **state)
{
    decimal_sum sum = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(some); i++) {
        struct bitput w;
        struct bitget r;
        sum += decimal_from(some[i]);
        bitput_init(&w);
        decimal_pack(&w, sum);
        assert_int_equal(bitput_end(&w), 0);
        bitget_init(&r, w.data, w.len);
        assert_true(decimal_unpack(&r) == sum);
        assert_int_equal(bitget_end(&r), 0);
        bitput_fini(&w);
    }
}

static void the_largest_sums_come_back(void **state)
{
    const decimal_sum largest = (((decimal_sum)1 << 125) - 1) * 2 + 1, rest = largest % 10;
    const decimal_sum sums[] = {largest, -largest, largest - rest, -(largest - rest), largest / 10 * 9};
    (void)state;
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        struct bitput w;
        struct bitget r;
        bitput_init(&w);
        decimal_pack(&w, sums[i]);
        assert_int_equal(bitput_end(&w), 0);
        bitget_init(&r, w.data, w.len);
        assert_true(decimal_unpack(&r) == sums[i]);
        assert_int_equal(bitget_end(&r), 0);
        bitput_fini(&w);
    }
}

static void the_vectors_of_esmond_hold(void **state)
{
    decimal_sum s = decimal_from(5978580000) + decimal_from(5413040000) + decimal_from(7964590000) +
                    decimal_from(6946810000);
    (void)state;
    assert_true(decimal_to(s) == 26303020000.0);
    assert_true(decimal_mean(s, 4) == 6575755000.0);
    s = decimal_from(0.001) + decimal_from(0.003) + decimal_from(0.002) + decimal_from(0.003) +
        decimal_from(0.001);
    assert_true(decimal_to(s) == 0.01);
    assert_true(decimal_mean(s, 5) == 0.002);
}

static void many_decimals_are_rounded_to_twelve(void **state)
{
    (void)state;
    assert_true(decimal_from(0.0000000000014) == 1);
    assert_true(decimal_from(0.0000000000016) == 2);
    assert_true(decimal_from(-0.0000000000016) == -2);
    assert_true(decimal_from(1e-300) == 0);
    assert_true(decimal_from(3.141592653589793) == INT64_C(3141592653590));
    assert_true(decimal_from(1e18) / 1000000000 == (decimal_sum)1000000000 * 1000000000 * 1000);
}

static void noise_is_refused_or_bounded(void **state)
{
    struct ps_rand rand;
    uint8_t noise[20];
    (void)state;
    ps_rand_seed(&rand, 5);
    for (int i = 0; i < 20000; i++) {
        struct bitget r;
        ps_rand_fill(&rand, noise, sizeof noise);
        bitget_init(&r, noise, sizeof noise);
        double d = number_unpack(&r);
        assert_true(d >= -1e18 && d <= 1e18);
        bitget_init(&r, noise, sizeof noise);
        decimal_sum s = decimal_unpack(&r);
        assert_true(r.err != 0 || s / ((decimal_sum)1 << 62) < ((decimal_sum)1 << 64));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_back_exactly),   cmocka_unit_test(sums_come_back_exactly),
        cmocka_unit_test(the_vectors_of_esmond_hold),  cmocka_unit_test(many_decimals_are_rounded_to_twelve),
        cmocka_unit_test(noise_is_refused_or_bounded), cmocka_unit_test(the_largest_sums_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
