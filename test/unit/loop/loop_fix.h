// SPDX-License-Identifier: Apache-2.0
// A loop that a test runs, and what its callbacks note.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "loop/ps_loop.h"

#define GUARD (60 * PS_SEC)
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

struct fix {
    struct ps_loop *loop;
    struct ps_timer *guard;
    int count;
    char order[32];
    ps_ns when;
    pthread_t thread;
    struct ps_timer *timer;
    int err;
    size_t n;
    struct ps_addr addrs[64];
    char text[128];
};

static inline void too_late(void *ctx)
{
    (void)ctx;
    fail_msg("nothing happened within the guard time");
}

static inline int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_int_equal(ps_loop_new(&f->loop), 0);
    assert_int_equal(ps_timer_new(f->loop, &f->guard, too_late, f), 0);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fix *f = *state;

    ps_timer_free(f->guard);
    ps_loop_free(f->loop);
    free(f);
    return 0;
}

static inline void run_guarded(struct fix *f)
{
    ps_timer_start(f->guard, GUARD);
    ps_loop_run(f->loop);
    ps_timer_stop(f->guard);
}

static inline void count_and_stop(void *ctx)
{
    struct fix *f = ctx;

    f->count++;
    f->when = ps_loop_mono();
    ps_loop_stop(f->loop);
}

static inline void note_a(void *ctx)
{
    strcat(((struct fix *)ctx)->order, "a");
}

static inline void note_b(void *ctx)
{
    strcat(((struct fix *)ctx)->order, "b");
}
