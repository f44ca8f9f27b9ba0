// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "base/ps_err.h"
#include "owamp/ow_stats.h"
#include "owamp/ow_test.h"

#define SECOND ((ps_ntp)1 << 32)
#define START ((ps_ntp)0xEEAE7B95 << 32)
#define MS (SECOND / 1000)
#define SYNCED 0x8001

static struct ow_slot slot = {OW_SLOT_FIXED, (ps_ntp)1 << 32};

static struct ow_stats *stats_of(uint32_t npackets, double width, const struct ow_skip *skips,
                                 uint32_t nskips)
{
    struct ow_stats_conf conf = {
        .slots = &slot,
        .nslots = 1,
        .npackets = npackets,
        .start = START,
        .skips = skips,
        .nskips = nskips,
        .bucket_width = width,
        .keep_delays = true,
    };
    struct ow_stats *s = NULL;
    assert_int_equal(ow_stats_new(&s, &conf), 0);
    return s;
}

static int add_ticks(struct ow_stats *s, uint32_t seq, int64_t ticks)
{
    ps_ntp t = START + (seq + (ps_ntp)1) * SECOND;
    struct ow_rec r = {seq, t, t + (ps_ntp)ticks, SYNCED, SYNCED, 250};
    return ow_stats_add(s, &r);
}

static int add_lost(struct ow_stats *s, uint32_t seq)
{
    struct ow_rec r = {seq, START + (seq + (ps_ntp)1) * SECOND, 0, OW_LOST_ERR, SYNCED, 255};
    return ow_stats_add(s, &r);
}

static struct ow_summary summary_of(struct ow_stats *s)
{
    struct ow_summary sum;
    assert_int_equal(ow_stats_get(s, &sum), 0);
    return sum;
}

static void packets_losses_and_duplicates_are_told_apart(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(5, 0.001, NULL, 0);
    assert_int_equal(add_ticks(s, 0, 5), 0);
    assert_int_equal(add_ticks(s, 0, 9), 0);
    assert_int_equal(add_ticks(s, 1, 7), 0);
    assert_int_equal(add_lost(s, 2), 0);
    assert_int_equal(add_lost(s, 2), 0);
    struct ow_summary sum = summary_of(s);
    assert_true(sum.sent == 3);
    assert_true(sum.lost == 1);
    assert_true(sum.dups == 1);
    assert_true(sum.arrivals == 3);
    assert_true(sum.ttl[250] == 2 && sum.ttl_reports == 2);
    assert_true(sum.min == 5 && sum.max == 9);
    assert_true(fabs(sum.mean * 4294967296.0 - 6) < 1e-9);
    ow_stats_free(s);
}

static void a_packet_both_lost_and_received_is_malformed(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(5, 0.001, NULL, 0);
    assert_int_equal(add_ticks(s, 0, 5), 0);
    assert_int_equal(add_lost(s, 0), PS_EMALFORMED);
    assert_int_equal(add_lost(s, 1), 0);
    assert_int_equal(add_ticks(s, 1, 5), PS_EMALFORMED);
    ow_stats_free(s);
}

static void delays_are_exact(void **state)
{
    (void)state;
    struct ow_rec r = {.send = UINT64_MAX, .recv = 2};
    assert_true(ow_rec_delay(&r) == 3);
    r.recv = UINT64_MAX - 1;
    assert_true(ow_rec_delay(&r) == -1);
}

static void buckets_round_away_from_zero(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(10, 0.25, NULL, 0);
    int64_t quarter = (int64_t)(SECOND / 4);
    add_ticks(s, 0, 0);
    add_ticks(s, 1, 1);
    add_ticks(s, 2, quarter);
    add_ticks(s, 3, quarter + 1);
    add_ticks(s, 4, -1);
    add_ticks(s, 5, -quarter);
    add_ticks(s, 6, -quarter - 1);
    struct ow_summary sum = summary_of(s);
    static const struct ow_bucket expected[] = {{-2, 1}, {-1, 2}, {0, 1}, {1, 2}, {2, 1}};
    assert_int_equal(sum.nbuckets, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(sum.buckets[i].index == expected[i].index);
        assert_true(sum.buckets[i].count == expected[i].count);
    }
    assert_true(sum.min == -quarter - 1);
    ow_stats_free(s);
}

static void percentiles_count_lost_packets_as_infinite(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(100, 0.001, NULL, 0);
    for (uint32_t i = 0; i < 90; i++)
        add_ticks(s, i, (int64_t)((i + 1) * MS));
    for (uint32_t i = 90; i < 100; i++)
        add_lost(s, i);
    struct ow_summary sum = summary_of(s);
    double seconds;
    int64_t ticks;
    assert_true(ow_summary_percentile(&sum, 0.001, 0.5, &seconds));
    assert_true(fabs(seconds - 0.050) < 1e-12);
    assert_true(ow_summary_percentile(&sum, 0.001, 0.9, &seconds));
    assert_false(ow_summary_percentile(&sum, 0.001, 0.95, &seconds));
    assert_true(ow_stats_exact_percentile(s, 0.07, &ticks));
    assert_true(ticks == (int64_t)(7 * MS));
    assert_true(ow_stats_exact_percentile(s, 0, &ticks));
    assert_true(ticks == (int64_t)MS);
    assert_true(ow_stats_exact_percentile(s, 0.9, &ticks));
    assert_false(ow_stats_exact_percentile(s, 0.901, &ticks));
    ow_stats_free(s);
}

static void a_median_by_buckets_may_be_above_the_greatest_delay_and_an_exact_one_is_not(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(3, 0.001, NULL, 0);
    for (uint32_t i = 0; i < 3; i++)
        add_ticks(s, i, (int64_t)(MS / 4));
    struct ow_summary sum = summary_of(s);
    double seconds;
    int64_t ticks;
    assert_true(ow_summary_percentile(&sum, 0.001, 0.5, &seconds));
    assert_true(fabs(seconds - 0.001) < 1e-12);
    assert_true(ow_stats_exact_percentile(s, 0.5, &ticks));
    assert_true(ticks == sum.max && ticks == (int64_t)(MS / 4));
    ow_stats_free(s);
}

static void nothing_at_all_has_no_percentiles(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(0, 0.001, NULL, 0);
    struct ow_summary sum = summary_of(s);
    double seconds;
    int64_t ticks;
    assert_false(sum.have_delay);
    assert_true(sum.first_time == START && sum.last_time == START);
    assert_false(ow_summary_percentile(&sum, 0.001, 0.5, &seconds));
    assert_false(ow_stats_exact_percentile(s, 0.5, &ticks));
    assert_int_equal(ow_stats_range(s, 0, 0), 0);
    assert_int_equal(ow_stats_range(s, 0, 1), PS_ERANGE);
    assert_int_equal(add_ticks(s, 0, 1), 0);
    assert_true(summary_of(s).arrivals == 0);
    ow_stats_free(s);
}

static void reordering_compares_with_the_arrivals_before_newest_first(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(10, 0.001, NULL, 0);
    static const uint32_t order[] = {0, 3, 4, 5, 1, 2, 2, 6};
    for (size_t i = 0; i < 8; i++)
        add_ticks(s, order[i], 1);
    struct ow_summary sum = summary_of(s);
    assert_true(sum.reorder[0] == 1);
    assert_true(sum.reorder[1] == 1);
    assert_true(sum.reorder[2] == 1);
    assert_true(sum.reorder[3] == 0);
    assert_true(sum.arrivals == 8);
    ow_stats_free(s);
}

static void reordering_further_than_is_remembered_fills_every_count(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(1000, 0.001, NULL, 0);
    for (uint32_t i = 1; i < 1000; i++)
        add_ticks(s, i, 1);
    add_ticks(s, 0, 1);
    struct ow_summary sum = summary_of(s);
    for (int n = 0; n < OW_REORDER_MAX; n++)
        assert_true(sum.reorder[n] == 1);
    ow_stats_free(s);
}

static void a_new_range_forgets_everything(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(10, 0.001, NULL, 0);
    int64_t ticks;
    add_ticks(s, 4, -500);
    add_ticks(s, 3, 500);
    add_lost(s, 0);
    assert_int_equal(ow_stats_range(s, 5, 7), 0);
    add_ticks(s, 5, 10);
    add_ticks(s, 4, 99);
    add_ticks(s, 7, 99);
    struct ow_summary sum = summary_of(s);
    assert_true(sum.sent == 1 && sum.lost == 0 && sum.dups == 0 && sum.arrivals == 1);
    assert_true(sum.min == 10 && sum.max == 10 && sum.reorder[0] == 0);
    assert_int_equal(sum.nbuckets, 1);
    assert_true(sum.first_time == START + 6 * SECOND);
    assert_true(sum.last_time == START + 7 * SECOND);
    assert_true(ow_stats_exact_percentile(s, 0.5, &ticks) && ticks == 10);
    // And backwards, where the schedule has to begin anew.
    assert_int_equal(ow_stats_range(s, 0, 5), 0);
    add_ticks(s, 4, 1);
    sum = summary_of(s);
    assert_true(sum.first_time == START + SECOND);
    assert_true(sum.last_time == START + 5 * SECOND);
    assert_true(sum.sent == 1);
    assert_int_equal(ow_stats_range(s, 5, 5), PS_ERANGE);
    assert_int_equal(ow_stats_range(s, 5, 11), PS_ERANGE);
    ow_stats_free(s);
}

static void skipped_packets_do_not_count_in_any_order_of_the_ranges(void **state)
{
    (void)state;
    static const struct ow_skip skips[] = {{8, 9}, {1, 2}, {2, 4}, {7, 5}, {3, 3}};
    struct ow_stats *s = stats_of(10, 0.001, skips, 5);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(ow_stats_covers(s, i), i == 0 || (i >= 5 && i <= 7));
        assert_int_equal(i % 2 ? add_lost(s, i) : add_ticks(s, i, 1), 0);
    }
    struct ow_summary sum = summary_of(s);
    assert_true(sum.sent == 4 && sum.lost == 2);
    assert_int_equal(ow_stats_skipped(s), 6);
    assert_int_equal(ow_stats_range(s, 3, 9), 0);
    assert_int_equal(ow_stats_skipped(s), 3);
    ow_stats_free(s);
}

static void what_arrived_is_known_and_its_delays_come_in_order(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(10, 0.001, NULL, 0);
    size_t n;
    (void)ow_stats_delays(s, &n);
    assert_int_equal(n, 0);
    assert_int_equal(add_ticks(s, 1, 30), 0);
    assert_int_equal(add_ticks(s, 2, -20), 0);
    assert_int_equal(add_ticks(s, 1, 10), 0);
    assert_int_equal(add_lost(s, 3), 0);
    const int64_t *delays = ow_stats_delays(s, &n);
    assert_int_equal(n, 2);
    assert_true(delays[0] == -20 && delays[1] == 30);
    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(ow_stats_arrived(s, i), i == 1 || i == 2);
    ow_stats_free(s);
}

static void errors_add_up_and_one_unsynchronised_stamp_is_enough(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(10, 0.001, NULL, 0);
    // 2^31 and 2^30 times 2^-32: 0.5 s and 0.25 s.
    struct ow_rec r = {0, START, START + 1, 0x8000 | 31 << 8 | 1, 0x8000 | 30 << 8 | 1, 255};
    struct ow_rec lost = {1, START, 0, OW_LOST_ERR, 0x8000 | 31 << 8 | 3, 255};
    assert_int_equal(ow_stats_add(s, &r), 0);
    assert_true(fabs(summary_of(s).max_error - 0.75) < 1e-12);
    assert_int_equal(ow_stats_add(s, &lost), 0);
    struct ow_summary sum = summary_of(s);
    assert_true(fabs(sum.max_error - 1.5) < 1e-12);
    assert_true(sum.synced);
    r.seq = 2;
    r.send_err = 1;
    ow_stats_add(s, &r);
    assert_false(summary_of(s).synced);
    ow_stats_free(s);
}

static void hostile_numbers_and_delays_stay_bounded(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(UINT32_MAX, 1e-300, NULL, 0);
    assert_int_equal(ow_stats_range(s, 0, UINT32_MAX), 0);
    assert_int_equal(add_ticks(s, UINT32_MAX - 1, INT64_MAX), 0);
    assert_int_equal(add_ticks(s, 0, INT64_MIN), 0);
    assert_int_equal(add_ticks(s, UINT32_MAX, 1), 0);
    assert_int_equal(ow_stats_range(s, 0, 10), 0);
    assert_int_equal(add_ticks(s, 0, INT64_MIN), 0);
    assert_int_equal(add_ticks(s, 1, INT64_MAX), 0);
    struct ow_summary sum = summary_of(s);
    assert_int_equal(sum.nbuckets, 2);
    assert_true(sum.buckets[0].index < 0 && sum.buckets[1].index > 0);
    ow_stats_free(s);
}

static void many_buckets_keep_their_counts(void **state)
{
    (void)state;
    struct ow_stats *s = stats_of(20000, 0.001, NULL, 0);
    for (uint32_t i = 0; i < 20000; i++)
        add_ticks(s, i, (int64_t)((i % 5000) * MS));
    struct ow_summary sum = summary_of(s);
    uint64_t total = 0;
    for (size_t i = 0; i < sum.nbuckets; i++) {
        total += sum.buckets[i].count;
        assert_true(i == 0 || sum.buckets[i - 1].index < sum.buckets[i].index);
    }
    assert_true(total == 20000);
    ow_stats_free(s);
}

static void a_long_session_of_few_records_ends_by_its_slots_means(void **state)
{
    (void)state;
    struct ow_slot fixed[] = {{OW_SLOT_FIXED, SECOND / 1000}, {OW_SLOT_FIXED, SECOND / 2000}};
    struct ow_slot drawn = {OW_SLOT_EXP, SECOND / 1000};
    struct ow_stats_conf conf = {.sid = "0123456789abcde",
                                 .slots = fixed,
                                 .nslots = 2,
                                 .npackets = UINT32_MAX,
                                 .start = START,
                                 .bucket_width = 1};
    struct ow_stats *s = NULL;
    assert_int_equal(ow_stats_new(&s, &conf), 0);
    ps_ntp half = UINT32_MAX / 2, last = half * (fixed[0].value + fixed[1].value) + fixed[0].value;
    assert_true(summary_of(s).last_time == START + last);
    ow_stats_free(s);
    conf.slots = &drawn;
    conf.nslots = 1;
    assert_int_equal(ow_stats_new(&s, &conf), 0);
    double mean = ps_ntpdur_to_double(summary_of(s).last_time - START) / UINT32_MAX;
    assert_true(fabs(mean - 0.001) < 1e-6);
    ow_stats_free(s);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct ow_stats *s = NULL;
    struct ow_stats_conf conf = {.slots = &slot, .nslots = 1, .npackets = 1, .bucket_width = 0};
    assert_int_equal(ow_stats_new(&s, &conf), PS_ERANGE);
    conf.bucket_width = NAN;
    assert_int_equal(ow_stats_new(&s, &conf), PS_ERANGE);
    conf.bucket_width = 1;
    conf.nslots = 0;
    assert_int_equal(ow_stats_new(&s, &conf), PS_ERANGE);
    assert_null(s);
    ow_stats_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_losses_and_duplicates_are_told_apart),
        cmocka_unit_test(a_packet_both_lost_and_received_is_malformed),
        cmocka_unit_test(delays_are_exact),
        cmocka_unit_test(buckets_round_away_from_zero),
        cmocka_unit_test(percentiles_count_lost_packets_as_infinite),
        cmocka_unit_test(a_median_by_buckets_may_be_above_the_greatest_delay_and_an_exact_one_is_not),
        cmocka_unit_test(nothing_at_all_has_no_percentiles),
        cmocka_unit_test(reordering_compares_with_the_arrivals_before_newest_first),
        cmocka_unit_test(reordering_further_than_is_remembered_fills_every_count),
        cmocka_unit_test(a_new_range_forgets_everything),
        cmocka_unit_test(skipped_packets_do_not_count_in_any_order_of_the_ranges),
        cmocka_unit_test(what_arrived_is_known_and_its_delays_come_in_order),
        cmocka_unit_test(errors_add_up_and_one_unsynchronised_stamp_is_enough),
        cmocka_unit_test(hostile_numbers_and_delays_stay_bounded),
        cmocka_unit_test(many_buckets_keep_their_counts),
        cmocka_unit_test(a_long_session_of_few_records_ends_by_its_slots_means),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
