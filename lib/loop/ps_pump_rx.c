// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <sys/epoll.h>
#include "loop/ps_pump_impl.h"

#define READY_MAX 64
#define DATAGRAMS_PER_TURN 4096

_Static_assert(PS_DGRAM_HEAD >= PS_ARRIVAL_HEAD, "an arrival's octets must have been kept");

// events to the loop

static void close_block(struct pump_thread *t)
{
    if (!t->block)
        return;
    pump_queue_push(&t->out, &t->block->ev);
    t->block = NULL;
}

void pump_emit(struct ps_pump *p, struct pump_event *ev)
{
    close_block(&p->t);
    pump_queue_push(&p->t.out, ev);
    p->t.urgent = true;
}

bool pump_has_output(const struct pump_thread *t)
{
    return t->block || t->out.head;
}

void pump_hand_over(struct ps_pump *p)
{
    struct pump_thread *t = &p->t;
    bool call;

    close_block(t);
    pthread_mutex_lock(&p->lock);
    call = !p->s.events.head && t->out.head; // else it is called already
    pump_queue_move(&p->s.events, &t->out);
    p->s.until = t->drained + p->offset;
    pthread_mutex_unlock(&p->lock);
    t->urgent = t->look = false;
    t->handed_over = t->now;
    if (call)
        pump_call(p);
}

// which flow

void pump_receive_start(struct ps_pump *p, struct ps_flow *f)
{
    uint32_t hash = ps_flowtab_hash(&p->key, f->sock->id, &f->t.peer, ps_addr_port(&f->t.peer));

    if (f->t.receiving)
        return;
    ps_flowtab_add(&p->t.by_peer, &f->t.by_peer, hash);
    f->t.receiving = true;
}

void pump_receive_end(struct ps_pump *p, struct ps_flow *f)
{
    if (f->t.receiving)
        ps_flowtab_remove(&p->t.by_peer, &f->t.by_peer);
    f->t.receiving = false;
}

static struct ps_flow *flow_of(const struct ps_pump *p, const struct pump_socket *s,
                               const struct ps_addr *from)
{
    uint32_t hash = ps_flowtab_hash(&p->key, s->id, from, ps_addr_port(from));
    struct ps_flowtab_node *n;

    for (n = ps_flowtab_first(&p->t.by_peer, hash); n; n = ps_flowtab_next(n)) {
        struct ps_flow *f = PS_CONTAINER(n, struct ps_flow, t.by_peer);
        if (f->sock == s && ps_addr_equal(&f->t.peer, from))
            return f;
    }
    return NULL;
}

// arrivals

static struct ps_arrival *new_arrival(struct ps_pump *p, struct ps_flow *f)
{
    struct pump_thread *t = &p->t;

    if (t->block && t->block->n == PUMP_BLOCK_ARRIVALS)
        close_block(t);
    if (!t->block)
        t->block = pump_block_get(p);
    if (!t->block)
        return NULL;
    t->block->at[t->block->n].flow = f;
    return &t->block->at[t->block->n++].arrival;
}

// The hardware's, or the kernel's; without either the thread's own.
static ps_ns arrival_stamp(struct ps_pump *p, struct ps_arrival *a, const struct ps_dgram_in *in)
{
    ps_ns stamp = in->stamp ? in->stamp : pump_clock(CLOCK_REALTIME);

    a->kernel_stamp = in->stamp != 0;
    a->hardware_stamp = in->hardware != 0 && ps_hwstamp_choose(&p->t.phc, stamp, in->hardware, &stamp);
    p->t.unagreed += in->hardware != 0 && !a->hardware_stamp;
    return stamp + p->offset;
}

static void fill_arrival(struct ps_pump *p, struct ps_arrival *a, const struct ps_dgram_in *in)
{
    size_t kept = in->len < PS_ARRIVAL_HEAD ? in->len : PS_ARRIVAL_HEAD;

    a->stamp = arrival_stamp(p, a, in);
    a->ttl = in->ttl;
    a->len = in->len;
    memcpy(a->head, in->head, kept);
    memset(a->head + kept, 0, PS_ARRIVAL_HEAD - kept);
    if (!in->stamp)
        p->t.stampless = true;
}

static void take_datagram(struct ps_pump *p, struct pump_socket *s, const struct ps_dgram_in *in)
{
    struct ps_flow *f = flow_of(p, s, &in->from);
    struct ps_arrival *a;

    if (!f) {
        p->t.unmatched++;
        return;
    }
    p->t.received++;
    a = new_arrival(p, f);
    if (a)
        fill_arrival(p, a, in);
    else
        atomic_fetch_add_explicit(&s->lost, 1, memory_order_relaxed);
}

// Sends wait for no more than one batch.
static int drain_socket(struct ps_pump *p, struct pump_socket *s, int left)
{
    struct ps_dgram_in *in;
    int n;

    do {
        n = ps_dgram_recv(p->t.batch, s->fd, &in, NULL);
        for (int i = 0; i < n; i++)
            take_datagram(p, s, &in[i]);
        if (n > 0)
            left -= n;
        pump_send_due(p);
    } while (n == PS_DGRAM_BATCH && left > 0);
    return left;
}

// The error queue is looked at by readiness too: it must not stay ready.
static int drain_ready(struct ps_pump *p, const struct epoll_event *ev, int left)
{
    if (ev->events & EPOLLERR)
        pump_stamp_read(p, ev->data.ptr);
    return drain_socket(p, ev->data.ptr, left);
}

void pump_drain(struct ps_pump *p)
{
    struct pump_thread *t = &p->t;
    struct epoll_event ready[READY_MAX];
    ps_ns begun = pump_clock(CLOCK_REALTIME);
    int n, left = DATAGRAMS_PER_TURN;

    do {
        n = epoll_wait(t->sockets, ready, READY_MAX, 0);
        for (int i = 0; i < n && left > 0; i++)
            left = drain_ready(p, &ready[i], left);
    } while (n == READY_MAX && left > 0);
    t->more = left <= 0;
    if (!t->more)
        t->drained = begun;
    t->rx.n += (uint64_t)(DATAGRAMS_PER_TURN - left);
}
