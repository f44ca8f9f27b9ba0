// SPDX-License-Identifier: Apache-2.0
#include "engine_fix.h"

static void cancelling_ends_what_runs_and_drops_what_is_to_come(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_repeating(&f, 600 * S, 0);
    const struct sch_task *t = fix_add(&f, &c);
    fix_to(&f, BEGIN + 105 * S);
    const struct sch_run *r = fix_run(t, 0);
    assert_int_equal(sch_engine_cancel(f.e, c.id, f.now), 0);
    fix_settle(&f);
    assert_int_equal(t->nruns, 1);
    fix_why(r, SCH_CANCELED, SCH_TASK_CANCELED);
    assert_int_equal(fix_told(&f, SCH_RUN_KILL, r), 1);
    assert_int_equal(fix_told(&f, SCH_TASK_DONE, NULL), 1);
    assert_int_equal(sch_engine_ended(f.e, r, true, SCH_TOOL, NULL, f.now), 0);
    assert_int_equal(r->state, SCH_CANCELED); // for good
    assert_int_equal(sch_engine_cancel(f.e, c.id, f.now), 0);
    assert_int_equal(sch_engine_cancel(f.e, "00000000-0000-4000-8000-999999999999", f.now), PS_ENOTFOUND);
    fix_to(&f, f.now + conf.keep + 60 * S);
    assert_null(sch_engine_task(f.e, c.id));
    sch_engine_free(f.e);
}

static void what_was_not_started_yet_needs_no_killing(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    struct sch_action a;
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f);
    (void)fix_add(&f, &c);
    f.now = BEGIN + 100 * S;
    assert_int_equal(sch_engine_step(f.e, f.now), 0); // it is started, but nobody was told
    assert_int_equal(sch_engine_cancel(f.e, c.id, f.now), 0);
    while (sch_engine_next(f.e, &a))
        assert_true(a.act != SCH_RUN_START && a.act != SCH_RUN_KILL);
    sch_engine_free(f.e);
}

static void time_of_a_cancelled_run_is_free_when_its_tool_has_ended(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f);
    b.schedule.slip = 5 * S;
    const struct sch_run *r = fix_run(fix_add(&f, &a), 0), *s = fix_run(fix_add(&f, &b), 0);
    fix_to(&f, BEGIN + 102 * S);
    assert_int_equal(sch_engine_cancel(f.e, a.id, f.now), 0);
    fix_settle(&f);
    fix_why(s, SCH_ON_DECK, SCH_BUSY);
    f.now += PS_MSEC * 500;
    fix_end(&f, r, false);
    assert_int_equal(s->state, SCH_RUNNING);
    sch_engine_free(f.e);
}

static void purging_leaves_nothing_when_the_tools_have_ended(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_repeating(&f, 60 * S, 0);
    c.cls = SCH_BACKGROUND;
    const struct sch_task *t = fix_add(&f, &c);
    fix_to(&f, BEGIN + 170 * S);
    const struct sch_run *r = fix_run(t, 1);
    fix_end(&f, fix_run(t, 0), true);
    assert_int_equal(sch_engine_purge(f.e, c.id, f.now), 0);
    fix_settle(&f);
    assert_int_equal(t->nruns, 1);
    assert_int_equal(fix_told(&f, SCH_RUN_KILL, r), 1);
    assert_int_equal(sch_engine_ended(f.e, r, false, SCH_TOOL, NULL, f.now), 0);
    fix_settle(&f);
    assert_int_equal(fix_told(&f, SCH_TASK_GONE, NULL), 1);
    assert_int_equal(fix_last(&f, SCH_TASK_GONE)->act, f.told[f.ntold - 1].act); // the last one
    sch_engine_free(f.e);
}

static void one_run_can_be_deleted(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_repeating(&f, 60 * S, 0);
    const struct sch_task *t = fix_add(&f, &c);
    fix_to(&f, BEGIN + 105 * S);
    const struct sch_run *r = fix_run(t, 0);
    const size_t n = t->nruns;
    assert_int_equal(sch_engine_delete_run(f.e, fix_run(t, 1)->id, f.now), 0);
    assert_int_equal(sch_engine_delete_run(f.e, r->id, f.now), 0);
    fix_settle(&f);
    fix_why(r, SCH_CANCELED, SCH_RUN_DELETED);
    assert_int_equal(t->nruns, n - 1);
    fix_is(fix_run(t, 1), SCH_PENDING, BEGIN + 220 * S);
    assert_int_equal(sch_engine_delete_run(f.e, "00000000-0000-4000-8000-999999999999", f.now), PS_ENOTFOUND);
    sch_engine_free(f.e);
}

static void tasks_have_bounds_in_all_and_for_each_requester(void **state)
{
    (void)state;
    struct fix f;
    struct sch_conf conf = fix_conf();
    const struct sch_task *t;
    struct ps_fault fault = {.text = ""};
    conf.tasks_max = 3;
    conf.tasks_per_requester = 2;
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f);
    c.requester = "a";
    (void)fix_add(&f, &c);
    struct sch_task_conf d = fix_task(&f);
    d.requester = "a";
    (void)fix_add(&f, &d);
    struct sch_task_conf x = fix_task(&f);
    x.requester = "a";
    assert_int_equal(sch_engine_add(f.e, &x, NULL, f.now, &t, &fault), PS_ELIMIT);
    assert_string_equal(fault.text, "\"a\" has 2 tasks, as many as it may have; cancel some");
    x.requester = "b";
    (void)fix_add(&f, &x);
    struct sch_task_conf y = fix_task(&f);
    assert_int_equal(sch_engine_add(f.e, &y, NULL, f.now, &t, &fault), PS_ELIMIT);
    assert_string_equal(fault.text, "there are 3 tasks, as many as may be; cancel some");
    assert_int_equal(sch_engine_cancel(f.e, c.id, f.now), 0); // one that is over does not count
    assert_int_equal(sch_engine_add(f.e, &y, NULL, f.now, &t, &fault), 0);
    assert_int_equal(sch_engine_add(f.e, &y, NULL, f.now, &t, &fault), PS_EDUPLICATE);
    snprintf(y.id, sizeof y.id, "no uuid");
    assert_int_equal(sch_engine_add(f.e, &y, NULL, f.now, &t, &fault), PS_EMALFORMED);
    sch_engine_free(f.e);
}

static void what_cannot_begin_is_no_task(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    const struct sch_task *t;
    struct ps_fault fault = {.text = ""};
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f);
    c.schedule.start = BEGIN - S;
    assert_int_equal(sch_engine_add(f.e, &c, NULL, f.now, &t, &fault), PS_ERANGE);
    assert_string_equal(fault.text, "At /schedule/start: 2027-01-15T07:59:59Z has passed");
    c.schedule.start = BEGIN + S;
    c.duration = 0;
    assert_int_equal(sch_engine_add(f.e, &c, NULL, f.now, &t, &fault), PS_EMALFORMED);
    sch_engine_free(f.e);
}

static void restored_runs_are_where_they_were(void **state)
{
    (void)state;
    struct fix f, g;
    const struct sch_conf conf = fix_conf();
    const struct sch_task *t, *u;
    struct ps_fault fault;
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_repeating(&f, 600 * S, 0);
    c.cls = SCH_BACKGROUND;
    t = fix_add(&f, &c);
    fix_to(&f, BEGIN + 705 * S);
    fix_end(&f, fix_run(t, 1), true); // the first was killed for overtime
    fix_new(&g, &conf);
    g.now = BEGIN + 1400 * S; // a while later
    assert_int_equal(sch_engine_add(g.e, &c, &t->mark, g.now, &u, &fault), 0);
    for (size_t i = 0; i < t->nruns; i++)
        assert_int_equal(sch_engine_restore(g.e, u, fix_run(t, i), false, g.now), 0);
    assert_int_equal(sch_engine_restore(g.e, u, fix_run(t, 0), false, g.now), PS_EDUPLICATE);
    fix_settle(&g);
    fix_why(fix_run(u, 0), SCH_FAILED, SCH_INTERRUPTED); // overdue when we left
    assert_int_equal(fix_run(u, 1)->state, SCH_FINISHED);
    assert_int_equal(fix_run(u, 1)->expires, fix_run(t, 1)->expires);
    fix_why(fix_run(u, 2), SCH_MISSED, SCH_DOWN);
    fix_is(fix_run(u, 3), SCH_PENDING, BEGIN + 1900 * S);
    assert_string_equal(fix_run(u, 3)->id, fix_run(t, 3)->id);
    assert_int_equal(u->mark.skipped, 0);
    sch_engine_free(f.e);
    sch_engine_free(g.e);
}

static void a_tool_found_alive_goes_on(void **state)
{
    (void)state;
    struct fix f, g;
    const struct sch_conf conf = fix_conf();
    const struct sch_task *t, *u;
    struct ps_fault fault;
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f);
    t = fix_add(&f, &c);
    fix_to(&f, BEGIN + 101 * S);
    fix_new(&g, &conf);
    g.now = BEGIN + 103 * S;
    assert_int_equal(sch_engine_add(g.e, &c, &t->mark, g.now, &u, &fault), 0);
    assert_int_equal(sch_engine_restore(g.e, u, fix_run(t, 0), true, g.now), 0);
    fix_settle(&g);
    assert_int_equal(fix_told(&g, SCH_RUN_START, NULL), 0);
    assert_int_equal(fix_run(u, 0)->state, SCH_RUNNING);
    fix_end(&g, fix_run(u, 0), true);
    fix_why(fix_run(u, 0), SCH_FINISHED, SCH_NO_REASON);
    sch_engine_free(f.e);
    sch_engine_free(g.e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cancelling_ends_what_runs_and_drops_what_is_to_come),
        cmocka_unit_test(what_was_not_started_yet_needs_no_killing),
        cmocka_unit_test(time_of_a_cancelled_run_is_free_when_its_tool_has_ended),
        cmocka_unit_test(purging_leaves_nothing_when_the_tools_have_ended),
        cmocka_unit_test(one_run_can_be_deleted),
        cmocka_unit_test(tasks_have_bounds_in_all_and_for_each_requester),
        cmocka_unit_test(what_cannot_begin_is_no_task),
        cmocka_unit_test(restored_runs_are_where_they_were),
        cmocka_unit_test(a_tool_found_alive_goes_on),
    };
    return cmocka_run_group_tests_name("sch_engine_task", tests, NULL, NULL);
}
