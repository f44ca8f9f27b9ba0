// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include "base/ps_rand.h"
#include "sched/sch_timeline.h"
#include "sched_test.h"

#define S PS_SEC

static struct sch_slot slot(enum sch_class cls, unsigned lane, ps_ns start, ps_ns end, int64_t priority)
{
    return (struct sch_slot){
        .cls = cls, .lane = lane, .start = start * S, .end = end * S, .priority = priority};
}

static ps_ns fit(const struct sch_timeline *t, enum sch_class cls, unsigned lane, int64_t priority, ps_ns d,
                 ps_ns from, ps_ns latest)
{
    const struct sch_claim c = {cls, lane, priority};
    const ps_ns at = sch_timeline_fit(t, &c, d * S, from * S, latest * S);
    return at == SCH_NEVER ? -1 : at / S;
}

static void classes_avoid_each_other_as_they_should(void **state)
{
    (void)state;
    struct sch_timeline t;
    assert_int_equal(sch_timeline_init(&t), 0);
    struct sch_slot x = slot(SCH_EXCLUSIVE, 0, 10, 20, 0), n = slot(SCH_NORMAL, 0, 30, 40, 0);
    sch_timeline_put(&t, &x);
    sch_timeline_put(&t, &n);
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, 0, INT64_MIN, 10, 5, 100), 20);
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, 0, INT64_MIN, 11, 5, 100), 40);
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, 0, INT64_MIN, 10, 0, 100), 0);
    assert_int_equal(fit(&t, SCH_NORMAL, 0, INT64_MIN, 10, 5, 100), 20);
    assert_int_equal(fit(&t, SCH_NORMAL, 0, INT64_MIN, 10, 30, 100), 30);
    assert_int_equal(fit(&t, SCH_BACKGROUND, 0, INT64_MIN, 10, 15, 100), 15);
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, 0, INT64_MIN, 10, 12, 19), -1);
    sch_timeline_take(&t, &x);
    sch_timeline_take(&t, &x); // nothing happens
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, 0, INT64_MIN, 10, 12, 19), 12);
    sch_timeline_fini(&t);
}

static void resources_are_apart_but_for_the_whole_host(void **state)
{
    (void)state;
    struct sch_timeline t;
    unsigned a, b, again;
    assert_int_equal(sch_timeline_init(&t), 0);
    assert_int_equal(sch_timeline_lane(&t, "eth0", &a), 0);
    assert_int_equal(sch_timeline_lane(&t, "eth1", &b), 0);
    assert_int_equal(sch_timeline_lane(&t, "eth0", &again), 0);
    assert_int_equal(a, again);
    assert_int_equal(sch_timeline_find_lane(&t, "eth2", &again), PS_ENOTFOUND);
    struct sch_slot x = slot(SCH_EXCLUSIVE, a, 10, 20, 0), y = slot(SCH_EXCLUSIVE, 0, 30, 40, 0);
    sch_timeline_put(&t, &x);
    sch_timeline_put(&t, &y);
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, a, INT64_MIN, 5, 12, 100), 20);
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, b, INT64_MIN, 5, 12, 100), 12);
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, 0, INT64_MIN, 5, 12, 100), 20);
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, b, INT64_MIN, 5, 32, 100), 40);
    for (int i = 0; i < SCH_LANES + 1; i++) {
        char name[16];
        snprintf(name, sizeof name, "if%d", i);
        const int err = sch_timeline_lane(&t, name, &again);
        assert_int_equal(err, i + 3 < SCH_LANES ? 0 : PS_ELIMIT);
    }
    sch_timeline_fini(&t);
}

static void lower_priorities_are_not_in_the_way(void **state)
{
    (void)state;
    struct sch_timeline t;
    assert_int_equal(sch_timeline_init(&t), 0);
    struct sch_slot low = slot(SCH_EXCLUSIVE, 0, 10, 20, 1), high = slot(SCH_EXCLUSIVE, 0, 20, 30, 5);
    sch_timeline_put(&t, &low);
    sch_timeline_put(&t, &high);
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, 0, 2, 10, 10, 100), 10);
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, 0, 1, 10, 10, 100), 30);
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, 0, 6, 20, 10, 100), 10);
    assert_int_equal(fit(&t, SCH_EXCLUSIVE, 0, INT64_MIN, 1, 10, 100), 30);
    sch_timeline_fini(&t);
}

static void gaps_are_what_is_left(void **state)
{
    (void)state;
    struct sch_timeline t;
    assert_int_equal(sch_timeline_init(&t), 0);
    struct sch_slot x = slot(SCH_EXCLUSIVE, 0, 10, 20, 0), y = slot(SCH_EXCLUSIVE, 0, 20, 30, 0),
                    z = slot(SCH_NORMAL, 0, 40, 50, 0);
    z.end += S / 2; // a gap begins with a whole second
    sch_timeline_put(&t, &x);
    sch_timeline_put(&t, &y);
    sch_timeline_put(&t, &z);
    const struct sch_claim c = {SCH_EXCLUSIVE, 0, INT64_MIN};
    ps_ns begin, end;
    assert_true(sch_timeline_gap(&t, &c, 0, 60 * S, &begin, &end));
    assert_int_equal(begin, 0);
    assert_int_equal(end, 10 * S);
    assert_true(sch_timeline_gap(&t, &c, end, 60 * S, &begin, &end));
    assert_int_equal(begin, 30 * S);
    assert_int_equal(end, 40 * S);
    assert_true(sch_timeline_gap(&t, &c, end, 60 * S, &begin, &end));
    assert_int_equal(begin, 51 * S);
    assert_int_equal(end, 60 * S);
    assert_false(sch_timeline_gap(&t, &c, end, 60 * S, &begin, &end));
    sch_timeline_fini(&t);
}

// A thousand random slots, against looking at each of them.

#define SLOTS 1000

static bool plainly_free(const struct sch_slot *s, size_t n, const struct sch_claim *c, ps_ns from, ps_ns to)
{
    for (size_t i = 0; i < n; i++) {
        const bool lanes = c->lane == 0 || s[i].lane == 0 || c->lane == s[i].lane;
        const bool classes = c->cls == SCH_EXCLUSIVE || s[i].cls == SCH_EXCLUSIVE;
        if (s[i].in && lanes && classes && s[i].priority >= c->priority && s[i].start < to && s[i].end > from)
            return false;
    }
    return true;
}

static ps_ns plain_fit(const struct sch_slot *s, size_t n, const struct sch_claim *c, ps_ns d, ps_ns from,
                       ps_ns latest)
{
    for (ps_ns t = from; t <= latest; t += S)
        if (plainly_free(s, n, c, t, t + d))
            return t;
    return SCH_NEVER;
}

static void look_ups_agree_with_looking_at_all(void **state)
{
    (void)state;
    static struct sch_slot s[SLOTS];
    struct sch_timeline t;
    struct ps_rand r;
    unsigned lane;
    ps_rand_seed(&r, 42);
    assert_int_equal(sch_timeline_init(&t), 0);
    assert_int_equal(sch_timeline_lane(&t, "a", &lane), 0);
    assert_int_equal(sch_timeline_lane(&t, "b", &lane), 0);
    for (int i = 0; i < 20000; i++) {
        struct sch_slot *x = &s[ps_rand_u64(&r) % SLOTS];
        if (x->in) {
            sch_timeline_take(&t, x);
        } else {
            const ps_ns start = (ps_ns)(ps_rand_u64(&r) % 20000);
            *x = slot(ps_rand_u64(&r) % 2 ? SCH_EXCLUSIVE : SCH_NORMAL, (unsigned)(ps_rand_u64(&r) % 3),
                      start, start + 1 + (ps_ns)(ps_rand_u64(&r) % 40), (int64_t)(ps_rand_u64(&r) % 3));
            sch_timeline_put(&t, x);
        }
        if (i % 20 != 0)
            continue;
        const struct sch_claim c = {i % 3 ? SCH_EXCLUSIVE : SCH_NORMAL, (unsigned)(i / 20 % 3),
                                    i % 40 ? INT64_MIN : (int64_t)(ps_rand_u64(&r) % 3)};
        const ps_ns from = (ps_ns)(ps_rand_u64(&r) % 20000) * S, d = (1 + (ps_ns)(ps_rand_u64(&r) % 60)) * S;
        assert_int_equal(sch_timeline_fit(&t, &c, d, from, from + 600 * S),
                         plain_fit(s, SLOTS, &c, d, from, from + 600 * S));
        assert_int_equal(sch_timeline_conflict(&t, &c, from, from + d) == NULL,
                         plainly_free(s, SLOTS, &c, from, from + d));
    }
    sch_timeline_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_avoid_each_other_as_they_should),
        cmocka_unit_test(resources_are_apart_but_for_the_whole_host),
        cmocka_unit_test(lower_priorities_are_not_in_the_way),
        cmocka_unit_test(gaps_are_what_is_left),
        cmocka_unit_test(look_ups_agree_with_looking_at_all),
    };
    return cmocka_run_group_tests_name("sch_timeline", tests, NULL, NULL);
}
