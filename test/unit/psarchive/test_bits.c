// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"
#include "psarchive/bits.h"

static void numbers_of_any_length_come_back(void **state)
{
    struct bitput w;
    struct bitget r;
    struct ps_rand rand;
    uint64_t v[2000];
    (void)state;
    ps_rand_seed(&rand, 1);
    bitput_init(&w);
    for (unsigned i = 0; i < COUNT(v); i++) {
        v[i] = ps_rand_u64(&rand) >> i % 64;
        bitput64(&w, v[i], 64 - i % 64);
    }
    assert_int_equal(bitput_end(&w), 0);
    bitget_init(&r, w.data, w.len);
    for (unsigned i = 0; i < COUNT(v); i++)
        assert_true(bitget64(&r, 64 - i % 64) == v[i]);
    assert_int_equal(bitget_end(&r), 0);
    bitput_fini(&w);
}

static void golomb_codes_come_back_and_cost_what_is_said(void **state)
{
    static const uint64_t v[] = {0, 1, 2, 3, 7, 8, 600, 65535, UINT64_C(1) << 40, BITS_GOLOMB_MAX};
    (void)state;
    for (unsigned k = 0; k < 32; k++)
        for (size_t i = 0; i < COUNT(v); i++) {
            struct bitput w;
            struct bitget r;
            bitput_init(&w);
            bitput_golomb(&w, v[i], k);
            unsigned bits = (unsigned)w.len * 8 + w.held;
            assert_int_equal(bits, bits_golomb_cost(v[i], k));
            assert_int_equal(bitput_end(&w), 0);
            bitget_init(&r, w.data, w.len);
            assert_true(bitget_golomb(&r, k) == v[i]);
            assert_int_equal(r.at, bits);
            assert_int_equal(bitget_end(&r), 0);
            bitput_fini(&w);
        }
}

static void octets_lie_anywhere(void **state)
{
    struct bitput w;
    struct bitget r;
    char out[6] = "";
    (void)state;
    for (unsigned shift = 0; shift < 8; shift++) {
        bitput_init(&w);
        bitput(&w, 0, shift);
        bitput_octets(&w, "hello", 5);
        assert_int_equal(bitput_end(&w), 0);
        bitget_init(&r, w.data, w.len);
        (void)bitget(&r, shift);
        assert_int_equal(bitget_left(&r), 5);
        bitget_octets(&r, out, 5);
        assert_string_equal(out, "hello");
        bitget_octets(&r, out, 1);
        assert_int_equal(r.err, PS_EMALFORMED);
        bitput_fini(&w);
    }
}

static void the_end_is_an_error_that_stays(void **state)
{
    struct bitget r;
    (void)state;
    bitget_init(&r, "\xff", 1);
    assert_int_equal(bitget(&r, 9), 0);
    assert_int_equal(r.err, PS_EMALFORMED);
    assert_int_equal(bitget(&r, 1), 0);
    bitget_init(&r, "\0\0", 2);
    assert_int_equal(bitget_golomb(&r, 0), 0);
    assert_int_equal(r.err, PS_EMALFORMED);
    bitget_init(&r, "\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff", 17);
    assert_int_equal(bitget_golomb(&r, 0), 0);
    assert_int_equal(r.err, PS_EMALFORMED);
    bitget_init(&r, "ab", 2);
    (void)bitget(&r, 3);
    assert_int_equal(bitget_end(&r), PS_EMALFORMED); // an octet is left
}

static void signs_are_folded(void **state)
{
    static const int64_t v[] = {0, -1, 1, INT64_MAX, INT64_MIN};
    (void)state;
    for (size_t i = 0; i < COUNT(v); i++)
        assert_true(bits_unzigzag(bits_zigzag(v[i])) == v[i]);
    assert_int_equal(bits_zigzag(-1), 1);
    assert_int_equal(bits_zigzag(1), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_any_length_come_back),
        cmocka_unit_test(golomb_codes_come_back_and_cost_what_is_said),
        cmocka_unit_test(octets_lie_anywhere),
        cmocka_unit_test(the_end_is_an_error_that_stays),
        cmocka_unit_test(signs_are_folded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
