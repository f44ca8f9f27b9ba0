// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "crypto/ps_crypto.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_OCTETS 128

static size_t unhex(const char *text, uint8_t out[MAX_OCTETS])
{
    size_t n = strlen(text) / 2;
    assert_true(n <= MAX_OCTETS);
    assert_int_equal(ps_num_hex(text, out, n), 0);
    return n;
}

// NIST SP 800-38A, appendix F.
#define NIST_KEY "2b7e151628aed2a6abf7158809cf4f3c"
#define NIST_IV "000102030405060708090a0b0c0d0e0f"
#define NIST_PLAIN                                                     \
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" \
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define NIST_ECB                                                       \
    "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf" \
    "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"
#define NIST_CBC                                                       \
    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2" \
    "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"

struct aes_case {
    enum ps_aes_use use;
    const char *key, *iv, *in, *out;
};

static const struct aes_case aes_cases[] = {
    // FIPS-197, appendices B and C.1
    {PS_AES_ECB_ENCRYPT, NIST_KEY, NULL, "3243f6a8885a308d313198a2e0370734",
     "3925841d02dc09fbdc118597196a0b32"},
    {PS_AES_ECB_ENCRYPT, NIST_IV, NULL, "00112233445566778899aabbccddeeff",
     "69c4e0d86a7b0430d8cdb78070b4c55a"},
    {PS_AES_ECB_DECRYPT, NIST_IV, NULL, "69c4e0d86a7b0430d8cdb78070b4c55a",
     "00112233445566778899aabbccddeeff"},
    {PS_AES_ECB_ENCRYPT, NIST_KEY, NULL, NIST_PLAIN, NIST_ECB},
    {PS_AES_ECB_DECRYPT, NIST_KEY, NULL, NIST_ECB, NIST_PLAIN},
    {PS_AES_CBC_ENCRYPT, NIST_KEY, NIST_IV, NIST_PLAIN, NIST_CBC},
    {PS_AES_CBC_DECRYPT, NIST_KEY, NIST_IV, NIST_CBC, NIST_PLAIN},
};

static struct ps_aes *aes_open(enum ps_aes_use use, const char *key_text, const char *iv_text)
{
    uint8_t key[MAX_OCTETS], iv[MAX_OCTETS];
    struct ps_aes *aes = NULL;
    unhex(key_text, key);
    if (iv_text)
        unhex(iv_text, iv);
    assert_int_equal(ps_aes_new(&aes, use, key, iv_text ? iv : NULL), 0);
    return aes;
}

// Runs a case in steps of `step` octets, in place when asked.
static void aes_check(const struct aes_case *c, size_t step, int in_place)
{
    uint8_t in[MAX_OCTETS], want[MAX_OCTETS], other[MAX_OCTETS];
    size_t n = unhex(c->in, in);
    uint8_t *got = in_place ? in : other;
    unhex(c->out, want);
    struct ps_aes *aes = aes_open(c->use, c->key, c->iv);
    for (size_t at = 0; at < n; at += step)
        assert_int_equal(ps_aes_run(aes, in + at, step < n - at ? step : n - at, got + at), 0);
    assert_memory_equal(got, want, n);
    ps_aes_free(aes);
}

static void aes_gives_the_published_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(aes_cases); i++) {
        aes_check(&aes_cases[i], MAX_OCTETS, 0);
        aes_check(&aes_cases[i], MAX_OCTETS, 1);
    }
}

static void aes_keeps_its_chain_between_calls(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(aes_cases); i++) {
        aes_check(&aes_cases[i], 16, 0);
        aes_check(&aes_cases[i], 48, 1);
    }
}

static void set_iv_starts_the_chain_anew(void **state)
{
    (void)state;
    uint8_t iv[MAX_OCTETS], plain[MAX_OCTETS], want[MAX_OCTETS], got[MAX_OCTETS];
    unhex(NIST_IV, iv);
    size_t n = unhex(NIST_PLAIN, plain);
    unhex(NIST_CBC, want);
    struct ps_aes *aes = aes_open(PS_AES_CBC_ENCRYPT, NIST_KEY, NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ps_aes_run(aes, plain, 32, got), 0);
        assert_int_equal(ps_aes_set_iv(aes, iv), 0);
        assert_int_equal(ps_aes_run(aes, plain, n, got), 0);
        assert_memory_equal(got, want, n);
    }
    ps_aes_free(aes);
}

static void no_iv_means_zeros(void **state)
{
    (void)state;
    uint8_t zero[MAX_OCTETS] = {0}, first[16], second[16];
    struct ps_aes *cbc = aes_open(PS_AES_CBC_ENCRYPT, NIST_KEY, NULL);
    struct ps_aes *ecb = aes_open(PS_AES_ECB_ENCRYPT, NIST_KEY, NULL);
    assert_int_equal(ps_aes_run(ecb, zero, 16, first), 0);
    assert_int_equal(ps_aes_run(cbc, zero, 16, second), 0);
    assert_memory_equal(first, second, 16);
    assert_int_equal(ps_aes_set_iv(cbc, NULL), 0);
    assert_int_equal(ps_aes_run(cbc, zero, 16, second), 0);
    assert_memory_equal(first, second, 16);
    assert_int_equal(ps_aes_set_iv(ecb, zero), 0);
    ps_aes_free(cbc);
    ps_aes_free(ecb);
}

static void a_part_of_a_block_is_refused_and_leaves_no_trace(void **state)
{
    (void)state;
    const struct aes_case *c = &aes_cases[5];
    uint8_t in[MAX_OCTETS], want[MAX_OCTETS], got[MAX_OCTETS];
    size_t n = unhex(c->in, in);
    unhex(c->out, want);
    struct ps_aes *aes = aes_open(c->use, c->key, c->iv);
    assert_int_equal(ps_aes_run(aes, in, 15, got), PS_ERANGE);
    assert_int_equal(ps_aes_run(aes, in, 17, got), PS_ERANGE);
    assert_int_equal(ps_aes_run(aes, in, 0, got), 0);
    assert_int_equal(ps_aes_run(aes, in, n, got), 0);
    assert_memory_equal(got, want, n);
    ps_aes_free(aes);
}

struct hmac_case {
    const char *key;
    int key_repeat;
    const char *data;
    int data_repeat;
    const char *digest;
};

// RFC 2202, section 3; keys and the data of cases 3 and 4 as a repeated octet or string.
static const struct hmac_case hmac_cases[] = {
    {"\x0b", 20, "Hi There", 1, "b617318655057264e28bc0b6fb378c8ef146be00"},
    {"Jefe", 1, "what do ya want for nothing?", 1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {"\xaa", 20, "\xdd", 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
    {"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19",
     1, "\xcd", 50, "4c9007f4026250c6bc8414f9bf50c86c2d7235da"},
    {"\x0c", 20, "Test With Truncation", 1, "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"},
    {"\xaa", 80, "Test Using Larger Than Block-Size Key - Hash Key First", 1,
     "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
    {"\xaa", 80, "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data", 1,
     "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"},
};

static size_t repeat(const char *text, int times, uint8_t out[MAX_OCTETS])
{
    size_t n = 0;
    for (int i = 0; i < times; i++)
        for (const char *p = text; *p; p++)
            out[n++] = (uint8_t)*p;
    assert_true(n <= MAX_OCTETS);
    return n;
}

// Three times with one context, in pieces of different sizes.
static void hmac_check(const struct hmac_case *c)
{
    uint8_t key[MAX_OCTETS], data[MAX_OCTETS], want[MAX_OCTETS], got[PS_SHA1_LEN];
    size_t key_len = repeat(c->key, c->key_repeat, key);
    size_t n = repeat(c->data, c->data_repeat, data);
    struct ps_hmac *h = NULL;
    unhex(c->digest, want);
    assert_int_equal(ps_hmac_new(&h, key, key_len), 0);
    for (size_t step = 1; step <= MAX_OCTETS; step *= 8) {
        for (size_t at = 0; at < n; at += step)
            assert_int_equal(ps_hmac_update(h, data + at, step < n - at ? step : n - at), 0);
        assert_int_equal(ps_hmac_final(h, got), 0);
        assert_memory_equal(got, want, PS_SHA1_LEN);
    }
    ps_hmac_free(h);
}

static void hmac_gives_the_vectors_of_rfc_2202_again_and_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hmac_cases); i++)
        hmac_check(&hmac_cases[i]);
}

static void hmac_of_nothing_with_an_empty_key_is_known(void **state)
{
    (void)state;
    uint8_t want[MAX_OCTETS], got[PS_SHA1_LEN];
    struct ps_hmac *h = NULL;
    unhex("fbdb1d1b18aa6c08324b7d64b71fb76370690e1d", want);
    assert_int_equal(ps_hmac_new(&h, NULL, 0), 0);
    assert_int_equal(ps_hmac_update(h, NULL, 0), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ps_hmac_final(h, got), 0);
        assert_memory_equal(got, want, PS_SHA1_LEN);
    }
    ps_hmac_free(h);
}

struct kdf_case {
    const char *pass;
    size_t pass_len;
    const char *salt;
    size_t salt_len;
    uint32_t count;
    const char *key;
};

#define X64 "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"

static const struct kdf_case kdf_cases[] = {
    // RFC 6070
    {"password", 8, "salt", 4, 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"},
    {"password", 8, "salt", 4, 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"},
    {"password", 8, "salt", 4, 4096, "4b007901b765489abead49d926f721d065a429c1"},
    {"passwordPASSWORDpassword", 24, "saltSALTsaltSALTsaltSALTsaltSALTsalt", 36, 4096,
     "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"},
    {"pass\0word", 9, "sa\0lt", 5, 4096, "56fa6aa75548099dcc37d7f03425e0c3"},
    // RFC 3962, appendix B: the PBKDF2 outputs
    {"password", 8, "ATHENA.MIT.EDUraeburn", 21, 1, "cdedb5281bb2f801565a1122b2563515"},
    {"password", 8, "ATHENA.MIT.EDUraeburn", 21, 2, "01dbee7f4a9e243e988b62c73cda935d"},
    {"password", 8, "ATHENA.MIT.EDUraeburn", 21, 1200,
     "5c08eb61fdf71e4e4ec3cf6ba1f5512ba7e52ddbc5e5142f708a31e2e62b1e13"},
    {"password", 8, "\x12\x34\x56\x78\x78\x56\x34\x12", 8, 5, "d1daa78615f287e6a1c8b120d7062a49"},
    {X64, 64, "pass phrase equals block size", 29, 1200, "139c30c0966bc32ba55fdbf212530ac9"},
    {X64 "X", 65, "pass phrase exceeds block size", 30, 1200, "9ccad6d468770cd51b10e6a68721be61"},
    {"\xf0\x9d\x84\x9e", 4, "EXAMPLE.COMpianist", 18, 50, "6b9cf26d45455a43a5b8bb276a403b39"},
};

static int kdf_run(const struct kdf_case *c, size_t pass_len, uint32_t count, uint8_t *key, size_t key_len)
{
    const uint8_t *salt = (const uint8_t *)c->salt;
    return ps_pbkdf2((const uint8_t *)c->pass, pass_len, salt, c->salt_len, count, key, key_len);
}

static void pbkdf2_gives_the_vectors_of_rfc_6070_and_3962(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kdf_cases); i++) {
        uint8_t want[MAX_OCTETS], got[MAX_OCTETS];
        size_t n = unhex(kdf_cases[i].key, want);
        assert_int_equal(kdf_run(&kdf_cases[i], kdf_cases[i].pass_len, kdf_cases[i].count, got, n), 0);
        assert_memory_equal(got, want, n);
    }
}

static void pbkdf2_refuses_counts_and_lengths_it_cannot_do(void **state)
{
    (void)state;
    uint8_t key[16];
    assert_int_equal(kdf_run(&kdf_cases[0], 8, 0, key, sizeof key), PS_ERANGE);
    assert_int_equal(kdf_run(&kdf_cases[0], 8, UINT32_MAX, key, sizeof key), PS_ERANGE);
    assert_int_equal(kdf_run(&kdf_cases[0], (size_t)1 << 40, 1, key, sizeof key), PS_ERANGE);
}

static void pbkdf2_takes_an_empty_and_a_long_pass_phrase(void **state)
{
    (void)state;
    uint8_t a[16], b[16], salt[16] = {0};
    uint8_t *pass = calloc(3000, 1);
    assert_non_null(pass);
    assert_int_equal(ps_pbkdf2(NULL, 0, salt, sizeof salt, 1, a, sizeof a), 0);
    assert_int_equal(ps_pbkdf2(pass, 3000, salt, sizeof salt, 1, b, sizeof b), 0);
    assert_memory_not_equal(a, b, sizeof a);
    free(pass);
}

static void mem_equal_sees_a_difference_in_any_octet(void **state)
{
    (void)state;
    uint8_t a[20] = {1, 2, 3}, b[20] = {1, 2, 3};
    assert_true(ps_mem_equal(a, b, sizeof a));
    assert_true(ps_mem_equal(a, b, 0));
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] ^= 0x80;
        assert_false(ps_mem_equal(a, b, sizeof a));
        b[i] ^= 0x80;
    }
}

static void mem_wipe_leaves_zeros(void **state)
{
    (void)state;
    uint8_t a[20], zero[20] = {0};
    memset(a, 0xA5, sizeof a);
    ps_mem_wipe(a, sizeof a);
    assert_memory_equal(a, zero, sizeof a);
}

static void free_takes_null(void **state)
{
    (void)state;
    ps_aes_free(NULL);
    ps_hmac_free(NULL);
}

static void a_key_used_once_encrypts_as_a_context_does(void **state)
{
    uint8_t key[16], in[128], want[128], got[128];
    struct ps_aes *aes;
    (void)state;
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 31);
    memcpy(key, in + 5, sizeof key);
    assert_int_equal(ps_aes_new(&aes, PS_AES_ECB_ENCRYPT, key, NULL), 0);
    assert_int_equal(ps_aes_run(aes, in, sizeof in, want), 0);
    assert_int_equal(ps_aes_once(key, in, sizeof in, got), 0);
    assert_memory_equal(got, want, sizeof want);
    assert_int_equal(ps_aes_once(key, got, 16, got), 0); // in place
    assert_int_equal(ps_aes_run(aes, want, 16, want), 0);
    assert_memory_equal(got, want, 16);
    assert_int_equal(ps_aes_once(key, in, 17, got), PS_ERANGE);
    ps_aes_free(aes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_used_once_encrypts_as_a_context_does),
        cmocka_unit_test(aes_gives_the_published_vectors),
        cmocka_unit_test(aes_keeps_its_chain_between_calls),
        cmocka_unit_test(set_iv_starts_the_chain_anew),
        cmocka_unit_test(no_iv_means_zeros),
        cmocka_unit_test(a_part_of_a_block_is_refused_and_leaves_no_trace),
        cmocka_unit_test(hmac_gives_the_vectors_of_rfc_2202_again_and_again),
        cmocka_unit_test(hmac_of_nothing_with_an_empty_key_is_known),
        cmocka_unit_test(pbkdf2_gives_the_vectors_of_rfc_6070_and_3962),
        cmocka_unit_test(pbkdf2_refuses_counts_and_lengths_it_cannot_do),
        cmocka_unit_test(pbkdf2_takes_an_empty_and_a_long_pass_phrase),
        cmocka_unit_test(mem_equal_sees_a_difference_in_any_octet),
        cmocka_unit_test(mem_wipe_leaves_zeros),
        cmocka_unit_test(free_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
