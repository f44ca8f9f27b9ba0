// SPDX-License-Identifier: Apache-2.0
// Clocks that are apart, drift, are set, or roll over.
#include "sim.h"

#define SEEDS 20
// 7 February 2036, 06:28:16 UTC: NTP's 64 bits begin anew.
#define ROLLOVER ((ps_ntp)0)

// Both directions, 20 packets a second for a minute, timeout 2 s, 40 ms one way.
static struct sim_conf both_ways(void)
{
    struct sim_conf c = {.up = {.delay = 40 * SIM_MS, .jitter = 5 * SIM_MS, .loss = 0.01, .dup = 0.01},
                         .down = {.delay = 40 * SIM_MS, .jitter = 5 * SIM_MS, .loss = 0.01, .dup = 0.01},
                         .control_delay = 20 * SIM_MS,
                         .nsessions = 2};
    c.sessions[0] = sim_even(true, SIM_SEC / 20, 1200, 2 * SIM_SEC);
    c.sessions[1] = sim_even(false, SIM_SEC / 20, 1200, 2 * SIM_SEC);
    return c;
}

static void delays_are_one_negative_one_long(const struct sim *s)
{
    const struct sim_result *up = sim_result(s, 0), *down = sim_result(s, 1);
    assert_true(up->sum.max < 0 && up->sum.min >= -460 * SIM_MS);
    assert_true(down->sum.min >= 540 * SIM_MS && down->sum.max < 545 * SIM_MS);
    assert_true(up->sum.lost < 100 && down->sum.lost < 100);
}

static void a_clock_ahead_shortens_one_way_and_lengthens_the_other(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.client.ahead = 500 * SIM_MS;
    sim_each_seed(&c, SEEDS, delays_are_one_negative_one_long);
    c.client.ahead = 0;
    c.server.ahead = -500 * SIM_MS;
    sim_each_seed(&c, SEEDS, delays_are_one_negative_one_long);
}

static void nothing_counts(const struct sim *s)
{
    for (uint32_t i = 0; i < 2; i++) {
        const struct sim_result *r = sim_result(s, i);
        // A receiver that is ahead gives up the last packets before they are sent, and stops; one that
        // is behind does not wait until they are due by its clock.
        assert_true(r->sum.sent > 1000);
        assert_true(r->sum.lost == r->sum.sent);
        assert_true(r->uncounted == r->copies);
    }
}

static void clocks_further_apart_than_the_timeout_measure_nothing(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.client.ahead = 5 * SIM_SEC;
    sim_each_seed(&c, SEEDS, nothing_counts);
    c.client.ahead = -5 * SIM_SEC;
    sim_each_seed(&c, SEEDS, nothing_counts);
}

static void the_difference_grew(const struct sim *s)
{
    const struct sim_result *up = sim_result(s, 0);
    assert_int_equal(up->sum.sent, 1200);
    // 63 s at 300 ppm: 19 ms.
    assert_true(up->sum.max - up->sum.min > 15 * SIM_MS);
}

static void drift_is_in_the_delays_to_the_last_bit(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.up.jitter = 0;
    c.client.ppb = 100000;
    c.server.ppb = -200000;
    sim_each_seed(&c, SEEDS, the_difference_grew);
}

static void all_were_sent_and_few_lost(const struct sim *s)
{
    for (uint32_t i = 0; i < 2; i++) {
        const struct sim_result *r = sim_result(s, i);
        assert_int_equal(r->sum.sent + r->skipped, 1200);
        assert_int_equal(r->skipped, 0);
        assert_true(r->sum.lost < 100);
    }
}

static void small_steps_are_seen_in_the_delays_alone(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    for (sim_time step = -SIM_SEC; step <= SIM_SEC; step += SIM_SEC / 2) {
        c.client = (struct sim_host_conf){.step_at = 30 * SIM_SEC, .step = step};
        c.server = (struct sim_host_conf){.step_at = 41 * SIM_SEC, .step = step / 3};
        sim_each_seed(&c, SEEDS, all_were_sent_and_few_lost);
    }
}

static void the_sender_skipped(const struct sim *s)
{
    const struct sim_result *up = sim_result(s, 0);
    // 10 s are gone, the last 2 of them within the timeout.
    assert_in_range(up->skipped, 8 * 20 - 1, 8 * 20 + 1);
    assert_int_equal(up->next_seqno, 1200);
    // By the receiver's clock the last 10 s are still to come, and what was due in the timeout before.
    assert_in_range(up->sum.sent, 1200 - up->skipped - 12 * 20 - 2, 1200 - up->skipped - 12 * 20 + 2);
}

static void a_sender_whose_clock_jumps_ahead_skips_what_it_missed(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.client.step_at = 30 * SIM_SEC;
    c.client.step = 10 * SIM_SEC;
    c.nsessions = 1;
    sim_each_seed(&c, SEEDS, the_sender_skipped);
}

static void nothing_was_made_up(const struct sim *s)
{
    for (uint32_t i = 0; i < 2; i++) {
        const struct sim_result *r = sim_result(s, i);
        assert_true(r->next_seqno > 0);
        assert_true(r->sum.sent + r->skipped <= r->next_seqno);
    }
}

static void after_a_great_step_of_either_clock_nothing_is_made_up(void **state)
{
    (void)state;
    const sim_time steps[] = {-3600 * SIM_SEC, -20 * SIM_SEC, -3 * SIM_SEC, 3 * SIM_SEC, 3600 * SIM_SEC};
    struct sim_conf c = both_ways();
    for (size_t i = 0; i < SIM_COUNT(steps); i++) {
        c.client = (struct sim_host_conf){.step_at = 30 * SIM_SEC, .step = steps[i]};
        c.server = (struct sim_host_conf){0};
        sim_each_seed(&c, SEEDS / 2, nothing_was_made_up);
        c.server = c.client;
        c.client = (struct sim_host_conf){0};
        sim_each_seed(&c, SEEDS / 2, nothing_was_made_up);
    }
}

static void sends_were_late_and_the_delays_are_not(const struct sim *s)
{
    const struct sim_result *up = sim_result(s, 0);
    assert_int_equal(up->skipped, 0);
    assert_true(up->sum.min >= 40 * SIM_MS && up->sum.max < 45 * SIM_MS);
}

static void a_late_send_is_stamped_when_it_leaves(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.client.late = 1900 * SIM_MS;
    c.up.delay = 40 * SIM_MS;
    sim_each_seed(&c, SEEDS, sends_were_late_and_the_delays_are_not);
}

static void a_session_over_the_rollover_of_2036_is_as_any_other(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    // The 30th second of the world is the first of the new era; the clocks do not agree which it is.
    c.epoch = ROLLOVER - (ps_ntp)(30 * SIM_SEC);
    c.client.ahead = 100 * SIM_MS;
    c.server.ahead = -100 * SIM_MS;
    sim_each_seed(&c, SEEDS, all_were_sent_and_few_lost);
    c.rfc_timing = true;
    sim_each_seed(&c, SEEDS, all_were_sent_and_few_lost);
    c.sessions[0].slots[0].type = c.sessions[1].slots[0].type = OW_SLOT_EXP;
    sim_each_seed(&c, SEEDS, all_were_sent_and_few_lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_ahead_shortens_one_way_and_lengthens_the_other),
        cmocka_unit_test(clocks_further_apart_than_the_timeout_measure_nothing),
        cmocka_unit_test(drift_is_in_the_delays_to_the_last_bit),
        cmocka_unit_test(small_steps_are_seen_in_the_delays_alone),
        cmocka_unit_test(a_sender_whose_clock_jumps_ahead_skips_what_it_missed),
        cmocka_unit_test(after_a_great_step_of_either_clock_nothing_is_made_up),
        cmocka_unit_test(a_late_send_is_stamped_when_it_leaves),
        cmocka_unit_test(a_session_over_the_rollover_of_2036_is_as_any_other),
    };
    return cmocka_run_group_tests_name("sim_clocks", tests, NULL, NULL);
}
