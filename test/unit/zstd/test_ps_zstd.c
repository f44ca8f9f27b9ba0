// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_rand.h"
#include "zstd/ps_zstd.h"

static const char first[] =
    "{\"test\":{\"type\":\"latencybg\",\"spec\":{\"source\":\"198.51.100.1\"}},\"sent\":600}";
static const char second[] =
    "{\"test\":{\"type\":\"latencybg\",\"spec\":{\"source\":\"198.51.100.1\"}},\"sent\":599}";

static void what_was_packed_comes_back(void **state)
{
    struct ps_zstd *z;
    const uint8_t *packed;
    size_t n;
    char back[sizeof first];
    (void)state;
    assert_int_equal(ps_zstd_new(&z), 0);
    assert_int_equal(ps_zstd_pack(z, NULL, 0, first, sizeof first, &packed, &n), 0);
    assert_int_equal(ps_zstd_unpack(z, NULL, 0, packed, n, back, sizeof back), 0);
    assert_memory_equal(back, first, sizeof first);
    assert_int_equal(ps_zstd_unpack(z, NULL, 0, packed, n, back, sizeof back - 1), PS_EMALFORMED);
    ps_zstd_free(z);
}

static void a_text_like_the_dictionary_takes_a_few_octets(void **state)
{
    struct ps_zstd *z;
    const uint8_t *packed;
    size_t n, alone;
    char back[sizeof second];
    (void)state;
    assert_int_equal(ps_zstd_new(&z), 0);
    assert_int_equal(ps_zstd_pack(z, NULL, 0, second, sizeof second, &packed, &alone), 0);
    assert_int_equal(ps_zstd_pack(z, first, sizeof first, second, sizeof second, &packed, &n), 0);
    assert_true(n < alone / 2);
    assert_int_equal(ps_zstd_unpack(z, first, sizeof first, packed, n, back, sizeof back), 0);
    assert_memory_equal(back, second, sizeof second);
    ps_zstd_free(z);
}

static void noise_is_refused(void **state)
{
    struct ps_zstd *z;
    struct ps_rand rand;
    uint8_t noise[64];
    char back[100];
    (void)state;
    ps_rand_seed(&rand, 7);
    assert_int_equal(ps_zstd_new(&z), 0);
    for (int i = 0; i < 1000; i++) {
        ps_rand_fill(&rand, noise, sizeof noise);
        assert_int_equal(ps_zstd_unpack(z, NULL, 0, noise, sizeof noise, back, sizeof back), PS_EMALFORMED);
    }
    ps_zstd_free(z);
    ps_zstd_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_comes_back),
        cmocka_unit_test(a_text_like_the_dictionary_takes_a_few_octets),
        cmocka_unit_test(noise_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
