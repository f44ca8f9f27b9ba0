// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "crypto/ps_crypto.h"
#include "owamp/ow_chan.h"

static const struct ow_keys keys = {
    .aes = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff},
    .hmac = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
             16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31},
};
static const uint8_t challenge[16] = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
static const uint8_t token_key[16] = {0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
                                      0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};
// Made with the openssl command: enc -aes-128-cbc -nopad over challenge, AES key, HMAC key.
#define TOKEN                                                          \
    "f54a44dae53640fdba2e153c89db62cf847d268be1d5409885c275d39d73cb36" \
    "dce0f13513c99b7d271ad59e390634408411435e36443cf6d7ff08b772cbba7e"

static const uint32_t cipher_modes[] = {OW_MODE_AUTH, OW_MODE_ENC};
static const uint32_t all_modes[] = {OW_MODE_OPEN, OW_MODE_AUTH, OW_MODE_ENC};
static const uint8_t server_iv[16] = "server's IV....";
static const uint8_t client_iv[16] = "client's IV....";

struct pair {
    struct ow_chan *client, *server;
};

static void pair_open(struct pair *p, uint32_t mode)
{
    int open = mode == OW_MODE_OPEN;
    const struct ow_keys *k = open ? NULL : &keys;
    const uint8_t *c = open ? NULL : client_iv, *s = open ? NULL : server_iv;
    assert_int_equal(ow_chan_new(&p->client, mode, k, c, s), 0);
    assert_int_equal(ow_chan_new(&p->server, mode, k, s, c), 0);
}

static void pair_close(struct pair *p)
{
    ow_chan_free(p->client);
    ow_chan_free(p->server);
}

// A message of n octets that count up from `first`, followed by its HMAC.
static void message(uint8_t *m, size_t n, uint8_t first)
{
    for (size_t i = 0; i < n; i++)
        m[i] = (uint8_t)(first + i);
}

static void seal_all(struct ow_chan *c, uint8_t *m, size_t n)
{
    assert_int_equal(ow_chan_seal(c, m, n), 0);
    assert_int_equal(ow_chan_seal_hmac(c, m + n), 0);
}

// Sends a message of n octets from one end to the other and expects it there.
static void carry(struct ow_chan *from, struct ow_chan *to, size_t n, uint8_t first)
{
    uint8_t sent[256 + 16], want[256];
    message(sent, n, first);
    message(want, n, first);
    seal_all(from, sent, n);
    assert_int_equal(ow_chan_open(to, sent, n), 0);
    assert_int_equal(ow_chan_open_hmac(to, sent + n), 0);
    assert_memory_equal(sent, want, n);
}

static void derive_is_pbkdf2_of_16_octets(void **state)
{
    (void)state;
    uint8_t salt[16] = "0123456789abcde", key[16], want[16];
    const uint8_t pass[] = "secret";
    assert_int_equal(ow_derive(pass, 6, salt, 2048, key), 0);
    assert_int_equal(ps_pbkdf2(pass, 6, salt, 16, 2048, want, 16), 0);
    assert_memory_equal(key, want, 16);
}

static void derive_refuses_counts_out_of_bounds(void **state)
{
    (void)state;
    uint8_t salt[16] = {0}, key[16];
    assert_int_equal(ow_derive(salt, 6, salt, 0, key), PS_ERANGE);
    assert_int_equal(ow_derive(salt, 6, salt, OW_COUNT_MIN - 1, key), PS_ERANGE);
    assert_int_equal(ow_derive(salt, 6, salt, OW_COUNT_MIN, key), 0);
    assert_int_equal(ow_derive(salt, 6, salt, OW_COUNT_MAX + 1, key), PS_ERANGE);
    assert_int_equal(ow_derive(salt, 6, salt, UINT32_MAX, key), PS_ERANGE);
}

static void the_token_is_the_known_one(void **state)
{
    (void)state;
    uint8_t want[64], token[64];
    assert_int_equal(ps_num_hex(TOKEN, want, 64), 0);
    assert_int_equal(ow_token_pack(token_key, challenge, &keys, token), 0);
    assert_memory_equal(token, want, 64);
}

static void the_token_gives_back_the_keys(void **state)
{
    (void)state;
    uint8_t token[64];
    struct ow_keys got;
    assert_int_equal(ps_num_hex(TOKEN, token, 64), 0);
    assert_int_equal(ow_token_unpack(token_key, challenge, token, &got), 0);
    assert_memory_equal(&got, &keys, sizeof got);
}

static void a_token_for_another_challenge_or_key_is_refused(void **state)
{
    (void)state;
    uint8_t token[64], other[16];
    struct ow_keys got, before;
    memset(&got, 0x5A, sizeof got);
    before = got;
    assert_int_equal(ps_num_hex(TOKEN, token, 64), 0);
    memcpy(other, challenge, 16);
    other[15] ^= 1;
    assert_int_equal(ow_token_unpack(token_key, other, token, &got), PS_EAUTH);
    memcpy(other, token_key, 16);
    other[0] ^= 1;
    assert_int_equal(ow_token_unpack(other, challenge, token, &got), PS_EAUTH);
    token[0] ^= 1;
    assert_int_equal(ow_token_unpack(token_key, challenge, token, &got), PS_EAUTH);
    assert_memory_equal(&got, &before, sizeof got);
}

static void messages_pass_both_ways_in_every_mode(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct pair p;
        pair_open(&p, all_modes[i]);
        for (uint8_t round = 0; round < 5; round++) {
            carry(p.client, p.server, 96, round);
            carry(p.server, p.client, 32, (uint8_t)(round + 100));
            carry(p.client, p.server, 256, (uint8_t)(round + 50));
            carry(p.server, p.client, 0, 0);
        }
        pair_close(&p);
    }
}

static void open_mode_changes_nothing_and_checks_nothing(void **state)
{
    (void)state;
    struct pair p;
    uint8_t m[48], want[32], zero[16] = {0};
    pair_open(&p, OW_MODE_OPEN);
    message(m, 48, 7);
    message(want, 32, 7);
    seal_all(p.client, m, 32);
    assert_memory_equal(m, want, 32);
    assert_memory_equal(m + 32, zero, 16);
    memset(m + 32, 0xFF, 16);
    assert_int_equal(ow_chan_open(p.server, m, 32), 0);
    assert_int_equal(ow_chan_open_hmac(p.server, m + 32), 0);
    assert_memory_equal(m, want, 32);
    pair_close(&p);
}

// What the server sends from octet 32 of Server-Start on, made step by step: the block of
// Server-Start has no HMAC of its own and is under that of the message behind it.
static void expected_stream(const uint8_t plain[48], uint8_t out[64])
{
    struct ps_aes *aes;
    struct ps_hmac *mac;
    uint8_t digest[PS_SHA1_LEN];
    assert_int_equal(ps_hmac_new(&mac, keys.hmac, 32), 0);
    assert_int_equal(ps_hmac_update(mac, plain, 48), 0);
    assert_int_equal(ps_hmac_final(mac, digest), 0);
    assert_int_equal(ps_aes_new(&aes, PS_AES_CBC_ENCRYPT, keys.aes, server_iv), 0);
    memcpy(out, plain, 48);
    memcpy(out + 48, digest, 16);
    assert_int_equal(ps_aes_run(aes, out, 64, out), 0);
    ps_hmac_free(mac);
    ps_aes_free(aes);
}

static void the_block_of_server_start_is_under_the_first_hmac(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pair p;
        uint8_t m[64], plain[48], want[64];
        pair_open(&p, cipher_modes[i]);
        message(plain, 48, 1);
        memcpy(m, plain, 48);
        expected_stream(plain, want);
        assert_int_equal(ow_chan_seal(p.server, m, 16), 0);
        seal_all(p.server, m + 16, 32);
        assert_memory_equal(m, want, 64);
        assert_int_equal(ow_chan_open(p.client, m, 16), 0);
        assert_int_equal(ow_chan_open(p.client, m + 16, 32), 0);
        assert_int_equal(ow_chan_open_hmac(p.client, m + 48), 0);
        assert_memory_equal(m, plain, 48);
        pair_close(&p);
    }
}

static void a_forged_server_start_is_found_at_the_first_hmac(void **state)
{
    (void)state;
    struct pair p;
    uint8_t m[64];
    pair_open(&p, OW_MODE_AUTH);
    message(m, 48, 1);
    assert_int_equal(ow_chan_seal(p.server, m, 16), 0);
    seal_all(p.server, m + 16, 32);
    // Turns one bit of the second block and garbles the first.
    m[3] ^= 1;
    assert_int_equal(ow_chan_open(p.client, m, 16), 0);
    assert_int_equal(ow_chan_open(p.client, m + 16, 32), 0);
    assert_int_equal(ow_chan_open_hmac(p.client, m + 48), PS_EAUTH);
    pair_close(&p);
}

static void blocks_may_be_opened_one_at_a_time(void **state)
{
    (void)state;
    struct pair p;
    uint8_t m[112], want[96];
    pair_open(&p, OW_MODE_ENC);
    message(m, 96, 3);
    message(want, 96, 3);
    seal_all(p.client, m, 96);
    for (int at = 0; at < 96; at += 16)
        assert_int_equal(ow_chan_open(p.server, m + at, 16), 0);
    assert_int_equal(ow_chan_open_hmac(p.server, m + 96), 0);
    assert_memory_equal(m, want, 96);
    carry(p.client, p.server, 64, 9);
    pair_close(&p);
}

static void any_turned_bit_is_found(void **state)
{
    (void)state;
    for (int bit = 0; bit < 48 * 8; bit++) {
        struct pair p;
        uint8_t m[48];
        pair_open(&p, OW_MODE_ENC);
        message(m, 32, 3);
        seal_all(p.client, m, 32);
        m[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(ow_chan_open(p.server, m, 32), 0);
        assert_int_equal(ow_chan_open_hmac(p.server, m + 32), PS_EAUTH);
        pair_close(&p);
    }
}

// A bit of the IV turns that bit of the first block alone, here the HMAC of nothing.
static void every_octet_of_the_hmac_counts(void **state)
{
    (void)state;
    for (int i = 0; i < 16; i++) {
        struct ow_chan *client, *server;
        uint8_t iv[16], mac[16];
        memcpy(iv, client_iv, 16);
        iv[i] ^= 1;
        assert_int_equal(ow_chan_new(&client, OW_MODE_AUTH, &keys, client_iv, server_iv), 0);
        assert_int_equal(ow_chan_new(&server, OW_MODE_AUTH, &keys, server_iv, iv), 0);
        assert_int_equal(ow_chan_seal_hmac(client, mac), 0);
        assert_int_equal(ow_chan_open_hmac(server, mac), PS_EAUTH);
        ow_chan_free(client);
        ow_chan_free(server);
    }
}

static void the_same_message_never_looks_the_same_twice(void **state)
{
    (void)state;
    struct pair p;
    uint8_t a[48], b[48];
    pair_open(&p, OW_MODE_AUTH);
    message(a, 32, 3);
    message(b, 32, 3);
    seal_all(p.client, a, 32);
    seal_all(p.client, b, 32);
    for (int at = 0; at < 48; at += 16)
        assert_memory_not_equal(a + at, b + at, 16);
    // The second in place of the first is a replay.
    assert_int_equal(ow_chan_open(p.server, b, 32), 0);
    assert_int_equal(ow_chan_open_hmac(p.server, b + 32), PS_EAUTH);
    pair_close(&p);
}

static void a_part_of_a_block_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct pair p;
        uint8_t m[48] = {0};
        pair_open(&p, all_modes[i]);
        assert_int_equal(ow_chan_seal(p.client, m, 17), PS_ERANGE);
        assert_int_equal(ow_chan_open(p.server, m, 31), PS_ERANGE);
        carry(p.client, p.server, 32, 1);
        pair_close(&p);
    }
}

static void unknown_modes_are_refused(void **state)
{
    (void)state;
    const uint32_t modes[] = {0, 3, 6, 7, 8, 16, UINT32_MAX};
    struct ow_chan *c = NULL;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        assert_int_equal(ow_chan_new(&c, modes[i], &keys, server_iv, client_iv), PS_EUNSUPPORTED);
    assert_null(c);
    ow_chan_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derive_is_pbkdf2_of_16_octets),
        cmocka_unit_test(derive_refuses_counts_out_of_bounds),
        cmocka_unit_test(the_token_is_the_known_one),
        cmocka_unit_test(the_token_gives_back_the_keys),
        cmocka_unit_test(a_token_for_another_challenge_or_key_is_refused),
        cmocka_unit_test(messages_pass_both_ways_in_every_mode),
        cmocka_unit_test(open_mode_changes_nothing_and_checks_nothing),
        cmocka_unit_test(the_block_of_server_start_is_under_the_first_hmac),
        cmocka_unit_test(a_forged_server_start_is_found_at_the_first_hmac),
        cmocka_unit_test(blocks_may_be_opened_one_at_a_time),
        cmocka_unit_test(any_turned_bit_is_found),
        cmocka_unit_test(every_octet_of_the_hmac_counts),
        cmocka_unit_test(the_same_message_never_looks_the_same_twice),
        cmocka_unit_test(a_part_of_a_block_is_refused),
        cmocka_unit_test(unknown_modes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
