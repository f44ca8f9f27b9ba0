// SPDX-License-Identifier: Apache-2.0
// What a path can do to packets.
#include "sim.h"

#define SEEDS 20

// One direction, 100 packets a second for half a minute, timeout 2 s.
static struct sim_conf one_way(void)
{
    struct sim_conf c = {
        .up = {.delay = 10 * SIM_MS}, .control_delay = 10 * SIM_MS, .control_jitter = SIM_MS, .nsessions = 1};
    c.sessions[0] = sim_even(true, SIM_SEC / 100, 3000, 2 * SIM_SEC);
    return c;
}

static void nothing_happened(const struct sim *s)
{
    const struct sim_result *r = sim_result(s, 0);
    assert_int_equal(r->sum.sent, 3000);
    assert_int_equal(r->sum.lost + r->sum.dups + r->sum.reorder[0], 0);
    assert_true(r->sum.min == 10 * SIM_MS && r->median == 10 * SIM_MS && r->sum.max == 10 * SIM_MS);
}

static void a_path_that_only_delays_gives_that_delay(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    sim_each_seed(&c, SEEDS, nothing_happened);
}

static void packets_were_lost(const struct sim *s)
{
    const struct sim_result *r = sim_result(s, 0);
    assert_int_equal(r->sum.sent, 3000);
    assert_true(r->sum.lost > 0 && r->sum.lost < 3000);
    assert_int_equal(r->sum.lost + r->copies, 3000);
}

static void random_loss_is_counted(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    c.up.loss = 0.1;
    sim_each_seed(&c, SEEDS, packets_were_lost);
}

static void bursts_of_loss_are_counted(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    c.up.burst = 0.005;
    c.up.burst_stay = 0.98;
    sim_each_seed(&c, SEEDS, packets_were_lost);
}

static void half_the_packets_and_more_were_lost(const struct sim *s)
{
    const struct sim_result *r = sim_result(s, 0);
    assert_int_equal(r->sum.sent, 3000);
    assert_true(r->sum.lost > 1500);
    assert_false(r->have_median);
}

static void an_outage_longer_than_the_timeout_is_loss_and_no_median(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    c.up.outage = (struct sim_span){5 * SIM_SEC, 28 * SIM_SEC};
    sim_each_seed(&c, SEEDS, half_the_packets_and_more_were_lost);
}

static void everything_was_lost(const struct sim *s)
{
    const struct sim_result *r = sim_result(s, 0);
    assert_int_equal(r->sum.sent, 3000);
    assert_int_equal(r->sum.lost, 3000);
    assert_false(r->sum.have_delay);
}

static void the_loss_of_everything_is_reported_as_that(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    c.up.loss = 1;
    sim_each_seed(&c, SEEDS, everything_was_lost);
    c.rfc_timing = true;
    sim_each_seed(&c, SEEDS, everything_was_lost);
}

static void packets_came_twice(const struct sim *s)
{
    const struct sim_result *r = sim_result(s, 0);
    assert_int_equal(r->sum.sent, 3000);
    assert_int_equal(r->sum.lost, 0);
    assert_true(r->sum.dups > 100);
}

static void duplicates_are_counted_and_are_no_packets(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    c.up.dup = 0.1;
    c.up.jitter = 5 * SIM_MS;
    sim_each_seed(&c, SEEDS, packets_came_twice);
}

static void it_stormed(const struct sim *s)
{
    const struct sim_result *r = sim_result(s, 0);
    assert_int_equal(r->sum.sent, 300);
    assert_int_equal(r->sum.lost, 0);
    assert_int_equal(r->sum.dups, 300 * OW_RECV_COPIES + OW_RECV_COPIES_MORE);
    assert_true(r->uncounted > 10000);
}

static void a_storm_of_duplicates_is_counted_up_to_its_bound_and_hides_no_packet(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    c.sessions[0].npackets = 300;
    c.up.dup = 0.99;
    c.up.copies_max = 250;
    c.up.jitter = 900 * SIM_MS;
    sim_each_seed(&c, SEEDS, it_stormed);
}

static void neighbours_changed_places(const struct sim *s)
{
    const struct sim_result *r = sim_result(s, 0);
    assert_int_equal(r->sum.lost, 0);
    assert_true(r->sum.reorder[0] > 100);
    assert_true(r->sum.reorder[0] > r->sum.reorder[1] && r->sum.reorder[1] > r->sum.reorder[3]);
}

static void reordering_by_jitter_is_counted(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    c.up.jitter = 30 * SIM_MS;
    sim_each_seed(&c, SEEDS, neighbours_changed_places);
}

static void it_went_deep(const struct sim *s)
{
    const struct sim_result *r = sim_result(s, 0);
    assert_int_equal(r->sum.lost, 0);
    assert_true(r->sum.reorder[OW_REORDER_MAX - 1] > 0);
}

static void reordering_deeper_than_64_is_counted_up_to_64(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    c.up.held = 0.005;
    c.up.hold = 1500 * SIM_MS; // 150 packets
    sim_each_seed(&c, SEEDS, it_went_deep);
}

static void some_came_too_late(const struct sim *s)
{
    const struct sim_result *r = sim_result(s, 0);
    assert_int_equal(r->sum.sent, 3000);
    assert_true(r->sum.lost > 0);
    assert_true(r->uncounted > 0);
    assert_true(r->sum.max < 2 * SIM_SEC);
}

static void a_packet_later_than_the_timeout_is_lost_and_stays_lost(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    c.up.held = 0.01;
    c.up.hold = 2 * SIM_SEC;
    sim_each_seed(&c, SEEDS, some_came_too_late);
}

static void a_late_copy_of_a_packet_that_came_is_not_a_loss(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    c.up.held = 0.3;
    c.up.hold = 1980 * SIM_MS;
    c.up.jitter = 20 * SIM_MS;
    c.up.dup = 0.9;
    c.up.copies_max = 5;
    sim_each_seed(&c, SEEDS, NULL);
}

static void routes_changed(const struct sim *s)
{
    const struct sim_result *r = sim_result(s, 0);
    assert_int_equal(r->sum.ttl_reports, 3000 - r->sum.lost);
    for (int ttl = 255 - 12; ttl <= 255 - 9; ttl++)
        assert_true(r->sum.ttl[ttl] > 500);
}

static void each_hop_count_is_told(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    c.up.hops = 9;
    c.up.more_hops = 3;
    c.up.loss = 0.01;
    c.up.dup = 0.01;
    sim_each_seed(&c, SEEDS, routes_changed);
}

static void all_of_it_at_once_still_adds_up(void **state)
{
    (void)state;
    struct sim_conf c = one_way();
    c.up = (struct sim_path_conf){.delay = 50 * SIM_MS,
                                  .jitter = 100 * SIM_MS,
                                  .loss = 0.03,
                                  .burst = 0.01,
                                  .burst_stay = 0.8,
                                  .outage = {10 * SIM_SEC, 13 * SIM_SEC},
                                  .dup = 0.2,
                                  .copies_max = 6,
                                  .held = 0.05,
                                  .hold = 1900 * SIM_MS,
                                  .hops = 3,
                                  .more_hops = 200};
    sim_each_seed(&c, 2 * SEEDS, NULL);
    c.rfc_timing = true;
    sim_each_seed(&c, 2 * SEEDS, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_that_only_delays_gives_that_delay),
        cmocka_unit_test(random_loss_is_counted),
        cmocka_unit_test(bursts_of_loss_are_counted),
        cmocka_unit_test(an_outage_longer_than_the_timeout_is_loss_and_no_median),
        cmocka_unit_test(the_loss_of_everything_is_reported_as_that),
        cmocka_unit_test(duplicates_are_counted_and_are_no_packets),
        cmocka_unit_test(a_storm_of_duplicates_is_counted_up_to_its_bound_and_hides_no_packet),
        cmocka_unit_test(reordering_by_jitter_is_counted),
        cmocka_unit_test(reordering_deeper_than_64_is_counted_up_to_64),
        cmocka_unit_test(a_packet_later_than_the_timeout_is_lost_and_stays_lost),
        cmocka_unit_test(a_late_copy_of_a_packet_that_came_is_not_a_loss),
        cmocka_unit_test(each_hop_count_is_told),
        cmocka_unit_test(all_of_it_at_once_still_adds_up),
    };
    return cmocka_run_group_tests_name("sim_paths", tests, NULL, NULL);
}
