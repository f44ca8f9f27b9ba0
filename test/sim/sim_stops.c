// SPDX-License-Identifier: Apache-2.0
// Tests that end before their time, and packets that never left.
#include "sim.h"

#define SEEDS 20

// Both directions, 50 packets a second for a minute, timeout 2 s.
static struct sim_conf both_ways(void)
{
    struct sim_conf c = {.client = {.ahead = 20 * SIM_MS},
                         .up = {.delay = 40 * SIM_MS, .jitter = 50 * SIM_MS, .loss = 0.01, .dup = 0.01},
                         .down = {.delay = 90 * SIM_MS, .jitter = 5 * SIM_MS, .loss = 0.01, .dup = 0.01},
                         .control_delay = 60 * SIM_MS,
                         .control_jitter = 10 * SIM_MS,
                         .nsessions = 2};
    c.sessions[0] = sim_even(true, SIM_SEC / 50, 3000, 2 * SIM_SEC);
    c.sessions[1] = sim_even(false, SIM_SEC / 50, 3000, 2 * SIM_SEC);
    return c;
}

static void some_ten_seconds_of_it(const struct sim *s)
{
    for (uint32_t i = 0; i < 2; i++) {
        const struct sim_result *r = sim_result(s, i);
        assert_true(r->next_seqno > 9 * 50 && r->next_seqno < 15 * 50);
        assert_true(r->sum.sent > 6 * 50 && r->sum.sent <= r->next_seqno);
        // What was on its way is not taken for lost.
        assert_true(r->sum.lost * 20 < r->sum.sent);
    }
}

static void a_client_that_is_interrupted_reports_what_there_was(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    for (c.client.interrupt_at = 14 * SIM_SEC; c.client.interrupt_at < 15 * SIM_SEC;
         c.client.interrupt_at += SIM_SEC / 7) {
        c.rfc_timing = false;
        sim_each_seed(&c, SEEDS, some_ten_seconds_of_it);
        c.rfc_timing = true;
        sim_each_seed(&c, SEEDS, some_ten_seconds_of_it);
    }
}

static void a_server_that_is_stopped_leaves_what_there_was(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    for (c.server.interrupt_at = 14 * SIM_SEC; c.server.interrupt_at < 15 * SIM_SEC;
         c.server.interrupt_at += SIM_SEC / 7) {
        c.rfc_timing = false;
        sim_each_seed(&c, SEEDS, some_ten_seconds_of_it);
        c.rfc_timing = true;
        sim_each_seed(&c, SEEDS, some_ten_seconds_of_it);
    }
}

static void both_may_stop_at_the_same_moment(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.client.interrupt_at = c.server.interrupt_at = 14 * SIM_SEC;
    sim_each_seed(&c, SEEDS, some_ten_seconds_of_it);
    c.rfc_timing = true;
    sim_each_seed(&c, SEEDS, some_ten_seconds_of_it);
}

static void nothing_was_sent(const struct sim *s)
{
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(sim_result(s, i)->next_seqno, 0);
        assert_int_equal(sim_result(s, i)->sum.sent, 0);
        assert_false(sim_result(s, i)->have_median);
    }
}

static void a_test_may_be_stopped_before_its_first_packet(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.client.interrupt_at = 2 * SIM_SEC;
    sim_each_seed(&c, SEEDS, nothing_was_sent);
}

static void the_busy_time_was_skipped(const struct sim *s)
{
    const struct sim_result *up = sim_result(s, 0), *down = sim_result(s, 1);
    // 10 s, less the last 2, which are late but not too late.
    assert_in_range(up->skipped, 8 * 50 - 1, 8 * 50 + 1);
    assert_int_equal(up->next_seqno, 3000);
    assert_int_equal(up->sum.sent, 3000 - up->skipped);
    assert_int_equal(down->skipped, 0);
    assert_int_equal(down->sum.sent, 3000);
}

static void a_sender_too_busy_skips_and_says_so(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.client.busy = (struct sim_span){20 * SIM_SEC, 30 * SIM_SEC};
    sim_each_seed(&c, SEEDS, the_busy_time_was_skipped);
    c.rfc_timing = true;
    sim_each_seed(&c, SEEDS, the_busy_time_was_skipped);
}

static void skips_of_a_busy_sender_are_told_when_it_is_stopped_too(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.client.busy = (struct sim_span){8 * SIM_SEC, 12 * SIM_SEC};
    c.server.busy = (struct sim_span){10 * SIM_SEC, 13 * SIM_SEC};
    c.server.interrupt_at = 13 * SIM_SEC + SIM_SEC / 3;
    sim_each_seed(&c, SEEDS, NULL);
    c.rfc_timing = true;
    sim_each_seed(&c, SEEDS, NULL);
}

static void each_session_has_its_own_gaps(const struct sim *s)
{
    const struct sim_result *a = sim_result(s, 0), *b = sim_result(s, 1), *c = sim_result(s, 2);
    assert_true(a->skipped > 0 && b->skipped > 0 && c->skipped > 0);
    assert_true(a->skipped != c->skipped);
    assert_int_equal(a->sum.sent, 3000 - a->skipped);
    assert_int_equal(b->sum.sent, 3000 - b->skipped);
    assert_int_equal(c->sum.sent, 300 - c->skipped);
}

static void skips_of_several_sessions_are_not_mixed_up(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.nsessions = 3;
    c.sessions[2] = sim_even(true, SIM_SEC / 5, 300, 3 * SIM_SEC);
    c.client.busy = (struct sim_span){20 * SIM_SEC, 30 * SIM_SEC};
    c.client.down = (struct sim_span){40 * SIM_SEC, 41 * SIM_SEC};
    c.server.busy = (struct sim_span){50 * SIM_SEC, 54 * SIM_SEC};
    sim_each_seed(&c, SEEDS, each_session_has_its_own_gaps);
    c.rfc_timing = true;
    sim_each_seed(&c, SEEDS, each_session_has_its_own_gaps);
}

static void the_rest_was_never_sent(const struct sim *s)
{
    const struct sim_result *up = sim_result(s, 0), *down = sim_result(s, 1);
    assert_in_range(up->next_seqno, 1800, 1900);
    assert_int_equal(up->skipped, 0);
    assert_int_equal(up->sum.sent, up->next_seqno);
    assert_true(up->sum.lost < 100); // although the receiver had given up the rest
    assert_int_equal(down->sum.sent, 3000);
}

static void a_sender_that_sleeps_past_the_end_has_sent_what_it_sent(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.client.busy = (struct sim_span){40 * SIM_SEC, 100 * SIM_SEC};
    sim_each_seed(&c, SEEDS, the_rest_was_never_sent);
}

static void two_gaps(const struct sim *s)
{
    const struct sim_result *up = sim_result(s, 0);
    assert_in_range(up->skipped, 5 * 50 - 1, 5 * 50 + 1);
    assert_int_equal(up->sum.sent, 3000 - up->skipped);
    assert_true(up->sum.lost < 100);
}

static void what_the_interface_did_not_take_is_skipped_not_lost(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.client.down = (struct sim_span){30 * SIM_SEC, 35 * SIM_SEC};
    sim_each_seed(&c, SEEDS, two_gaps);
    c.rfc_timing = true;
    sim_each_seed(&c, SEEDS, two_gaps);
}

static void all_were_lost_and_counted(const struct sim *s)
{
    assert_int_equal(sim_result(s, 0)->sum.lost, sim_result(s, 0)->sum.sent);
    assert_int_equal(sim_result(s, 0)->sum.sent, 3000);
    assert_true(sim_result(s, 1)->sum.lost < 100);
}

static void one_dead_direction_does_not_disturb_the_other(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.up.loss = 1;
    sim_each_seed(&c, SEEDS, all_were_lost_and_counted);
    c.rfc_timing = true;
    sim_each_seed(&c, SEEDS, all_were_lost_and_counted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_that_is_interrupted_reports_what_there_was),
        cmocka_unit_test(a_server_that_is_stopped_leaves_what_there_was),
        cmocka_unit_test(both_may_stop_at_the_same_moment),
        cmocka_unit_test(a_test_may_be_stopped_before_its_first_packet),
        cmocka_unit_test(a_sender_too_busy_skips_and_says_so),
        cmocka_unit_test(skips_of_a_busy_sender_are_told_when_it_is_stopped_too),
        cmocka_unit_test(skips_of_several_sessions_are_not_mixed_up),
        cmocka_unit_test(a_sender_that_sleeps_past_the_end_has_sent_what_it_sent),
        cmocka_unit_test(what_the_interface_did_not_take_is_skipped_not_lost),
        cmocka_unit_test(one_dead_direction_does_not_disturb_the_other),
    };
    return cmocka_run_group_tests_name("sim_stops", tests, NULL, NULL);
}
