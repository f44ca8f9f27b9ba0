// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "powstream/ledger.h"

// Times are seconds.
#define T(s) ((ps_ntp)(int64_t)((s)*4294967296.0) + ((ps_ntp)100000 << 32))

static struct ledger l;
static char told[2000];

static void note(void *ctx, const struct ledger_entry *e)
{
    static const char *const kinds[] = {"measured", "gap", "step"};
    size_t n = strlen(told);
    (void)ctx;
    snprintf(told + n, sizeof told - n, "%s %.9g-%.9g%s%s;", kinds[e->kind],
             ps_ntpdiff_to_double(ps_ntp_diff(e->from, T(0))), ps_ntpdiff_to_double(ps_ntp_diff(e->to, T(0))),
             e->reason != NULL ? " " : "", e->reason != NULL ? e->reason : "");
}

static void says(const char *want)
{
    assert_string_equal(told, want);
    told[0] = '\0';
}

static int begin(void **state)
{
    (void)state;
    ledger_fini(&l);
    memset(&l, 0, sizeof l);
    l.emit = note;
    told[0] = '\0';
    ledger_begin(&l, T(0), "setting up");
    return 0;
}

static int end(void **state)
{
    (void)state;
    ledger_fini(&l);
    return 0;
}

static void agree(uint32_t id, double from, double to)
{
    assert_int_equal(ledger_agree(&l, id, T(from), T(to)), 0);
}

static void accounted(double until)
{
    assert_true(ps_ntpdiff_to_double(ps_ntp_diff(ledger_told(&l), T(0))) == until);
}

static void noted(const struct ledger_note *note, unsigned i, double from, double to, const char *reason)
{
    assert_true(i < note->n);
    assert_true(note->later[i].from == T(from) && note->later[i].to == T(to));
    assert_string_equal(note->later[i].reason, reason);
}

static void sessions_in_a_row_leave_no_gap_between_them(void **state)
{
    (void)state;
    agree(1, 2, 60);
    says("");
    ledger_pass(&l, T(2));
    says("gap 0-2 setting up;");
    agree(2, 60, 120);
    ledger_settle(&l, 1, T(60), NULL, T(70));
    says("measured 2-60;");
    accounted(60);
    ledger_settle(&l, 2, T(120), NULL, T(130));
    says("measured 60-120;");
    accounted(120);
}

static void a_session_that_broke_off_leaves_a_gap_from_there_on(void **state)
{
    (void)state;
    agree(1, 0, 60);
    ledger_settle(&l, 1, T(40), "gone", T(45));
    says("measured 0-40;");
    accounted(40);
    agree(2, 50, 110);
    ledger_pass(&l, T(50));
    says("gap 40-50 gone;");
}

static void what_a_session_lost_keeps_its_reason_when_another_comes_up(void **state)
{
    (void)state;
    agree(1, 0, 60);
    ledger_settle(&l, 1, T(40), "closed", T(45));
    ledger_blame(&l, "refused", T(46));
    says("measured 0-40;gap 40-45 closed;");
    accounted(45);
    agree(2, 50, 110);
    ledger_pass(&l, T(50));
    says("gap 45-50 refused;");
}

static void a_gap_keeps_its_reason_till_something_else_was_tried(void **state)
{
    (void)state;
    ledger_blame(&l, "no route", T(2)); // what it was until then was not known
    ledger_blame(&l, "no route", T(5));
    ledger_confirm(&l, T(9));
    says("");
    ledger_blame(&l, "refused", T(12));
    says("gap 0-9 no route;");
    agree(1, 15, 75);
    ledger_blame(&l, "hung", T(14)); // behind the session
    ledger_pass(&l, T(15));
    says("gap 9-15 refused;");
}

static void a_time_to_come_is_not_certain(void **state)
{
    (void)state;
    ledger_blame(&l, "too late", T(2000)); // the clock had been set, which was not known yet
    ledger_blame(&l, "the clock was set", T(3));
    says("gap 0-3 too late;");
    ledger_step(&l, T(4), T(2001));
    says("gap 3-4 the clock was set;step 4-2001 the clock was set;");
}

static void a_note_goes_on_with_what_was_not_measured(void **state)
{
    struct ledger_note note = {.told = T(10), .n = 1};
    (void)state;
    note.later[0].from = T(20), note.later[0].to = T(30);
    ledger_note_gap(&note, T(25), "too early");
    ledger_note_gap(&note, T(40), "not running");
    ledger_note_gap(&note, T(50), "no directory");
    ledger_resume(&l, &note, "killed");
    says(
        "gap 10-20 powstream ended before the result was safe;gap 30-40 not running;gap 40-50 no directory;");
    accounted(50);
}

static void a_gap_that_grows_is_in_the_note_with_its_reason(void **state)
{
    struct ledger_note note;
    (void)state;
    ledger_blame(&l, "refused", l.covered);
    ledger_make_note(&l, T(7), &note);
    assert_true(note.told == T(0));
    assert_int_equal(note.n, 1);
    noted(&note, 0, 0, 7, "refused");
    ledger_fini(&l);
    ledger_resume(&l, &note, "killed");
    ledger_idle(&l, T(9));
    says("gap 0-7 refused;gap 7-9 killed;");
}

static void a_reason_too_long_for_a_note_is_cut_there(void **state)
{
    struct ledger_note note;
    char reason[300];
    (void)state;
    memset(reason, 'x', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    ledger_blame(&l, reason, l.covered);
    ledger_make_note(&l, T(1), &note);
    assert_int_equal(strlen(note.later[0].reason), LEDGER_REASON - 1);
}

static void what_the_next_session_cannot_make_good_is_told_when_it_is_over(void **state)
{
    (void)state;
    agree(1, 0, 60);
    agree(2, 60, 120);
    ledger_settle(&l, 1, T(40), "gone", T(45));
    says("measured 0-40;");
    accounted(40);
    ledger_pass(&l, T(59.5));
    says("");
    ledger_pass(&l, T(60));
    says("gap 40-60 gone;");
    accounted(60);
}

static void a_gap_to_come_is_taken_back_with_the_session_behind_it(void **state)
{
    (void)state;
    agree(1, 5, 60);
    ledger_settle(&l, 1, T(5), "refused", T(1));
    says("");
    accounted(0);
    ledger_idle(&l, T(2));
    says("gap 0-2 setting up;");
    ledger_step(&l, T(2), T(1002));
    says("step 2-1002 setting up;");
}

static void sessions_may_end_in_any_order(void **state)
{
    (void)state;
    agree(1, 0, 5);
    agree(2, 5, 10);
    agree(3, 10, 15);
    ledger_settle(&l, 3, T(15), NULL, T(15));
    ledger_settle(&l, 2, T(7), "cut", T(16));
    says("measured 10-15;measured 5-7;");
    accounted(0);
    ledger_settle(&l, 1, T(0), "hung", T(17));
    says("gap 0-5 hung;gap 7-10 cut;");
    accounted(15);
}

static void a_gap_behind_an_open_session_waits_for_it(void **state)
{
    (void)state;
    agree(1, 0, 5);
    ledger_blame(&l, "refused", l.covered);
    ledger_idle(&l, T(60));
    ledger_idle(&l, T(70));
    ledger_blame(&l, "hung", l.covered);
    ledger_idle(&l, T(80));
    says("");
    accounted(0);
    ledger_settle(&l, 1, T(4), "broken", T(85));
    says("measured 0-4;gap 4-5 broken;gap 5-70 refused;gap 70-80 hung;");
    accounted(80);
}

static void what_is_measured_ahead_of_the_clock_is_measured_once(void **state)
{
    (void)state;
    agree(1, 2, 60);
    ledger_settle(&l, 1, T(60), NULL, T(1)); // its server's clock is ahead
    says("measured 2-60;gap 0-2 setting up;");
    accounted(60);
    assert_int_equal(ledger_agree(&l, 2, T(59), T(119)), PS_ERANGE);
    agree(2, 60, 120);
}

static void more_than_its_time_a_session_does_not_measure(void **state)
{
    (void)state;
    agree(1, 0, 60);
    ledger_settle(&l, 1, T(90), "x", T(60));
    says("measured 0-60;");
    agree(2, 60, 120);
    ledger_settle(&l, 2, T(10), "less than nothing", T(130));
    says("gap 60-120 less than nothing;");
    ledger_settle(&l, 2, T(120), "again", T(130));
    says("");
}

static void a_session_that_overlaps_is_refused(void **state)
{
    (void)state;
    agree(1, 0, 60);
    assert_int_equal(ledger_agree(&l, 2, T(59), T(100)), PS_ERANGE);
    assert_int_equal(ledger_agree(&l, 2, T(100), T(99)), PS_ERANGE);
    for (uint32_t id = 2; id <= LEDGER_SPANS; id++)
        agree(id, 60, 60);
    assert_int_equal(ledger_agree(&l, 100, T(60), T(120)), PS_ELIMIT);
}

static void a_step_joins_two_times(void **state)
{
    (void)state;
    agree(1, 0, 60);
    ledger_settle(&l, 1, T(20), "the clock was set", T(25));
    ledger_step(&l, T(25), T(-3575));
    says("measured 0-20;gap 20-25 the clock was set;step 25--3575 the clock was set;");
    accounted(-3575);
    agree(2, -3574, -3514);
    ledger_pass(&l, T(-3574));
    says("gap -3575--3574 the clock was set;");
}

static void what_was_measured_behind_an_open_session_is_in_the_note(void **state)
{
    struct ledger_note note;
    (void)state;
    agree(1, 0, 60);
    agree(2, 60, 120);
    agree(3, 120, 180);
    ledger_settle(&l, 2, T(90), "connection reset", T(95));
    ledger_make_note(&l, T(95), &note);
    assert_true(note.told == T(0));
    assert_int_equal(note.n, 2);
    noted(&note, 0, 60, 90, "");
    noted(&note, 1, 90, 95, "connection reset");
    says("measured 60-90;");
    ledger_settle(&l, 1, T(60), NULL, T(121));
    says("measured 0-60;gap 90-120 connection reset;");
    ledger_make_note(&l, T(121), &note);
    assert_true(note.told == T(120));
    assert_int_equal(note.n, 0);
}

static void behind_a_note_only_what_it_does_not_name_is_a_gap(void **state)
{
    struct ledger_note note = {.told = T(10), .n = 2};
    (void)state;
    note.later[0].from = T(20), note.later[0].to = T(30);
    note.later[1].from = T(30), note.later[1].to = T(40);
    ledger_resume(&l, &note, "killed");
    ledger_idle(&l, T(50));
    says("gap 10-20 powstream ended before the result was safe;gap 40-50 killed;");
    accounted(50);
}

static void a_note_that_goes_back_in_time_loses_nothing(void **state)
{
    struct ledger_note note = {.told = T(10), .n = 2};
    (void)state;
    note.later[0].from = T(30), note.later[0].to = T(20);
    note.later[1].from = T(5), note.later[1].to = T(15);
    ledger_resume(&l, &note, "killed");
    ledger_idle(&l, T(50));
    assert_string_equal(strrchr(told, '-'), "-50 killed;");
    accounted(50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sessions_in_a_row_leave_no_gap_between_them, begin),
        cmocka_unit_test_setup(a_session_that_broke_off_leaves_a_gap_from_there_on, begin),
        cmocka_unit_test_setup(what_a_session_lost_keeps_its_reason_when_another_comes_up, begin),
        cmocka_unit_test_setup(a_gap_keeps_its_reason_till_something_else_was_tried, begin),
        cmocka_unit_test_setup(a_time_to_come_is_not_certain, begin),
        cmocka_unit_test_setup(a_note_goes_on_with_what_was_not_measured, begin),
        cmocka_unit_test_setup(a_gap_that_grows_is_in_the_note_with_its_reason, begin),
        cmocka_unit_test_setup(a_reason_too_long_for_a_note_is_cut_there, begin),
        cmocka_unit_test_setup(what_the_next_session_cannot_make_good_is_told_when_it_is_over, begin),
        cmocka_unit_test_setup(a_gap_to_come_is_taken_back_with_the_session_behind_it, begin),
        cmocka_unit_test_setup(sessions_may_end_in_any_order, begin),
        cmocka_unit_test_setup(a_gap_behind_an_open_session_waits_for_it, begin),
        cmocka_unit_test_setup(what_is_measured_ahead_of_the_clock_is_measured_once, begin),
        cmocka_unit_test_setup(more_than_its_time_a_session_does_not_measure, begin),
        cmocka_unit_test_setup(a_session_that_overlaps_is_refused, begin),
        cmocka_unit_test_setup(a_step_joins_two_times, begin),
        cmocka_unit_test_setup(what_was_measured_behind_an_open_session_is_in_the_note, begin),
        cmocka_unit_test_setup(behind_a_note_only_what_it_does_not_name_is_a_gap, begin),
        cmocka_unit_test_setup(a_note_that_goes_back_in_time_loses_nothing, begin),
    };
    return cmocka_run_group_tests_name("powstream ledger", tests, NULL, end);
}
