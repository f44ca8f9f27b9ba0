// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <string.h>
#include "base/ps_rand.h"

static void the_generator_is_xoshiro256_starstar(void **state)
{
    static const uint64_t expected[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    struct ps_rand r = {{1, 2, 3, 4}};

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(ps_rand_u64(&r), expected[i]);
}

static void the_seed_goes_through_splitmix64(void **state)
{
    static const uint64_t expected[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                        UINT64_C(9817491932198370423), UINT64_C(4593380528125082431)};
    struct ps_rand r;

    (void)state;
    ps_rand_seed(&r, 1234567);
    for (int i = 0; i < 4; i++)
        assert_int_equal(r.s[i], expected[i]);
}

static void a_seed_of_zero_is_as_good_as_any(void **state)
{
    struct ps_rand r;

    (void)state;
    ps_rand_seed(&r, 0);
    assert_int_not_equal(r.s[0] | r.s[1] | r.s[2] | r.s[3], 0);
}

static void doubles_lie_in_0_to_1_and_average_a_half(void **state)
{
    struct ps_rand r;
    double sum = 0;

    (void)state;
    ps_rand_seed(&r, 6);
    for (int i = 0; i < 100000; i++) {
        double d = ps_rand_double(&r);
        assert_true(d >= 0 && d < 1);
        sum += d;
    }
    assert_in_range((uint64_t)sum, 49500, 50500);
}

static void filling_writes_exactly_its_octets_in_little_endian(void **state)
{
    uint8_t out[14];
    struct ps_rand a, b;
    uint64_t first;

    (void)state;
    ps_rand_seed(&a, 7);
    b = a;
    first = ps_rand_u64(&b);
    memset(out, 0, sizeof out);
    ps_rand_fill(&a, out, 13);
    for (int i = 0; i < 8; i++)
        assert_int_equal(out[i], (uint8_t)(first >> 8 * i));
    assert_int_equal(out[13], 0);
    ps_rand_fill(&a, NULL, 0);
}

static void the_kernel_gives_different_octets_each_time(void **state)
{
    uint8_t a[1000] = {0}, b[1000] = {0};

    (void)state;
    assert_int_equal(ps_rand_bytes(a, sizeof a), 0);
    assert_int_equal(ps_rand_bytes(b, sizeof b), 0);
    assert_memory_not_equal(a, b, sizeof a);
    assert_int_equal(ps_rand_bytes(NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_is_xoshiro256_starstar),
        cmocka_unit_test(the_seed_goes_through_splitmix64),
        cmocka_unit_test(a_seed_of_zero_is_as_good_as_any),
        cmocka_unit_test(doubles_lie_in_0_to_1_and_average_a_half),
        cmocka_unit_test(filling_writes_exactly_its_octets_in_little_endian),
        cmocka_unit_test(the_kernel_gives_different_octets_each_time),
    };
    return cmocka_run_group_tests_name("ps_rand", tests, NULL, NULL);
}
