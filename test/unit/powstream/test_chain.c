// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "powstream/chain.h"

// Times are seconds; the clock and the monotonic time begin together.
#define T(s) ((ps_ntp)(int64_t)((s)*4294967296.0) + ((ps_ntp)100000 << 32))

static struct chain c;
static struct ledger l;
static char did[2000];
static double now, ahead;

static double seconds(ps_ntp t)
{
    return ps_ntpdiff_to_double(ps_ntp_diff(t, T(0)));
}

__attribute__((format(printf, 1, 2))) static void note(const char *fmt, ...)
{
    size_t n = strlen(did);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(did + n, sizeof did - n, fmt, ap);
    va_end(ap);
}

static void on_connect(void *ctx, unsigned lane)
{
    (void)ctx;
    note("connect %u;", lane);
}

static void on_request(void *ctx, unsigned lane, uint32_t id, ps_ntp start)
{
    (void)ctx;
    (void)id;
    note("request %u %.6g;", lane, seconds(start));
}

static void on_stop(void *ctx, unsigned lane, bool cut, ps_ntp cut_at)
{
    (void)ctx;
    note(cut ? "stop %u %.6g;" : "stop %u;", lane, seconds(cut_at));
}

static void on_close(void *ctx, unsigned lane)
{
    (void)ctx;
    note("close %u;", lane);
}

static void on_entry(void *ctx, const struct ledger_entry *e)
{
    static const char *const kinds[] = {"measured", "gap", "step"};
    (void)ctx;
    note("%s %.6g-%.6g%s%s;", kinds[e->kind], seconds(e->from), seconds(e->to), e->reason != NULL ? " " : "",
         e->reason != NULL ? e->reason : "");
}

static const struct chain_ops ops = {on_connect, on_request, on_stop, on_close};

static void does(const char *want)
{
    assert_string_equal(did, want);
    did[0] = '\0';
}

static struct chain_now at(double t)
{
    now = t;
    return (struct chain_now){T(t + ahead), (ps_ns)(t * 1e9)};
}

static double tick(double t)
{
    return (double)chain_tick(&c, at(t)) / 1e9;
}

static void start(double since, const char *reason)
{
    const struct chain_conf conf = {.duration = 60 * PS_SEC, .retry_max = 8 * PS_SEC};
    memset(&c, 0, sizeof c);
    ledger_fini(&l);
    memset(&l, 0, sizeof l);
    did[0] = '\0';
    ahead = 0;
    l.emit = on_entry;
    c.ops = &ops;
    c.ledger = &l;
    struct ledger_note note = {.told = T(since)};
    chain_begin(&c, &conf, 1, at(0), since == 0 ? NULL : &note, reason);
}

static int begin(void **state)
{
    (void)state;
    start(0, "");
    return 0;
}

static int end(void **state)
{
    (void)state;
    ledger_fini(&l);
    return 0;
}

// A session runs from 0.5 on, told of up to its beginning.
static void run_first(void)
{
    tick(0);
    chain_connected(&c, 0, PS_SEC / 2);
    tick(0);
    chain_agreed(&c, 0, T(0.5), T(60.5), at(0.1));
    tick(0.5);
    does("connect 0;request 0 0.5;gap 0-0.5 setting up;");
}

// The next one is agreed upon, too.
static void run_second(void)
{
    tick(50.5);
    chain_connected(&c, 1, PS_SEC / 2);
    tick(50.6);
    chain_agreed(&c, 1, T(60.5), T(120.5), at(50.7));
    does("connect 1;request 1 60.5;");
}

static void the_next_session_is_asked_for_before_the_present_one_ends(void **state)
{
    (void)state;
    run_first();
    assert_true(tick(1) == 49.5);
    does("");
    run_second();
    chain_ended(&c, 0, T(60.5), NULL, at(61));
    assert_true(tick(61) == 49.5);
    does("measured 0.5-60.5;");
    tick(110.5);
    does("request 0 120.5;"); // on the connection that is there
}

static void pauses_grow_to_the_longest(void **state)
{
    static const double most[] = {1, 2, 4, 8, 8, 8};
    double t = 0;
    (void)state;
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        assert_true(tick(t) == 1);
        does("connect 0;");
        chain_lost(&c, 0, 0, "refused", at(t));
        does("close 0;");
        double wait = tick(t);
        if (wait < most[i] / 2 || wait > most[i])
            fail_msg("pause %zu is %f s, the longest is %f", i, wait, most[i]);
        t += wait + 1e-6;
    }
    assert_string_equal(l.reason, "refused");
}

static void sessions_that_are_agreed_and_broken_off_count_as_failures(void **state)
{
    double t = 0, wait = 0;
    (void)state;
    for (int i = 0; i < 5; i++) {
        tick(t);
        chain_connected(&c, 0, PS_SEC / 2);
        tick(t);
        chain_agreed(&c, 0, c.lanes[0].start, c.lanes[0].start + T(60) - T(0), at(t));
        t += 0.6;
        chain_lost(&c, 0, 0, "reset", at(t));
        wait = tick(t);
        t += wait + 1e-6;
    }
    assert_true(wait >= 4);
    tick(t);
    chain_connected(&c, 0, PS_SEC / 2);
    tick(t);
    chain_agreed(&c, 0, c.lanes[0].start, c.lanes[0].start + T(60) - T(0), at(t));
    chain_lost(&c, 0, T(t + 2), "reset", at(t + 5));
    assert_int_equal(c.failures, 1);
}

static void a_long_gap_is_told_each_minute(void **state)
{
    (void)state;
    tick(0);
    does("connect 0;");
    chain_lost(&c, 0, 0, "refused", at(0));
    tick(60);
    does("close 0;gap 0-60 refused;connect 0;");
}

static void a_session_that_is_agreed_late_is_given_up(void **state)
{
    (void)state;
    tick(0);
    chain_connected(&c, 0, PS_SEC / 2);
    tick(0);
    chain_agreed(&c, 0, T(0.5), T(60.5), at(1.1));
    does("connect 0;request 0 0.5;close 0;");
    assert_string_equal(l.reason, "the server agreed too late");
}

static void an_idle_connection_that_closes_is_no_failure(void **state)
{
    (void)state;
    run_first();
    run_second();
    chain_ended(&c, 0, T(60.5), NULL, at(61));
    chain_lost(&c, 0, 0, "closed", at(70));
    tick(70);
    does("measured 0.5-60.5;close 0;");
    assert_int_equal(c.failures, 0);
    assert_string_equal(l.reason, "no further session was agreed");
}

static void an_idle_connection_is_used_though_another_is_being_set_up(void **state)
{
    (void)state;
    run_first();
    tick(50.5);
    does("connect 1;");
    chain_ended(&c, 0, T(60.5), NULL, at(61));
    tick(61);
    does("measured 0.5-60.5;gap 60.5-61 no further session was agreed;request 0 61.5;");
}

static void when_all_connections_are_busy_that_is_the_reason(void **state)
{
    (void)state;
    double end = 0.5;
    for (unsigned i = 0; i < CHAIN_LANES; i++) {
        tick(end);
        chain_connected(&c, i, PS_SEC / 2);
        tick(end);
        chain_agreed(&c, i, T(end + 0.5), T(end + 60), at(end));
        end += 60;
    }
    tick(end);
    assert_string_equal(l.reason, "all control connections are busy with sessions that have not ended");
}

static void when_the_clock_is_set_sessions_stop_and_what_is_not_begun_is_dropped(void **state)
{
    (void)state;
    run_first();
    run_second();
    ahead = 3600;
    chain_clock_set(&c, T(54), T(55), T(3655), at(55));
    does("close 1;stop 0 54;");
    assert_true(tick(55) <= 1);
    does("");
    chain_ended(&c, 0, T(44), NULL, at(56));
    tick(56);
    does("measured 0.5-44;gap 44-55 the clock was set by +3600.000 s;"
         "step 55-3655 the clock was set by +3600.000 s;request 0 3656.5;");
    chain_agreed(&c, 0, T(3656.5), T(3716.5), at(56.1));
    tick(56.5);
    does("gap 3655-3656.5 the clock was set by +3600.000 s;");
}

static void a_gap_that_began_before_the_step_keeps_its_reason(void **state)
{
    (void)state;
    tick(0);
    chain_lost(&c, 0, 0, "refused", at(0));
    ahead = -10;
    chain_clock_set(&c, T(29), T(30), T(20), at(30));
    does("connect 0;close 0;gap 0-30 refused;step 30-20 the clock was set by -10.000 s;");
}

static void a_second_step_while_sessions_stop_loses_no_time(void **state)
{
    (void)state;
    run_first();
    ahead = 100;
    chain_clock_set(&c, T(29), T(30), T(130), at(30));
    ahead = 50;
    chain_clock_set(&c, T(134), T(135), T(85), at(35));
    does("stop 0 29;");
    chain_ended(&c, 0, T(19), NULL, at(40));
    tick(40);
    // 35 s have passed, and the clock has gained 50.
    does("measured 0.5-19;gap 19-35 the clock was set by +50.000 s;"
         "step 35-85 the clock was set by +50.000 s;request 0 90.5;");
}

static void finishing_stops_what_runs_and_no_more_begins(void **state)
{
    (void)state;
    run_first();
    run_second();
    chain_finish(&c, "powstream was stopped", at(55));
    does("close 1;stop 0;");
    assert_false(chain_over(&c));
    chain_ended(&c, 0, T(50), NULL, at(56));
    tick(56);
    assert_true(chain_over(&c));
    ledger_blame(&l, "powstream was stopped", l.covered);
    ledger_idle(&l, T(56));
    does("measured 0.5-50;gap 50-56 powstream was stopped;");
}

static void a_clock_set_while_it_finishes_cuts_what_stops(void **state)
{
    (void)state;
    run_first();
    chain_finish(&c, "powstream was stopped", at(30));
    ahead = 7;
    chain_clock_set(&c, T(30), T(31), T(38), at(31));
    does("stop 0;stop 0 30;");
    chain_lost(&c, 0, T(20), "gone", at(32));
    tick(32);
    does("close 0;measured 0.5-20;gap 20-31 the clock was set by +7.000 s;"
         "step 31-38 the clock was set by +7.000 s;");
    assert_true(chain_over(&c));
}

static void a_reset_begins_anew_and_says_why(void **state)
{
    (void)state;
    run_first();
    chain_reset(&c, "restarted", at(30));
    does("stop 0;");
    tick(30);
    does("");
    chain_ended(&c, 0, T(20), NULL, at(31));
    does("measured 0.5-20;close 0;");
    tick(31);
    does("connect 0;");
    chain_connected(&c, 0, PS_SEC);
    tick(31);
    chain_agreed(&c, 0, T(32), T(92), at(31.1));
    tick(32);
    does("request 0 32;gap 20-32 restarted;");
}

static void a_former_run_is_continued(void **state)
{
    (void)state;
    start(-100, "not running");
    does("gap -100-0 not running;");
    assert_string_equal(l.reason, "setting up");
}

static void a_former_run_in_the_future_shows_that_the_clock_was_set(void **state)
{
    (void)state;
    start(3600, "not running");
    does("step 3600-0 the clock was set back while powstream was not running;");
}

static void a_little_ahead_a_former_run_has_accounted_for(void **state)
{
    (void)state;
    start(5, "not running");
    does("");
    tick(0);
    chain_connected(&c, 0, PS_SEC);
    tick(0.1);
    does("connect 0;request 0 5;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_next_session_is_asked_for_before_the_present_one_ends, begin),
        cmocka_unit_test_setup(pauses_grow_to_the_longest, begin),
        cmocka_unit_test_setup(sessions_that_are_agreed_and_broken_off_count_as_failures, begin),
        cmocka_unit_test_setup(a_long_gap_is_told_each_minute, begin),
        cmocka_unit_test_setup(a_session_that_is_agreed_late_is_given_up, begin),
        cmocka_unit_test_setup(an_idle_connection_that_closes_is_no_failure, begin),
        cmocka_unit_test_setup(an_idle_connection_is_used_though_another_is_being_set_up, begin),
        cmocka_unit_test_setup(when_all_connections_are_busy_that_is_the_reason, begin),
        cmocka_unit_test_setup(when_the_clock_is_set_sessions_stop_and_what_is_not_begun_is_dropped, begin),
        cmocka_unit_test_setup(a_gap_that_began_before_the_step_keeps_its_reason, begin),
        cmocka_unit_test_setup(a_second_step_while_sessions_stop_loses_no_time, begin),
        cmocka_unit_test_setup(finishing_stops_what_runs_and_no_more_begins, begin),
        cmocka_unit_test_setup(a_clock_set_while_it_finishes_cuts_what_stops, begin),
        cmocka_unit_test_setup(a_reset_begins_anew_and_says_why, begin),
        cmocka_unit_test_setup(a_former_run_is_continued, begin),
        cmocka_unit_test_setup(a_former_run_in_the_future_shows_that_the_clock_was_set, begin),
        cmocka_unit_test_setup(a_little_ahead_a_former_run_has_accounted_for, begin),
    };
    return cmocka_run_group_tests_name("powstream chain", tests, NULL, end);
}
