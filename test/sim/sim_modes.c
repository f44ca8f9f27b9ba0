// SPDX-License-Identifier: Apache-2.0
// The three modes, schedules, both directions. sim_run holds every figure to what happened; the tests
// see to it that something did.
#include "sim.h"

static const uint32_t all_modes[] = {OW_MODE_OPEN, OW_MODE_AUTH, OW_MODE_ENC};

// Both directions, a minute each, over a path that does a little of everything.
static struct sim_conf both_ways(void)
{
    struct sim_conf c = {
        .client = {.ahead = 3 * SIM_MS, .ppb = 12000, .late = SIM_MS / 10},
        .server = {.ahead = -5 * SIM_MS, .ppb = -7000, .late = SIM_MS / 10},
        .up = {.delay = 20 * SIM_MS,
               .jitter = 15 * SIM_MS,
               .loss = 0.02,
               .dup = 0.01,
               .hops = 5,
               .more_hops = 2},
        .down = {.delay = 31 * SIM_MS, .jitter = 40 * SIM_MS, .burst = 0.01, .burst_stay = 0.6, .hops = 8},
        .control_delay = 30 * SIM_MS,
        .control_jitter = 10 * SIM_MS,
        .nsessions = 2,
    };
    c.sessions[0] = sim_even(true, SIM_SEC / 20, 1200, 2 * SIM_SEC);
    c.sessions[1] = sim_even(false, SIM_SEC / 20, 1200, 2 * SIM_SEC);
    return c;
}

static void something_of_everything(const struct sim *s)
{
    const struct sim_result *up = sim_result(s, 0), *down = sim_result(s, 1);
    assert_int_equal(up->sum.sent, 1200);
    assert_int_equal(down->sum.sent, 1200);
    assert_true(up->sum.lost > 0 && up->sum.dups > 0);
    assert_true(down->sum.lost > 0 && down->sum.dups == 0);
    assert_int_equal(up->skipped + down->skipped, 0);
    assert_true(up->sum.ttl[250] > 0 && up->sum.ttl[248] > 0 && down->sum.ttl[247] > 0);
}

static void in_every_mode_both_directions_are_reported_as_they_were(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    for (size_t i = 0; i < SIM_COUNT(all_modes); i++) {
        c.mode = all_modes[i];
        sim_each_seed(&c, 20, something_of_everything);
    }
}

static void by_the_rfcs_timing_the_report_is_the_same(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.rfc_timing = true;
    sim_each_seed(&c, 20, something_of_everything);
}

static void random_and_mixed_schedules_are_known_to_both_ends(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    for (int i = 0; i < 2; i++) {
        c.sessions[i].nslots = 3;
        c.sessions[i].slots[0] = (struct ow_slot){OW_SLOT_EXP, SIM_SEC / 20};
        c.sessions[i].slots[1] = (struct ow_slot){OW_SLOT_FIXED, SIM_SEC / 100};
        c.sessions[i].slots[2] = (struct ow_slot){OW_SLOT_EXP, SIM_SEC / 7};
    }
    sim_each_seed(&c, 20, something_of_everything);
}

static void four_sessions_on_one_connection_do_not_mix(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.nsessions = 4;
    c.sessions[2] = sim_even(true, SIM_SEC / 50, 700, SIM_SEC);
    c.sessions[3] = sim_even(false, SIM_SEC, 61, 3 * SIM_SEC);
    c.sessions[2].padding = 1000;
    c.mode = OW_MODE_ENC;
    sim_each_seed(&c, 20, something_of_everything);
}

static void packets_that_leave_together_all_count(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.sessions[0].slots[0].value = 0;
    c.sessions[1].slots[0].value = 0;
    sim_each_seed(&c, 20, something_of_everything);
}

static void one_packet_is_a_session_too(void **state)
{
    (void)state;
    struct sim_conf c = {.up = {.delay = SIM_SEC / 8}, .nsessions = 1};
    c.sessions[0] = sim_even(true, SIM_SEC, 1, SIM_SEC);
    struct sim *s = sim_run(&c);
    assert_int_equal(sim_result(s, 0)->sum.sent, 1);
    assert_true(sim_result(s, 0)->sum.min == SIM_SEC / 8);
    assert_true(sim_result(s, 0)->median == SIM_SEC / 8);
    sim_free(s);
}

static void an_hour_of_measuring_both_ways_adds_up(void **state)
{
    (void)state;
    struct sim_conf c = both_ways();
    c.sessions[0] = sim_even(true, SIM_SEC / 10, 36000, 2 * SIM_SEC);
    c.sessions[1] = sim_even(false, SIM_SEC / 10, 36000, 2 * SIM_SEC);
    struct sim *s = sim_run(&c);
    assert_int_equal(sim_result(s, 0)->sum.sent, 36000);
    assert_int_equal(sim_result(s, 1)->sum.sent, 36000);
    sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_every_mode_both_directions_are_reported_as_they_were),
        cmocka_unit_test(by_the_rfcs_timing_the_report_is_the_same),
        cmocka_unit_test(random_and_mixed_schedules_are_known_to_both_ends),
        cmocka_unit_test(four_sessions_on_one_connection_do_not_mix),
        cmocka_unit_test(packets_that_leave_together_all_count),
        cmocka_unit_test(one_packet_is_a_session_too),
        cmocka_unit_test(an_hour_of_measuring_both_ways_adds_up),
    };
    return cmocka_run_group_tests_name("sim_modes", tests, NULL, NULL);
}
