// SPDX-License-Identifier: Apache-2.0
#include "engine_fix.h"

static const struct sch_task *asking(struct fix *f, ps_ns slip, const struct sch_conf *conf)
{
    fix_new(f, conf);
    struct sch_task_conf c = fix_task(f);
    c.ask = true;
    c.schedule.slip = slip;
    return fix_add(f, &c);
}

static void a_run_is_asked_about_before_it_is_pending(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    const struct sch_run *r = fix_run(asking(&f, 0, &conf), 0);
    assert_int_equal(r->state, SCH_SCHEDULING);
    assert_int_equal(fix_told(&f, SCH_RUN_PLANNED, r), 1);
    assert_int_equal(fix_told(&f, SCH_RUN_ASK, r), 1);
    fix_judge(&f, r, SCH_PASS, NULL);
    assert_int_equal(r->state, SCH_PENDING);
    assert_int_equal(sch_engine_judged(f.e, r, &(struct sch_judgement){.verdict = SCH_NO}, f.now), PS_ESTATE);
    fix_to(&f, BEGIN + 100 * S);
    assert_int_equal(r->state, SCH_RUNNING);
    sch_engine_free(f.e);
}

static void without_slip_a_no_makes_a_non_starter_at_once(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    const struct sch_run *r = fix_run(asking(&f, 0, &conf), 0);
    fix_judge(&f, r, SCH_NO, "none of these on Fridays");
    fix_why(r, SCH_NONSTART, SCH_REFUSED);
    assert_string_equal(r->sentence, "none of these on Fridays");
    sch_engine_free(f.e);
}

static void with_slip_a_no_is_asked_about_again_across_it(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    const struct sch_run *r = fix_run(asking(&f, 90 * S, &conf), 0);
    const ps_ns starts[] = {100, 130, 160, 190};
    for (size_t i = 0; i < 4; i++) {
        fix_is(r, SCH_SCHEDULING, BEGIN + starts[i] * S);
        assert_int_equal(fix_told(&f, SCH_RUN_ASK, r), i + 1);
        fix_judge(&f, r, SCH_NO, "no");
    }
    fix_why(r, SCH_NONSTART, SCH_REFUSED);
    sch_engine_free(f.e);
}

static void a_yes_for_a_later_start_is_a_yes(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    const struct sch_run *r = fix_run(asking(&f, 90 * S, &conf), 0);
    fix_judge(&f, r, SCH_NO, "no");
    fix_judge(&f, r, SCH_PASS, NULL);
    fix_is(r, SCH_PENDING, BEGIN + 130 * S);
    fix_why(r, SCH_PENDING, SCH_NO_REASON);
    sch_engine_free(f.e);
}

static void where_nobody_answers_it_is_asked_again_and_keeps_its_place(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    const struct sch_run *r = fix_run(asking(&f, 0, &conf), 0);
    fix_judge(&f, r, SCH_NOBODY, "pslimits: connection refused");
    fix_why(r, SCH_SCHEDULING, SCH_NO_ANSWER);
    assert_true(r->placed);
    fix_to(&f, BEGIN + S);
    assert_int_equal(fix_told(&f, SCH_RUN_ASK, r), 1);
    fix_to(&f, BEGIN + 2 * S);
    assert_int_equal(fix_told(&f, SCH_RUN_ASK, r), 2);
    fix_judge(&f, r, SCH_NOT_THERE, "h2: no route to host");
    fix_why(r, SCH_SCHEDULING, SCH_UNREACHABLE);
    fix_to(&f, BEGIN + 6 * S);
    assert_int_equal(fix_told(&f, SCH_RUN_ASK, r), 3);
    fix_to(&f, BEGIN + 100 * S); // no answer at all
    fix_why(r, SCH_NONSTART, SCH_NO_ANSWER);
    sch_engine_free(f.e);
}

static void where_a_participant_has_no_room_another_time_is_asked_about(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    const struct sch_run *r = fix_run(asking(&f, 300 * S, &conf), 0);
    struct sch_judgement j = {.verdict = SCH_NOT_FREE, .start = BEGIN + 150 * S, .sentence = "h2 is busy"};
    assert_int_equal(sch_engine_judged(f.e, r, &j, f.now), 0);
    fix_settle(&f);
    fix_is(r, SCH_SCHEDULING, BEGIN + 150 * S);
    fix_why(r, SCH_SCHEDULING, SCH_CONFLICT);
    j.start = 0;
    for (int i = 0; i < 5; i++) {
        const ps_ns before = r->start;
        assert_int_equal(fix_told(&f, SCH_RUN_ASK, r), i + 2);
        assert_int_equal(sch_engine_judged(f.e, r, &j, f.now), 0);
        fix_settle(&f);
        if (i < 4)
            assert_in_range(r->start, before + S, before + 10 * S);
    }
    fix_why(r, SCH_NONSTART, SCH_CONFLICT);
    sch_engine_free(f.e);
}

static void participants_may_choose_the_time(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf c = fix_task(&f), d = fix_task(&f);
    c.ask = true;
    c.participants = 2;
    c.schedule.slip = 300 * S;
    const struct sch_run *r = fix_run(fix_add(&f, &c), 0);
    const struct sch_judgement j = {.verdict = SCH_PASS, .start = BEGIN + 177 * S};
    assert_int_equal(sch_engine_judged(f.e, r, &j, f.now), 0);
    fix_settle(&f);
    fix_is(r, SCH_PENDING, BEGIN + 177 * S);
    d.priority = 3; // what is agreed does not move, but is outranked
    d.schedule.start = BEGIN + 177 * S;
    (void)fix_add(&f, &d);
    fix_why(r, SCH_PENDING, SCH_OUTRANKED);
    fix_to(&f, BEGIN + 177 * S);
    fix_why(r, SCH_PREEMPTED, SCH_OUTRANKED);
    sch_engine_free(f.e);
}

static void a_priority_that_is_not_granted_gives_back_the_place_it_took(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f);
    a.priority = 3;
    b.priority = 9;
    b.ask = true;
    const struct sch_run *r = fix_run(fix_add(&f, &a), 0), *s = fix_run(fix_add(&f, &b), 0);
    fix_why(r, SCH_PENDING, SCH_OUTRANKED);
    const struct sch_judgement j = {.verdict = SCH_PASS, .has_priority = true, .priority = 1};
    assert_int_equal(sch_engine_judged(f.e, s, &j, f.now), 0);
    fix_settle(&f);
    assert_int_equal(s->priority, 1);
    assert_true(r->placed);
    fix_why(r, SCH_PENDING, SCH_NO_REASON);
    fix_why(s, SCH_SCHEDULING, SCH_OUTRANKED);
    fix_to(&f, BEGIN + 100 * S);
    fix_why(s, SCH_PREEMPTED, SCH_OUTRANKED);
    sch_engine_free(f.e);
}

static void a_booking_has_its_time_or_is_refused(void **state)
{
    (void)state;
    struct fix f;
    const struct sch_conf conf = fix_conf();
    const struct sch_run *r = NULL, *again = NULL;
    struct ps_fault fault = {.text = ""};
    fix_new(&f, &conf);
    struct sch_task_conf a = fix_task(&f), b = fix_task(&f);
    b.led_elsewhere = true;
    b.participants = 2;
    (void)fix_add(&f, &a);
    const struct sch_task *t = fix_add(&f, &b);
    assert_int_equal(t->nruns, 0);
    static const char id[] = "11111111-2222-4333-8444-555555555555";
    assert_int_equal(sch_engine_book(f.e, t, id, BEGIN + 95 * S, f.now, &r, &fault), PS_ESTATE);
    assert_non_null(strstr(fault.text, "has the time until 2027-01-15T08:01:50Z"));
    assert_int_equal(sch_engine_book(f.e, t, id, BEGIN - S, f.now, &r, &fault), PS_ERANGE);
    assert_int_equal(sch_engine_book(f.e, t, id, BEGIN + S / 2, f.now, &r, &fault), PS_ERANGE);
    assert_int_equal(sch_engine_book(f.e, t, "x", BEGIN + 60 * S, f.now, &r, &fault), PS_EMALFORMED);
    assert_int_equal(sch_engine_book(f.e, t, id, BEGIN + 60 * S, f.now, &r, &fault), 0);
    assert_int_equal(sch_engine_book(f.e, t, id, BEGIN + 80 * S, f.now, &again, &fault), PS_EDUPLICATE);
    fix_settle(&f);
    fix_is(r, SCH_PENDING, BEGIN + 60 * S);
    assert_ptr_equal(sch_engine_run(f.e, id), r);
    fix_to(&f, BEGIN + 60 * S);
    assert_int_equal(r->state, SCH_RUNNING);
    sch_engine_free(f.e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_asked_about_before_it_is_pending),
        cmocka_unit_test(without_slip_a_no_makes_a_non_starter_at_once),
        cmocka_unit_test(with_slip_a_no_is_asked_about_again_across_it),
        cmocka_unit_test(a_yes_for_a_later_start_is_a_yes),
        cmocka_unit_test(where_nobody_answers_it_is_asked_again_and_keeps_its_place),
        cmocka_unit_test(where_a_participant_has_no_room_another_time_is_asked_about),
        cmocka_unit_test(participants_may_choose_the_time),
        cmocka_unit_test(a_priority_that_is_not_granted_gives_back_the_place_it_took),
        cmocka_unit_test(a_booking_has_its_time_or_is_refused),
    };
    return cmocka_run_group_tests_name("sch_engine_judge", tests, NULL, NULL);
}
