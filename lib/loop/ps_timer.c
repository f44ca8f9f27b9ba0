// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include "loop/ps_uv.h"

#define TIMER_MAX_NS (INT64_C(100) * 365 * 86400 * PS_SEC)

struct ps_timer {
    struct ps_heap_node due; // key: of ps_loop_mono()
    struct ps_timers *all;
    ps_ns every; // 0: once
    ps_timer_cb cb;
    void *ctx;
};

// the loop's one timer of libuv

static uint64_t ms_up(ps_ns ns)
{
    return (uint64_t)((ns + PS_MSEC - 1) / PS_MSEC);
}

// The loop's time is whole milliseconds, cut off, so that adding a duration to it would fire early.
static uint64_t ms_until(uv_timer_t *uv, ps_ns when)
{
    uint64_t due = ms_up(when), base;

    if (when <= ps_loop_mono())
        return 0;
    uv_update_time(uv->loop);
    base = uv_now(uv->loop);
    return due > base ? due - base : 0;
}

static void timers_fired(uv_timer_t *uv);

// In `least` ms or later. Too early a wake does no harm, so that only an earlier timer and the last one's end
// matter.
static void timers_arm_in(struct ps_timers *all, uint64_t least)
{
    const struct ps_heap_node *first = ps_heap_top(&all->heap);

    if (!first) {
        all->armed = INT64_MAX;
        uv_timer_stop(&all->uv);
    } else if (first->key < all->armed) {
        uint64_t ms = ms_until(&all->uv, first->key);

        all->armed = first->key;
        uv_timer_start(&all->uv, timers_fired, ms > least ? ms : least, 0);
    }
}

static void timers_arm(struct ps_timers *all)
{
    timers_arm_in(all, 0);
}

static void set(struct ps_timer *t, ps_ns when)
{
    (void)ps_heap_set(&t->all->heap, &t->due, when); // there is room: see ps_timer_new
}

static void fire(struct ps_timer *t)
{
    if (t->every)
        set(t, ps_loop_mono() + t->every);
    else
        ps_heap_remove(&t->all->heap, &t->due);
    t->cb(t->ctx); // it may free t
}

// What a callback starts anew waits for the next turn, so that sockets get theirs in between.
static void timers_fired(uv_timer_t *uv)
{
    struct ps_timers *all = uv->data;
    ps_ns now = ps_loop_mono();
    struct ps_heap_node *n;

    all->armed = INT64_MIN; // till all have fired nothing is to be set
    while ((n = ps_heap_top(&all->heap)) && n->key <= now)
        fire(PS_CONTAINER(n, struct ps_timer, due));
    all->armed = INT64_MAX;
    timers_arm_in(all, 1); // with none libuv would call this again and again before it looks at a socket
}

void ps_timers_init(struct ps_timers *all, uv_loop_t *uv)
{
    uv_timer_init(uv, &all->uv);
    all->uv.data = all;
    ps_heap_init(&all->heap);
    all->made = 0;
    all->armed = INT64_MAX;
}

void ps_timers_fini(struct ps_timers *all)
{
    ps_heap_fini(&all->heap);
}

// one timer

int ps_timer_new(struct ps_loop *l, struct ps_timer **out, ps_timer_cb cb, void *ctx)
{
    struct ps_timers *all = ps_loop_timers(l);
    struct ps_timer *t;

    if (ps_heap_reserve(&all->heap, all->made + 1))
        return -ENOMEM;
    t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    all->made++;
    t->all = all;
    t->cb = cb;
    t->ctx = ctx;
    *out = t;
    return 0;
}

static ps_ns time_after(ps_ns after)
{
    if (after < 0)
        after = 0;
    return ps_loop_mono() + (after < TIMER_MAX_NS ? after : TIMER_MAX_NS);
}

static void start(struct ps_timer *t, ps_ns when, ps_ns every)
{
    t->every = every;
    set(t, when);
    timers_arm(t->all);
}

void ps_timer_start(struct ps_timer *t, ps_ns after)
{
    start(t, time_after(after), 0);
}

void ps_timer_about(struct ps_timer *t, ps_ns after, ps_ns slack)
{
    ps_ns when = time_after(after);

    start(t, when + (slack > 0 ? slack - 1 - (when - 1) % slack : 0), 0);
}

void ps_timer_repeat(struct ps_timer *t, ps_ns every)
{
    if (every < PS_MSEC)
        every = PS_MSEC;
    if (every > TIMER_MAX_NS)
        every = TIMER_MAX_NS;
    start(t, ps_loop_mono() + every, every);
}

void ps_timer_stop(struct ps_timer *t)
{
    ps_heap_remove(&t->all->heap, &t->due);
    if (!ps_heap_top(&t->all->heap) && t->all->armed != INT64_MIN)
        timers_arm(t->all);
}

bool ps_timer_running(const struct ps_timer *t)
{
    return t->due.index != 0;
}

void ps_timer_free(struct ps_timer *t)
{
    if (!t)
        return;
    ps_timer_stop(t);
    t->all->made--;
    free(t);
}
