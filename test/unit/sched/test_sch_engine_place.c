// SPDX-License-Identifier: Apache-2.0
#include "engine_fix.h"

static void exclusive_runs_are_put_apart_within_their_slip(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f), c = fix_task(&f), d = fix_task(&f);
    b.schedule.slip = c.schedule.slip = 60 * S;
    c.cls = SCH_NORMAL;
    d.cls = SCH_BACKGROUND;
    fix_is(fix_run(fix_add(&f, &a), 0), SCH_PENDING, BEGIN + 100 * S);
    fix_is(fix_run(fix_add(&f, &b), 0), SCH_PENDING, BEGIN + 110 * S);
    fix_is(fix_run(fix_add(&f, &c), 0), SCH_PENDING, BEGIN + 120 * S);
    fix_is(fix_run(fix_add(&f, &d), 0), SCH_PENDING, BEGIN + 100 * S);
    sch_engine_free(f.e);
}

static void what_has_no_room_waits_and_gets_what_comes_free(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f), c = fix_task(&f);
    b.schedule.slip = 5 * S;
    const struct sch_task *t = fix_add(&f, &a), *u = fix_add(&f, &b), *v = fix_add(&f, &c);
    fix_why(fix_run(u, 0), SCH_SCHEDULING, SCH_NO_ROOM);
    assert_false(fix_run(u, 0)->placed);
    assert_non_null(strstr(fix_run(u, 0)->sentence, fix_run(t, 0)->id));
    assert_int_equal(sch_engine_cancel(f.e, a.id, f.now), 0);
    fix_settle(&f);
    fix_is(fix_run(u, 0), SCH_PENDING, BEGIN + 100 * S);
    fix_why(fix_run(u, 0), SCH_PENDING, SCH_NO_REASON);
    fix_to(&f, BEGIN + 100 * S); // v finds none
    fix_why(fix_run(v, 0), SCH_NONSTART, SCH_NO_ROOM);
    sch_engine_free(f.e);
}

static void a_tool_that_ends_early_leaves_its_time_to_others(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f);
    b.schedule.slip = 8 * S;
    const struct sch_task *t = fix_add(&f, &a), *u = fix_add(&f, &b);
    fix_to(&f, BEGIN + 102 * S);
    fix_why(fix_run(u, 0), SCH_SCHEDULING, SCH_NO_ROOM);
    fix_end(&f, fix_run(t, 0), true);
    assert_int_equal(fix_run(t, 0)->end, BEGIN + 102 * S);
    fix_is(fix_run(u, 0), SCH_RUNNING, BEGIN + 102 * S);
    sch_engine_free(f.e);
}

static void a_higher_priority_takes_the_time_and_the_lower_run_moves(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f), c = fix_task(&f);
    a.schedule.slip = 30 * S;
    b.priority = 5;
    c.priority = 5; // not higher than b's
    const struct sch_task *t = fix_add(&f, &a);
    fix_is(fix_run(t, 0), SCH_PENDING, BEGIN + 100 * S);
    const struct sch_task *u = fix_add(&f, &b), *v = fix_add(&f, &c);
    fix_is(fix_run(u, 0), SCH_PENDING, BEGIN + 100 * S);
    fix_is(fix_run(t, 0), SCH_PENDING, BEGIN + 110 * S);
    assert_int_equal(fix_told(&f, SCH_RUN_MOVED, fix_run(t, 0)), 1);
    fix_why(fix_run(v, 0), SCH_SCHEDULING, SCH_NO_ROOM);
    sch_engine_free(f.e);
}

static void a_run_that_was_outranked_for_good_is_preempted_and_says_by_whom(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f), c = fix_task(&f);
    b.priority = 1;
    const struct sch_task *t = fix_add(&f, &a), *u = fix_add(&f, &b);
    fix_why(fix_run(t, 0), SCH_PENDING, SCH_OUTRANKED);
    assert_non_null(strstr(fix_run(t, 0)->sentence, fix_run(u, 0)->id));
    fix_to(&f, BEGIN + 99 * S);
    fix_why(fix_run(t, 0), SCH_PENDING, SCH_OUTRANKED);
    c.schedule.start = BEGIN + 2000 * S;
    (void)fix_add(&f, &c);
    fix_to(&f, BEGIN + 100 * S);
    fix_why(fix_run(t, 0), SCH_PREEMPTED, SCH_OUTRANKED);
    assert_int_equal(fix_run(u, 0)->state, SCH_RUNNING);
    sch_engine_free(f.e);
}

static void what_was_outranked_has_its_time_back_when_the_other_is_cancelled(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f);
    b.priority = 1;
    const struct sch_task *t = fix_add(&f, &a);
    (void)fix_add(&f, &b);
    assert_int_equal(sch_engine_cancel(f.e, b.id, f.now), 0);
    fix_settle(&f);
    fix_why(fix_run(t, 0), SCH_PENDING, SCH_NO_REASON);
    assert_true(fix_run(t, 0)->placed);
    sch_engine_free(f.e);
}

static void what_is_on_deck_keeps_its_place(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f);
    b.priority = 9;
    b.schedule.slip = 60 * S;
    const struct sch_task *t = fix_add(&f, &a);
    fix_to(&f, BEGIN + 96 * S);
    assert_int_equal(fix_run(t, 0)->state, SCH_PENDING);
    fix_to(&f, BEGIN + 97 * S);
    assert_int_equal(fix_run(t, 0)->state, SCH_ON_DECK);
    fix_is(fix_run(fix_add(&f, &b), 0), SCH_PENDING, BEGIN + 110 * S);
    fix_to(&f, BEGIN + 100 * S);
    fix_is(fix_run(t, 0), SCH_RUNNING, BEGIN + 100 * S);
    sch_engine_free(f.e);
}

static void interfaces_exclude_only_themselves_and_the_whole_host(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f), c = fix_task(&f), d = fix_task(&f);
    a.resource = "eth0";
    b.resource = "eth1";
    c.resource = "eth0";
    b.schedule.slip = c.schedule.slip = d.schedule.slip = 100 * S;
    fix_is(fix_run(fix_add(&f, &a), 0), SCH_PENDING, BEGIN + 100 * S);
    fix_is(fix_run(fix_add(&f, &b), 0), SCH_PENDING, BEGIN + 100 * S);
    fix_is(fix_run(fix_add(&f, &c), 0), SCH_PENDING, BEGIN + 110 * S);
    fix_is(fix_run(fix_add(&f, &d), 0), SCH_PENDING, BEGIN + 120 * S);
    sch_engine_free(f.e);
}

static void a_random_start_is_anywhere_in_what_is_free_of_the_slip(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    unsigned early = 0, late = 0;
    fix_new(&f, &conf);
    struct sch_task_conf x = fix_task(&f);
    x.schedule.start = BEGIN + 110 * S;
    (void)fix_add(&f, &x);
    for (int i = 0; i < 400; i++) {
        struct sch_task_conf c = fix_task(&f);
        c.cls = SCH_NORMAL;
        c.schedule.slip = 40 * S;
        c.schedule.sliprand = true;
        const struct sch_run *r = fix_run(fix_add(&f, &c), 0);
        const ps_ns off = (r->start - BEGIN) / S;
        assert_int_equal(r->start % S, 0);
        assert_true(off == 100 || (off >= 120 && off <= 140));
        early += off == 100;
        late += off == 140;
    }
    assert_in_range(early, 5, 45); // one of 22
    assert_in_range(late, 5, 45);
    sch_engine_free(f.e);
}

static void free_time_is_what_a_run_could_have(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    struct sch_gap g[4];
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f);
    b.schedule.start = BEGIN + 115 * S;
    b.priority = 5;
    (void)fix_add(&f, &a);
    (void)fix_add(&f, &b);
    const ps_ns from = BEGIN + 90 * S, to = BEGIN + 200 * S;
    assert_int_equal(sch_engine_gaps(f.e, SCH_EXCLUSIVE, NULL, true, 0, 5 * S, from, to, g, 4), 3);
    assert_int_equal(g[0].to, BEGIN + 100 * S);
    assert_int_equal(g[1].from, BEGIN + 110 * S);
    assert_int_equal(g[2].from, BEGIN + 125 * S);
    assert_int_equal(g[2].to, to);
    assert_int_equal(sch_engine_gaps(f.e, SCH_EXCLUSIVE, NULL, true, 0, 6 * S, from, to, g, 4), 2);
    assert_int_equal(sch_engine_gaps(f.e, SCH_EXCLUSIVE, NULL, false, 1, 5 * S, from, to, g, 4), 2);
    assert_int_equal(g[0].to, BEGIN + 115 * S);
    assert_int_equal(sch_engine_gaps(f.e, SCH_BACKGROUND, NULL, true, 0, 5 * S, from, to, g, 4), 1);
    assert_int_equal(g[0].to - g[0].from, 110 * S);
    assert_int_equal(sch_engine_gaps(f.e, SCH_EXCLUSIVE, "eth7", true, 0, 5 * S, from, to, g, 4), 3);
    sch_engine_free(f.e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exclusive_runs_are_put_apart_within_their_slip),
        cmocka_unit_test(what_has_no_room_waits_and_gets_what_comes_free),
        cmocka_unit_test(a_tool_that_ends_early_leaves_its_time_to_others),
        cmocka_unit_test(a_higher_priority_takes_the_time_and_the_lower_run_moves),
        cmocka_unit_test(a_run_that_was_outranked_for_good_is_preempted_and_says_by_whom),
        cmocka_unit_test(what_was_outranked_has_its_time_back_when_the_other_is_cancelled),
        cmocka_unit_test(what_is_on_deck_keeps_its_place),
        cmocka_unit_test(interfaces_exclude_only_themselves_and_the_whole_host),
        cmocka_unit_test(a_random_start_is_anywhere_in_what_is_free_of_the_slip),
        cmocka_unit_test(free_time_is_what_a_run_could_have),
    };
    return cmocka_run_group_tests_name("sch_engine_place", tests, NULL, NULL);
}
