// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <float.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

static void only_whole_numbers_are_numbers(void **state)
{
    static const char *const bad[] = {"",    " ",   " 1", "1 ",  "+1",  "-1", "-",
                                      "1.0", "1e3", "0x", "0xg", "12a", "--1"};
    uint64_t v = 77;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(ps_num_u64(bad[i], 0, 0, UINT64_MAX, &v), PS_ESYNTAX);
    assert_int_equal(v, 77);
}

static void base_0_knows_hexadecimal_and_octal(void **state)
{
    uint64_t v;

    (void)state;
    assert_int_equal(ps_num_u64("0x2E", 0, 0, 63, &v), 0);
    assert_int_equal(v, 46);
    assert_int_equal(ps_num_u64("056", 0, 0, 63, &v), 0);
    assert_int_equal(v, 46);
    assert_int_equal(ps_num_u64("056", 10, 0, 63, &v), 0);
    assert_int_equal(v, 56);
    assert_int_equal(ps_num_u64("08", 0, 0, 63, &v), PS_ESYNTAX);
    assert_int_equal(ps_num_u64("0x10", 10, 0, 63, &v), PS_ESYNTAX);
}

static void unsigned_bounds_are_inclusive(void **state)
{
    uint64_t v;

    (void)state;
    assert_int_equal(ps_num_u64("18446744073709551615", 10, 0, UINT64_MAX, &v), 0);
    assert_int_equal(v, UINT64_MAX);
    assert_int_equal(ps_num_u64("18446744073709551616", 10, 0, UINT64_MAX, &v), PS_ERANGE);
    assert_int_equal(ps_num_u64("5", 10, 5, 5, &v), 0);
    assert_int_equal(ps_num_u64("4", 10, 5, 6, &v), PS_ERANGE);
    assert_int_equal(ps_num_u64("7", 10, 5, 6, &v), PS_ERANGE);
}

static void garbage_behind_an_overflow_is_still_a_syntax_error(void **state)
{
    uint64_t v;

    (void)state;
    assert_int_equal(ps_num_u64("99999999999999999999x", 10, 0, UINT64_MAX, &v), PS_ESYNTAX);
}

static void a_megabyte_of_digits_is_out_of_range(void **state)
{
    size_t n = 1 << 20;
    char *s = malloc(n + 1);
    uint64_t v;
    double d;

    (void)state;
    assert_non_null(s);
    memset(s, '9', n);
    s[n] = '\0';
    assert_int_equal(ps_num_u64(s, 10, 0, UINT64_MAX, &v), PS_ERANGE);
    assert_int_equal(ps_num_scaled(s, UINT64_MAX, &v), PS_ERANGE);
    assert_int_equal(ps_num_double(s, 0, DBL_MAX, &d), PS_ERANGE);
    free(s);
}

static void signed_bounds_are_inclusive(void **state)
{
    int64_t v;

    (void)state;
    assert_int_equal(ps_num_i64("-9223372036854775808", 10, INT64_MIN, INT64_MAX, &v), 0);
    assert_int_equal(v, INT64_MIN);
    assert_int_equal(ps_num_i64("9223372036854775807", 10, INT64_MIN, INT64_MAX, &v), 0);
    assert_int_equal(v, INT64_MAX);
    assert_int_equal(ps_num_i64("-9223372036854775809", 10, INT64_MIN, INT64_MAX, &v), PS_ERANGE);
    assert_int_equal(ps_num_i64("9223372036854775808", 10, INT64_MIN, INT64_MAX, &v), PS_ERANGE);
    assert_int_equal(ps_num_i64("-11", 10, -10, 10, &v), PS_ERANGE);
    assert_int_equal(ps_num_i64("-0x10", 0, -16, 10, &v), 0);
    assert_int_equal(v, -16);
    assert_int_equal(ps_num_i64("--1", 10, -10, 10, &v), PS_ESYNTAX);
    assert_int_equal(ps_num_i64("- 1", 10, -10, 10, &v), PS_ESYNTAX);
    assert_int_equal(ps_num_i64("-", 10, -10, 10, &v), PS_ESYNTAX);
}

static void doubles_are_plain_decimal(void **state)
{
    static const char *const bad[] = {"",   "inf", "nan", "0x1p3", "1,5", " 1", "1 ",
                                      "+1", ".",   "e",   "1e",    "-",   "1f"};
    double v;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(ps_num_double(bad[i], -DBL_MAX, DBL_MAX, &v), PS_ESYNTAX);
    assert_int_equal(ps_num_double("0.1", 0, 1, &v), 0);
    assert_same_double(v, 0.1);
    assert_int_equal(ps_num_double(".5", 0, 1, &v), 0);
    assert_same_double(v, 0.5);
    assert_int_equal(ps_num_double("-2.5e-3", -1, 1, &v), 0);
    assert_same_double(v, -0.0025);
}

static void doubles_out_of_range_are_told(void **state)
{
    double v;

    (void)state;
    assert_int_equal(ps_num_double("1e999", 0, DBL_MAX, &v), PS_ERANGE);
    assert_int_equal(ps_num_double("-1e999", -DBL_MAX, DBL_MAX, &v), PS_ERANGE);
    assert_int_equal(ps_num_double("1.0000001", 0, 1, &v), PS_ERANGE);
    assert_int_equal(ps_num_double("1", 0, 1, &v), 0);
    assert_int_equal(ps_num_double("1e-999", 0, 1, &v), 0);
    assert_same_double(v, 0);
}

static void suffixes_are_powers_of_1000(void **state)
{
    uint64_t v;

    (void)state;
    assert_int_equal(ps_num_scaled("20m", UINT64_MAX, &v), 0);
    assert_int_equal(v, 20000000);
    assert_int_equal(ps_num_scaled("10G", UINT64_MAX, &v), 0);
    assert_int_equal(v, UINT64_C(10000000000));
    assert_int_equal(ps_num_scaled("18E", UINT64_MAX, &v), 0);
    assert_int_equal(v, UINT64_C(18000000000000000000));
    assert_int_equal(ps_num_scaled("1000", 1000, &v), 0);
    assert_int_equal(ps_num_scaled("0z", UINT64_MAX, &v), 0);
    assert_int_equal(v, 0);
}

static void scaled_numbers_do_not_wrap(void **state)
{
    uint64_t v = 7;

    (void)state;
    assert_int_equal(ps_num_scaled("19e", UINT64_MAX, &v), PS_ERANGE);
    assert_int_equal(ps_num_scaled("1z", UINT64_MAX, &v), PS_ERANGE);
    assert_int_equal(ps_num_scaled("18446744073709551616", UINT64_MAX, &v), PS_ERANGE);
    assert_int_equal(ps_num_scaled("1k", 999, &v), PS_ERANGE);
    assert_int_equal(v, 7);
}

static void other_suffixes_are_syntax_errors(void **state)
{
    static const char *const bad[] = {"", "k", "1kk", "1x", "1 k", "1k ", "-1k", "1.5k", "0x10"};
    uint64_t v;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(ps_num_scaled(bad[i], UINT64_MAX, &v), PS_ESYNTAX);
}

static void hex_round_trips(void **state)
{
    uint8_t in[256], out[256];
    char text[513];

    (void)state;
    for (int i = 0; i < 256; i++)
        in[i] = (uint8_t)i;
    ps_num_to_hex(in, sizeof in, text);
    assert_int_equal(strlen(text), 512);
    assert_int_equal(ps_num_hex(text, out, sizeof out), 0);
    assert_memory_equal(in, out, sizeof in);
}

static void hex_takes_both_cases_and_exactly_its_length(void **state)
{
    uint8_t out[2] = {1, 1};

    (void)state;
    assert_int_equal(ps_num_hex("aBcD", out, 2), 0);
    assert_memory_equal(out, "\xab\xcd", 2);
    assert_int_equal(ps_num_hex("abc", out, 2), PS_ESYNTAX);
    assert_int_equal(ps_num_hex("abcde", out, 2), PS_ESYNTAX);
    assert_int_equal(ps_num_hex("abcg", out, 2), PS_ESYNTAX);
    assert_int_equal(ps_num_hex("abcd ", out, 2), PS_ESYNTAX);
    assert_int_equal(ps_num_hex("", out, 0), 0);
    assert_int_equal(ps_num_hex("", out, SIZE_MAX / 2 + 1), PS_ESYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_whole_numbers_are_numbers),
        cmocka_unit_test(base_0_knows_hexadecimal_and_octal),
        cmocka_unit_test(unsigned_bounds_are_inclusive),
        cmocka_unit_test(garbage_behind_an_overflow_is_still_a_syntax_error),
        cmocka_unit_test(a_megabyte_of_digits_is_out_of_range),
        cmocka_unit_test(signed_bounds_are_inclusive),
        cmocka_unit_test(doubles_are_plain_decimal),
        cmocka_unit_test(doubles_out_of_range_are_told),
        cmocka_unit_test(suffixes_are_powers_of_1000),
        cmocka_unit_test(scaled_numbers_do_not_wrap),
        cmocka_unit_test(other_suffixes_are_syntax_errors),
        cmocka_unit_test(hex_round_trips),
        cmocka_unit_test(hex_takes_both_cases_and_exactly_its_length),
    };
    return cmocka_run_group_tests_name("ps_num", tests, NULL, NULL);
}
