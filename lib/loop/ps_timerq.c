// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_timerq.h"
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

int ps_timerq_init(struct ps_timerq *q)
{
    ps_heap_init(&q->heap);
    q->armed = 0;
    q->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    return q->fd < 0 ? -errno : 0;
}

void ps_timerq_fini(struct ps_timerq *q)
{
    ps_heap_fini(&q->heap);
    close(q->fd);
    q->fd = -1;
}

int ps_timerq_set(struct ps_timerq *q, struct ps_heap_node *n, ps_ns when)
{
    return ps_heap_set(&q->heap, n, when);
}

void ps_timerq_remove(struct ps_timerq *q, struct ps_heap_node *n)
{
    ps_heap_remove(&q->heap, n);
}

struct ps_heap_node *ps_timerq_due(const struct ps_timerq *q, ps_ns now)
{
    struct ps_heap_node *n = ps_heap_top(&q->heap);

    return n && n->key <= now ? n : NULL;
}

void ps_timerq_fired(struct ps_timerq *q)
{
    q->armed = -1;
}

static ps_ns target(const struct ps_timerq *q, ps_ns not_before, ps_ns lead)
{
    const struct ps_heap_node *n = ps_heap_top(&q->heap);
    ps_ns when;

    if (!n)
        return 0;
    when = n->key - lead > not_before ? n->key - lead : not_before;
    return when > 0 ? when : 1; // 0 would turn it off
}

// Setting it clears what has expired, so that nothing need be read. ECANCELED only says that the
// clock was set since; the timer runs all the same.
void ps_timerq_arm(struct ps_timerq *q, ps_ns not_before, ps_ns lead)
{
    ps_ns when = target(q, not_before, lead);
    struct itimerspec its = {.it_value = {.tv_sec = when / PS_SEC, .tv_nsec = when % PS_SEC}};

    if (when == q->armed)
        return;
    (void)timerfd_settime(q->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &its, NULL);
    q->armed = when;
}
