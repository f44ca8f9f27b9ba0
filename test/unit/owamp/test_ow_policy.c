// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "owamp/ow_policy.h"

static struct ow_limits *limits(const char *text)
{
    struct ps_fault fault;
    struct ow_limits *l = NULL;
    assert_int_equal(ow_limits_parse(&l, "t.limits", text, strlen(text), NULL, &fault), 0);
    return l;
}

static struct ow_policy *policy(const char *text, double fudge)
{
    struct ow_policy *p;
    assert_int_equal(ow_policy_new(&p), 0);
    assert_int_equal(ow_policy_set_limits(p, limits(text), fudge), 0);
    return p;
}

static int charge(struct ow_policy *p, const char *name, uint64_t bandwidth, uint64_t disk,
                  struct ow_charge *c)
{
    struct ps_fault why;
    *c = (struct ow_charge){.bandwidth = 0};
    return ow_policy_charge(p, ow_limits_by_name(ow_policy_limits(p), name), bandwidth, disk, c, &why);
}

#define TREE                                                                             \
    "limit root with bandwidth=100, disk=1000\nlimit a with parent=root, bandwidth=60\n" \
    "limit b with parent=root, bandwidth=0, disk=300\n"

static void a_new_policy_has_one_unlimited_class(void **state)
{
    (void)state;
    struct ow_policy *p;
    struct ow_charge c;
    assert_int_equal(ow_policy_new(&p), 0);
    assert_int_equal(ow_limits_count(ow_policy_limits(p)), 1);
    assert_int_equal(charge(p, "default", UINT64_MAX, UINT64_MAX, &c), 0);
    assert_int_equal(charge(p, "default", UINT64_MAX, UINT64_MAX, &c), 0);
    ow_policy_free(p);
}

static void a_charge_counts_for_the_class_and_all_above(void **state)
{
    (void)state;
    struct ow_policy *p = policy(TREE, 1.0);
    struct ow_charge c;
    assert_int_equal(charge(p, "a", 60, 500, &c), 0);
    assert_int_equal(ow_policy_used_bandwidth(p, "a"), 60);
    assert_int_equal(ow_policy_used_bandwidth(p, "root"), 60);
    assert_int_equal(ow_policy_used_bandwidth(p, "b"), 0);
    assert_int_equal(ow_policy_used_disk(p, "root"), 500);
    assert_int_equal(ow_policy_used_disk(p, "nobody"), 0);
    ow_policy_free(p);
}

static void a_limit_can_be_reached_and_not_passed(void **state)
{
    (void)state;
    struct ow_policy *p = policy(TREE, 1.0);
    struct ow_charge c, d;
    assert_int_equal(charge(p, "a", 61, 0, &c), PS_ELIMIT);
    assert_int_equal(charge(p, "a", 60, 0, &c), 0);
    assert_int_equal(charge(p, "a", 1, 0, &d), PS_ELIMIT);
    assert_int_equal(charge(p, "b", 40, 300, &d), 0);
    assert_int_equal(charge(p, "b", 1, 0, &d), PS_ELIMIT);
    assert_int_equal(charge(p, "b", 0, 1, &d), PS_ELIMIT);
    assert_int_equal(charge(p, "b", 0, 0, &d), 0);
    ow_policy_free(p);
}

static void a_refusal_changes_nothing_and_says_why(void **state)
{
    (void)state;
    struct ow_policy *p = policy(TREE, 1.0);
    struct ow_charge c, d;
    struct ps_fault why;
    assert_int_equal(charge(p, "a", 50, 100, &c), 0);
    const struct ow_class *b = ow_limits_by_name(ow_policy_limits(p), "b");
    assert_int_equal(ow_policy_charge(p, b, 51, 200, &d, &why), PS_ELIMIT);
    assert_string_equal(why.text, "class root allows 100 bit/s: 50 are in use and 51 were asked for");
    assert_int_equal(ow_policy_charge(p, b, 1, 301, &d, &why), PS_ELIMIT);
    assert_string_equal(why.text, "class b allows 300 octets on disk: 0 are in use and 301 were asked for");
    assert_int_equal(ow_policy_used_disk(p, "b"), 0);
    assert_int_equal(ow_policy_used_bandwidth(p, "root"), 50);
    ow_policy_free(p);
}

static void asking_for_everything_does_not_wrap_around(void **state)
{
    (void)state;
    struct ow_policy *p = policy(TREE, 1.0);
    struct ow_charge c;
    assert_int_equal(charge(p, "a", 1, 1, &c), 0);
    assert_int_equal(charge(p, "a", UINT64_MAX, 0, &c), PS_ELIMIT);
    assert_int_equal(charge(p, "a", 0, UINT64_MAX, &c), PS_ELIMIT);
    ow_policy_free(p);
}

static void bandwidth_and_disk_are_released_apart_and_once(void **state)
{
    (void)state;
    struct ow_policy *p = policy(TREE, 1.0);
    struct ow_charge c, d;
    assert_int_equal(charge(p, "a", 10, 100, &c), 0);
    assert_int_equal(charge(p, "a", 5, 50, &d), 0);
    ow_policy_release_bandwidth(p, &c);
    assert_int_equal(ow_policy_used_bandwidth(p, "root"), 5);
    assert_int_equal(ow_policy_used_disk(p, "root"), 150);
    ow_policy_release_bandwidth(p, &c);
    assert_int_equal(ow_policy_used_bandwidth(p, "root"), 5);
    ow_policy_release_disk(p, &c);
    ow_policy_release_disk(p, &c);
    assert_int_equal(ow_policy_used_disk(p, "a"), 50);
    struct ow_charge none = {.bandwidth = 0};
    ow_policy_release_disk(p, &none);
    ow_policy_release_bandwidth(p, &none);
    ow_policy_free(p);
}

static void sessions_are_counted_for_the_class_alone(void **state)
{
    (void)state;
    struct ow_policy *p = policy(TREE, 1.0);
    struct ow_charge a, b, c, root;
    struct ps_fault why;
    charge(p, "a", 0, 0, &a);
    charge(p, "a", 1, 1, &b);
    charge(p, "a", 1, 1, &c);
    charge(p, "root", 0, 0, &root);
    assert_int_equal(ow_policy_enter(p, &a, 2, &why), 0);
    assert_int_equal(ow_policy_enter(p, &b, 2, &why), 0);
    assert_int_equal(ow_policy_enter(p, &root, 1, &why), 0);
    assert_int_equal(ow_policy_enter(p, &c, 2, &why), PS_ELIMIT);
    assert_string_equal(why.text, "class a has 2 sessions, as many as it may");
    ow_policy_leave(p, &c); // never entered
    assert_int_equal(ow_policy_enter(p, &c, 2, &why), PS_ELIMIT);
    ow_policy_leave(p, &a);
    ow_policy_leave(p, &a);
    assert_int_equal(ow_policy_enter(p, &c, 2, &why), 0);
    assert_int_equal(ow_policy_enter(p, &a, 0, &why), 0);
    ow_policy_free(p);
}

static void settling_takes_the_real_size(void **state)
{
    (void)state;
    struct ow_policy *p = policy(TREE, 1.0);
    struct ow_charge c;
    assert_int_equal(charge(p, "b", 0, 200, &c), 0);
    assert_int_equal(ow_policy_settle_disk(p, &c, 184), 0);
    assert_int_equal(ow_policy_used_disk(p, "b"), 184);
    ow_policy_release_disk(p, &c);
    assert_int_equal(ow_policy_used_disk(p, "root"), 0);
    ow_policy_free(p);
}

static void settling_is_held_to_the_limit_times_diskfudge(void **state)
{
    (void)state;
    struct ow_policy *p = policy(TREE, 1.5);
    struct ow_charge c;
    assert_int_equal(charge(p, "b", 0, 300, &c), 0);
    assert_int_equal(ow_policy_settle_disk(p, &c, 450), 0);
    assert_int_equal(ow_policy_settle_disk(p, &c, 451), PS_ELIMIT);
    ow_policy_release_disk(p, &c);
    assert_int_equal(ow_policy_used_disk(p, "b"), 0);
    assert_int_equal(charge(p, "a", 0, 1000, &c), 0);
    assert_int_equal(ow_policy_settle_disk(p, &c, 1501), PS_ELIMIT);
    ow_policy_free(p);
}

static void files_found_at_start_are_settled_into_their_class(void **state)
{
    (void)state;
    struct ow_policy *p = policy(TREE, 1.0);
    struct ow_charge c = {.class_name = "b"};
    assert_int_equal(ow_policy_settle_disk(p, &c, 250), 0);
    assert_int_equal(ow_policy_used_disk(p, "b"), 250);
    assert_int_equal(ow_policy_used_disk(p, "root"), 250);
    ow_policy_free(p);
}

static void charges_outlive_a_reload(void **state)
{
    (void)state;
    struct ow_policy *p = policy(TREE, 1.0);
    struct ow_charge a, b;
    assert_int_equal(charge(p, "a", 10, 100, &a), 0);
    assert_int_equal(charge(p, "b", 20, 200, &b), 0);
    // b moves below a new class, a is gone: its charge counts for the root.
    assert_int_equal(ow_policy_set_limits(p,
                                          limits("limit top with\nlimit mid with parent=top\n"
                                                 "limit b with parent=mid\n"),
                                          1.0),
                     0);
    assert_int_equal(ow_policy_used_bandwidth(p, "top"), 30);
    assert_int_equal(ow_policy_used_bandwidth(p, "mid"), 20);
    assert_int_equal(ow_policy_used_disk(p, "b"), 200);
    assert_int_equal(ow_policy_used_disk(p, "a"), 0);
    ow_policy_release_bandwidth(p, &a);
    assert_int_equal(ow_policy_used_bandwidth(p, "top"), 20);
    // And back again.
    assert_int_equal(ow_policy_set_limits(p, limits(TREE), 1.0), 0);
    assert_int_equal(ow_policy_used_disk(p, "a"), 100);
    assert_int_equal(ow_policy_used_disk(p, "root"), 300);
    ow_policy_release_disk(p, &a);
    ow_policy_release_disk(p, &b);
    ow_policy_release_bandwidth(p, &b);
    assert_int_equal(ow_policy_used_disk(p, "root"), 0);
    assert_int_equal(ow_policy_used_bandwidth(p, "root"), 0);
    ow_policy_free(p);
}

static void bandwidth_is_rate_times_the_packet_on_the_wire(void **state)
{
    (void)state;
    // 0.125 s apart: 8 packets a second, exactly.
    struct ow_slot slots[2] = {{OW_SLOT_EXP, UINT64_C(1) << 29}, {OW_SLOT_FIXED, UINT64_C(1) << 29}};
    struct ow_request r = {.ipvn = 4, .nslots = 2, .npackets = 100};
    assert_int_equal(ow_policy_bandwidth(OW_MODE_OPEN, &r, slots), 8 * (20 + 8 + 14) * 8);
    assert_int_equal(ow_policy_bandwidth(OW_MODE_AUTH, &r, slots), 8 * (20 + 8 + 48) * 8);
    r.ipvn = 6;
    r.padding = 1000;
    assert_int_equal(ow_policy_bandwidth(OW_MODE_ENC, &r, slots), 8 * (40 + 8 + 48 + 1000) * 8);
}

static void an_endless_rate_saturates(void **state)
{
    (void)state;
    struct ow_slot slot = {OW_SLOT_FIXED, 0};
    struct ow_request r = {.ipvn = 4, .nslots = 1, .padding = UINT32_MAX};
    assert_true(ow_policy_bandwidth(OW_MODE_OPEN, &r, &slot) == UINT64_MAX);
    slot.value = 1;
    assert_true(ow_policy_bandwidth(OW_MODE_OPEN, &r, &slot) == UINT64_MAX);
    r.nslots = 0;
    assert_int_equal(ow_policy_bandwidth(OW_MODE_OPEN, &r, NULL), 0);
}

static void the_disk_estimate_is_header_slots_and_records(void **state)
{
    (void)state;
    struct ow_request r = {.nslots = 1, .npackets = 100};
    assert_int_equal(ow_policy_disk(&r), 56 + 112 + 16 * 2 + 25 * 100);
    r.nslots = r.npackets = UINT32_MAX;
    assert_int_equal(ow_policy_disk(&r),
                     UINT64_C(56) + 112 + (UINT64_C(16) << 32) + UINT64_C(25) * UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_policy_has_one_unlimited_class),
        cmocka_unit_test(a_charge_counts_for_the_class_and_all_above),
        cmocka_unit_test(a_limit_can_be_reached_and_not_passed),
        cmocka_unit_test(a_refusal_changes_nothing_and_says_why),
        cmocka_unit_test(asking_for_everything_does_not_wrap_around),
        cmocka_unit_test(bandwidth_and_disk_are_released_apart_and_once),
        cmocka_unit_test(sessions_are_counted_for_the_class_alone),
        cmocka_unit_test(settling_takes_the_real_size),
        cmocka_unit_test(settling_is_held_to_the_limit_times_diskfudge),
        cmocka_unit_test(files_found_at_start_are_settled_into_their_class),
        cmocka_unit_test(charges_outlive_a_reload),
        cmocka_unit_test(bandwidth_is_rate_times_the_packet_on_the_wire),
        cmocka_unit_test(an_endless_rate_saturates),
        cmocka_unit_test(the_disk_estimate_is_header_slots_and_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
