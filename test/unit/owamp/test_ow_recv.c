// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "owamp/ow_recv.h"
#include "owamp/ow_sched.h"

#define SECOND ((ps_ntp)1 << 32)
#define START ((ps_ntp)0xEEAE7B95 << 32)
#define ERR 0x8801
#define MANY 4096

// A session of a packet a second from START + 1 s on, timeout 3 s, unless a test says otherwise.
struct rig {
    struct ow_recv *recv;
    struct ow_recv_conf conf;
    struct ow_slot slot;
    struct ow_rec recs[MANY];
    size_t n;
    int sink_err;
};

static int keep(void *ctx, const struct ow_rec *rec)
{
    struct rig *g = ctx;
    assert_true(g->n < MANY);
    g->recs[g->n++] = *rec;
    return g->sink_err;
}

static struct rig *rig_new(uint32_t npackets, uint32_t window)
{
    struct rig *g = calloc(1, sizeof *g);
    g->slot = (struct ow_slot){OW_SLOT_FIXED, SECOND};
    g->conf = (struct ow_recv_conf){
        .sid = "0123456789abcde",
        .slots = &g->slot,
        .nslots = 1,
        .npackets = npackets,
        .start = START,
        .timeout = 3 * SECOND,
        .max_window = window,
    };
    assert_int_equal(ow_recv_new(&g->recv, &g->conf, keep, g), 0);
    return g;
}

static void rig_free(struct rig *g)
{
    ow_recv_free(g->recv);
    free(g);
}

static ps_ntp due(uint32_t seq)
{
    return START + (seq + (ps_ntp)1) * SECOND;
}

static int packet(struct rig *g, uint32_t seq, ps_ntp sent, ps_ntp recv)
{
    struct ow_test_packet p = {seq, sent, ERR};
    return ow_recv_packet(g->recv, &p, recv, ERR, 250);
}

static int on_time(struct rig *g, uint32_t seq)
{
    return packet(g, seq, due(seq), due(seq) + SECOND / 10);
}

static void a_packet_on_time_becomes_a_record(void **state)
{
    (void)state;
    struct rig *g = rig_new(3, 100);
    assert_int_equal(on_time(g, 0), OW_RECV_NEW);
    assert_int_equal(g->n, 1);
    assert_int_equal(g->recs[0].seq, 0);
    assert_true(g->recs[0].send == due(0));
    assert_true(g->recs[0].recv == due(0) + SECOND / 10);
    assert_int_equal(g->recs[0].send_err, ERR);
    assert_int_equal(g->recs[0].ttl, 250);
    assert_true(ow_recv_count(g->recv, OW_RECV_NEW) == 1);
    rig_free(g);
}

static void a_lost_packet_is_recorded_by_the_convention(void **state)
{
    (void)state;
    struct rig *g = rig_new(1, 100);
    assert_int_equal(ow_recv_expire(g->recv, due(0) + 3 * SECOND, 0x8123), 0);
    assert_int_equal(g->n, 0);
    assert_false(ow_recv_complete(g->recv));
    assert_int_equal(ow_recv_expire(g->recv, due(0) + 3 * SECOND + 1, 0x8123), 0);
    assert_int_equal(g->n, 1);
    assert_true(g->recs[0].recv == 0);
    assert_true(g->recs[0].send == due(0));
    assert_int_equal(g->recs[0].send_err, 0x0001);
    assert_int_equal(g->recs[0].recv_err, 0x8123);
    assert_int_equal(g->recs[0].ttl, 255);
    assert_true(ow_recv_lost(g->recv) == 1);
    assert_true(ow_recv_complete(g->recv));
    rig_free(g);
}

static void a_session_is_complete_as_soon_as_all_have_come(void **state)
{
    (void)state;
    struct rig *g = rig_new(4, 100);
    ps_ntp when;
    assert_int_equal(on_time(g, 0), OW_RECV_NEW);
    assert_int_equal(on_time(g, 2), OW_RECV_NEW);
    assert_int_equal(ow_recv_resolved(g->recv), 1);
    assert_true(ow_recv_deadline(g->recv, &when));
    assert_true(when == due(1) + 3 * SECOND);
    assert_int_equal(on_time(g, 3), OW_RECV_NEW);
    assert_int_equal(on_time(g, 1), OW_RECV_NEW);
    assert_true(ow_recv_complete(g->recv));
    assert_int_equal(ow_recv_resolved(g->recv), 4);
    assert_false(ow_recv_deadline(g->recv, &when));
    assert_true(ow_recv_lost(g->recv) == 0);
    rig_free(g);
}

static void the_deadline_is_known_before_any_packet(void **state)
{
    (void)state;
    struct rig *g = rig_new(4, 1);
    ps_ntp when;
    assert_true(ow_recv_deadline(g->recv, &when));
    assert_true(when == due(0) + 3 * SECOND);
    rig_free(g);
}

static void a_duplicate_is_one_more_record(void **state)
{
    (void)state;
    struct rig *g = rig_new(4, 100);
    assert_int_equal(on_time(g, 0), OW_RECV_NEW);
    assert_int_equal(on_time(g, 0), OW_RECV_DUP);
    assert_int_equal(g->n, 2);
    assert_int_equal(packet(g, 0, due(0) + 2 * SECOND, due(0) + 3 * SECOND), OW_RECV_DUP);
    assert_int_equal(packet(g, 0, due(0) + 2 * SECOND, due(0) + 3 * SECOND + 1), OW_RECV_LATE);
    assert_true(ow_recv_count(g->recv, OW_RECV_DUP) == 2);
    assert_int_equal(g->n, 3);
    rig_free(g);
}

static void losses_are_recorded_before_any_later_arrival(void **state)
{
    (void)state;
    struct rig *g = rig_new(10, 100);
    // By 8 s after START packets 0 to 3 are lost; by then only the stamp of 7 has told us.
    assert_int_equal(packet(g, 7, due(7), due(7)), OW_RECV_NEW);
    assert_int_equal(g->n, 5);
    for (uint32_t seq = 0; seq < 4; seq++) {
        assert_int_equal(g->recs[seq].seq, seq);
        assert_true(g->recs[seq].recv == 0);
    }
    assert_int_equal(g->recs[4].seq, 7);
    // What comes out of order by its stamp cannot undo that.
    assert_int_equal(packet(g, 3, due(3), due(3) + SECOND), OW_RECV_LATE);
    assert_int_equal(packet(g, 4, due(4), due(4) + SECOND), OW_RECV_NEW);
    assert_true(ow_recv_lost(g->recv) == 4);
    rig_free(g);
}

static void a_packet_is_late_by_its_stamps_alone(void **state)
{
    (void)state;
    struct rig *g = rig_new(10, 100);
    assert_int_equal(packet(g, 0, due(0) + SECOND, due(0) + 3 * SECOND + 1), OW_RECV_LATE);
    assert_int_equal(packet(g, 0, due(0) + SECOND, due(0) + 3 * SECOND), OW_RECV_NEW);
    assert_int_equal(g->n, 1);
    rig_free(g);
}

static void a_packet_after_its_lost_record_is_late(void **state)
{
    (void)state;
    struct rig *g = rig_new(4, 100);
    assert_int_equal(ow_recv_expire(g->recv, due(0) + 3 * SECOND + 1, ERR), 0);
    assert_int_equal(packet(g, 0, due(0) + SECOND, due(0) + 4 * SECOND), OW_RECV_LATE);
    assert_int_equal(g->n, 1);
    // Long after: forgotten, and late all the same.
    assert_int_equal(ow_recv_expire(g->recv, due(0) + 30 * SECOND, ERR), 0);
    assert_int_equal(packet(g, 0, due(0), due(0) + SECOND), OW_RECV_LATE);
    assert_true(ow_recv_count(g->recv, OW_RECV_LATE) == 2);
    assert_true(ow_recv_complete(g->recv));
    rig_free(g);
}

static void stamps_further_apart_than_the_timeout_are_rejected(void **state)
{
    (void)state;
    struct rig *g = rig_new(10, 100);
    ps_ntp t = due(5), limit = 3 * SECOND;
    assert_int_equal(packet(g, 5, t, t + limit + 1), OW_RECV_TIME);
    assert_int_equal(packet(g, 5, t, t - limit - 1), OW_RECV_TIME);
    assert_int_equal(packet(g, 5, t + limit + 1, t + limit), OW_RECV_TIME);
    assert_int_equal(packet(g, 5, t - limit - 1, t), OW_RECV_TIME);
    assert_int_equal(packet(g, 5, 0, t), OW_RECV_TIME);
    assert_int_equal(packet(g, 5, t + limit, t), OW_RECV_NEW);
    assert_int_equal(packet(g, 6, due(6) - limit, due(6) - limit), OW_RECV_NEW);
    assert_int_equal(packet(g, 4, due(4), due(4) + limit), OW_RECV_NEW);
    assert_true(ow_recv_count(g->recv, OW_RECV_NEW) == 3);
    assert_true(ow_recv_count(g->recv, OW_RECV_TIME) == 5);
    rig_free(g);
}

static void numbers_out_of_range_and_errors_of_zero_are_counted_and_ignored(void **state)
{
    (void)state;
    struct rig *g = rig_new(10, 100);
    struct ow_test_packet p = {0, due(0), 0x8A00};
    assert_int_equal(packet(g, 10, due(9), due(9)), OW_RECV_RANGE);
    assert_int_equal(packet(g, UINT32_MAX, due(9), due(9)), OW_RECV_RANGE);
    assert_int_equal(ow_recv_packet(g->recv, &p, due(0), ERR, 1), OW_RECV_ERROR);
    assert_int_equal(g->n, 0);
    assert_int_equal(on_time(g, 0), OW_RECV_NEW);
    rig_free(g);
}

static void a_peer_that_jumps_to_the_last_number_costs_nothing(void **state)
{
    (void)state;
    struct rig *g = rig_new(UINT32_MAX, 1u << 30);
    ps_ntp when;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(packet(g, UINT32_MAX - 1, due(0), due(0)), OW_RECV_TIME);
    assert_true(ow_recv_deadline(g->recv, &when));
    assert_true(when == due(0) + 3 * SECOND);
    assert_int_equal(on_time(g, 0), OW_RECV_NEW);
    rig_free(g);
}

static void a_full_window_turns_packets_away_and_recovers(void **state)
{
    (void)state;
    struct rig *g = rig_new(100, 4);
    assert_int_equal(packet(g, 4, due(4) - SECOND, due(4) - SECOND), OW_RECV_TIME);
    assert_int_equal(packet(g, 3, due(3), due(3)), OW_RECV_NEW);
    assert_int_equal(on_time(g, 4), OW_RECV_TIME);
    assert_int_equal(ow_recv_expire(g->recv, due(4), ERR), 0);
    assert_int_equal(g->n, 2);
    assert_int_equal(on_time(g, 4), OW_RECV_NEW);
    for (uint32_t seq = 5; seq < 100; seq++) {
        assert_int_equal(ow_recv_expire(g->recv, due(seq), ERR), 0);
        assert_int_equal(on_time(g, seq), OW_RECV_NEW);
    }
    assert_int_equal(ow_recv_expire(g->recv, due(200), ERR), 0);
    assert_true(ow_recv_complete(g->recv));
    assert_true(ow_recv_count(g->recv, OW_RECV_NEW) + ow_recv_lost(g->recv) == 100);
    rig_free(g);
}

static void packets_from_a_clock_ahead_by_less_than_the_timeout_are_taken(void **state)
{
    (void)state;
    struct rig *g = rig_new(50, 100);
    for (uint32_t seq = 0; seq < 50; seq++) {
        ps_ntp now = due(seq) - 2 * SECOND;
        assert_int_equal(packet(g, seq, due(seq), now), OW_RECV_NEW);
        assert_int_equal(ow_recv_expire(g->recv, now, ERR), 0);
    }
    assert_true(ow_recv_complete(g->recv));
    assert_true(ow_recv_lost(g->recv) == 0);
    rig_free(g);
}

static void the_limit_ends_a_session_early_and_only_ever_sinks(void **state)
{
    (void)state;
    struct rig *g = rig_new(10, 100);
    uint32_t highest;
    assert_false(ow_recv_highest(g->recv, &highest));
    on_time(g, 1);
    on_time(g, 0);
    assert_true(ow_recv_highest(g->recv, &highest));
    assert_int_equal(highest, 1);
    ow_recv_limit(g->recv, 3);
    assert_false(ow_recv_complete(g->recv));
    assert_int_equal(on_time(g, 3), OW_RECV_RANGE);
    ow_recv_limit(g->recv, 2);
    ow_recv_limit(g->recv, 9);
    assert_true(ow_recv_complete(g->recv));
    assert_int_equal(ow_recv_resolved(g->recv), 2);
    assert_int_equal(ow_recv_expire(g->recv, due(100), ERR), 0);
    assert_int_equal(g->n, 2);
    ow_recv_limit(g->recv, 0);
    assert_int_equal(ow_recv_resolved(g->recv), 0);
    rig_free(g);
}

static void a_session_of_no_packets_is_complete(void **state)
{
    (void)state;
    struct rig *g = rig_new(0, 100);
    ps_ntp when;
    assert_true(ow_recv_complete(g->recv));
    assert_false(ow_recv_deadline(g->recv, &when));
    assert_int_equal(ow_recv_expire(g->recv, due(100), ERR), 0);
    assert_int_equal(on_time(g, 0), OW_RECV_RANGE);
    rig_free(g);
}

static void the_error_of_the_sink_comes_back(void **state)
{
    (void)state;
    struct rig *g = rig_new(10, 100);
    g->sink_err = -28;
    assert_int_equal(on_time(g, 0), -28);
    assert_int_equal(ow_recv_expire(g->recv, due(100), ERR), -28);
    rig_free(g);
}

static void times_cross_into_the_next_era(void **state)
{
    (void)state;
    struct rig *g = rig_new(10, 100);
    ow_recv_free(g->recv);
    g->conf.start = (ps_ntp)0 - 5 * SECOND;
    assert_int_equal(ow_recv_new(&g->recv, &g->conf, keep, g), 0);
    for (uint32_t seq = 0; seq < 10; seq++) {
        ps_ntp t = g->conf.start + (seq + (ps_ntp)1) * SECOND;
        if (seq != 5)
            assert_int_equal(packet(g, seq, t, t + SECOND / 2), OW_RECV_NEW);
        assert_int_equal(ow_recv_expire(g->recv, t + SECOND / 2, ERR), 0);
    }
    assert_true(ow_recv_lost(g->recv) == 1);
    assert_int_equal(g->n, 10);
    rig_free(g);
}

static void endless_timeouts_and_schedules_do_no_harm(void **state)
{
    (void)state;
    struct rig *g = rig_new(1000, 64);
    ow_recv_free(g->recv);
    g->slot.value = UINT64_MAX;
    g->conf.timeout = UINT64_MAX;
    assert_int_equal(ow_recv_new(&g->recv, &g->conf, keep, g), 0);
    for (uint32_t seq = 0; seq < 1000; seq += 7)
        assert_true(packet(g, seq, START + seq, START) >= 0);
    assert_true(ow_recv_expire(g->recv, START + (UINT64_C(3) << 62), ERR) == 0);
    rig_free(g);
}

static int drop(void *ctx, const struct ow_rec *rec)
{
    struct rig *g = ctx;
    (void)rec;
    g->n++;
    return 0;
}

static void a_long_list_of_losses_is_written_in_turns(void **state)
{
    (void)state;
    const uint32_t turn = OW_RECV_EXPIRE_MAX;
    struct rig *g = rig_new(2 * turn + 5, 64);
    ps_ntp when, now = due(3 * turn);
    ow_recv_free(g->recv);
    assert_int_equal(ow_recv_new(&g->recv, &g->conf, drop, g), 0);
    assert_int_equal(ow_recv_expire(g->recv, now, ERR), 0);
    assert_int_equal(g->n, turn);
    assert_true(ow_recv_deadline(g->recv, &when));
    assert_true(when == due(turn) + 3 * SECOND);
    assert_int_equal(ow_recv_expire(g->recv, now, ERR), 0);
    assert_int_equal(ow_recv_expire(g->recv, now, ERR), 0);
    assert_int_equal(g->n, 2 * turn + 5);
    assert_true(ow_recv_complete(g->recv));
    rig_free(g);
}

static void copies_are_recorded_up_to_a_bound(void **state)
{
    (void)state;
    const uint32_t most = 2 * OW_RECV_COPIES + OW_RECV_COPIES_MORE;
    struct rig *g = rig_new(2, 64);
    assert_int_equal(on_time(g, 0), OW_RECV_NEW);
    for (uint32_t i = 0; i < most; i++)
        assert_int_equal(on_time(g, 0), OW_RECV_DUP);
    assert_int_equal(on_time(g, 0), OW_RECV_EXCESS);
    assert_int_equal(g->n, most + 1);
    assert_true(ow_recv_count(g->recv, OW_RECV_EXCESS) == 1);
    assert_int_equal(on_time(g, 1), OW_RECV_NEW);
    assert_true(ow_recv_complete(g->recv));
    rig_free(g);
}

static void each_packet_ends_as_new_or_lost_whatever_the_order(void **state)
{
    (void)state;
    struct rig *g = rig_new(1500, 64);
    g->slot.type = OW_SLOT_EXP;
    ow_recv_free(g->recv);
    assert_int_equal(ow_recv_new(&g->recv, &g->conf, keep, g), 0);
    struct ow_sched *sched;
    assert_int_equal(ow_sched_new(&sched, g->conf.sid, &g->slot, 1, 1500, START), 0);
    ps_ntp times[1500];
    for (int i = 0; i < 1500; i++)
        times[i] = ow_sched_next(sched);
    for (uint32_t i = 0; i < 1500; i++) {
        uint32_t seq = i ^ 3; // in fours, backwards
        if (seq % 5 == 0 || !ps_ntp_before(times[i] - 2 * SECOND, times[seq]))
            continue;
        packet(g, seq, times[seq], times[seq] + SECOND);
        assert_int_equal(ow_recv_expire(g->recv, times[i], ERR), 0);
    }
    assert_int_equal(ow_recv_expire(g->recv, times[1499] + 10 * SECOND, ERR), 0);
    uint8_t seen[1500] = {0};
    for (size_t i = 0; i < g->n; i++)
        assert_int_equal(seen[g->recs[i].seq]++, 0);
    assert_int_equal(g->n, 1500);
    assert_true(ow_recv_count(g->recv, OW_RECV_NEW) > 500);
    ow_sched_free(sched);
    rig_free(g);
}

static void the_window_needed_follows_rate_and_timeout(void **state)
{
    (void)state;
    struct ow_slot s = {OW_SLOT_EXP, SECOND / 10}, none = {OW_SLOT_FIXED, 0};
    uint64_t w = ow_recv_window(&s, 1, 1000000, 10 * SECOND);
    assert_true(w >= 200 && w < 400);
    assert_true(ow_recv_window(&s, 1, 50, 10 * SECOND) == 50);
    assert_true(ow_recv_window(&none, 1, 1000, SECOND) == 1000);
    assert_true(ow_recv_window(&none, 1, 1000, 0) == 1000);
    assert_true(ow_recv_window(&s, 1, UINT32_MAX, UINT64_MAX) == UINT32_MAX);
}

static void no_slots_are_refused(void **state)
{
    (void)state;
    struct ow_recv *r = NULL;
    struct ow_recv_conf conf = {.npackets = 1, .max_window = 1};
    assert_int_equal(ow_recv_new(&r, &conf, keep, NULL), PS_ERANGE);
    assert_null(r);
    ow_recv_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_on_time_becomes_a_record),
        cmocka_unit_test(a_lost_packet_is_recorded_by_the_convention),
        cmocka_unit_test(a_session_is_complete_as_soon_as_all_have_come),
        cmocka_unit_test(the_deadline_is_known_before_any_packet),
        cmocka_unit_test(a_duplicate_is_one_more_record),
        cmocka_unit_test(losses_are_recorded_before_any_later_arrival),
        cmocka_unit_test(a_packet_is_late_by_its_stamps_alone),
        cmocka_unit_test(a_packet_after_its_lost_record_is_late),
        cmocka_unit_test(stamps_further_apart_than_the_timeout_are_rejected),
        cmocka_unit_test(numbers_out_of_range_and_errors_of_zero_are_counted_and_ignored),
        cmocka_unit_test(a_peer_that_jumps_to_the_last_number_costs_nothing),
        cmocka_unit_test(a_full_window_turns_packets_away_and_recovers),
        cmocka_unit_test(packets_from_a_clock_ahead_by_less_than_the_timeout_are_taken),
        cmocka_unit_test(the_limit_ends_a_session_early_and_only_ever_sinks),
        cmocka_unit_test(a_session_of_no_packets_is_complete),
        cmocka_unit_test(the_error_of_the_sink_comes_back),
        cmocka_unit_test(times_cross_into_the_next_era),
        cmocka_unit_test(endless_timeouts_and_schedules_do_no_harm),
        cmocka_unit_test(a_long_list_of_losses_is_written_in_turns),
        cmocka_unit_test(copies_are_recorded_up_to_a_bound),
        cmocka_unit_test(each_packet_ends_as_new_or_lost_whatever_the_order),
        cmocka_unit_test(the_window_needed_follows_rate_and_timeout),
        cmocka_unit_test(no_slots_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
