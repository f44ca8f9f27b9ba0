// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include "client_by_hand.h"

static void the_strongest_mode_both_want_is_proposed(void **state)
{
    static const struct {
        uint32_t wanted, offered, mode;
    } cases[] = {{7, 7, 4}, {3, 7, 2}, {7, 3, 2}, {1, 7, 1}, {5, 3, 1}, {4, 3, 0}, {7, 8, 0}, {7, 15, 4}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rig r;
        rig_new(&r, cases[i].wanted);
        give_greeting(&r, cases[i].offered, 2048, false);
        expect(&r, OW_CEV_GREETING);
        assert_int_equal(r.ev.mode, cases[i].mode);
        assert_int_equal(r.ev.greeting.modes, cases[i].offered);
        assert_int_equal(r.ev.greeting.count, 2048);
        assert_false(ow_client_early(r.c));
        expect_nothing(&r);
        rig_end(&r);
    }
}

static void a_server_without_any_mode_refuses_us(void **state)
{
    struct rig r;
    (void)state;
    rig_new(&r, OW_MODE_ALL);
    give_greeting(&r, 0, 2048, false);
    expect_failure(&r, PS_EREFUSED, "the server offers no mode of operation to us");
    rig_end(&r);
}

static void the_iteration_count_is_bounded_in_the_cipher_modes_only(void **state)
{
    static const struct {
        uint32_t wanted, count;
        bool good;
    } cases[] = {{7, 1024, true}, {7, 1u << 20, true},     {7, 1023, false}, {7, (1u << 20) + 1, false},
                 {2, 0, false},   {4, 0xffffffffu, false}, {1, 0, true},     {1, 0xffffffffu, true}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char number[16];
        struct rig r;
        snprintf(number, sizeof number, " %u ", cases[i].count);
        rig_new(&r, cases[i].wanted);
        give_greeting(&r, OW_MODE_ALL, cases[i].count, false);
        if (cases[i].good)
            expect(&r, OW_CEV_GREETING);
        else
            expect_failure(&r, PS_ELIMIT, number);
        rig_end(&r);
    }
}

static void set_up_response_has_the_octets_of_the_protocol(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes); i++) {
        uint8_t in[OW_SETUP_LEN], want[OW_SETUP_LEN] = {0};
        struct rig r;
        want[3] = (uint8_t)all_modes[i];
        if (all_modes[i] != OW_MODE_OPEN) {
            memcpy(want + 4, "ana", 3);
            assert_int_equal(ow_token_pack(secret, challenge, &session_keys, want + 84), 0);
            memcpy(want + 148, client_iv, 16);
        }
        rig_new(&r, OW_MODE_ALL);
        give_greeting(&r, OW_MODE_ALL, 2048, false);
        expect(&r, OW_CEV_GREETING);
        assert_int_equal(choose(&r, all_modes[i]), 0);
        assert_int_equal(ps_buf_len(r.out), sizeof in);
        drain(r.out, in, sizeof in);
        assert_memory_equal(in, want, sizeof in);
        rig_end(&r);
    }
}

static void a_choice_that_cannot_be_is_refused(void **state)
{
    char long_name[OW_KEYID_LEN + 2];
    struct rig r;
    (void)state;
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    rig_new(&r, 6);
    assert_int_equal(choose(&r, OW_MODE_AUTH), PS_ESTATE);
    give_greeting(&r, 3, 2048, false);
    expect(&r, OW_CEV_GREETING);
    assert_int_equal(choose(&r, 0), PS_ERANGE);
    assert_int_equal(choose(&r, OW_MODE_OPEN), PS_ERANGE);
    assert_int_equal(choose(&r, OW_MODE_ENC), PS_ERANGE);
    assert_int_equal(choose(&r, 6), PS_ERANGE);
    assert_int_equal(ow_client_choose(r.c, OW_MODE_AUTH, NULL, NULL, NULL, NULL), PS_ERANGE);
    assert_int_equal(ow_client_choose(r.c, OW_MODE_AUTH, long_name, secret, &session_keys, client_iv),
                     PS_ERANGE);
    assert_int_equal(ps_buf_len(r.out), 0);
    long_name[OW_KEYID_LEN] = 0;
    assert_int_equal(ow_client_choose(r.c, OW_MODE_AUTH, long_name, secret, &session_keys, client_iv), 0);
    rig_end(&r);
}

static void each_mode_becomes_ready(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes); i++) {
        struct rig r;
        rig_up(&r, all_modes[i]);
        assert_int_equal(ow_client_mode(r.c), all_modes[i]);
        assert_true(ow_client_early(r.c));
        if (all_modes[i] == OW_MODE_OPEN)
            assert_null(ow_client_keys(r.c));
        else
            assert_memory_equal(ow_client_keys(r.c), &session_keys, sizeof session_keys);
        rig_end(&r);
    }
}

static void a_refused_set_up_is_told_with_its_code(void **state)
{
    (void)state;
    for (unsigned code = 1; code <= 255; code += code < 7 ? 1 : 62) {
        uint8_t out[OW_START_LEN] = {0};
        struct rig r;
        rig_new(&r, OW_MODE_ALL);
        give_greeting(&r, OW_MODE_ALL, 2048, false);
        expect(&r, OW_CEV_GREETING);
        assert_int_equal(choose(&r, OW_MODE_ENC), 0);
        out[15] = (uint8_t)code;
        give(&r, out, 32);
        expect_failure(&r, code <= 5 ? PS_EREFUSED : PS_EPROTO,
                       code <= 5 ? ow_accept_text((uint8_t)code) : "unknown");
        rig_end(&r);
    }
}

static void the_refusing_code_stands_in_the_event(void **state)
{
    uint8_t out[OW_START_LEN] = {0};
    struct rig r;
    (void)state;
    rig_new(&r, OW_MODE_ALL);
    give_greeting(&r, OW_MODE_ALL, 2048, false);
    expect(&r, OW_CEV_GREETING);
    assert_int_equal(choose(&r, OW_MODE_OPEN), 0);
    out[15] = OW_ACCEPT_TEMPORARY;
    give(&r, out, sizeof out);
    expect(&r, OW_CEV_FAILED);
    assert_int_equal(r.ev.accept.accept, OW_ACCEPT_TEMPORARY);
    rig_end(&r);
}

static void answer_accept(struct rig *r, uint8_t code)
{
    uint8_t out[OW_ACCEPT_LEN] = {code, 0, 0x22, 0x39};
    memcpy(out + 4, a_sid, 16);
    give_msg(r, out, sizeof out);
    expect(r, OW_CEV_ACCEPT);
    assert_int_equal(r->ev.accept.accept, code);
    assert_int_equal(r->ev.accept.port, 8761);
    assert_memory_equal(r->ev.accept.sid, a_sid, 16);
}

static void a_request_has_the_octets_of_the_protocol(void **state)
{
    static const struct ow_slot slots[] = {{OW_SLOT_EXP, 0x0102030405060708u}, {OW_SLOT_FIXED, 9}};
    const struct ow_request req = a_request(2);
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes); i++) {
        uint8_t in[OW_REQUEST_LEN], want[OW_REQUEST_LEN], blks[48];
        uint8_t want_slots[32] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 1};
        struct rig r;
        rig_up(&r, all_modes[i]);
        want_slots[31] = 9;
        assert_int_equal(ow_client_request(r.c, &req, slots), 0);
        assert_int_equal(ow_client_request(r.c, &req, slots), PS_ESTATE);
        drain_msg(r.chan, r.out, in, sizeof in);
        ow_request_pack(&req, want);
        assert_memory_equal(in, want, sizeof in - 16);
        drain_msg(r.chan, r.out, blks, sizeof blks);
        assert_memory_equal(blks, want_slots, 32);
        assert_int_equal(ps_buf_len(r.out), 0);
        answer_accept(&r, OW_ACCEPT_OK);
        rig_end(&r);
    }
}

static void after_a_refused_request_another_may_follow(void **state)
{
    const struct ow_request req = a_request(0);
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_ENC);
    for (uint8_t code = 1; code < 8; code++) {
        assert_int_equal(ow_client_request(r.c, &req, NULL), 0);
        answer_accept(&r, code);
    }
    rig_end(&r);
}

static void a_wrong_hmac_in_an_answer_fails_in_the_cipher_modes(void **state)
{
    const struct ow_request req = a_request(0);
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes); i++) {
        uint8_t out[OW_ACCEPT_LEN] = {0};
        struct rig r;
        rig_up(&r, all_modes[i]);
        assert_int_equal(ow_client_request(r.c, &req, NULL), 0);
        seal_msg(r.chan, out, 32);
        out[47] ^= 1;
        give(&r, out, sizeof out);
        if (all_modes[i] == OW_MODE_OPEN)
            expect(&r, OW_CEV_ACCEPT);
        else
            expect_failure(&r, PS_EAUTH, "Accept-Session");
        rig_end(&r);
    }
}

static void a_changed_start_time_is_caught_by_the_first_hmac(void **state)
{
    uint8_t out[OW_START_LEN] = {0}, ack[32] = {0};
    struct rig r;
    (void)state;
    rig_new(&r, OW_MODE_ENC);
    give_greeting(&r, OW_MODE_ALL, 2048, false);
    expect(&r, OW_CEV_GREETING);
    assert_int_equal(choose(&r, OW_MODE_ENC), 0);
    assert_int_equal(ow_chan_new(&r.chan, OW_MODE_ENC, &session_keys, server_iv, client_iv), 0);
    memcpy(out + 16, server_iv, 16);
    assert_int_equal(ow_chan_seal(r.chan, out + 32, 16), 0);
    out[16] ^= 1; // the IV is sent in the clear and decides what the first block reads as
    give(&r, out, sizeof out);
    expect(&r, OW_CEV_READY);
    assert_int_equal(ow_client_start(r.c), 0);
    give_msg(&r, ack, sizeof ack);
    expect_failure(&r, PS_EAUTH, "Start-Ack");
    rig_end(&r);
}

static void the_early_mark_answers_only_the_hello(void **state)
{
    uint8_t in[OW_SETUP_LEN + 32];
    struct rig r;
    (void)state;
    rig_new(&r, OW_MODE_OPEN);
    give_greeting(&r, OW_MODE_ALL, 0, false);
    expect(&r, OW_CEV_GREETING);
    assert_int_equal(choose(&r, OW_MODE_OPEN), 0);
    give_start(&r, OW_MODE_OPEN);
    expect(&r, OW_CEV_READY);
    assert_int_equal(ow_client_start(r.c), 0);
    drain(r.out, in, sizeof in);
    assert_int_equal(in[OW_SETUP_LEN], 2);
    assert_int_equal(in[OW_SETUP_LEN + 1], 0);
    rig_end(&r);
}

static void a_refused_start_leaves_the_connection_usable(void **state)
{
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_AUTH);
    start(&r, OW_ACCEPT_FAILURE);
    assert_int_equal(ow_client_stop(r.c, 0, NULL, 0), PS_ESTATE);
    start(&r, OW_ACCEPT_OK);
    rig_end(&r);
}

static void give_stop(struct rig *r)
{
    static const uint32_t ranges[] = {3, 4, 8, 8};
    uint8_t out[128] = {3};
    size_t len = 16;
    put32(out + 4, 1);
    len += lay_stop_rec(out + len, a_sid, 10, 2, ranges);
    give_msg(r, out, len + 16);
    expect(r, OW_CEV_STOP);
    assert_int_equal(r->ev.stop.nrecs, 1);
    assert_int_equal(r->ev.stop.recs[0].skips[1].first, 8);
}

static void a_test_ends_when_both_stops_have_passed_in_either_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes) * 2; i++) {
        uint8_t in[32];
        struct rig r;
        rig_up(&r, all_modes[i / 2]);
        start(&r, 0);
        assert_int_equal(ow_client_start(r.c), PS_ESTATE);
        if (i % 2 == 0)
            give_stop(&r);
        assert_int_equal(ow_client_stop(r.c, 1, NULL, 0), 0);
        assert_int_equal(ow_client_stop(r.c, 1, NULL, 0), PS_ESTATE);
        assert_int_equal(ow_client_testing(r.c), i % 2 == 1);
        if (i % 2 == 1)
            give_stop(&r);
        assert_false(ow_client_testing(r.c));
        drain_msg(r.chan, r.out, in, sizeof in);
        assert_int_equal(in[0], 3);
        assert_int_equal(in[1], 1);
        start(&r, 0);
        rig_end(&r);
    }
}

static void anything_but_a_stop_during_a_test_fails(void **state)
{
    uint8_t out[32] = {1};
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_OPEN);
    start(&r, 0);
    give(&r, out, 16);
    expect_failure(&r, PS_EPROTO, "command 1");
    rig_end(&r);
}

static void octets_that_nobody_asked_for_fail(void **state)
{
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_OPEN);
    give(&r, "x", 1);
    expect_failure(&r, PS_EPROTO, "no answer is due");
    rig_end(&r);
}

static void a_flood_before_the_choice_is_bounded(void **state)
{
    static const uint8_t junk[OW_IN_SOFT];
    struct rig r;
    int err = 0;
    (void)state;
    rig_new(&r, OW_MODE_ALL);
    give_greeting(&r, OW_MODE_ALL, 2048, false);
    expect(&r, OW_CEV_GREETING);
    for (int i = 0; i < 10 && err == 0; i++)
        err = ow_client_input(r.c, junk, sizeof junk);
    assert_int_equal(err, PS_ELIMIT);
    expect_failure(&r, PS_ELIMIT, "much more");
    assert_int_equal(choose(&r, OW_MODE_OPEN), PS_ESTATE);
    ow_client_free(NULL);
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_strongest_mode_both_want_is_proposed),
        cmocka_unit_test(a_server_without_any_mode_refuses_us),
        cmocka_unit_test(the_iteration_count_is_bounded_in_the_cipher_modes_only),
        cmocka_unit_test(set_up_response_has_the_octets_of_the_protocol),
        cmocka_unit_test(a_choice_that_cannot_be_is_refused),
        cmocka_unit_test(each_mode_becomes_ready),
        cmocka_unit_test(a_refused_set_up_is_told_with_its_code),
        cmocka_unit_test(the_refusing_code_stands_in_the_event),
        cmocka_unit_test(a_request_has_the_octets_of_the_protocol),
        cmocka_unit_test(after_a_refused_request_another_may_follow),
        cmocka_unit_test(a_wrong_hmac_in_an_answer_fails_in_the_cipher_modes),
        cmocka_unit_test(a_changed_start_time_is_caught_by_the_first_hmac),
        cmocka_unit_test(the_early_mark_answers_only_the_hello),
        cmocka_unit_test(a_refused_start_leaves_the_connection_usable),
        cmocka_unit_test(a_test_ends_when_both_stops_have_passed_in_either_order),
        cmocka_unit_test(anything_but_a_stop_during_a_test_fails),
        cmocka_unit_test(octets_that_nobody_asked_for_fail),
        cmocka_unit_test(a_flood_before_the_choice_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
