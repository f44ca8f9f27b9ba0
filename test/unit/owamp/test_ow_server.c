// SPDX-License-Identifier: Apache-2.0
#include "server_by_hand.h"

static void the_greeting_carries_modes_challenge_salt_count_and_the_hello(void **state)
{
    uint8_t in[OW_GREETING_LEN], want[OW_GREETING_LEN] = {0};
    struct rig r;
    (void)state;
    rig_new(&r, OW_MODE_AUTH | OW_MODE_ENC);
    memcpy(want, "psE1", 4);
    want[15] = 6;
    memcpy(want + 16, plain_conf.challenge, 16);
    memcpy(want + 32, plain_conf.salt, 16);
    put32(want + 48, 2048);
    drain(r.out, in, sizeof in);
    assert_memory_equal(in, want, sizeof in);
    assert_int_equal(ps_buf_len(r.out), 0);
    expect_nothing(&r);
    rig_end(&r);
}

static void without_any_mode_the_greeting_says_so_and_the_machine_failed(void **state)
{
    uint8_t in[OW_GREETING_LEN];
    struct rig r;
    (void)state;
    rig_new(&r, 0);
    drain(r.out, in, sizeof in);
    assert_int_equal(get32(in + 12), 0);
    expect_failure(&r, PS_EREFUSED, "no mode");
    rig_end(&r);
}

static void each_mode_sets_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes); i++) {
        struct rig r;
        rig_up(&r, all_modes[i]);
        assert_int_equal(ow_server_mode(r.s), all_modes[i]);
        if (all_modes[i] == OW_MODE_OPEN)
            assert_null(ow_server_keys(r.s));
        else
            assert_memory_equal(ow_server_keys(r.s), &session_keys, sizeof session_keys);
        rig_end(&r);
    }
}

static void expect_refusal(struct rig *r, uint8_t accept)
{
    uint8_t in[OW_START_LEN], want[OW_START_LEN] = {0};
    want[15] = accept;
    drain(r->out, in, sizeof in);
    assert_memory_equal(in, want, sizeof in);
    assert_int_equal(ps_buf_len(r->out), 0);
}

static void a_mode_that_was_not_offered_is_refused(void **state)
{
    static const struct {
        uint32_t offered, chosen;
    } cases[] = {{6, 1}, {1, 4}, {7, 0}, {7, 3}, {7, 8}, {7, 7}, {15, 8}, {7, 0x80000000u}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rig r;
        rig_new(&r, cases[i].offered);
        skip_greeting(&r);
        give_setup(&r, cases[i].chosen, "", NULL);
        expect_failure(&r, PS_EPROTO, "not offered");
        expect_refusal(&r, OW_ACCEPT_REJECT);
        rig_end(&r);
    }
}

static void an_unknown_identity_and_a_wrong_key_are_refused(void **state)
{
    const uint8_t other[16] = {1};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct rig r;
        rig_new(&r, OW_MODE_ALL);
        skip_greeting(&r);
        give_setup(&r, OW_MODE_ENC, "eve", secret);
        expect(&r, OW_SEV_IDENTIFY);
        assert_int_equal(ow_server_identity(r.s, i == 0 ? NULL : other), 0);
        expect_failure(&r, PS_EAUTH, i == 0 ? "unknown identity" : "wrong pass-phrase");
        expect_refusal(&r, OW_ACCEPT_REJECT);
        assert_null(ow_server_keys(r.s));
        rig_end(&r);
    }
}

static void a_keyid_with_octets_behind_its_end_is_refused_unless_the_mode_is_open(void **state)
{
    (void)state;
    for (uint8_t mode = 1; mode <= 2; mode++) {
        uint8_t out[OW_SETUP_LEN] = {0, 0, 0, mode, 'a', 0, 'b'};
        struct rig r;
        rig_new(&r, OW_MODE_ALL);
        skip_greeting(&r);
        give(&r, out, sizeof out);
        if (mode == OW_MODE_OPEN) {
            expect(&r, OW_SEV_READY);
            assert_string_equal(r.ev.setup.keyid, "");
        } else {
            expect_failure(&r, PS_EMALFORMED, "Set-Up-Response");
            expect_refusal(&r, OW_ACCEPT_REJECT);
        }
        rig_end(&r);
    }
}

static void the_host_can_refuse_before_set_up_is_done(void **state)
{
    struct rig r;
    (void)state;
    rig_new(&r, OW_MODE_ALL);
    skip_greeting(&r);
    assert_int_equal(ow_server_refuse(r.s, 0), PS_ERANGE);
    assert_int_equal(ow_server_refuse(r.s, OW_ACCEPT_TEMPORARY), 0);
    expect_nothing(&r);
    give_setup(&r, OW_MODE_OPEN, "", NULL);
    expect_failure(&r, PS_EREFUSED, "refused");
    expect_refusal(&r, OW_ACCEPT_TEMPORARY);
    rig_end(&r);
    rig_new(&r, OW_MODE_ALL);
    skip_greeting(&r);
    give_setup(&r, OW_MODE_AUTH, "ana", secret);
    expect(&r, OW_SEV_IDENTIFY);
    assert_int_equal(ow_server_refuse(r.s, OW_ACCEPT_PERMANENT), 0);
    expect_failure(&r, PS_EREFUSED, "refused");
    expect_refusal(&r, OW_ACCEPT_PERMANENT);
    rig_end(&r);
    rig_up(&r, OW_MODE_OPEN);
    assert_int_equal(ow_server_refuse(r.s, OW_ACCEPT_PERMANENT), PS_ESTATE);
    rig_end(&r);
}

static void a_request_is_told_with_its_slots_and_answered(void **state)
{
    const struct ow_request req = a_request(5);
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes); i++) {
        struct rig r;
        rig_up(&r, all_modes[i]);
        give_request(&r, &req);
        expect(&r, OW_SEV_REQUEST);
        assert_same_request(&r.ev.request, &req);
        assert_int_equal(r.ev.slots[4].value, 5);
        assert_int_equal(r.ev.slots[3].type, OW_SLOT_FIXED);
        expect_nothing(&r);
        assert_int_equal(ow_server_accept(r.s, 0, 8761, a_sid), 0);
        assert_int_equal(ow_server_accept(r.s, 0, 8761, a_sid), PS_ESTATE);
        expect_accept(&r, 0, 8761, a_sid);
        rig_end(&r);
    }
}

static void after_a_refused_request_the_connection_goes_on(void **state)
{
    const struct ow_request req = a_request(1);
    const uint8_t none[16] = {0};
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_ENC);
    for (uint8_t code = 1; code <= 5; code++) {
        give_request(&r, &req);
        expect(&r, OW_SEV_REQUEST);
        assert_int_equal(ow_server_accept(r.s, code, 0, NULL), 0);
        expect_accept(&r, code, 0, none);
    }
    rig_end(&r);
}

static void strange_values_in_a_request_are_left_to_the_host(void **state)
{
    struct ow_request req = a_request(0);
    struct rig r;
    (void)state;
    req.ipvn = 9;
    req.conf_receiver = false;
    req.npackets = 0;
    req.typep = 0xffffffff;
    rig_up(&r, OW_MODE_AUTH);
    give_request(&r, &req);
    expect(&r, OW_SEV_REQUEST);
    assert_same_request(&r.ev.request, &req);
    rig_end(&r);
}

static void too_many_slots_are_refused_without_reading_them(void **state)
{
    const struct ow_request req = a_request(OW_MAX_SLOTS + 1);
    const uint8_t none[16] = {0};
    uint8_t out[OW_REQUEST_LEN];
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_ENC);
    ow_request_pack(&req, out);
    give_msg(&r, out, sizeof out);
    expect_failure(&r, PS_ELIMIT, "4097");
    expect_accept(&r, OW_ACCEPT_PERMANENT, 0, none);
    rig_end(&r);
}

static void as_many_slots_as_allowed_are_read(void **state)
{
    const struct ow_request req = a_request(OW_MAX_SLOTS);
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_OPEN);
    give_request(&r, &req);
    expect(&r, OW_SEV_REQUEST);
    assert_int_equal(r.ev.slots[OW_MAX_SLOTS - 1].value, OW_MAX_SLOTS);
    rig_end(&r);
}

static void an_unknown_slot_type_fails(void **state)
{
    const struct ow_request req = a_request(1);
    uint8_t out[OW_REQUEST_LEN], blk[32] = {2};
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_AUTH);
    ow_request_pack(&req, out);
    give_msg(&r, out, sizeof out);
    give_msg(&r, blk, sizeof blk);
    expect_failure(&r, PS_EUNSUPPORTED, "unknown type 2");
    rig_end(&r);
}

static void a_wrong_hmac_fails_in_the_cipher_modes_and_means_nothing_in_open_mode(void **state)
{
    const struct ow_request req = a_request(0);
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes); i++)
        for (int which = 0; which < 2; which++) {
            uint8_t out[OW_REQUEST_LEN + 16];
            struct rig r;
            rig_up(&r, all_modes[i]);
            ow_request_pack(&req, out);
            seal_msg(r.chan, out, OW_REQUEST_LEN - 16);
            assert_int_equal(ow_chan_seal_hmac(r.chan, out + OW_REQUEST_LEN), 0);
            out[which == 0 ? OW_REQUEST_LEN - 1 : OW_REQUEST_LEN + 15] ^= 1;
            give(&r, out, sizeof out);
            if (all_modes[i] == OW_MODE_OPEN)
                expect(&r, OW_SEV_REQUEST);
            else
                expect_failure(&r, PS_EAUTH, which == 0 ? "Request-Session" : "slots");
            rig_end(&r);
        }
}

static void a_command_that_is_none_fails_and_is_named(void **state)
{
    static const struct {
        uint8_t command;
        const char *why;
    } cases[] = {
        {0, "command 0"}, {5, "command 5: TWAMP request; this is an OWAMP server"}, {200, "command 200"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t blk[16] = {cases[i].command};
        struct rig r;
        rig_up(&r, OW_MODE_ENC);
        assert_int_equal(ow_chan_seal(r.chan, blk, 16), 0);
        give(&r, blk, 16);
        expect_failure(&r, PS_EPROTO, cases[i].why);
        rig_end(&r);
    }
}

static void a_refused_start_begins_no_test(void **state)
{
    uint8_t in[32];
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_ENC);
    give_start(&r, 0);
    expect(&r, OW_SEV_START);
    assert_false(r.ev.early);
    assert_int_equal(ow_server_start(r.s, OW_ACCEPT_FAILURE), 0);
    drain_msg(r.chan, r.out, in, sizeof in);
    assert_int_equal(in[0], OW_ACCEPT_FAILURE);
    assert_false(ow_server_testing(r.s));
    assert_int_equal(ow_server_stop(r.s, 0, NULL, 0), PS_ESTATE);
    start_test(&r);
    rig_end(&r);
}

static void the_mark_in_start_sessions_lets_a_test_end_early(void **state)
{
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_AUTH);
    give_start(&r, OW_EARLY);
    expect(&r, OW_SEV_START);
    assert_true(r.ev.early);
    assert_true(ow_server_early(r.s));
    rig_end(&r);
    rig_up(&r, OW_MODE_AUTH);
    start_test(&r);
    assert_false(ow_server_early(r.s));
    rig_end(&r);
}

static void give_fetch(struct rig *r)
{
    uint8_t out[OW_FETCH_LEN] = {4};
    put32(out + 8, 3);
    put32(out + 12, 0xffffffffu);
    memcpy(out + 16, a_sid, 16);
    give_msg(r, out, sizeof out);
    expect(r, OW_SEV_FETCH);
    assert_int_equal(r->ev.fetch.begin, 3);
    assert_int_equal(r->ev.fetch.end, 0xffffffffu);
    assert_memory_equal(r->ev.fetch.sid, a_sid, 16);
}

static void a_denied_fetch_is_one_message_and_the_connection_goes_on(void **state)
{
    uint8_t in[OW_ACK_LEN], want[16] = {1};
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_ENC);
    for (int i = 0; i < 2; i++) {
        give_fetch(&r);
        assert_int_equal(ow_server_fetch_deny(r.s, 0), PS_ERANGE);
        assert_int_equal(ow_server_fetch_deny(r.s, 1), 0);
        assert_int_equal(ow_server_fetch_deny(r.s, 1), PS_ESTATE);
        drain_msg(r.chan, r.out, in, sizeof in);
        assert_memory_equal(in, want, 16);
        assert_int_equal(ps_buf_len(r.out), 0);
    }
    rig_end(&r);
}

// Feeds n records in pieces of varying size.
static void feed(struct rig *r, const uint8_t *recs, uint32_t n)
{
    for (uint32_t done = 0, piece = 1; done < n; piece = piece * 3 % 17 + 1) {
        const uint32_t k = piece < n - done ? piece : n - done;
        assert_int_equal(ow_server_fetch_end(r->s), PS_ESTATE);
        assert_int_equal(ow_server_fetch_data(r->s, recs + (size_t)done * OW_REC_LEN, k), 0);
        done += k;
    }
    assert_int_equal(ow_server_fetch_data(r->s, recs, 1), PS_ERANGE);
    assert_int_equal(ow_server_fetch_end(r->s), 0);
}

static void check_records(struct rig *r, const uint8_t *recs, uint32_t n)
{
    // The chunk rule of the fact sheet: 16 records are 400 octets, k more are 25k/16 + 1 blocks.
    const size_t tail = n % 16 != 0 ? ((size_t)25 * (n % 16) / 16 + 1) * 16 : 0, len = n / 16 * 400 + tail;
    uint8_t *in = malloc(len + 16);
    assert_non_null(in);
    assert_int_equal(ps_buf_len(r->out), len + 16);
    drain_msg(r->chan, r->out, in, len + 16);
    assert_memory_equal(in, recs, (size_t)n * OW_REC_LEN);
    for (size_t i = (size_t)n * OW_REC_LEN; i < len; i++)
        assert_int_equal(in[i], 0);
    free(in);
}

static void check_head(struct rig *r, const struct ow_request *req, uint32_t nskips)
{
    uint8_t ack[32], copy[OW_REQUEST_LEN], want[OW_REQUEST_LEN], slots[48], skips[48];
    const size_t skip_len = (nskips + 1) / 2 * 16;
    drain_msg(r->chan, r->out, ack, sizeof ack);
    assert_int_equal(ack[0], 0);
    assert_int_equal(ack[1], OW_FIN_NORMAL);
    assert_int_equal(get32(ack + 4), 900);
    assert_int_equal(get32(ack + 8), nskips);
    drain_msg(r->chan, r->out, copy, sizeof copy);
    ow_request_pack(req, want);
    assert_memory_equal(copy, want, sizeof want - 16);
    drain_msg(r->chan, r->out, slots, sizeof slots);
    assert_int_equal(slots[0], OW_SLOT_FIXED);
    assert_int_equal(get32(slots + 12), 5);
    assert_int_equal(get32(slots + 28), 6);
    drain_msg(r->chan, r->out, skips, skip_len + 16);
    for (uint32_t i = 0; i < nskips; i++) {
        assert_int_equal(get32(skips + (size_t)8 * i), 10 * i);
        assert_int_equal(get32(skips + (size_t)8 * i + 4), 10 * i + 1);
    }
    if (nskips % 2 == 1)
        assert_int_equal(get32(skips + (size_t)8 * nskips) | get32(skips + (size_t)8 * nskips + 4), 0);
}

static void a_fetch_has_the_octets_of_the_protocol(void **state)
{
    static const uint32_t counts[] = {0, 1, 15, 16, 17, 31, 32, 33, 1000};
    static const struct ow_slot slots[] = {{OW_SLOT_FIXED, 5}, {OW_SLOT_EXP, 6}};
    static const struct ow_skip skips[] = {{0, 1}, {10, 11}, {20, 21}};
    const struct ow_request req = a_request(2);
    (void)state;
    for (size_t i = 0; i < COUNT(counts) * COUNT(all_modes); i++) {
        const uint32_t n = counts[i / COUNT(all_modes)], nskips = (uint32_t)(i % 4);
        const struct ow_fetch_ack ack = {
            .finished = OW_FIN_NORMAL, .next_seqno = 900, .nskips = nskips, .nrecords = n};
        uint8_t *recs = some_records(n);
        struct rig r;
        rig_up(&r, all_modes[i % COUNT(all_modes)]);
        give_fetch(&r);
        assert_int_equal(ow_server_fetch_data(r.s, recs, 0), PS_ESTATE);
        assert_int_equal(ow_server_fetch_begin(r.s, &ack, &req, slots, skips), 0);
        feed(&r, recs, n);
        check_head(&r, &req, nskips);
        check_records(&r, recs, n);
        start_test(&r);
        rig_end(&r);
        free(recs);
    }
}

static void octets_before_an_answer_are_bounded(void **state)
{
    static const uint8_t junk[OW_IN_SOFT];
    struct rig r;
    int err = 0;
    (void)state;
    rig_new(&r, OW_MODE_ALL);
    skip_greeting(&r);
    give_setup(&r, OW_MODE_ENC, "ana", secret);
    expect(&r, OW_SEV_IDENTIFY);
    assert_int_equal(ow_server_want(r.s), OW_IN_SOFT);
    give(&r, junk, sizeof junk);
    assert_int_equal(ow_server_want(r.s), 0);
    for (int i = 0; i < 10 && err == 0; i++)
        err = ow_server_input(r.s, junk, sizeof junk);
    assert_int_equal(err, PS_ELIMIT);
    assert_int_equal(ow_server_input(r.s, junk, sizeof junk), 0);
    expect_failure(&r, PS_ELIMIT, "much more");
    assert_int_equal(ow_server_identity(r.s, secret), PS_ESTATE);
    rig_end(&r);
}

static void a_peer_that_does_not_read_its_answers_is_cut_off(void **state)
{
    const struct ow_request req = a_request(0);
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_OPEN);
    for (size_t i = 0; i <= OW_OUT_HARD / OW_ACCEPT_LEN; i++) {
        give_request(&r, &req);
        expect(&r, OW_SEV_REQUEST);
        assert_int_equal(ow_server_accept(r.s, 1, 0, NULL), 0);
    }
    give_request(&r, &req);
    expect_failure(&r, PS_ELIMIT, "does not read");
    rig_end(&r);
}

static void more_sessions_than_allowed_are_refused_for_the_host(void **state)
{
    const struct ow_request req = a_request(0);
    const uint8_t none[16] = {0};
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_OPEN);
    for (size_t i = 0; i < OW_MAX_SESSIONS; i++) {
        give_request(&r, &req);
        expect(&r, OW_SEV_REQUEST);
        assert_int_equal(ow_server_accept(r.s, 0, 1, a_sid), 0);
        expect_accept(&r, 0, 1, a_sid);
    }
    give_request(&r, &req);
    expect_nothing(&r);
    expect_accept(&r, OW_ACCEPT_TEMPORARY, 0, none);
    start_test(&r);
    rig_end(&r);
}

static void answers_to_what_was_not_asked_are_refused(void **state)
{
    const struct ow_fetch_ack ack = {0};
    const struct ow_request req = a_request(0);
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_ENC);
    assert_int_equal(ow_server_identity(r.s, secret), PS_ESTATE);
    assert_int_equal(ow_server_accept(r.s, 0, 1, a_sid), PS_ESTATE);
    assert_int_equal(ow_server_start(r.s, 0), PS_ESTATE);
    assert_int_equal(ow_server_fetch_deny(r.s, 1), PS_ESTATE);
    assert_int_equal(ow_server_fetch_begin(r.s, &ack, &req, NULL, NULL), PS_ESTATE);
    assert_int_equal(ow_server_fetch_end(r.s), PS_ESTATE);
    assert_int_equal(ps_buf_len(r.out), 0);
    ow_server_free(NULL);
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_greeting_carries_modes_challenge_salt_count_and_the_hello),
        cmocka_unit_test(without_any_mode_the_greeting_says_so_and_the_machine_failed),
        cmocka_unit_test(each_mode_sets_up),
        cmocka_unit_test(a_mode_that_was_not_offered_is_refused),
        cmocka_unit_test(an_unknown_identity_and_a_wrong_key_are_refused),
        cmocka_unit_test(a_keyid_with_octets_behind_its_end_is_refused_unless_the_mode_is_open),
        cmocka_unit_test(the_host_can_refuse_before_set_up_is_done),
        cmocka_unit_test(a_request_is_told_with_its_slots_and_answered),
        cmocka_unit_test(after_a_refused_request_the_connection_goes_on),
        cmocka_unit_test(strange_values_in_a_request_are_left_to_the_host),
        cmocka_unit_test(too_many_slots_are_refused_without_reading_them),
        cmocka_unit_test(as_many_slots_as_allowed_are_read),
        cmocka_unit_test(an_unknown_slot_type_fails),
        cmocka_unit_test(a_wrong_hmac_fails_in_the_cipher_modes_and_means_nothing_in_open_mode),
        cmocka_unit_test(a_command_that_is_none_fails_and_is_named),
        cmocka_unit_test(a_refused_start_begins_no_test),
        cmocka_unit_test(the_mark_in_start_sessions_lets_a_test_end_early),
        cmocka_unit_test(a_denied_fetch_is_one_message_and_the_connection_goes_on),
        cmocka_unit_test(a_fetch_has_the_octets_of_the_protocol),
        cmocka_unit_test(octets_before_an_answer_are_bounded),
        cmocka_unit_test(a_peer_that_does_not_read_its_answers_is_cut_off),
        cmocka_unit_test(more_sessions_than_allowed_are_refused_for_the_host),
        cmocka_unit_test(answers_to_what_was_not_asked_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
