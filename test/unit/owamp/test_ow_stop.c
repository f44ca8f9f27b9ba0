// SPDX-License-Identifier: Apache-2.0
// Stop-Sessions both ways, by way of the server machine.
#include "server_by_hand.h"

static void stop_sessions_without_a_test_fails(void **state)
{
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_OPEN);
    give_empty_stop(&r);
    expect_failure(&r, PS_EPROTO, "command 3");
    rig_end(&r);
}

static void any_other_command_during_a_test_fails(void **state)
{
    (void)state;
    for (uint8_t command = 1; command <= 4; command++) {
        uint8_t blk[16] = {command};
        struct rig r;
        if (command == 3)
            continue;
        rig_up(&r, OW_MODE_OPEN);
        start_test(&r);
        give(&r, blk, 16);
        expect_failure(&r, PS_EPROTO, "while a test runs");
        rig_end(&r);
    }
}

// Two sessions: one with n ranges, one with none; the octets in out, the HMAC's place included.
static size_t lay_stop(uint8_t *out, uint32_t n, const uint32_t *ranges)
{
    const uint8_t other[16] = {1};
    size_t len = 16;
    memset(out, 0, 16);
    out[0] = 3;
    out[1] = 2;
    put32(out + 4, 2);
    len += lay_stop_rec(out + len, a_sid, 100, n, ranges);
    len += lay_stop_rec(out + len, other, 7, 0, NULL);
    return len + 16;
}

static void stop_sessions_tells_every_session_and_its_skips(void **state)
{
    static const uint32_t ranges[] = {0, 3, 4, 4, 9, 20, 99, 99};
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes) * 5; i++) {
        const uint32_t n = (uint32_t)(i % 5);
        uint8_t out[256];
        struct rig r;
        rig_up(&r, all_modes[i / 5]);
        start_test(&r);
        give_msg(&r, out, lay_stop(out, n, ranges));
        expect(&r, OW_SEV_STOP);
        assert_int_equal(r.ev.stop.accept, 2);
        assert_int_equal(r.ev.stop.nrecs, 2);
        assert_memory_equal(r.ev.stop.recs[0].sid, a_sid, 16);
        assert_int_equal(r.ev.stop.recs[0].next_seqno, 100);
        assert_int_equal(r.ev.stop.recs[0].nskips, n);
        for (uint32_t k = 0; k < n; k++) {
            assert_int_equal(r.ev.stop.recs[0].skips[k].first, ranges[2 * k]);
            assert_int_equal(r.ev.stop.recs[0].skips[k].last, ranges[2 * k + 1]);
        }
        assert_int_equal(r.ev.stop.recs[1].next_seqno, 7);
        assert_int_equal(r.ev.stop.recs[1].nskips, 0);
        rig_end(&r);
    }
}

static void stop_sessions_with_bad_skips_fails(void **state)
{
    static const struct {
        uint32_t n, ranges[6];
        int err;
        const char *why;
    } cases[] = {
        {1, {5, 4}, PS_EMALFORMED, "ends before it begins"},
        {3, {5, 6, 7, 8, 1, 0}, PS_EMALFORMED, "ends before it begins"},
        {2, {5, 9, 9, 10}, PS_ERANGE, "out of order"},
        {2, {5, 9, 1, 2}, PS_ERANGE, "out of order"},
        {3, {1, 1, 2, 2, 2, 2}, PS_ERANGE, "out of order"},
        {1, {99, 100}, PS_ERANGE, "Next Seqno 100"},
        {1, {0, 0xffffffffu}, PS_ERANGE, "Next Seqno 100"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t out[256];
        struct rig r;
        rig_up(&r, OW_MODE_ENC);
        start_test(&r);
        give_msg(&r, out, lay_stop(out, cases[i].n, cases[i].ranges));
        expect_failure(&r, cases[i].err, cases[i].why);
        rig_end(&r);
    }
}

static void padding_in_stop_sessions_that_is_not_zero_fails(void **state)
{
    static const uint32_t ranges[] = {1, 1, 2, 2};
    (void)state;
    for (uint32_t n = 0; n <= 2; n += 2) {
        uint8_t out[256];
        struct rig r;
        size_t len = lay_stop(out, n, ranges);
        out[16 + 16 + 16 + n * 8 - 1] = 1;
        rig_up(&r, OW_MODE_AUTH);
        start_test(&r);
        give_msg(&r, out, len);
        expect_failure(&r, PS_EMALFORMED, "padding");
        rig_end(&r);
    }
}

static void stop_sessions_is_not_told_when_its_hmac_is_wrong(void **state)
{
    uint8_t out[256];
    size_t len;
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_ENC);
    start_test(&r);
    len = lay_stop(out, 0, NULL);
    seal_msg(r.chan, out, len - 16);
    out[len - 1] ^= 0x80;
    give(&r, out, len);
    expect_failure(&r, PS_EAUTH, "Stop-Sessions");
    rig_end(&r);
}

static void announced_counts_in_stop_sessions_are_bounded(void **state)
{
    uint8_t out[64] = {3};
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_OPEN);
    start_test(&r);
    put32(out + 4, OW_MAX_SESSIONS + 1);
    give(&r, out, 16);
    expect_failure(&r, PS_ELIMIT, "4097 sessions");
    rig_end(&r);
    rig_up(&r, OW_MODE_OPEN);
    start_test(&r);
    put32(out + 4, 1);
    put32(out + 32, 0xffffffffu);
    put32(out + 36, OW_MAX_SKIPS + 1);
    give(&r, out, 48);
    expect_failure(&r, PS_ELIMIT, "skip ranges");
    rig_end(&r);
}

static void a_test_ends_when_both_stops_have_passed_in_either_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes) * 2; i++) {
        const bool ours_first = i % 2 == 0;
        uint8_t in[32];
        struct rig r;
        rig_up(&r, all_modes[i / 2]);
        assert_int_equal(ow_server_stop(r.s, 0, NULL, 0), PS_ESTATE);
        start_test(&r);
        if (ours_first)
            assert_int_equal(ow_server_stop(r.s, 0, NULL, 0), 0);
        give_empty_stop(&r);
        expect(&r, OW_SEV_STOP);
        assert_int_equal(r.ev.stop.nrecs, 0);
        assert_int_equal(ow_server_testing(r.s), !ours_first);
        if (!ours_first)
            assert_int_equal(ow_server_stop(r.s, 0, NULL, 0), 0);
        assert_false(ow_server_testing(r.s));
        assert_int_equal(ow_server_stop(r.s, 0, NULL, 0), PS_ESTATE);
        drain_msg(r.chan, r.out, in, sizeof in);
        assert_int_equal(in[0], 3);
        start_test(&r);
        rig_end(&r);
    }
}

static void our_stop_may_be_sent_while_the_peers_is_half_read(void **state)
{
    uint8_t out[256];
    size_t len;
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_ENC);
    start_test(&r);
    len = lay_stop(out, 0, NULL);
    seal_msg(r.chan, out, len - 16);
    give(&r, out, 40);
    expect_nothing(&r);
    assert_int_equal(ow_server_stop(r.s, 0, NULL, 0), 0);
    give(&r, out + 40, len - 40);
    expect(&r, OW_SEV_STOP);
    assert_false(ow_server_testing(r.s));
    rig_end(&r);
}

static void commands_behind_the_peers_stop_wait_for_ours(void **state)
{
    const struct ow_request req = a_request(1);
    struct rig r;
    (void)state;
    rig_up(&r, OW_MODE_ENC);
    start_test(&r);
    give_empty_stop(&r);
    give_request(&r, &req);
    expect(&r, OW_SEV_STOP);
    expect_nothing(&r);
    assert_int_equal(ow_server_stop(r.s, 0, NULL, 0), 0);
    expect(&r, OW_SEV_REQUEST);
    rig_end(&r);
}

static void our_stop_has_the_octets_of_the_protocol(void **state)
{
    static const uint32_t ranges[] = {1, 2, 4, 4, 8, 9};
    (void)state;
    for (uint32_t n = 0; n <= 3; n++) {
        struct ow_skip skips[3] = {{1, 2}, {4, 4}, {8, 9}};
        struct ow_stop_rec recs[2] = {{.next_seqno = 100, .nskips = n, .skips = skips},
                                      {.sid = {1}, .next_seqno = 7}};
        uint8_t want[256], in[256];
        size_t len = lay_stop(want, n, ranges);
        struct rig r;
        memcpy(recs[0].sid, a_sid, 16);
        rig_up(&r, OW_MODE_AUTH);
        start_test(&r);
        assert_int_equal(ow_server_stop(r.s, 2, recs, 2), 0);
        assert_int_equal(ps_buf_len(r.out), len);
        drain_msg(r.chan, r.out, in, len);
        assert_memory_equal(in, want, len - 16);
        rig_end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_sessions_without_a_test_fails),
        cmocka_unit_test(any_other_command_during_a_test_fails),
        cmocka_unit_test(stop_sessions_tells_every_session_and_its_skips),
        cmocka_unit_test(stop_sessions_with_bad_skips_fails),
        cmocka_unit_test(padding_in_stop_sessions_that_is_not_zero_fails),
        cmocka_unit_test(stop_sessions_is_not_told_when_its_hmac_is_wrong),
        cmocka_unit_test(announced_counts_in_stop_sessions_are_bounded),
        cmocka_unit_test(a_test_ends_when_both_stops_have_passed_in_either_order),
        cmocka_unit_test(our_stop_may_be_sent_while_the_peers_is_half_read),
        cmocka_unit_test(commands_behind_the_peers_stop_wait_for_ours),
        cmocka_unit_test(our_stop_has_the_octets_of_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
