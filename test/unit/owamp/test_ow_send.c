// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/ps_err.h"
#include "owamp/ow_send.h"

#define SECOND ((ps_ntp)1 << 32)
#define START (100 * SECOND)
#define ERR 0x8123

static const struct ow_slot every_second = {OW_SLOT_FIXED, SECOND};
static const struct ow_keys keys = {.aes = "0123456789abcde", .hmac = "0123456789abcdef0123456789abcde"};

static struct ow_send_conf conf_of(uint32_t npackets, uint32_t padding)
{
    return (struct ow_send_conf){
        .sid = "a session's sid",
        .mode = OW_MODE_OPEN,
        .slots = &every_second,
        .nslots = 1,
        .npackets = npackets,
        .start = START,
        .timeout = 2 * SECOND,
        .padding = padding,
    };
}

static struct ow_send *send_open(uint32_t npackets, uint32_t padding)
{
    struct ow_send_conf conf = conf_of(npackets, padding);
    struct ow_send *s = NULL;
    assert_int_equal(ow_send_new(&s, &conf), 0);
    return s;
}

static ps_ntp due(struct ow_send *s)
{
    ps_ntp when = 0;
    assert_true(ow_send_due(s, &when));
    return when;
}

// Sends or skips the packet that is due, `late` after its time; the size or 0.
static int step(struct ow_send *s, ps_ntp late)
{
    uint8_t buf[256];
    return ow_send_fill(s, due(s) + late, ERR, buf, sizeof buf);
}

static void assert_skips(const struct ow_send *s, const struct ow_skip *want, uint32_t count)
{
    uint32_t n = 99;
    const struct ow_skip *got = ow_send_skips(s, &n);
    assert_int_equal(n, count);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(got[i].first, want[i].first);
        assert_int_equal(got[i].last, want[i].last);
    }
}

static void packets_are_due_when_the_schedule_says(void **state)
{
    (void)state;
    struct ow_send *s = send_open(3, 0);
    ps_ntp when;
    assert_int_equal(ow_send_last_time(s), START);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(ow_send_next_seqno(s), i);
        assert_int_equal(due(s), START + (i + 1) * SECOND);
        assert_int_equal(step(s, 5), 14);
        assert_int_equal(ow_send_last_time(s), START + (i + 1) * SECOND);
    }
    assert_false(ow_send_due(s, &when));
    assert_int_equal(ow_send_next_seqno(s), 3);
    assert_skips(s, NULL, 0);
    ow_send_free(s);
}

static void asking_when_changes_nothing(void **state)
{
    (void)state;
    struct ow_send *s = send_open(3, 0);
    assert_int_equal(due(s), START + SECOND);
    assert_int_equal(due(s), START + SECOND);
    assert_int_equal(ow_send_next_seqno(s), 0);
    ow_send_free(s);
}

static void a_packet_says_its_number_stamp_and_error(void **state)
{
    (void)state;
    const uint32_t modes[] = {OW_MODE_OPEN, OW_MODE_AUTH, OW_MODE_ENC};
    for (int m = 0; m < 3; m++) {
        struct ow_send_conf conf = conf_of(5, 20);
        struct ow_send *s = NULL;
        struct ow_test *t = NULL;
        struct ow_test_packet p;
        uint8_t buf[OW_TEST_MAX_HEADER + 20];
        int len = (int)ow_test_header_len(modes[m]) + 20;
        conf.mode = modes[m];
        conf.keys = m > 0 ? &keys : NULL;
        assert_int_equal(ow_send_new(&s, &conf), 0);
        assert_int_equal(ow_test_new(&t, modes[m], conf.keys, conf.sid), 0);
        assert_int_equal(ow_send_size(s), len);
        for (uint32_t i = 0; i < 5; i++) {
            ps_ntp now = due(s) + 7;
            assert_int_equal(ow_send_fill(s, now, ERR, buf, sizeof buf), len);
            assert_int_equal(ow_test_unpack(t, buf, (size_t)len, &p), 0);
            assert_int_equal(p.seq, i);
            assert_int_equal(p.stamp, now);
            assert_int_equal(p.err, ERR);
        }
        ow_test_free(t);
        ow_send_free(s);
    }
}

static void padding_check(bool asked)
{
    struct ow_send *a = send_open(2, 64), *b = send_open(2, 64);
    uint8_t buf[3][14 + 64 + 1];
    memset(buf, 0xEE, sizeof buf);
    assert_int_equal(ow_send_fill(a, START, ERR, buf[0], sizeof buf[0]), 78);
    // Whether or not the time is asked for in between.
    if (asked)
        due(a);
    assert_int_equal(ow_send_fill(a, START, ERR, buf[1], sizeof buf[1]), 78);
    assert_int_equal(ow_send_fill(b, START, ERR, buf[2], sizeof buf[2]), 78);
    for (int i = 0; i < 3; i++) {
        assert_memory_not_equal(buf[i] + 14, buf[(i + 1) % 3] + 14, 64);
        assert_int_equal(buf[i][78], 0xEE);
    }
    ow_send_free(a);
    ow_send_free(b);
}

static void padding_is_fresh_in_each_packet_and_session(void **state)
{
    (void)state;
    padding_check(false);
    padding_check(true);
}

static void a_packet_later_than_the_timeout_is_skipped(void **state)
{
    (void)state;
    struct ow_send *s = send_open(4, 0);
    assert_int_equal(step(s, 2 * SECOND), 14);
    assert_int_equal(step(s, 2 * SECOND + 1), 0);
    assert_int_equal(step(s, 0), 14);
    assert_int_equal(step(s, 1000 * SECOND), 0);
    assert_int_equal(ow_send_next_seqno(s), 4);
    assert_skips(s, (const struct ow_skip[]){{1, 1}, {3, 3}}, 2);
    ow_send_free(s);
}

static void a_packet_asked_for_early_is_not_late(void **state)
{
    (void)state;
    struct ow_send *s = send_open(1, 0);
    uint8_t buf[14];
    assert_int_equal(ow_send_fill(s, START - 50 * SECOND, ERR, buf, sizeof buf), 14);
    assert_skips(s, NULL, 0);
    ow_send_free(s);
}

static void lateness_is_seen_over_the_change_of_era(void **state)
{
    (void)state;
    struct ow_send_conf conf = conf_of(2, 0);
    struct ow_send *s = NULL;
    uint8_t buf[14];
    conf.start = (ps_ntp)0 - 2 * SECOND;
    assert_int_equal(ow_send_new(&s, &conf), 0);
    assert_int_equal(ow_send_fill(s, SECOND, ERR, buf, sizeof buf), 14);
    assert_int_equal(ow_send_fill(s, 2 * SECOND + 1, ERR, buf, sizeof buf), 0);
    ow_send_free(s);
}

static void an_endless_timeout_skips_nothing(void **state)
{
    (void)state;
    struct ow_send_conf conf = conf_of(1, 0);
    struct ow_send *s = NULL;
    conf.timeout = UINT64_MAX;
    assert_int_equal(ow_send_new(&s, &conf), 0);
    assert_int_equal(step(s, 1000000 * SECOND), 14);
    ow_send_free(s);
}

static void neighbouring_skips_become_one_range(void **state)
{
    (void)state;
    const ps_ntp late = 3 * SECOND;
    const ps_ntp lateness[] = {late, late, 0, late, 0, 0, late, late, late, 0};
    struct ow_send *s = send_open(10, 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(step(s, lateness[i]), lateness[i] ? 0 : 14);
    assert_skips(s, (const struct ow_skip[]){{0, 1}, {3, 3}, {6, 8}}, 3);
    ow_send_free(s);
}

static void a_failed_packet_joins_the_skips_on_both_sides(void **state)
{
    (void)state;
    struct ow_send *s = send_open(5, 0);
    assert_int_equal(step(s, 0), 14);
    assert_int_equal(step(s, 3 * SECOND), 0);
    assert_int_equal(step(s, 0), 14);
    assert_int_equal(ow_send_failed(s), 0);
    assert_int_equal(step(s, 3 * SECOND), 0);
    assert_int_equal(step(s, 0), 14);
    assert_skips(s, (const struct ow_skip[]){{1, 3}}, 1);
    assert_int_equal(ow_send_failed(s), 0);
    assert_skips(s, (const struct ow_skip[]){{1, 4}}, 1);
    ow_send_free(s);
}

static void only_a_packet_just_filled_can_have_failed(void **state)
{
    (void)state;
    struct ow_send *s = send_open(3, 0);
    assert_int_equal(ow_send_failed(s), PS_ESTATE);
    assert_int_equal(step(s, 0), 14);
    assert_int_equal(ow_send_failed(s), 0);
    assert_int_equal(ow_send_failed(s), PS_ESTATE);
    assert_int_equal(step(s, 3 * SECOND), 0);
    assert_int_equal(ow_send_failed(s), PS_ESTATE);
    assert_skips(s, (const struct ow_skip[]){{0, 1}}, 1);
    ow_send_free(s);
}

static void very_many_ranges_are_kept_in_order(void **state)
{
    (void)state;
    struct ow_send *s = send_open(20000, 0);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(step(s, i % 2 ? 0 : 3 * SECOND), i % 2 ? 14 : 0);
    uint32_t n;
    const struct ow_skip *skips = ow_send_skips(s, &n);
    assert_int_equal(n, 10000);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(skips[i].first, 2 * i);
        assert_int_equal(skips[i].last, 2 * i);
    }
    ow_send_free(s);
}

static void too_many_ranges_end_in_an_error_and_lose_nothing(void **state)
{
    (void)state;
    struct ow_send *s = send_open(UINT32_MAX, 0);
    uint32_t n;
    int rc;
    for (rc = 0; rc >= 0;) {
        rc = step(s, 3 * SECOND);
        if (rc == 0)
            rc = step(s, 0);
    }
    assert_int_equal(rc, PS_ELIMIT);
    ow_send_skips(s, &n);
    assert_int_equal(n, 1u << 20);
    assert_int_equal(ow_send_next_seqno(s), 2u << 20);
    assert_int_equal(step(s, 3 * SECOND), PS_ELIMIT);
    assert_int_equal(ow_send_next_seqno(s), 2u << 20);
    ow_send_free(s);
}

static void a_small_buffer_is_refused_and_the_packet_stays_due(void **state)
{
    (void)state;
    struct ow_send *s = send_open(1, 10);
    uint8_t buf[24];
    assert_int_equal(ow_send_fill(s, START, ERR, buf, 23), PS_ELIMIT);
    assert_int_equal(ow_send_next_seqno(s), 0);
    assert_int_equal(ow_send_fill(s, START, ERR, buf, 24), 24);
    ow_send_free(s);
}

static void nothing_is_filled_past_the_end(void **state)
{
    (void)state;
    struct ow_send *s = send_open(1, 0);
    uint8_t buf[14];
    assert_int_equal(step(s, 0), 14);
    assert_int_equal(ow_send_fill(s, START, ERR, buf, sizeof buf), PS_ESTATE);
    assert_int_equal(ow_send_next_seqno(s), 1);
    assert_int_equal(ow_send_last_time(s), START + SECOND);
    ow_send_free(s);
}

static void a_session_of_no_packets_is_over_at_once(void **state)
{
    (void)state;
    struct ow_send *s = send_open(0, 0);
    ps_ntp when;
    assert_false(ow_send_due(s, &when));
    assert_int_equal(ow_send_next_seqno(s), 0);
    assert_int_equal(ow_send_last_time(s), START);
    ow_send_free(s);
}

static void impossible_sessions_are_refused(void **state)
{
    (void)state;
    struct ow_send_conf conf = conf_of(1, OW_PADDING_MAX + 1);
    struct ow_send *s = NULL;
    assert_int_equal(ow_send_new(&s, &conf), PS_ERANGE);
    conf = conf_of(1, 0);
    conf.nslots = 0;
    assert_int_equal(ow_send_new(&s, &conf), PS_ERANGE);
    conf = conf_of(1, 0);
    conf.mode = 8;
    assert_int_equal(ow_send_new(&s, &conf), PS_EUNSUPPORTED);
    assert_null(s);
    ow_send_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_due_when_the_schedule_says),
        cmocka_unit_test(asking_when_changes_nothing),
        cmocka_unit_test(a_packet_says_its_number_stamp_and_error),
        cmocka_unit_test(padding_is_fresh_in_each_packet_and_session),
        cmocka_unit_test(a_packet_later_than_the_timeout_is_skipped),
        cmocka_unit_test(a_packet_asked_for_early_is_not_late),
        cmocka_unit_test(lateness_is_seen_over_the_change_of_era),
        cmocka_unit_test(an_endless_timeout_skips_nothing),
        cmocka_unit_test(neighbouring_skips_become_one_range),
        cmocka_unit_test(a_failed_packet_joins_the_skips_on_both_sides),
        cmocka_unit_test(only_a_packet_just_filled_can_have_failed),
        cmocka_unit_test(very_many_ranges_are_kept_in_order),
        cmocka_unit_test(too_many_ranges_end_in_an_error_and_lose_nothing),
        cmocka_unit_test(a_small_buffer_is_refused_and_the_packet_stays_due),
        cmocka_unit_test(nothing_is_filled_past_the_end),
        cmocka_unit_test(a_session_of_no_packets_is_over_at_once),
        cmocka_unit_test(impossible_sessions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
