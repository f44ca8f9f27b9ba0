// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "loop/ps_pump_impl.h"

#define RATE_WINDOW (50 * PS_MSEC)
// With more than this many datagrams a second the sockets are drained by time, with fewer than that
// at once again.
#define TIMED_FROM 1000
#define TIMED_UNTIL 500
// A drain should find this many datagrams: more save nothing and fall out of the cache.
#define DRAIN_WORTH 200
#define DRAIN_MIN (2 * PS_MSEC)
#define DRAIN_MAX (20 * PS_MSEC)
// Arrivals wait so long for others, so that the loop has fewer wakes; when there are many, longer.
#define HAND_OVER_EVERY (5 * PS_MSEC)
#define HAND_OVER_TIMED (20 * PS_MSEC)

enum source { SOURCE_COMMAND = 1, SOURCE_TIMER = 2, SOURCE_SOCKETS = 4 };

struct orders {
    struct ps_flow *flows;
    struct pump_socket *doomed;
    bool quit, look;
};

// commands

// Under the lock: what it holds of the flow's orders is copied, and the flow may be listed anew.
static void take_order(struct ps_flow *f)
{
    f->t.next = f->cmd.next;
    f->t.todo = f->cmd.todo;
    f->t.peer = f->cmd.peer;
    if (f->cmd.todo & PUMP_SEND)
        f->t.ops = f->cmd.ops;
    f->cmd.todo = 0;
}

static void take_orders(struct ps_pump *p, struct orders *o)
{
    pthread_mutex_lock(&p->lock);
    *o = (struct orders){p->s.commands, p->s.doomed, p->s.quit, p->s.look};
    p->s.look = false;
    for (struct ps_flow *f = o->flows; f; f = f->t.next)
        take_order(f);
    p->s.commands = NULL;
    p->s.commands_end = &p->s.commands;
    p->s.doomed = NULL;
    pthread_mutex_unlock(&p->lock);
}

static void obey(struct ps_pump *p, struct ps_flow *f)
{
    unsigned todo = f->t.todo;

    if ((todo & PUMP_PEER) && f->t.receiving) {
        pump_receive_end(p, f);
        pump_receive_start(p, f);
    }
    if (todo & PUMP_RECEIVE)
        pump_receive_start(p, f);
    if (todo & PUMP_SEND)
        pump_send_start(p, f);
    if (todo & (PUMP_STOP | PUMP_CLOSE))
        pump_send_end(p, f);
    if (todo & PUMP_CLOSE) {
        pump_receive_end(p, f);
        pump_emit(p, &f->closed_event);
    }
}

static void close_socket(struct ps_pump *p, struct pump_socket *s)
{
    epoll_ctl(p->t.sockets, EPOLL_CTL_DEL, s->fd, NULL);
    close(s->fd);
    s->fd = -1;
    pump_emit(p, &s->closed);
}

// False: the end.
static bool obey_all(struct ps_pump *p)
{
    struct orders o;
    uint64_t count;

    (void)!read(p->t.command, &count, sizeof count);
    take_orders(p, &o);
    p->t.look |= o.look;
    while (o.flows) {
        struct ps_flow *f = o.flows;
        o.flows = f->t.next;
        obey(p, f);
    }
    while (o.doomed) {
        struct pump_socket *s = o.doomed;
        o.doomed = s->next_doomed;
        close_socket(p, s);
    }
    return !o.quit;
}

// pace

void pump_rate_update(struct pump_rate *r, ps_ns now)
{
    ps_ns took = now - r->since;

    if (took < RATE_WINDOW)
        return;
    r->per_s = r->n * (uint64_t)PS_SEC / (uint64_t)took;
    r->since = now;
    r->n = 0;
}

static ps_ns drain_period(uint64_t per_s)
{
    ps_ns period = DRAIN_WORTH * PS_SEC / (ps_ns)(per_s + 1);

    if (period < DRAIN_MIN)
        return DRAIN_MIN;
    return period < DRAIN_MAX ? period : DRAIN_MAX;
}

// By time: the sockets no longer wake the thread.
static void set_timed(struct pump_thread *t, bool timed)
{
    struct epoll_event ev = {.events = timed ? 0 : EPOLLIN, .data.u32 = SOURCE_SOCKETS};

    if (t->timed == timed || epoll_ctl(t->epoll, EPOLL_CTL_MOD, t->sockets, &ev))
        return;
    t->timed = timed;
    t->next_drain = t->now + drain_period(t->rx.per_s);
}

static void pace(struct pump_thread *t)
{
    pump_rate_update(&t->rx, t->now);
    if (t->stampless || t->rx.per_s < TIMED_UNTIL)
        set_timed(t, false);
    else if (t->rx.per_s > TIMED_FROM)
        set_timed(t, true);
}

// the turn

// By time: behind a drain, so that it needs no wake of its own.
static ps_ns hand_over_at(const struct pump_thread *t)
{
    return t->handed_over + (t->timed ? HAND_OVER_TIMED - DRAIN_MIN : HAND_OVER_EVERY);
}

static bool drain_is_due(const struct pump_thread *t, unsigned ready)
{
    return t->more || t->look || (ready & SOURCE_SOCKETS) || (t->timed && t->now >= t->next_drain);
}

static void publish(struct ps_pump *p)
{
    atomic_store_explicit(&p->sent, p->t.sent, memory_order_relaxed);
    atomic_store_explicit(&p->received, p->t.received, memory_order_relaxed);
    atomic_store_explicit(&p->unmatched, p->t.unmatched, memory_order_relaxed);
    atomic_store_explicit(&p->unagreed, p->t.unagreed, memory_order_relaxed);
    atomic_store_explicit(&p->wakes, p->t.wakes, memory_order_relaxed);
}

static void receive(struct ps_pump *p, unsigned ready)
{
    struct pump_thread *t = &p->t;

    if (drain_is_due(t, ready)) {
        pump_drain(p);
        t->next_drain = t->now + drain_period(t->rx.per_s);
    }
    publish(p); // first, so that who hears that sending has stopped finds it counted
    if (t->look ? !t->more : pump_has_output(t) && (t->urgent || t->now >= hand_over_at(t)))
        pump_hand_over(p);
    pace(t);
}

static int wait_ms(const struct pump_thread *t)
{
    ps_ns until = t->timed ? t->next_drain : INT64_MAX, left;

    if (t->more)
        return 0;
    if (pump_has_output(t) && !t->timed && hand_over_at(t) < until)
        until = hand_over_at(t);
    if (until == INT64_MAX)
        return -1;
    left = until - pump_clock(CLOCK_MONOTONIC);
    return left > 0 ? (int)((left + PS_MSEC - 1) / PS_MSEC) : 0;
}

// The sources that are ready, as bits.
static unsigned wait_for_work(struct ps_pump *p)
{
    struct pump_thread *t = &p->t;
    struct epoll_event ev[3];
    unsigned ready = 0;
    int n = epoll_wait(t->epoll, ev, 3, wait_ms(t));

    for (int i = 0; i < n; i++)
        ready |= ev[i].data.u32;
    if (ready & SOURCE_TIMER)
        pump_send_woken(p);
    t->now = pump_clock(CLOCK_MONOTONIC);
    t->wakes++;
    return ready;
}

static bool turn(struct ps_pump *p)
{
    unsigned ready = wait_for_work(p);

    ps_clock_refresh(p->clock);
    ps_clock_get(p->clock, &p->t.clock);
    pump_hw_turn(p);
    p->t.clock.error += p->t.self_bound;
    p->t.clock.max_error += p->t.self_bound;
    pump_send_due(p);
    if ((ready & SOURCE_COMMAND) && !obey_all(p))
        return false;
    pump_send_due(p);
    receive(p, ready);
    pump_send_arm(p);
    return true;
}

static int watch(struct pump_thread *t, int fd, enum source source)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = source};

    return epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

int pump_thread_watch(struct pump_thread *t)
{
    int rc = watch(t, t->command, SOURCE_COMMAND);

    if (!rc)
        rc = watch(t, t->sends.fd, SOURCE_TIMER);
    return rc ? rc : watch(t, t->sockets, SOURCE_SOCKETS);
}

void *pump_thread_main(void *pump)
{
    struct ps_pump *p = pump;

    prctl(PR_SET_NAME, "ps-pump");
    prctl(PR_SET_TIMERSLACK, 1UL);
    while (turn(p))
        ;
    return NULL;
}
