// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include "engine_fix.h"

static void runs_are_planned_up_to_the_horizon_and_further_as_time_goes_by(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    const struct sch_task_conf c = fix_repeating(&f, 600 * S, 0);
    const struct sch_task *t = fix_add(&f, &c);
    assert_int_equal(t->nruns, 6); // 100, 700, ... 3100; 3700 is behind the horizon
    for (size_t i = 0; i < 6; i++)
        fix_is(fix_run(t, i), SCH_PENDING, BEGIN + (100 + 600 * (ps_ns)i) * S);
    assert_int_equal(fix_told(&f, SCH_RUN_PLANNED, NULL), 6);
    fix_to(&f, BEGIN + 99 * S);
    assert_int_equal(t->nruns, 6);
    fix_to(&f, BEGIN + 101 * S);
    assert_int_equal(t->nruns, 7);
    assert_int_equal(t->mark.runs, 7);
    sch_engine_free(f.e);
}

static void the_next_run_is_planned_however_far_away_it_is(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    const struct sch_task_conf c = fix_repeating(&f, 7 * 86400 * S, 0);
    const struct sch_task *t = fix_add(&f, &c);
    fix_to(&f, BEGIN + 100 * S);
    assert_int_equal(fix_run(t, 0)->state, SCH_RUNNING);
    fix_is(fix_run(t, 1), SCH_PENDING, BEGIN + (100 + 7 * 86400) * S); // before this one has ended
    sch_engine_free(f.e);
}

static void max_runs_and_until_end_a_task(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_repeating(&f, 60 * S, 0), d = fix_repeating(&f, 60 * S, 0);
    c.schedule.max_runs = 2;
    d.cls = c.cls = SCH_BACKGROUND;
    d.schedule.until = BEGIN + 220 * S;
    const struct sch_task *t = fix_add(&f, &c), *u = fix_add(&f, &d);
    assert_int_equal(t->nruns, 2);
    assert_int_equal(u->nruns, 3); // 100, 160, 220
    fix_to(&f, BEGIN + 165 * S);
    fix_end(&f, fix_run(t, 0), true);
    assert_int_equal(fix_told(&f, SCH_TASK_DONE, NULL), 0);
    fix_end(&f, fix_run(t, 1), true);
    assert_int_equal(fix_told(&f, SCH_TASK_DONE, NULL), 1);
    assert_int_equal(t->mark.over, f.now);
    sch_engine_free(f.e);
}

static void what_is_due_while_the_run_before_lasts_is_skipped_and_told(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_repeating(&f, 60 * S, 300 * S);
    c.duration = 150 * S;
    const struct sch_task *t = fix_add(&f, &c);
    fix_is(fix_run(t, 0), SCH_PENDING, BEGIN + 100 * S);
    fix_is(fix_run(t, 1), SCH_PENDING, BEGIN + 280 * S); // 160 and 220 are skipped
    const struct told *skip = fix_last(&f, SCH_TASK_SKIPPED);
    assert_non_null(skip);
    assert_int_equal(skip->skip.reason, SCH_OVERLAP);
    assert_int_equal(skip->skip.first, BEGIN + 160 * S);
    assert_true(t->mark.skipped >= 2);
    assert_non_null(strstr(skip->skip.sentence, "a run may take PT2M30S, longer than the PT1M from"));
    sch_engine_free(f.e);
}

static void what_is_due_behind_the_last_run_is_skipped_too(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_repeating(&f, 60 * S, 0);
    c.duration = 300 * S;
    c.schedule.until = BEGIN + 230 * S;
    const struct sch_task *t = fix_add(&f, &c);
    fix_to(&f, BEGIN + 390 * S);
    fix_end(&f, fix_run(t, 0), true);
    assert_int_equal(t->mark.skipped, 2); // 160 and 220
    assert_int_equal(fix_told(&f, SCH_TASK_DONE, NULL), 1);
    sch_engine_free(f.e);
}

static void a_run_may_begin_when_the_one_before_ends(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_repeating(&f, 60 * S, 0);
    c.duration = 60 * S;
    const struct sch_task *t = fix_add(&f, &c);
    fix_is(fix_run(t, 1), SCH_PENDING, BEGIN + 160 * S);
    assert_int_equal(t->mark.skipped, 0);
    sch_engine_free(f.e);
}

static void what_was_due_before_a_start_is_told_as_skipped(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    const struct sch_task *t;
    struct ps_fault fault;
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_repeating(&f, 60 * S, 0);
    const struct sch_mark mark = {.anchor = BEGIN - 86400 * S, .planned = BEGIN - 600 * S, .over = SCH_NEVER};
    assert_int_equal(sch_engine_add(f.e, &c, &mark, BEGIN + S, &t, &fault), 0);
    f.now = BEGIN + S;
    fix_settle(&f);
    const struct told *skip = fix_last(&f, SCH_TASK_SKIPPED);
    assert_int_equal(skip->skip.count, 11); // -600, -540, ... 0
    assert_int_equal(skip->skip.reason, SCH_DOWN);
    assert_int_equal(skip->skip.last, BEGIN);
    fix_is(fix_run(t, 0), SCH_PENDING, BEGIN + 60 * S);
    sch_engine_free(f.e);
}

static void bounds_leave_each_task_its_next_run(void **state)
{
    (void)state;
    struct fix f;
    struct sch_conf conf = fix_conf();
    conf.runs_per_requester = 5;
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_repeating(&f, 60 * S, 0), b = fix_repeating(&f, 60 * S, 0);
    a.cls = b.cls = SCH_BACKGROUND;
    const struct sch_task *t = fix_add(&f, &a), *u = fix_add(&f, &b);
    assert_int_equal(t->nruns, 5);
    assert_int_equal(u->nruns, 1);
    fix_to(&f, BEGIN + 700 * S);
    assert_true(sch_engine_count(f.e, SCH_PENDING) + sch_engine_count(f.e, SCH_ON_DECK) <= 6);
    assert_true(u->nruns >= 10); // it had its next run, each time
    sch_engine_free(f.e);
}

static void of_too_many_runs_the_oldest_that_are_over_are_forgotten(void **state)
{
    (void)state;
    struct fix f;
    struct sch_conf conf = fix_conf();
    conf.horizon_background = 60 * S;
    conf.runs_max = 10;
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_repeating(&f, 20 * S, 0);
    c.cls = SCH_BACKGROUND;
    const struct sch_task *t = fix_add(&f, &c);
    for (int i = 0; i < 50; i++) {
        fix_to(&f, f.now + 20 * S);
        for (size_t k = 0; k < t->nruns; k++)
            if (fix_run(t, k)->state == SCH_RUNNING)
                fix_end(&f, fix_run(t, k), true);
    }
    assert_in_range(t->nruns, 5, 11);
    assert_true(fix_told(&f, SCH_RUN_GONE, NULL) >= 30);
    sch_engine_free(f.e);
}

static void what_is_to_come_leaves_half_of_the_room_to_what_has_been(void **state)
{
    (void)state;
    struct fix f;
    struct sch_conf conf = fix_conf();
    conf.runs_max = 20;
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f);
    c.cls = SCH_BACKGROUND;
    c.schedule.start = BEGIN + 10 * S;
    const struct sch_task *once = fix_add(&f, &c), *busy[3];
    fix_to(&f, BEGIN + 12 * S);
    fix_end(&f, fix_run(once, 0), true);
    for (int i = 0; i < 3; i++) {
        c = fix_repeating(&f, 30 * S, 0);
        c.cls = SCH_BACKGROUND;
        busy[i] = fix_add(&f, &c);
    }
    fix_to(&f, BEGIN + 130 * S);
    assert_int_equal(once->nruns, 1);
    assert_in_range(sch_engine_count(f.e, SCH_PENDING), 3, 10);
    for (int i = 0; i < 3; i++)
        assert_int_equal(busy[i]->mark.skipped, 0);
    sch_engine_free(f.e);
}

static void records_are_bounded_as_other_runs_are(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_run *r;
    struct sch_conf conf = fix_conf();
    conf.runs_max = 10;
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f);
    c.cls = SCH_BACKGROUND_MULTI;
    c.duration = 3600 * S;
    const struct sch_task *t = fix_add(&f, &c);
    fix_to(&f, BEGIN + 101 * S);
    const struct sch_run *all = fix_run(t, 0);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(sch_engine_record(f.e, all, f.now + i * S, &r), 0);
        fix_settle(&f);
    }
    assert_int_equal(t->nruns, 10);
    fix_is(all, SCH_RUNNING, BEGIN + 100 * S);
    sch_engine_free(f.e);
}

static void runs_and_tasks_are_forgotten_when_they_were_kept_long_enough(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f), d = fix_task(&f);
    d.schedule.start += 60 * S;
    d.has_keep_after_archive = true;
    d.keep_after_archive = 300 * S;
    const struct sch_task *t = fix_add(&f, &c), *u = fix_add(&f, &d);
    fix_to(&f, BEGIN + 165 * S);
    fix_end(&f, fix_run(t, 0), true);
    fix_end(&f, fix_run(u, 0), true);
    sch_engine_archived(f.e, fix_run(u, 0), f.now);
    sch_engine_archived(f.e, fix_run(t, 0), f.now); // this one has no such time
    fix_to(&f, f.now + 299 * S);
    assert_int_equal(u->nruns, 1);
    fix_to(&f, f.now + S);
    assert_int_equal(u->nruns, 0);
    assert_int_equal(t->nruns, 1);
    fix_to(&f, f.now + conf.keep);
    assert_int_equal(fix_told(&f, SCH_RUN_GONE, NULL), 2);
    assert_int_equal(fix_told(&f, SCH_TASK_GONE, NULL), 2);
    assert_null(sch_engine_task(f.e, "00000000-0000-4000-8000-000000000001"));
    assert_int_equal(sch_engine_due(f.e), SCH_NEVER);
    sch_engine_free(f.e);
}

static void a_range_has_all_runs_that_meet_it_in_order(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    const struct sch_run **runs;
    size_t n;
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_repeating(&f, 100 * S, 0), b = fix_repeating(&f, 70 * S, 0);
    a.cls = b.cls = SCH_BACKGROUND;
    a.duration = 50 * S;
    const struct sch_task *t = fix_add(&f, &a);
    (void)fix_add(&f, &b);
    // a: 100-150, 200-250, 300-350; b: 100-110, 170-180, 240-250, 310-320
    assert_int_equal(sch_engine_range(f.e, NULL, BEGIN + 149 * S, BEGIN + 310 * S, 100, &runs, &n), 0);
    assert_int_equal(n, 5);
    const ps_ns starts[] = {100, 170, 200, 240, 300};
    for (size_t i = 0; i < n; i++)
        assert_int_equal(runs[i]->start, BEGIN + starts[i] * S);
    free(runs);
    assert_int_equal(sch_engine_range(f.e, t, BEGIN + 149 * S, BEGIN + 310 * S, 2, &runs, &n), 0);
    assert_int_equal(n, 2);
    free(runs);
    assert_int_equal(sch_task_find(t, BEGIN + 200 * S), 1);
    assert_int_equal(sch_task_find(t, BEGIN + 200 * S + 1), 2);
    assert_int_equal(sch_task_find(t, SCH_NEVER), t->nruns);
    sch_engine_free(f.e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_planned_up_to_the_horizon_and_further_as_time_goes_by),
        cmocka_unit_test(the_next_run_is_planned_however_far_away_it_is),
        cmocka_unit_test(max_runs_and_until_end_a_task),
        cmocka_unit_test(what_is_due_while_the_run_before_lasts_is_skipped_and_told),
        cmocka_unit_test(what_is_due_behind_the_last_run_is_skipped_too),
        cmocka_unit_test(a_run_may_begin_when_the_one_before_ends),
        cmocka_unit_test(what_was_due_before_a_start_is_told_as_skipped),
        cmocka_unit_test(bounds_leave_each_task_its_next_run),
        cmocka_unit_test(of_too_many_runs_the_oldest_that_are_over_are_forgotten),
        cmocka_unit_test(what_is_to_come_leaves_half_of_the_room_to_what_has_been),
        cmocka_unit_test(records_are_bounded_as_other_runs_are),
        cmocka_unit_test(runs_and_tasks_are_forgotten_when_they_were_kept_long_enough),
        cmocka_unit_test(a_range_has_all_runs_that_meet_it_in_order),
    };
    return cmocka_run_group_tests_name("sch_engine_plan", tests, NULL, NULL);
}
