// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_rand.h"
#include "owamp/ow_test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct ow_keys keys = {
    .aes = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff},
    .hmac = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
             16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31},
};
static const uint8_t sid[16] = {0x7f, 0x00, 0x00, 0x01, 0xc5, 0x02, 0x04, 0xd2,
                                0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
static const struct ow_test_packet packet = {.seq = 0x01020304, .stamp = 0xe9876543abcdef01, .err = 0x80ff};

struct layout {
    uint32_t mode;
    size_t len;
    const char *octets;
};

// The encrypted parts and the HMACs were made with the openssl command: the keys as the SID's
// ECB and CBC encryption of the session's, then enc -nopad and dgst -sha1 -mac HMAC.
static const struct layout layouts[] = {
    {OW_MODE_OPEN, 14, "01020304e9876543abcdef0180ff"},
    {OW_MODE_AUTH, 48,
     "094bd38cf74b1fbda44b417f1aefdf78"
     "e9876543abcdef0180ff000000000000"
     "a327c13c0e5757863baa349774efb32a"},
    {OW_MODE_ENC, 48,
     "094bd38cf74b1fbda44b417f1aefdf78"
     "13a6d2744d33fc7061998cf076bb3362"
     "715f3dba922a9fff9d0ebb467864abff"},
};

static struct ow_test *test_open(uint32_t mode)
{
    struct ow_test *t = NULL;
    assert_int_equal(ow_test_new(&t, mode, mode == OW_MODE_OPEN ? NULL : &keys, sid), 0);
    return t;
}

static void assert_packet(const struct ow_test_packet *got, const struct ow_test_packet *want)
{
    assert_int_equal(got->seq, want->seq);
    assert_int_equal(got->stamp, want->stamp);
    assert_int_equal(got->err, want->err);
}

static void packets_have_the_octets_of_the_rfc_in_every_mode(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(layouts); i++) {
        const struct layout *l = &layouts[i];
        uint8_t want[OW_TEST_MAX_HEADER], got[OW_TEST_MAX_HEADER + 1];
        assert_int_equal(ps_num_hex(l->octets, want, l->len), 0);
        assert_int_equal(ow_test_header_len(l->mode), l->len);
        struct ow_test *t = test_open(l->mode);
        // Twice: no packet leaves anything behind for the next.
        for (int round = 0; round < 2; round++) {
            memset(got, 0xEE, sizeof got);
            assert_int_equal(ow_test_pack(t, &packet, got), 0);
            assert_memory_equal(got, want, l->len);
            assert_int_equal(got[l->len], 0xEE);
        }
        ow_test_free(t);
    }
}

static void packets_with_padding_are_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(layouts); i++) {
        uint8_t data[OW_TEST_MAX_HEADER + 100];
        struct ow_test_packet got;
        struct ow_test *t = test_open(layouts[i].mode);
        memset(data, 0x77, sizeof data);
        for (uint32_t seq = 0; seq < 10; seq++) {
            struct ow_test_packet p = {.seq = seq, .stamp = UINT64_MAX - seq, .err = (uint16_t)(seq + 1)};
            assert_int_equal(ow_test_pack(t, &p, data), 0);
            assert_int_equal(ow_test_unpack(t, data, layouts[i].len, &got), 0);
            assert_packet(&got, &p);
            assert_int_equal(ow_test_unpack(t, data, sizeof data, &got), 0);
            assert_packet(&got, &p);
        }
        ow_test_free(t);
    }
}

static void two_ends_with_the_same_keys_understand_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(layouts); i++) {
        uint8_t data[OW_TEST_MAX_HEADER];
        struct ow_test_packet got;
        struct ow_test *a = test_open(layouts[i].mode), *b = test_open(layouts[i].mode);
        assert_int_equal(ow_test_pack(a, &packet, data), 0);
        assert_int_equal(ow_test_unpack(b, data, layouts[i].len, &got), 0);
        assert_packet(&got, &packet);
        ow_test_free(a);
        ow_test_free(b);
    }
}

static void short_datagrams_are_refused(void **state)
{
    (void)state;
    const uint8_t data[OW_TEST_MAX_HEADER] = {0};
    struct ow_test_packet got;
    for (size_t i = 0; i < COUNT(layouts); i++) {
        struct ow_test *t = test_open(layouts[i].mode);
        for (size_t len = 0; len < layouts[i].len; len++)
            assert_int_equal(ow_test_unpack(t, data, len, &got), PS_ESHORT);
        ow_test_free(t);
    }
}

// Authenticated mode leaves the second block open to change: it is not under the HMAC.
static bool bit_is_protected(uint32_t mode, int octet)
{
    return mode == OW_MODE_ENC || octet < 16 || octet >= 32;
}

static void turned_bits_are_found_where_the_hmac_reaches(void **state)
{
    (void)state;
    for (size_t i = 1; i < COUNT(layouts); i++) {
        struct ow_test *t = test_open(layouts[i].mode);
        uint8_t data[OW_TEST_AUTH_LEN];
        struct ow_test_packet got;
        assert_int_equal(ow_test_pack(t, &packet, data), 0);
        for (int bit = 0; bit < OW_TEST_AUTH_LEN * 8; bit++) {
            int want = bit_is_protected(layouts[i].mode, bit / 8) ? PS_EAUTH : 0;
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(ow_test_unpack(t, data, sizeof data, &got), want);
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(ow_test_unpack(t, data, sizeof data, &got), 0);
        ow_test_free(t);
    }
}

static void a_packet_of_another_session_is_refused(void **state)
{
    (void)state;
    uint8_t other[16], data[OW_TEST_AUTH_LEN];
    struct ow_test_packet got;
    memcpy(other, sid, 16);
    other[15] ^= 1;
    for (size_t i = 1; i < COUNT(layouts); i++) {
        struct ow_test *a = test_open(layouts[i].mode), *b = NULL;
        assert_int_equal(ow_test_new(&b, layouts[i].mode, &keys, other), 0);
        assert_int_equal(ow_test_pack(b, &packet, data), 0);
        assert_int_equal(ow_test_unpack(a, data, sizeof data, &got), PS_EAUTH);
        ow_test_free(a);
        ow_test_free(b);
    }
}

static void random_datagrams_are_refused(void **state)
{
    (void)state;
    struct ow_test *t = test_open(OW_MODE_ENC);
    struct ow_test_packet got;
    struct ps_rand r;
    uint8_t data[200];
    ps_rand_seed(&r, 1);
    for (int i = 0; i < 1000; i++) {
        ps_rand_fill(&r, data, sizeof data);
        assert_int_equal(ow_test_unpack(t, data, sizeof data, &got), PS_EAUTH);
    }
    ow_test_free(t);
}

static void unknown_modes_are_refused(void **state)
{
    (void)state;
    const uint32_t modes[] = {0, 3, 7, 8, UINT32_MAX};
    struct ow_test *t = NULL;
    for (size_t i = 0; i < COUNT(modes); i++)
        assert_int_equal(ow_test_new(&t, modes[i], &keys, sid), PS_EUNSUPPORTED);
    assert_null(t);
    ow_test_free(NULL);
}

static void an_error_estimate_has_its_bits_in_place(void **state)
{
    (void)state;
    // 2^-32 s is 0.23 ns: one nanosecond is 4.3 units and becomes 5.
    assert_int_equal(ow_err_pack(true, 1), 0x8005);
    assert_int_equal(ow_err_pack(false, 1), 0x0005);
    assert_int_equal(ow_err_pack(true, 0), 0x8001);
    assert_int_equal(ow_err_pack(false, 0), 0x0001);
    assert_int_equal(ow_err_pack(true, -5), 0x8001);
    // One second is 2^32: 128 * 2^25.
    assert_int_equal(ow_err_pack(true, PS_SEC), 0x8000 | 25 << 8 | 128);
    assert_int_equal(ow_err_pack(false, 16 * PS_SEC), 29 << 8 | 128);
}

static void check_estimate(ps_ns error)
{
    uint16_t e = ow_err_pack(true, error);
    double want = (double)error / 1e9, got = ow_err_seconds(e);
    assert_true(ow_err_valid(e));
    assert_true(ow_err_synced(e));
    assert_int_equal(e & 0x4000, 0);
    assert_true(got >= want * (1 - 1e-15));
    // Not more than a step of the multiplier and one unit above.
    assert_true(got <= want * (1 + 1.0 / 64) + 2.4e-10);
}

static void an_error_estimate_is_never_below_the_error(void **state)
{
    (void)state;
    struct ps_rand r;
    ps_rand_seed(&r, 7);
    for (ps_ns error = 0; error < 100000; error++)
        check_estimate(error);
    for (int bits = 0; bits < 63; bits++) {
        for (int i = 0; i < 500; i++)
            check_estimate((ps_ns)(ps_rand_u64(&r) >> (63 - bits) >> 1));
        check_estimate((ps_ns)1 << bits);
        check_estimate(((ps_ns)1 << bits) - 1);
    }
    check_estimate(INT64_MAX);
}

static void an_error_estimate_is_read_whatever_it_is(void **state)
{
    (void)state;
    assert_true(ow_err_seconds(0x0001) == ldexp(1, -32));
    assert_true(ow_err_seconds(0xC001) == ldexp(1, -32));
    assert_true(ow_err_seconds(0xBFFF) == ldexp(255, 31));
    assert_true(ow_err_seconds(0xBF00) == 0);
    assert_false(ow_err_valid(0xFF00));
    assert_true(ow_err_valid(0x0001));
    assert_false(ow_err_synced(0x7FFF));
    assert_true(ow_err_synced(0x8000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_have_the_octets_of_the_rfc_in_every_mode),
        cmocka_unit_test(packets_with_padding_are_read_back),
        cmocka_unit_test(two_ends_with_the_same_keys_understand_each_other),
        cmocka_unit_test(short_datagrams_are_refused),
        cmocka_unit_test(turned_bits_are_found_where_the_hmac_reaches),
        cmocka_unit_test(a_packet_of_another_session_is_refused),
        cmocka_unit_test(random_datagrams_are_refused),
        cmocka_unit_test(unknown_modes_are_refused),
        cmocka_unit_test(an_error_estimate_has_its_bits_in_place),
        cmocka_unit_test(an_error_estimate_is_never_below_the_error),
        cmocka_unit_test(an_error_estimate_is_read_whatever_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
