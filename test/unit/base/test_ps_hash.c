// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_hash.h"

static void the_same_octets_have_the_same_hash_wherever_they_lie(void **state)
{
    char a[64] = "xlookup/host/1", b[64] = "lookup/host/1";

    (void)state;
    for (size_t n = 0; n < strlen(b); n++)
        assert_int_equal(ps_hash(7, a + 1, n), ps_hash(7, b, n));
}

static void length_octets_and_seed_count(void **state)
{
    static const uint8_t zeros[32] = {0};
    uint64_t seen[64];
    size_t n = 0;

    (void)state;
    for (size_t len = 0; len < 32; len++)
        seen[n++] = ps_hash(1, zeros, len);
    for (size_t len = 0; len < 32; len++)
        seen[n++] = ps_hash(2, zeros, len);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(seen[i], seen[k]);
}

static void every_bit_of_the_text_moves_about_half_of_the_hash(void **state)
{
    uint8_t text[19] = "location-sitename=";
    uint64_t was = ps_hash(3, text, sizeof text);

    (void)state;
    for (size_t bit = 0; bit < 8 * sizeof text; bit++) {
        int moved;

        text[bit / 8] ^= (uint8_t)(1 << bit % 8);
        moved = __builtin_popcountll(was ^ ps_hash(3, text, sizeof text));
        text[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_in_range(moved, 12, 52);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_octets_have_the_same_hash_wherever_they_lie),
        cmocka_unit_test(length_octets_and_seed_count),
        cmocka_unit_test(every_bit_of_the_text_moves_about_half_of_the_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
