// SPDX-License-Identifier: Apache-2.0
// adjtimex and clock_gettime are this program's own: the kernel says what a test wants, and a second
// passes when a test says so.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_clock.h"

static struct {
    struct timex timex;
    int rc;
    int asked;
    bool fixed; // both clocks stand at `now`
    ps_ns now;
} kernel;

int adjtimex(struct timex *tx)
{
    assert_int_equal(tx->modes, 0);
    kernel.asked++;
    if (kernel.rc < 0) {
        errno = EPERM;
        return -1;
    }
    *tx = kernel.timex;
    return kernel.rc;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    if (!kernel.fixed)
        return (int)syscall(SYS_clock_gettime, id, ts);
    ts->tv_sec = kernel.now / PS_SEC;
    ts->tv_nsec = kernel.now % PS_SEC;
    return 0;
}

static void kernel_says(int rc, int status, long error_us, long max_us)
{
    kernel.timex = (struct timex){.status = status, .esterror = error_us, .maxerror = max_us};
    kernel.rc = rc;
}

static int setup(void **state)
{
    (void)state;
    kernel.asked = 0;
    kernel.now = 1000 * PS_SEC;
    kernel.fixed = true;
    kernel_says(TIME_OK, STA_PLL, 250, 4000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kernel.fixed = false;
    unsetenv("OWAMP_DEBUG_TIMEOFFSET");
    return 0;
}

static struct ps_clock_state state_of(ps_ns offset)
{
    struct ps_clock *c;
    struct ps_clock_state s;

    assert_int_equal(ps_clock_new(&c, offset), 0);
    ps_clock_get(c, &s);
    ps_clock_free(c);
    return s;
}

static void a_disciplined_clock_is_synced_with_its_errors(void **state)
{
    struct ps_clock_state s = state_of(0);

    (void)state;
    assert_true(s.synced);
    assert_int_equal(s.error, 250 * PS_USEC);
    assert_int_equal(s.max_error, 4 * PS_MSEC);
}

static void an_error_of_zero_is_told_as_a_microsecond(void **state)
{
    struct ps_clock_state s;

    (void)state;
    kernel_says(TIME_OK, 0, 0, 0);
    s = state_of(0);
    assert_true(s.synced);
    assert_int_equal(s.error, PS_USEC);
    assert_int_equal(s.max_error, PS_USEC);
}

static void sta_unsync_means_unsynced_with_the_maximum_error(void **state)
{
    struct ps_clock_state s;

    (void)state;
    kernel_says(TIME_OK, STA_UNSYNC, 10, 16000000);
    s = state_of(0);
    assert_false(s.synced);
    assert_int_equal(s.error, 16 * PS_SEC);
    assert_int_equal(s.max_error, 16 * PS_SEC);
}

static void time_error_means_unsynced(void **state)
{
    struct ps_clock_state s;

    (void)state;
    kernel_says(TIME_ERROR, STA_PLL, 10, 5000);
    s = state_of(0);
    assert_false(s.synced);
    assert_int_equal(s.error, 5 * PS_MSEC);
}

static void a_leap_second_does_not_mean_unsynced(void **state)
{
    (void)state;
    kernel_says(TIME_INS, STA_PLL | STA_INS, 10, 5000);
    assert_true(state_of(0).synced);
}

static void a_refused_adjtimex_means_unsynced_by_sixteen_seconds(void **state)
{
    struct ps_clock_state s;

    (void)state;
    kernel_says(-1, 0, 0, 0);
    s = state_of(0);
    assert_false(s.synced);
    assert_int_equal(s.error, 16 * PS_SEC);
    assert_int_equal(s.max_error, 16 * PS_SEC);
}

static void absurd_errors_are_held_within_bounds(void **state)
{
    struct ps_clock_state s;

    (void)state;
    kernel_says(TIME_OK, 0, LONG_MAX, LONG_MIN);
    s = state_of(0);
    assert_true(s.synced);
    assert_int_equal(s.error, INT64_C(0x7fffffff) * PS_USEC);
    assert_int_equal(s.max_error, PS_USEC);
}

static void the_kernel_is_asked_at_most_once_a_second(void **state)
{
    struct ps_clock *c;
    struct ps_clock_state s;

    (void)state;
    assert_int_equal(ps_clock_new(&c, 0), 0);
    assert_int_equal(kernel.asked, 1);
    kernel_says(TIME_OK, STA_PLL, 99, 999);
    kernel.now += PS_SEC - 1;
    ps_clock_refresh(c);
    assert_int_equal(kernel.asked, 1);
    kernel.now += 1;
    ps_clock_refresh(c);
    ps_clock_refresh(c);
    assert_int_equal(kernel.asked, 2);
    ps_clock_get(c, &s);
    assert_int_equal(s.error, 99 * PS_USEC);
    assert_int_equal(s.max_error, 999 * PS_USEC);
    ps_clock_free(c);
}

static void the_offset_is_in_every_time(void **state)
{
    struct ps_clock *c;

    (void)state;
    assert_int_equal(ps_clock_new(&c, -5 * PS_SEC), 0);
    assert_int_equal(ps_clock_now(c), 995 * PS_SEC);
    assert_int_equal(ps_clock_offset(c), -5 * PS_SEC);
    ps_clock_free(c);
}

static const struct ps_source good_source = {.name = "chrony",
                                             .reference = "192.0.2.1",
                                             .stratum = 2,
                                             .synced = true,
                                             .error = 300 * PS_USEC + 1,
                                             .bound = 9 * PS_MSEC};

static struct ps_clock_state kept_by(const struct ps_source *source)
{
    struct ps_clock *c;
    struct ps_clock_state s;

    assert_int_equal(ps_clock_new(&c, 0), 0);
    assert_null(ps_clock_source(c)->name);
    ps_clock_set_source(c, source);
    assert_string_equal(ps_clock_source(c)->reference, source->reference);
    ps_clock_get(c, &s);
    ps_clock_free(c);
    return s;
}

static void the_larger_of_the_kernels_and_the_sources_errors_counts(void **state)
{
    struct ps_clock_state s = kept_by(&good_source);

    (void)state;
    assert_int_equal(s.error, 301 * PS_USEC); // rounded up
    assert_int_equal(s.max_error, 9 * PS_MSEC);
    kernel_says(TIME_OK, 0, 400, 10000);
    s = kept_by(&good_source);
    assert_int_equal(s.error, 400 * PS_USEC);
    assert_int_equal(s.max_error, 10 * PS_MSEC);
}

static void a_source_that_is_not_synced_or_tells_no_errors_changes_nothing(void **state)
{
    struct ps_source source = good_source;
    struct ps_clock_state s;

    (void)state;
    source.error = source.bound = PS_SOURCE_UNKNOWN;
    s = kept_by(&source);
    assert_int_equal(s.error, 250 * PS_USEC);
    assert_int_equal(s.max_error, 4 * PS_MSEC);
    source = good_source;
    source.synced = false;
    assert_int_equal(kept_by(&source).error, 250 * PS_USEC);
    source = good_source;
    source.name = NULL;
    assert_int_equal(kept_by(&source).max_error, 4 * PS_MSEC);
}

static void a_source_without_a_bound_has_its_error_for_one(void **state)
{
    struct ps_source source = good_source;

    (void)state;
    source.error = 5 * PS_MSEC;
    source.bound = PS_SOURCE_UNKNOWN;
    assert_int_equal(kept_by(&source).error, 5 * PS_MSEC);
    assert_int_equal(kept_by(&source).max_error, 5 * PS_MSEC);
}

static void what_the_kernel_says_of_being_synced_holds(void **state)
{
    struct ps_clock_state s;

    (void)state;
    kernel_says(TIME_ERROR, STA_UNSYNC, 16000000, 16000000);
    s = kept_by(&good_source);
    assert_false(s.synced);
    assert_int_equal(s.error, 16 * PS_SEC);
    assert_int_equal(s.max_error, 16 * PS_SEC);
}

static void the_source_stands_in_where_the_kernel_was_never_told_an_error(void **state)
{
    struct ps_source source = good_source;

    (void)state;
    kernel_says(TIME_OK, 0, 16000000, 500);
    assert_int_equal(kept_by(&source).error, 301 * PS_USEC);
    source.error = PS_SOURCE_UNKNOWN;
    assert_int_equal(kept_by(&source).error, 16 * PS_SEC);
}

static void an_absurd_source_is_held_within_bounds(void **state)
{
    struct ps_source source = good_source;
    struct ps_clock_state s;

    (void)state;
    source.error = source.bound = PS_SOURCE_ERROR_MAX;
    s = kept_by(&source);
    assert_int_equal(s.error, INT64_C(0x7fffffff) * PS_USEC);
    assert_int_equal(s.max_error, INT64_C(0x7fffffff) * PS_USEC);
}

struct reading {
    struct ps_clock *clock;
    _Atomic bool over;
    int torn;
};

// The two states that the kernel takes in turn are (1, 1001) and (2, 1002) microseconds.
static void *read_states(void *arg)
{
    struct reading *r = arg;
    struct ps_clock_state s;

    while (!r->over) {
        ps_clock_get(r->clock, &s);
        r->torn += s.max_error - s.error != PS_MSEC;
    }
    return NULL;
}

static void another_thread_never_reads_half_a_state(void **state)
{
    struct reading r = {0};
    pthread_t thread;

    (void)state;
    kernel_says(TIME_OK, 0, 1, 1001);
    assert_int_equal(ps_clock_new(&r.clock, 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, read_states, &r), 0);
    for (int i = 0; i < 20000; i++) {
        kernel_says(TIME_OK, 0, 1 + i % 2, 1001 + i % 2);
        kernel.now += PS_SEC;
        ps_clock_refresh(r.clock);
    }
    r.over = true;
    pthread_join(thread, NULL);
    assert_int_equal(kernel.asked, 20001);
    assert_int_equal(r.torn, 0);
    ps_clock_free(r.clock);
}

static void no_environment_means_no_offset(void **state)
{
    ps_ns offset = 1;

    (void)state;
    assert_int_equal(ps_clock_env_offset(&offset), 0);
    assert_int_equal(offset, 0);
}

static void the_environment_gives_seconds_and_fractions(void **state)
{
    static const struct {
        const char *text;
        ps_ns offset;
    } good[] = {{"0", 0},
                {"1.5", 1500000000},
                {"-0.000001", -1000},
                {"1e2", 100 * PS_SEC},
                {"+0.1", 100 * PS_MSEC},
                {"-1000000000", -1000000000 * PS_SEC}};
    ps_ns offset;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        setenv("OWAMP_DEBUG_TIMEOFFSET", good[i].text, 1);
        assert_int_equal(ps_clock_env_offset(&offset), 0);
        assert_int_equal(offset, good[i].offset);
    }
}

static void an_environment_that_is_no_number_is_refused(void **state)
{
    static const char *const bad[] = {"", "x", "1s", "nan", "inf", "1e300", "-1e10", " 1", "++1", "+-1"};
    ps_ns offset = 42;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setenv("OWAMP_DEBUG_TIMEOFFSET", bad[i], 1);
        assert_int_equal(ps_clock_env_offset(&offset), PS_ESYNTAX);
    }
    assert_int_equal(offset, 42);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_disciplined_clock_is_synced_with_its_errors),
        TEST(an_error_of_zero_is_told_as_a_microsecond),
        TEST(sta_unsync_means_unsynced_with_the_maximum_error),
        TEST(time_error_means_unsynced),
        TEST(a_leap_second_does_not_mean_unsynced),
        TEST(a_refused_adjtimex_means_unsynced_by_sixteen_seconds),
        TEST(absurd_errors_are_held_within_bounds),
        TEST(the_kernel_is_asked_at_most_once_a_second),
        TEST(the_offset_is_in_every_time),
        TEST(the_larger_of_the_kernels_and_the_sources_errors_counts),
        TEST(a_source_that_is_not_synced_or_tells_no_errors_changes_nothing),
        TEST(a_source_without_a_bound_has_its_error_for_one),
        TEST(what_the_kernel_says_of_being_synced_holds),
        TEST(the_source_stands_in_where_the_kernel_was_never_told_an_error),
        TEST(an_absurd_source_is_held_within_bounds),
        TEST(another_thread_never_reads_half_a_state),
        TEST(no_environment_means_no_offset),
        TEST(the_environment_gives_seconds_and_fractions),
        TEST(an_environment_that_is_no_number_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
