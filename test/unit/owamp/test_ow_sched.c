// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "owamp/ow_sched.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SECOND ((ps_ntp)1 << 32)
#define SEED "2872979303ab47eeac028dab3829dab2"

// RFC 4656, appendix B.
struct expo_case {
    const char *seed;
    ps_ntp first, sum10, sum100, sum1000, sum100000, sum1000000;
};
static const struct expo_case expo_cases[] = {
    {SEED, 0x6d27e540, 0xd65c2252a, 0x659ec0a4ad, 0x3eb7d735c01, 0x1887600d2532b, 0xf4479bd317381},
    {"0102030405060708090a0b0c0d0e0f00", 0xc2127448, 0x8bf143c54, 0x6c465f797e, 0x3f0a9b48272,
     0x185fc28396cb3, 0xf433686466a62},
    {"deadbeefdeadbeefdeadbeefdeadbeef", 0x17ef33648, 0xc23b0a12f, 0x5da0a86d3d, 0x3d2cd1c4ab4,
     0x186929b6e4bc5, 0xf416c8884d2d3},
    {"feed0feed1feed2feed3feed4feed5ab", 0x300d1c98, 0xd058ee0c0, 0x7df58082de, 0x4067fac41ca,
     0x18725acac8cf6, 0xf3f0b4b416ec8},
};

static void seed_of(const char *text, uint8_t seed[16])
{
    assert_int_equal(ps_num_hex(text, seed, 16), 0);
}

static ps_ntp sum_to(struct ow_expo *e, uint32_t from, uint32_t to, ps_ntp sum)
{
    for (uint32_t i = from; i < to; i++)
        sum += ow_expo_next(e);
    return sum;
}

static void expo_check(const struct expo_case *c)
{
    struct ow_expo *e = NULL;
    uint8_t seed[16];
    seed_of(c->seed, seed);
    assert_int_equal(ow_expo_new(&e, seed), 0);
    ps_ntp sum = sum_to(e, 0, 1, 0);
    assert_int_equal(sum, c->first);
    sum = sum_to(e, 1, 10, sum);
    assert_int_equal(sum, c->sum10);
    sum = sum_to(e, 10, 100, sum);
    assert_int_equal(sum, c->sum100);
    sum = sum_to(e, 100, 1000, sum);
    assert_int_equal(sum, c->sum1000);
    sum = sum_to(e, 1000, 100000, sum);
    assert_int_equal(sum, c->sum100000);
    sum = sum_to(e, 100000, 1000000, sum);
    assert_int_equal(sum, c->sum1000000);
    ow_expo_free(e);
}

static void deviates_sum_up_as_in_rfc_4656(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expo_cases); i++)
        expo_check(&expo_cases[i]);
}

static struct ow_sched *sched_open(const struct ow_slot *slots, uint32_t nslots, uint32_t npackets,
                                   ps_ntp start)
{
    struct ow_sched *s = NULL;
    uint8_t sid[16];
    seed_of(SEED, sid);
    assert_int_equal(ow_sched_new(&s, sid, slots, nslots, npackets, start), 0);
    return s;
}

static void the_first_delay_precedes_the_first_packet(void **state)
{
    (void)state;
    const struct ow_slot slot = {OW_SLOT_FIXED, SECOND / 2};
    struct ow_sched *s = sched_open(&slot, 1, 3, 100 * SECOND);
    assert_int_equal(ow_sched_index(s), 0);
    assert_int_equal(ow_sched_next(s), 100 * SECOND + SECOND / 2);
    assert_int_equal(ow_sched_index(s), 1);
    assert_int_equal(ow_sched_next(s), 101 * SECOND);
    ow_sched_free(s);
}

static void slots_take_turns_and_fixed_ones_draw_nothing(void **state)
{
    (void)state;
    const struct ow_slot slots[] = {
        {OW_SLOT_FIXED, 5 * SECOND}, {OW_SLOT_EXP, SECOND}, {OW_SLOT_FIXED, 7}, {OW_SLOT_EXP, SECOND / 4}};
    struct ow_sched *s = sched_open(slots, 4, 1000, 12345);
    struct ow_expo *e = NULL;
    uint8_t seed[16];
    seed_of(SEED, seed);
    assert_int_equal(ow_expo_new(&e, seed), 0);
    ps_ntp want = 12345;
    for (int i = 0; i < 250; i++) {
        want += 5 * SECOND;
        assert_int_equal(ow_sched_next(s), want);
        want += ow_expo_next(e);
        assert_int_equal(ow_sched_next(s), want);
        want += 7;
        assert_int_equal(ow_sched_next(s), want);
        want += ow_expo_next(e) / 4;
        assert_int_equal(ow_sched_next(s), want);
    }
    ow_expo_free(e);
    ow_sched_free(s);
}

static void a_mean_multiplies_the_deviate_exactly(void **state)
{
    (void)state;
    const struct ow_slot slot = {OW_SLOT_EXP, 0x199999A0};
    struct ow_sched *s = sched_open(&slot, 1, 1, 0);
    assert_int_equal(ow_sched_next(s), (UINT64_C(0x6d27e540) * 0x199999A0) >> 32);
    ow_sched_free(s);
}

static void two_schedules_of_one_session_are_the_same(void **state)
{
    (void)state;
    const struct ow_slot slots[] = {{OW_SLOT_EXP, SECOND / 10}, {OW_SLOT_FIXED, SECOND / 100}};
    struct ow_sched *a = sched_open(slots, 2, 10000, 99 * SECOND);
    struct ow_sched *b = sched_open(slots, 2, 10000, 99 * SECOND);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(ow_sched_next(a), ow_sched_next(b));
    ow_sched_free(a);
    ow_sched_free(b);
}

static void the_slots_are_copied(void **state)
{
    (void)state;
    struct ow_slot slot = {OW_SLOT_FIXED, SECOND};
    struct ow_sched *s = sched_open(&slot, 1, 10, 0);
    slot.value = 77;
    assert_int_equal(ow_sched_next(s), SECOND);
    ow_sched_free(s);
}

static void past_the_end_the_last_time_stays(void **state)
{
    (void)state;
    const struct ow_slot slot = {OW_SLOT_EXP, SECOND};
    struct ow_sched *s = sched_open(&slot, 1, 2, 0);
    ow_sched_next(s);
    ps_ntp last = ow_sched_next(s);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ow_sched_next(s), last);
    assert_int_equal(ow_sched_index(s), 2);
    ow_sched_free(s);
}

static void more_slots_than_packets_and_no_packets_are_fine(void **state)
{
    (void)state;
    const struct ow_slot slots[] = {{OW_SLOT_FIXED, 1}, {OW_SLOT_FIXED, 2}, {OW_SLOT_FIXED, 4}};
    struct ow_sched *s = sched_open(slots, 3, 2, 0);
    assert_int_equal(ow_sched_next(s), 1);
    assert_int_equal(ow_sched_next(s), 3);
    assert_int_equal(ow_sched_next(s), 3);
    ow_sched_free(s);
    s = sched_open(slots, 3, 0, 42);
    assert_int_equal(ow_sched_next(s), 42);
    assert_int_equal(ow_sched_index(s), 0);
    ow_sched_free(s);
}

static void no_slots_are_refused(void **state)
{
    (void)state;
    const uint8_t sid[16] = {0};
    struct ow_sched *s = NULL;
    assert_int_equal(ow_sched_new(&s, sid, NULL, 0, 10, 0), PS_ERANGE);
    assert_null(s);
    ow_sched_free(NULL);
    ow_expo_free(NULL);
}

static void times_wrap_into_the_next_era(void **state)
{
    (void)state;
    const struct ow_slot slot = {OW_SLOT_FIXED, UINT64_MAX};
    struct ow_sched *s = sched_open(&slot, 1, 2, 10);
    assert_int_equal(ow_sched_next(s), 9);
    assert_int_equal(ow_sched_next(s), 8);
    ow_sched_free(s);
}

static void rate_is_slots_over_the_sum_of_their_means(void **state)
{
    (void)state;
    const struct ow_slot slots[] = {
        {OW_SLOT_EXP, SECOND / 4}, {OW_SLOT_FIXED, SECOND / 4}, {OW_SLOT_EXP, SECOND}};
    assert_true(ow_slots_rate(slots, 3) == 2.0);
    assert_true(ow_slots_rate(slots, 1) == 4.0);
    const struct ow_slot zero = {OW_SLOT_FIXED, 0};
    assert_true(isinf(ow_slots_rate(&zero, 1)));
}

static void duration_counts_whole_and_partial_rounds(void **state)
{
    (void)state;
    const struct ow_slot slots[] = {{OW_SLOT_EXP, SECOND}, {OW_SLOT_FIXED, 10 * SECOND}, {OW_SLOT_EXP, 3}};
    assert_int_equal(ow_slots_duration(slots, 3, 0), 0);
    assert_int_equal(ow_slots_duration(slots, 3, 1), SECOND);
    assert_int_equal(ow_slots_duration(slots, 3, 5), 22 * SECOND + 3);
    assert_int_equal(ow_slots_duration(slots, 3, 300), 1100 * SECOND + 300);
    assert_int_equal(ow_slots_duration(slots, 0, 300), 0);
}

static void duration_saturates(void **state)
{
    (void)state;
    const struct ow_slot slots[] = {{OW_SLOT_EXP, UINT64_MAX}, {OW_SLOT_FIXED, 1}};
    assert_int_equal(ow_slots_duration(slots, 2, 1), UINT64_MAX);
    assert_int_equal(ow_slots_duration(slots, 2, 2), UINT64_MAX);
    assert_int_equal(ow_slots_duration(slots, 2, UINT32_MAX), UINT64_MAX);
}

static void a_schedule_in_text_becomes_slots(void **state)
{
    (void)state;
    struct ow_slot s[4];
    uint32_t n = 0;
    assert_int_equal(ow_slots_parse("0.1", s, 4, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(s[0].type, OW_SLOT_EXP);
    assert_int_equal(s[0].value, 0x19999999);
    assert_int_equal(ow_slots_parse("0.5e,2f,1E,0F", s, 4, &n), 0);
    assert_int_equal(n, 4);
    const struct ow_slot want[] = {
        {OW_SLOT_EXP, SECOND / 2}, {OW_SLOT_FIXED, 2 * SECOND}, {OW_SLOT_EXP, SECOND}, {OW_SLOT_FIXED, 0}};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(s[i].type, want[i].type);
        assert_int_equal(s[i].value, want[i].value);
    }
    assert_int_equal(ow_slots_parse("5e-1f", s, 4, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(s[0].type, OW_SLOT_FIXED);
    assert_int_equal(s[0].value, SECOND / 2);
}

static void bad_schedules_are_refused(void **state)
{
    (void)state;
    const char *bad[] = {"",      ",",     "e",   "f",   "0.1,", ",0.1", "0.1,,0.2", "0.1x",
                         "0.1ff", "0.1 e", "abc", "inf", "nan",  "0x10", "0.1;0.2"};
    struct ow_slot s[4];
    uint32_t n = 99;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(ow_slots_parse(bad[i], s, 4, &n), PS_ESYNTAX);
    assert_int_equal(ow_slots_parse("-1f", s, 4, &n), PS_ERANGE);
    assert_int_equal(ow_slots_parse("1e30", s, 4, &n), PS_ERANGE);
    assert_int_equal(ow_slots_parse("1,1,1,1,1", s, 4, &n), PS_ELIMIT);
    assert_int_equal(ow_slots_parse("1", s, 0, &n), PS_ELIMIT);
    assert_int_equal(n, 99);
}

static void an_endless_number_is_a_syntax_error(void **state)
{
    (void)state;
    char text[5000];
    struct ow_slot s;
    uint32_t n;
    memset(text, '1', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(ow_slots_parse(text, &s, 1, &n), PS_ESYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deviates_sum_up_as_in_rfc_4656),
        cmocka_unit_test(the_first_delay_precedes_the_first_packet),
        cmocka_unit_test(slots_take_turns_and_fixed_ones_draw_nothing),
        cmocka_unit_test(a_mean_multiplies_the_deviate_exactly),
        cmocka_unit_test(two_schedules_of_one_session_are_the_same),
        cmocka_unit_test(the_slots_are_copied),
        cmocka_unit_test(past_the_end_the_last_time_stays),
        cmocka_unit_test(more_slots_than_packets_and_no_packets_are_fine),
        cmocka_unit_test(no_slots_are_refused),
        cmocka_unit_test(times_wrap_into_the_next_era),
        cmocka_unit_test(rate_is_slots_over_the_sum_of_their_means),
        cmocka_unit_test(duration_counts_whole_and_partial_rounds),
        cmocka_unit_test(duration_saturates),
        cmocka_unit_test(a_schedule_in_text_becomes_slots),
        cmocka_unit_test(bad_schedules_are_refused),
        cmocka_unit_test(an_endless_number_is_a_syntax_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
