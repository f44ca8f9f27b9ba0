// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/ps_err.h"
#include "owamp/ow_msg.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void ramp(uint8_t *p, size_t n, uint8_t from)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(from + i);
}

static void zeros_from(const uint8_t *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        assert_int_equal(p[i], 0);
}

static void the_greeting_has_its_fields_where_the_rfc_puts_them(void **state)
{
    (void)state;
    struct ow_greeting g = {.modes = 7, .count = 2048}, back;
    uint8_t out[OW_GREETING_LEN];
    memcpy(g.unused, OW_HELLO, 4);
    ramp(g.challenge, 16, 0x10);
    ramp(g.salt, 16, 0x30);
    ow_greeting_pack(&g, out);
    assert_memory_equal(out, OW_HELLO, 4);
    zeros_from(out, 4, 12);
    assert_memory_equal(out + 12, "\0\0\0\7", 4);
    assert_int_equal(out[16], 0x10);
    assert_int_equal(out[32], 0x30);
    assert_memory_equal(out + 48, "\0\0\10\0", 4);
    zeros_from(out, 52, 64);
    ow_greeting_unpack(out, &back);
    assert_memory_equal(&g, &back, sizeof g);
}

static void a_keyid_may_fill_all_of_its_octets(void **state)
{
    (void)state;
    struct ow_setup s = {.mode = OW_MODE_ENC}, back;
    uint8_t out[OW_SETUP_LEN];
    memset(s.keyid, 'k', OW_KEYID_LEN);
    ramp(s.token, sizeof s.token, 1);
    ramp(s.iv, sizeof s.iv, 100);
    ow_setup_pack(&s, out);
    assert_int_equal(out[3], 4);
    assert_int_equal(out[83], 'k');
    assert_int_equal(out[84], 1);
    assert_int_equal(out[148], 100);
    assert_int_equal(ow_setup_unpack(out, &back), 0);
    assert_int_equal(strlen(back.keyid), OW_KEYID_LEN);
    assert_memory_equal(back.token, s.token, sizeof s.token);
    assert_memory_equal(back.iv, s.iv, sizeof s.iv);
}

static void octets_behind_the_nul_of_a_keyid_are_malformed(void **state)
{
    (void)state;
    struct ow_setup s = {.mode = 1, .keyid = "joe"}, back;
    uint8_t out[OW_SETUP_LEN];
    ow_setup_pack(&s, out);
    assert_int_equal(ow_setup_unpack(out, &back), 0);
    assert_string_equal(back.keyid, "joe");
    out[4 + 79] = 'y';
    assert_int_equal(ow_setup_unpack(out, &back), PS_EMALFORMED);
}

static void server_start_carries_accept_iv_and_time(void **state)
{
    (void)state;
    struct ow_start s = {.accept = 5, .start_time = 0x0102030405060708}, back;
    uint8_t out[OW_START_LEN];
    ramp(s.iv, 16, 7);
    ow_start_pack(&s, out);
    zeros_from(out, 0, 15);
    assert_int_equal(out[15], 5);
    assert_int_equal(out[16], 7);
    assert_memory_equal(out + 32, "\1\2\3\4\5\6\7\10", 8);
    zeros_from(out, 40, 48);
    ow_start_unpack(out, &back);
    assert_int_equal(back.accept, 5);
    assert_true(back.start_time == s.start_time);
}

static void slots_of_unknown_types_are_refused(void **state)
{
    (void)state;
    struct ow_slot s = {OW_SLOT_FIXED, 0x8000000000000001}, back;
    uint8_t out[OW_BLK];
    ow_slot_pack(&s, out);
    assert_int_equal(out[0], 1);
    zeros_from(out, 1, 8);
    assert_int_equal(ow_slot_unpack(out, &back), 0);
    assert_true(back.value == s.value);
    for (int type = 2; type < 256; type++) {
        out[0] = (uint8_t)type;
        assert_int_equal(ow_slot_unpack(out, &back), PS_EUNSUPPORTED);
    }
}

static struct ow_request sample_request(void)
{
    struct ow_request q = {
        .ipvn = 6,
        .conf_receiver = true,
        .nslots = 2,
        .npackets = 0x01020304,
        .sender_port = 8760,
        .receiver_port = 9960,
        .padding = 65000,
        .start = 0xEEAE7B95A2718A86,
        .timeout = 0x200000000,
        .typep = 0x2E000000,
    };
    ramp(q.sender_addr, 16, 1);
    ramp(q.receiver_addr, 16, 0x41);
    ramp(q.sid, 16, 0x81);
    return q;
}

static void a_request_has_its_fields_where_the_rfc_puts_them(void **state)
{
    (void)state;
    struct ow_request q = sample_request(), back;
    uint8_t out[OW_REQUEST_LEN];
    memset(out, 0xFF, sizeof out);
    memset(&back, 0, sizeof back);
    ow_request_pack(&q, out);
    assert_memory_equal(out, "\1\6\0\1\0\0\0\2\1\2\3\4\x22\x38\x26\xE8", 16);
    assert_int_equal(out[16], 1);
    assert_int_equal(out[32], 0x41);
    assert_int_equal(out[48], 0x81);
    assert_memory_equal(out + 64,
                        "\0\0\xFD\xE8\xEE\xAE\x7B\x95\xA2\x71\x8A\x86"
                        "\0\0\0\2\0\0\0\0\x2E\0\0\0",
                        24);
    zeros_from(out, 88, 112);
    assert_int_equal(ow_request_unpack(out, &back), 0);
    uint8_t again[OW_REQUEST_LEN];
    ow_request_pack(&back, again);
    assert_memory_equal(again, out, sizeof out);
}

static void a_request_reads_only_the_low_nibble_and_any_true_flag(void **state)
{
    (void)state;
    struct ow_request q = sample_request();
    uint8_t out[OW_REQUEST_LEN];
    ow_request_pack(&q, out);
    out[1] = 0xF4;
    out[2] = 0x80;
    assert_int_equal(ow_request_unpack(out, &q), 0);
    assert_int_equal(q.ipvn, 4);
    assert_true(q.conf_sender);
    out[0] = 5;
    assert_int_equal(ow_request_unpack(out, &q), PS_EPROTO);
}

static void accept_fetch_and_ack_survive_the_wire(void **state)
{
    (void)state;
    struct ow_accept_msg a = {.accept = 3, .port = 0x1234}, a2;
    struct ow_fetch f = {.begin = 5, .end = 0xFFFFFFFF}, f2;
    struct ow_fetch_ack k = {0, 2, 10, 11, 12}, k2;
    uint8_t out[OW_ACCEPT_LEN];
    ramp(a.sid, 16, 9);
    ow_accept_pack(&a, out);
    assert_memory_equal(out, "\3\0\x12\x34\x09", 5);
    zeros_from(out, 20, 48);
    ow_accept_unpack(out, &a2);
    assert_int_equal(a2.accept, 3);
    assert_int_equal(a2.port, 0x1234);
    assert_memory_equal(a2.sid, a.sid, sizeof a.sid);

    ramp(f.sid, 16, 1);
    ow_fetch_pack(&f, out);
    assert_memory_equal(out, "\4\0\0\0\0\0\0\0\0\0\0\5\xFF\xFF\xFF\xFF\1", 17);
    assert_int_equal(ow_fetch_unpack(out, &f2), 0);
    assert_memory_equal(&f, &f2, sizeof f);
    out[0] = 3;
    assert_int_equal(ow_fetch_unpack(out, &f2), PS_EPROTO);

    ow_fetch_ack_pack(&k, out);
    assert_memory_equal(out, "\0\2\0\0\0\0\0\12\0\0\0\13\0\0\0\14", 16);
    ow_fetch_ack_unpack(out, &k2);
    assert_int_equal(k2.accept, 0);
    assert_int_equal(k2.finished, 2);
    assert_int_equal(k2.next_seqno, 10);
    assert_int_equal(k2.nskips, 11);
    assert_int_equal(k2.nrecords, 12);
}

static void only_the_six_dscp_bits_make_a_type_p(void **state)
{
    (void)state;
    uint8_t dscp = 99;
    assert_int_equal(ow_typep_dscp(0x3F000000, &dscp), 0);
    assert_int_equal(dscp, 63);
    assert_int_equal(ow_typep_dscp(0x40000000, &dscp), PS_EUNSUPPORTED);
    assert_int_equal(ow_typep_dscp(1, &dscp), PS_EUNSUPPORTED);
    assert_int_equal(dscp, 63);
}

static void dscp_names_and_numbers_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int value;
    } cases[] = {
        {"0", 0},       {"63", 63}, {"0x2e", 46}, {"056", 46},  {"none", 0},
        {"Default", 0}, {"DF", 0},  {"be", 0},    {"ef", 46},   {"EF", 46},
        {"va", 44},     {"cs0", 0}, {"CS7", 56},  {"af11", 10}, {"AF43", 38},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t dscp = 99;
        assert_int_equal(ow_dscp_parse(cases[i].text, &dscp), 0);
        assert_int_equal(dscp, cases[i].value);
    }
}

static void other_dscps_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "64", "-1", "cs8", "cs", "af", "af1", "af14", "af51", "af111", "efx", "4 ",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint8_t dscp = 99;
        assert_true(ow_dscp_parse(bad[i], &dscp) < 0);
        assert_int_equal(dscp, 99);
    }
}

static void mode_letters_add_up(void **state)
{
    (void)state;
    uint32_t modes = 0;
    assert_int_equal(ow_modes_parse("AeO", &modes), 0);
    assert_int_equal(modes, OW_MODE_ALL);
    assert_int_equal(ow_modes_parse("ee", &modes), 0);
    assert_int_equal(modes, OW_MODE_ENC);
    assert_int_equal(ow_modes_parse("", &modes), PS_ESYNTAX);
    assert_int_equal(ow_modes_parse("AM", &modes), PS_ESYNTAX);
    assert_int_equal(modes, OW_MODE_ENC);
}

static void every_code_has_words(void **state)
{
    (void)state;
    for (int i = 0; i < 256; i++)
        assert_true(strlen(ow_accept_text((uint8_t)i)) > 0);
    assert_string_equal(ow_mode_text(OW_MODE_AUTH), "authenticated");
    assert_string_equal(ow_mode_text(3), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_greeting_has_its_fields_where_the_rfc_puts_them),
        cmocka_unit_test(a_keyid_may_fill_all_of_its_octets),
        cmocka_unit_test(octets_behind_the_nul_of_a_keyid_are_malformed),
        cmocka_unit_test(server_start_carries_accept_iv_and_time),
        cmocka_unit_test(slots_of_unknown_types_are_refused),
        cmocka_unit_test(a_request_has_its_fields_where_the_rfc_puts_them),
        cmocka_unit_test(a_request_reads_only_the_low_nibble_and_any_true_flag),
        cmocka_unit_test(accept_fetch_and_ack_survive_the_wire),
        cmocka_unit_test(only_the_six_dscp_bits_make_a_type_p),
        cmocka_unit_test(dscp_names_and_numbers_are_known),
        cmocka_unit_test(other_dscps_are_refused),
        cmocka_unit_test(mode_letters_add_up),
        cmocka_unit_test(every_code_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
