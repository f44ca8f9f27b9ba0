// SPDX-License-Identifier: Apache-2.0
// The wall clock and the timer that the kernel cancels are this program's own: no clock is set.
#include "loop_fix.h"
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "loop/ps_clockwatch.h"

static struct {
    ps_ns set;              // by so much the wall clock is not what it was
    ps_ns set_at_next_read; // of the wall clock: by that
    bool refuses;
    int timer;
    int flags;
} kernel;

static void set_clock(ps_ns by, bool noticed)
{
    uint64_t one = 1;

    kernel.set += by;
    if (noticed)
        assert_int_equal(write(kernel.timer, &one, sizeof one), sizeof one);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    int rc = (int)syscall(SYS_clock_gettime, id, ts);
    ps_ns t = (ps_ns)ts->tv_sec * PS_SEC + ts->tv_nsec;

    if (id == CLOCK_REALTIME && kernel.set_at_next_read != 0) {
        set_clock(kernel.set_at_next_read, true);
        kernel.set_at_next_read = 0;
    }
    if (id == CLOCK_REALTIME)
        t += kernel.set;
    ts->tv_sec = t / PS_SEC;
    ts->tv_nsec = t % PS_SEC;
    return rc;
}

int timerfd_create(clockid_t id, int flags)
{
    assert_int_equal(id, CLOCK_REALTIME);
    (void)flags;
    kernel.timer = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return kernel.timer;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old)
{
    (void)old;
    assert_int_equal(fd, kernel.timer);
    assert_true(to->it_value.tv_sec > (INT64_C(1) << 32));
    kernel.flags = flags;
    errno = EINVAL;
    return kernel.refuses ? -1 : 0;
}

ssize_t read(int fd, void *buf, size_t n)
{
    ssize_t got = syscall(SYS_read, fd, buf, n);

    if (fd != kernel.timer || got < 0)
        return got;
    errno = ECANCELED;
    return -1;
}

struct seen {
    struct fix *f;
    struct ps_clock *clock;
    struct ps_clockwatch *watch;
    struct ps_step step;
    int n;
};

static void on_step(void *ctx, const struct ps_step *step)
{
    struct seen *s = ctx;

    s->step = *step;
    s->n++;
    ps_clockwatch_look(s->watch); // may be called from here
    ps_loop_stop(s->f->loop);
}

static void watch(struct seen *s, struct fix *f, bool refuses)
{
    kernel.refuses = refuses;
    kernel.timer = -1;
    kernel.set = 0;
    *s = (struct seen){.f = f};
    assert_int_equal(ps_clock_new(&s->clock, 0), 0);
    assert_int_equal(ps_clockwatch_new(f->loop, s->clock, on_step, s, &s->watch), 0);
    assert_int_equal(ps_clockwatch_is_noticed(s->watch), !refuses);
}

static void unwatch(struct seen *s)
{
    ps_clockwatch_free(s->watch);
    ps_loop_poll(s->f->loop);
    ps_clock_free(s->clock);
}

static void assert_about(ps_ns got, ps_ns want)
{
    if (got < want - 20 * PS_MSEC || got > want + 20 * PS_MSEC)
        fail_msg("%lld ns, not about %lld", (long long)got, (long long)want);
}

static void a_step_is_told_when_the_kernel_gives_notice(void **state)
{
    struct fix *f = *state;
    struct seen s;

    watch(&s, f, false);
    assert_int_equal(kernel.flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
    set_clock(-5 * PS_SEC, true);
    run_guarded(f);
    assert_int_equal(s.n, 1);
    assert_about(s.step.after - s.step.before, -5 * PS_SEC);
    assert_true(s.step.last_good <= s.step.before);
    assert_int_equal(ps_clock_steps(s.clock), 1);
    unwatch(&s);
}

static void a_step_that_was_set_back_before_anybody_looked_is_told(void **state)
{
    struct seen s;

    watch(&s, *state, false);
    set_clock(PS_SEC, true);
    set_clock(-PS_SEC, true);
    ps_clockwatch_look(s.watch);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.step.after, s.step.before);
    ps_clockwatch_look(s.watch);
    assert_int_equal(s.n, 1);
    assert_int_equal(ps_clock_steps(s.clock), 1);
    unwatch(&s);
}

static void a_step_during_a_look_is_told_once(void **state)
{
    struct seen s;

    watch(&s, *state, false);
    kernel.set_at_next_read = PS_SEC;
    ps_clockwatch_look(s.watch);
    assert_int_equal(s.n, 1);
    assert_about(s.step.after - s.step.before, PS_SEC);
    ps_clockwatch_look(s.watch);
    assert_int_equal(s.n, 1);
    unwatch(&s);
}

static void without_notice_both_clocks_are_compared_each_second(void **state)
{
    struct fix *f = *state;
    struct seen s;

    watch(&s, f, true);
    set_clock(3 * PS_SEC, false);
    run_guarded(f);
    assert_int_equal(s.n, 1);
    assert_about(s.step.after - s.step.before, 3 * PS_SEC);
    unwatch(&s);
}

static void a_loop_with_nothing_but_a_watch_ends(void **state)
{
    struct fix *f = *state;
    struct seen s;

    watch(&s, f, false);
    ps_loop_run(f->loop);
    assert_int_equal(s.n, 0);
    unwatch(&s);
}

static void a_look_that_was_held_up_or_a_slew_is_no_step(void **state)
{
    struct ps_moment last = {100 * PS_SEC, 10 * PS_SEC};
    struct ps_moment slewed = {160 * PS_SEC, 70 * PS_SEC},
                     held_up = {161 * PS_SEC, 71 * PS_SEC - 9 * PS_MSEC};
    struct ps_step step;

    (void)state;
    assert_false(ps_step_between(&last, &slewed, false, &step));
    assert_false(ps_step_between(&last, &held_up, false, &step));
}

static void a_step_has_the_times_before_and_behind_it(void **state)
{
    struct ps_moment last = {100 * PS_SEC, 10 * PS_SEC}, now = {98 * PS_SEC, 11 * PS_SEC};
    struct ps_step step;

    (void)state;
    assert_true(ps_step_between(&last, &now, false, &step));
    assert_int_equal(step.last_good, 100 * PS_SEC);
    assert_int_equal(step.before, 101 * PS_SEC);
    assert_int_equal(step.after, 98 * PS_SEC);
}

static void with_notice_the_smallest_step_counts(void **state)
{
    struct ps_moment last = {100 * PS_SEC, 10 * PS_SEC}, now = {101 * PS_SEC + 1000, 11 * PS_SEC};
    struct ps_step step;

    (void)state;
    assert_false(ps_step_between(&last, &now, false, &step));
    assert_true(ps_step_between(&last, &now, true, &step));
    assert_int_equal(step.after - step.before, 0); // it does not show
    now.wall += 100 * PS_USEC;
    assert_true(ps_step_between(&last, &now, true, &step));
    assert_int_equal(step.after - step.before, 101 * PS_USEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_step_is_told_when_the_kernel_gives_notice),
        TEST(a_step_that_was_set_back_before_anybody_looked_is_told),
        TEST(a_step_during_a_look_is_told_once),
        TEST(without_notice_both_clocks_are_compared_each_second),
        TEST(a_loop_with_nothing_but_a_watch_ends),
        TEST(a_look_that_was_held_up_or_a_slew_is_no_step),
        TEST(a_step_has_the_times_before_and_behind_it),
        TEST(with_notice_the_smallest_step_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
