// SPDX-License-Identifier: Apache-2.0
#include "loop_fix.h"
#include <unistd.h>
#include "loop/ps_watch.h"

// Where a time cut off to milliseconds is furthest from the true one.
static ps_ns late_in_a_millisecond(void)
{
    ps_ns now = ps_loop_mono();

    while (now % PS_MSEC < 800 * PS_USEC)
        now = ps_loop_mono();
    return now;
}

static void a_timer_never_fires_early(void **state)
{
    struct fix *f = *state;
    struct ps_timer *t;

    assert_int_equal(ps_timer_new(f->loop, &t, count_and_stop, f), 0);
    for (ps_ns after = 1; after < 4 * PS_MSEC; after += 77777) {
        ps_ns begin = late_in_a_millisecond();

        ps_timer_start(t, after);
        for (f->when = 0; !f->when && ps_loop_mono() - begin < GUARD;)
            ps_loop_poll(f->loop); // without a pause, to meet the first moment it could fire
        assert_true(f->when - begin >= after);
    }
    ps_timer_free(t);
}

static void a_timer_with_no_time_fires_on_the_next_turn(void **state)
{
    struct fix *f = *state;
    struct ps_timer *t;

    assert_int_equal(ps_timer_new(f->loop, &t, count_and_stop, f), 0);
    ps_timer_start(t, 0);
    assert_int_equal(f->count, 0);
    ps_loop_poll(f->loop);
    assert_int_equal(f->count, 1);
    ps_timer_start(t, -5 * PS_SEC);
    ps_loop_poll(f->loop);
    assert_int_equal(f->count, 2);
    ps_timer_free(t);
}

static void timers_fire_in_the_order_of_their_times(void **state)
{
    struct fix *f = *state;
    struct ps_timer *a, *b, *end;

    assert_int_equal(ps_timer_new(f->loop, &a, note_a, f), 0);
    assert_int_equal(ps_timer_new(f->loop, &b, note_b, f), 0);
    assert_int_equal(ps_timer_new(f->loop, &end, count_and_stop, f), 0);
    ps_timer_start(end, 9 * PS_MSEC);
    ps_timer_start(a, 6 * PS_MSEC);
    ps_timer_start(b, 3 * PS_MSEC);
    run_guarded(f);
    assert_string_equal(f->order, "ba");
    ps_timer_free(a);
    ps_timer_free(b);
    ps_timer_free(end);
}

// b is due later than a and would wake the loop again.
static void timers_with_slack_share_a_wake(void **state)
{
    struct fix *f = *state;
    struct ps_timer *a, *b;
    ps_ns slack = 40 * PS_MSEC, begun, turn; // turn: until the next common time

    assert_int_equal(ps_timer_new(f->loop, &a, note_a, f), 0);
    assert_int_equal(ps_timer_new(f->loop, &b, count_and_stop, f), 0);
    do {
        begun = ps_loop_mono();
        turn = slack - begun % slack;
    } while (turn < slack / 2);
    ps_timer_about(a, turn / 4, slack);
    ps_timer_about(b, turn / 2, slack);
    run_guarded(f);
    assert_string_equal(f->order, "a");
    assert_true(ps_loop_mono() >= begun + turn);
    ps_timer_free(a);
    ps_timer_free(b);
}

static void starting_again_moves_a_timer(void **state)
{
    struct fix *f = *state;
    struct ps_timer *t;

    assert_int_equal(ps_timer_new(f->loop, &t, count_and_stop, f), 0);
    ps_timer_start(t, 3600 * PS_SEC);
    ps_timer_start(t, PS_MSEC);
    run_guarded(f);
    assert_int_equal(f->count, 1);
    ps_timer_free(t);
}

static void a_stopped_timer_does_not_fire_and_holds_nothing_up(void **state)
{
    struct fix *f = *state;
    struct ps_timer *t;

    assert_int_equal(ps_timer_new(f->loop, &t, count_and_stop, f), 0);
    assert_false(ps_timer_running(t));
    ps_timer_start(t, 0);
    assert_true(ps_timer_running(t));
    ps_timer_stop(t);
    assert_false(ps_timer_running(t));
    ps_loop_run(f->loop);
    assert_int_equal(f->count, 0);
    ps_timer_free(t);
}

static void a_time_beyond_all_bounds_does_not_wrap_around(void **state)
{
    struct fix *f = *state;
    struct ps_timer *t;

    assert_int_equal(ps_timer_new(f->loop, &t, count_and_stop, f), 0);
    ps_timer_start(t, INT64_MAX);
    ps_loop_poll(f->loop);
    ps_timer_repeat(t, INT64_MAX);
    ps_loop_poll(f->loop);
    assert_int_equal(f->count, 0);
    ps_timer_free(t);
}

static void repeat_three_times(void *ctx)
{
    struct fix *f = ctx;

    if (++f->count == 3)
        ps_loop_stop(f->loop);
}

static void a_repeating_timer_goes_on(void **state)
{
    struct fix *f = *state;
    ps_ns begin = ps_loop_mono();
    struct ps_timer *t;

    assert_int_equal(ps_timer_new(f->loop, &t, repeat_three_times, f), 0);
    ps_timer_repeat(t, 2 * PS_MSEC);
    run_guarded(f);
    assert_int_equal(f->count, 3);
    assert_true(ps_loop_mono() - begin >= 5 * PS_MSEC);
    ps_timer_free(t);
}

static void again_at_once(void *ctx)
{
    struct fix *f = ctx;
    f->count++;
    if (f->count < 100000)
        ps_timer_start(f->timer, 0);
    else
        ps_loop_stop(f->loop);
}

static void pipe_ready(void *ctx, int events)
{
    struct fix *f = ctx;
    (void)events;
    ps_loop_stop(f->loop);
}

static void a_timer_that_starts_itself_anew_leaves_sockets_their_turn(void **state)
{
    struct fix *f = *state;
    struct ps_watch *w;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(ps_timer_new(f->loop, &f->timer, again_at_once, f), 0);
    assert_int_equal(ps_watch_new(f->loop, fds[0], pipe_ready, f, &w), 0);
    ps_watch_set(w, PS_WATCH_READ);
    ps_timer_start(f->timer, 0);
    ps_loop_run(f->loop);
    assert_in_range(f->count, 1, 100);
    ps_watch_free(w);
    ps_timer_free(f->timer);
    f->timer = NULL;
    close(fds[0]);
    close(fds[1]);
}

static void free_own_timer(void *ctx)
{
    struct fix *f = ctx;

    ps_timer_free(f->timer);
    count_and_stop(f);
}

static void a_timer_may_be_freed_from_its_own_callback(void **state)
{
    struct fix *f = *state;

    assert_int_equal(ps_timer_new(f->loop, &f->timer, free_own_timer, f), 0);
    ps_timer_repeat(f->timer, PS_MSEC);
    run_guarded(f);
    ps_loop_run(f->loop);
    assert_int_equal(f->count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_timer_never_fires_early),
        TEST(a_timer_with_no_time_fires_on_the_next_turn),
        TEST(timers_fire_in_the_order_of_their_times),
        TEST(timers_with_slack_share_a_wake),
        TEST(starting_again_moves_a_timer),
        TEST(a_stopped_timer_does_not_fire_and_holds_nothing_up),
        TEST(a_time_beyond_all_bounds_does_not_wrap_around),
        TEST(a_repeating_timer_goes_on),
        TEST(a_timer_that_starts_itself_anew_leaves_sockets_their_turn),
        TEST(a_timer_may_be_freed_from_its_own_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
