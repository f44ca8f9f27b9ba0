// SPDX-License-Identifier: Apache-2.0
#include "engine_fix.h"

static void a_run_goes_its_way_from_pending_to_finished(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f);
    const struct sch_run *r = fix_run(fix_add(&f, &c), 0);
    fix_to(&f, BEGIN + 100 * S - 1);
    assert_int_equal(r->state, SCH_ON_DECK);
    assert_int_equal(fix_told(&f, SCH_RUN_START, r), 0);
    fix_to(&f, BEGIN + 100 * S);
    assert_int_equal(r->state, SCH_RUNNING);
    assert_int_equal(fix_told(&f, SCH_RUN_START, r), 1);
    f.now += 4 * S;
    assert_int_equal(sch_engine_cleanup(f.e, r, f.now), 0);
    assert_int_equal(r->state, SCH_CLEANUP);
    f.now += S;
    fix_end(&f, r, true);
    fix_why(r, SCH_FINISHED, SCH_NO_REASON);
    assert_int_equal(r->end, BEGIN + 104 * S);
    assert_int_equal(sch_engine_ended(f.e, r, true, SCH_TOOL, NULL, f.now), PS_ESTATE);
    assert_int_equal(sch_engine_ended(f.e, r, false, SCH_TOOL, "the merge said no", f.now), 0);
    fix_why(r, SCH_FAILED, SCH_TOOL);
    assert_int_equal(sch_engine_ended(f.e, r, false, SCH_TOOL, "again", f.now), PS_ESTATE);
    sch_engine_free(f.e);
}

static void a_tool_is_started_ahead_by_its_lead(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f);
    c.lead = 2 * S;
    const struct sch_run *r = fix_run(fix_add(&f, &c), 0);
    fix_to(&f, BEGIN + 98 * S - 1);
    assert_int_equal(r->state, SCH_ON_DECK);
    fix_to(&f, BEGIN + 98 * S);
    fix_is(r, SCH_RUNNING, BEGIN + 100 * S);
    sch_engine_free(f.e);
}

static void a_tool_that_does_not_end_is_overdue_and_killed(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f);
    const struct sch_run *r = fix_run(fix_add(&f, &c), 0);
    fix_to(&f, BEGIN + 139 * S);
    assert_int_equal(r->state, SCH_RUNNING);
    fix_to(&f, BEGIN + 140 * S);
    fix_why(r, SCH_OVERDUE, SCH_OVERTIME);
    assert_int_equal(fix_told(&f, SCH_RUN_KILL, r), 1);
    fix_end(&f, r, false);
    fix_why(r, SCH_FAILED, SCH_OVERTIME);
    sch_engine_free(f.e);
}

static void the_next_one_waits_for_a_tool_in_overtime(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f), c = fix_task(&f);
    b.schedule.start = BEGIN + 110 * S;
    c.schedule.start = BEGIN + 110 * S;
    c.cls = SCH_BACKGROUND;
    const struct sch_run *r = fix_run(fix_add(&f, &a), 0), *s = fix_run(fix_add(&f, &b), 0),
                         *t = fix_run(fix_add(&f, &c), 0);
    fix_to(&f, BEGIN + 110 * S + 1);
    fix_why(s, SCH_ON_DECK, SCH_BUSY);
    assert_int_equal(t->state, SCH_RUNNING);
    f.now = BEGIN + 110 * S + 5 * PS_MSEC;
    fix_end(&f, r, true);
    fix_is(s, SCH_RUNNING, BEGIN + 110 * S); // no move
    fix_why(s, SCH_RUNNING, SCH_NO_REASON);
    sch_engine_free(f.e);
}

static void who_waits_longer_is_moved_and_who_cannot_is_missed(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f), c = fix_task(&f);
    b.schedule.start = BEGIN + 110 * S;
    c.schedule.start = BEGIN + 120 * S;
    const struct sch_run *r = fix_run(fix_add(&f, &a), 0), *s = fix_run(fix_add(&f, &b), 0),
                         *t = fix_run(fix_add(&f, &c), 0);
    fix_to(&f, BEGIN + 115 * S);
    fix_end(&f, r, true);
    fix_is(s, SCH_ON_DECK, BEGIN + 130 * S); // 120 to 130 is taken; 130 is within straggle
    fix_to(&f, BEGIN + 120 * S);
    fix_is(t, SCH_RUNNING, BEGIN + 120 * S);
    fix_to(&f, BEGIN + 165 * S); // that one does not end
    fix_why(s, SCH_MISSED, SCH_BUSY);
    sch_engine_free(f.e);
}

static void what_is_agreed_with_others_waits_for_straggle_and_not_for_ever(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f);
    b.schedule.start = BEGIN + 110 * S;
    b.participants = 2;
    b.ask = true;
    (void)fix_add(&f, &a);
    const struct sch_run *s = fix_run(fix_add(&f, &b), 0);
    fix_judge(&f, s, SCH_PASS, NULL);
    fix_to(&f, BEGIN + 140 * S);
    fix_why(s, SCH_ON_DECK, SCH_BUSY);
    fix_to(&f, BEGIN + 141 * S);
    fix_why(s, SCH_MISSED, SCH_BUSY);
    sch_engine_free(f.e);
}

static void a_late_start_is_made_up_for_within_the_slip_or_missed(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f), c = fix_task(&f);
    a.cls = b.cls = c.cls = SCH_BACKGROUND;
    b.schedule.slip = 300 * S;
    c.schedule.start = BEGIN + 195 * S;
    const struct sch_run *r = fix_run(fix_add(&f, &a), 0), *s = fix_run(fix_add(&f, &b), 0),
                         *t = fix_run(fix_add(&f, &c), 0);
    f.now = BEGIN + 200 * S; // nobody looked for a hundred seconds
    fix_settle(&f);
    fix_why(r, SCH_MISSED, SCH_LATE);
    fix_is(s, SCH_RUNNING, BEGIN + 200 * S);
    fix_is(t, SCH_RUNNING, BEGIN + 200 * S); // within straggle
    sch_engine_free(f.e);
}

static void a_pause_misses_what_has_no_slip_and_moves_the_rest(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    ps_ns until;
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f);
    a.cls = b.cls = SCH_BACKGROUND;
    b.schedule.slip = 300 * S;
    const struct sch_run *r = fix_run(fix_add(&f, &a), 0), *s = fix_run(fix_add(&f, &b), 0);
    sch_engine_pause(f.e, BEGIN + 150 * S, f.now);
    assert_true(sch_engine_paused(f.e, f.now, &until));
    fix_to(&f, BEGIN + 120 * S);
    fix_why(r, SCH_MISSED, SCH_PAUSED);
    fix_is(s, SCH_PENDING, BEGIN + 150 * S);
    fix_to(&f, BEGIN + 150 * S);
    assert_int_equal(s->state, SCH_RUNNING);
    assert_false(sch_engine_paused(f.e, f.now, &until));
    sch_engine_free(f.e);
}

static void what_waits_for_the_end_of_a_pause_starts_when_it_is_resumed(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f);
    a.schedule.slip = 300 * S;
    b.schedule.slip = 20 * S;
    b.schedule.start += 20 * S;
    const struct sch_run *r = fix_run(fix_add(&f, &a), 0), *s = fix_run(fix_add(&f, &b), 0);
    sch_engine_pause(f.e, SCH_NEVER, f.now);
    fix_to(&f, BEGIN + 160 * S);
    fix_why(r, SCH_PENDING, SCH_PAUSED);
    fix_why(s, SCH_MISSED, SCH_PAUSED);
    sch_engine_resume(f.e, f.now);
    fix_settle(&f);
    fix_is(r, SCH_RUNNING, BEGIN + 160 * S);
    sch_engine_free(f.e);
}

static void no_more_tools_run_than_may_in_all_and_for_each(void **state)
{
    (void)state;
    struct fix f;
    struct sch_conf conf = fix_conf();
    conf.children_max = 3;
    conf.children_per_requester = 2;
    const struct sch_run *r[5];
    fix_new(&f, &conf);
    for (int i = 0; i < 5; i++) {
        struct sch_task_conf c = fix_task(&f);
        c.cls = SCH_BACKGROUND;
        c.requester = i < 3 ? "a" : "b";
        c.childless = i == 4;
        r[i] = fix_run(fix_add(&f, &c), 0);
    }
    fix_to(&f, BEGIN + 105 * S);
    assert_int_equal(r[0]->state, SCH_RUNNING);
    assert_int_equal(r[1]->state, SCH_RUNNING);
    fix_why(r[2], SCH_ON_DECK, SCH_CHILDREN_REQUESTER);
    assert_int_equal(r[3]->state, SCH_RUNNING);
    assert_int_equal(r[4]->state, SCH_RUNNING); // counts for nobody
    fix_end(&f, r[0], true);
    fix_is(r[2], SCH_RUNNING, BEGIN + 105 * S); // it waited within straggle
    struct sch_task_conf c = fix_task(&f);
    c.cls = SCH_BACKGROUND;
    c.requester = "c";
    c.schedule.start = BEGIN + 106 * S;
    const struct sch_run *x = fix_run(fix_add(&f, &c), 0);
    fix_to(&f, BEGIN + 107 * S);
    fix_why(x, SCH_ON_DECK, SCH_CHILDREN);
    fix_to(&f, BEGIN + 140 * S);
    fix_why(x, SCH_MISSED, SCH_CHILDREN);
    sch_engine_free(f.e);
}

static void a_tool_that_cannot_be_started_is_tried_until_its_slip_is_over(void **state)
{
    (void)state;
    static const int starts[] = {100, 105, 115, 135, 160};
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f);
    c.schedule.slip = 60 * S;
    const struct sch_task *t = fix_add(&f, &c);
    const struct sch_run *r = fix_run(t, 0);
    for (size_t i = 0; i < COUNT(starts); i++) {
        fix_to(&f, BEGIN + starts[i] * S);
        fix_is(r, SCH_RUNNING, f.now);
        assert_int_equal(sch_engine_not_started(f.e, r, SCH_NOT_KEPT, "no space", f.now), 0);
        fix_settle(&f);
        fix_why(r, i + 1 < COUNT(starts) ? SCH_PENDING : SCH_MISSED, SCH_NOT_KEPT);
    }
    assert_int_equal(t->nruns, 1);
    assert_int_equal(t->mark.runs, 1);
    assert_int_equal(sch_engine_count(f.e, SCH_MISSED), 1);
    assert_int_equal(fix_told(&f, SCH_TASK_DONE, NULL), 1);
    sch_engine_free(f.e);
}

static void what_starts_after_all_has_nothing_to_tell(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f);
    c.schedule.slip = 60 * S;
    const struct sch_run *r = fix_run(fix_add(&f, &c), 0);
    fix_to(&f, BEGIN + 100 * S);
    assert_int_equal(sch_engine_not_started(f.e, r, SCH_NO_TOOL, "fork: no memory", f.now), 0);
    fix_to(&f, BEGIN + 106 * S);
    fix_is(r, SCH_RUNNING, BEGIN + 105 * S);
    fix_end(&f, r, true);
    fix_why(r, SCH_FINISHED, SCH_NO_REASON);
    sch_engine_free(f.e);
}

static void a_background_multi_run_is_started_again_until_its_time_is_over(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    const struct sch_run *record;
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f);
    c.cls = SCH_BACKGROUND_MULTI;
    c.duration = 1000 * S;
    const struct sch_task *t = fix_add(&f, &c);
    const struct sch_run *r = fix_run(t, 0);
    fix_to(&f, BEGIN + 160 * S);
    assert_int_equal(sch_engine_record(f.e, r, f.now, &record), 0);
    fix_settle(&f);
    fix_is(record, SCH_FINISHED, BEGIN + 160 * S);
    assert_true(record->record && record->end == record->start);
    fix_end(&f, r, false);
    fix_why(r, SCH_RUNNING, SCH_TOOL);
    fix_to(&f, BEGIN + 161 * S);
    assert_int_equal(fix_told(&f, SCH_RUN_START, r), 2);
    fix_end(&f, r, true);
    fix_to(&f, BEGIN + 162 * S);
    assert_int_equal(fix_told(&f, SCH_RUN_START, r), 2); // it waits longer now
    fix_to(&f, BEGIN + 163 * S);
    assert_int_equal(fix_told(&f, SCH_RUN_START, r), 3);
    fix_to(&f, BEGIN + 1103 * S);
    assert_int_equal(fix_told(&f, SCH_RUN_KILL, r), 1);
    assert_int_equal(r->state, SCH_RUNNING);
    fix_end(&f, r, true);
    fix_why(r, SCH_FINISHED, SCH_NO_REASON);
    assert_int_equal(t->nruns, 2);
    sch_engine_free(f.e);
}

static const struct sch_run *multi_run(struct fix *f)
{
    const struct sch_conf conf = fix_conf();
    fix_new(f, &conf);
    struct sch_task_conf c = fix_task(f);
    c.cls = SCH_BACKGROUND_MULTI;
    c.duration = 100 * S;
    const struct sch_run *r = fix_run(fix_add(f, &c), 0);
    fix_to(f, BEGIN + 101 * S);
    return r;
}

static void a_background_multi_run_without_a_result_has_failed(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_run *r = multi_run(&f);
    fix_to(&f, BEGIN + 201 * S);
    fix_end(&f, r, true);
    fix_why(r, SCH_FAILED, SCH_TOOL);
    assert_string_equal(r->sentence, "its tool gave no result in all its time");
    sch_engine_free(f.e);

    r = multi_run(&f);
    fix_to(&f, BEGIN + 199 * S);
    fix_end(&f, r, false);
    assert_string_equal(r->sentence, "exit status 1; it is started again");
    fix_to(&f, BEGIN + 200 * S);
    fix_why(r, SCH_FAILED, SCH_TOOL);
    assert_string_equal(r->sentence, "exit status 1");
    sch_engine_free(f.e);
}

static void what_is_remarked_of_a_run_is_told_and_stays(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_run *r = multi_run(&f), *record;
    fix_forget(&f);
    assert_int_equal(sch_engine_remark(f.e, r, SCH_TOOL, "connection refused", f.now), 0);
    fix_settle(&f);
    fix_why(r, SCH_RUNNING, SCH_TOOL);
    assert_int_equal(fix_told(&f, SCH_RUN_STATE, r), 1);
    assert_int_equal(sch_engine_remark(f.e, r, SCH_NO_REASON, NULL, f.now), 0);
    fix_why(r, SCH_RUNNING, SCH_NO_REASON);
    assert_int_equal(sch_engine_record(f.e, r, f.now, &record), 0);
    fix_to(&f, BEGIN + 201 * S);
    fix_end(&f, r, false);
    fix_why(r, SCH_FINISHED, SCH_TOOL);
    assert_string_equal(r->sentence, "exit status 1");
    assert_int_equal(sch_engine_remark(f.e, r, SCH_NO_REASON, NULL, f.now), PS_ESTATE);
    sch_engine_free(f.e);
}

// the clock

static void what_the_clock_leaves_out_is_missed_and_what_runs_is_shifted(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_repeating(&f, 600 * S, 0);
    b.cls = SCH_BACKGROUND;
    b.schedule.start = BEGIN + 400 * S;
    const struct sch_run *r = fix_run(fix_add(&f, &a), 0);
    const struct sch_task *t = fix_add(&f, &b);
    fix_to(&f, BEGIN + 105 * S);
    f.now += 3600 * S;
    sch_engine_clock_stepped(f.e, 3600 * S, f.now);
    fix_settle(&f);
    fix_is(r, SCH_RUNNING, BEGIN + 3700 * S);
    fix_why(fix_run(t, 0), SCH_MISSED, SCH_CLOCK);
    assert_non_null(strstr(fix_run(t, 0)->sentence, "the clock was set to"));
    fix_to(&f, BEGIN + 3711 * S);
    assert_int_equal(r->state, SCH_RUNNING); // no overtime for that
    fix_end(&f, r, true);
    fix_to(&f, BEGIN + 4000 * S);
    fix_is(fix_run(t, 6), SCH_RUNNING, BEGIN + 4000 * S);
    sch_engine_free(f.e);
}

static void what_comes_twice_is_run_once_and_what_was_missed_for_it_is_planned_again(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_repeating(&f, 600 * S, 0);
    c.cls = SCH_BACKGROUND;
    const struct sch_task *t = fix_add(&f, &c);
    fix_to(&f, BEGIN + 105 * S);
    fix_end(&f, fix_run(t, 0), true); // due at 100
    f.now += 86400 * S;
    sch_engine_clock_stepped(f.e, 86400 * S, f.now);
    fix_settle(&f);
    fix_why(fix_run(t, 1), SCH_MISSED, SCH_CLOCK); // due at 700
    f.now -= 86400 * S + 100 * S;
    sch_engine_clock_stepped(f.e, -86500 * S, f.now); // BEGIN + 5 s
    fix_settle(&f);
    fix_forget(&f);
    fix_to(&f, BEGIN + 1305 * S);
    assert_int_equal(fix_told(&f, SCH_RUN_START, NULL), 2); // of 700 and 1300, not of 100
    sch_engine_free(f.e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_goes_its_way_from_pending_to_finished),
        cmocka_unit_test(a_tool_is_started_ahead_by_its_lead),
        cmocka_unit_test(a_tool_that_does_not_end_is_overdue_and_killed),
        cmocka_unit_test(the_next_one_waits_for_a_tool_in_overtime),
        cmocka_unit_test(who_waits_longer_is_moved_and_who_cannot_is_missed),
        cmocka_unit_test(what_is_agreed_with_others_waits_for_straggle_and_not_for_ever),
        cmocka_unit_test(a_late_start_is_made_up_for_within_the_slip_or_missed),
        cmocka_unit_test(a_pause_misses_what_has_no_slip_and_moves_the_rest),
        cmocka_unit_test(what_waits_for_the_end_of_a_pause_starts_when_it_is_resumed),
        cmocka_unit_test(no_more_tools_run_than_may_in_all_and_for_each),
        cmocka_unit_test(a_tool_that_cannot_be_started_is_tried_until_its_slip_is_over),
        cmocka_unit_test(what_starts_after_all_has_nothing_to_tell),
        cmocka_unit_test(a_background_multi_run_is_started_again_until_its_time_is_over),
        cmocka_unit_test(a_background_multi_run_without_a_result_has_failed),
        cmocka_unit_test(what_is_remarked_of_a_run_is_told_and_stays),
        cmocka_unit_test(what_the_clock_leaves_out_is_missed_and_what_runs_is_shifted),
        cmocka_unit_test(what_comes_twice_is_run_once_and_what_was_missed_for_it_is_planned_again),
    };
    return cmocka_run_group_tests_name("sch_engine_start", tests, NULL, NULL);
}
