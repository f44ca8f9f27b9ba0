// SPDX-License-Identifier: Apache-2.0
// Of some of the packets that leave the kernel is asked when they did. Its answer comes on the socket's error
// queue, mostly before the send returns.
#include "loop/ps_pump_impl.h"

#define SAMPLE_EVERY (40 * PS_MSEC) // at any rate: sampling costs nothing that could be measured
#define ANSWER_WITHIN PS_SEC        // then it will not come: some drivers never say
#define READS_PER_TURN 8

bool pump_stamp_due(const struct ps_pump *p, const struct pump_socket *s, ps_ns now)
{
    const struct pump_thread *t = &p->t;

    if (!s->stamps || (now < t->next_sample && now > t->next_sample - SAMPLE_EVERY))
        return false;
    return s->t.asked == 0 || now - s->t.asked > ANSWER_WITHIN || now < s->t.asked;
}

void pump_stamp_asked(struct ps_pump *p, struct pump_socket *s, ps_ns now)
{
    s->t.asked = now;
    s->t.id = s->t.next_id++;
    p->t.next_sample = now + SAMPLE_EVERY;
    pump_stamp_read(p, s);
}

static void publish(struct ps_pump *p)
{
    struct ps_self_delay d;

    ps_selfdelay_get(&p->t.self, &d);
    p->t.self_bound = d.bound;
    atomic_store_explicit(&p->self.samples, d.samples, memory_order_relaxed);
    atomic_store_explicit(&p->self.median, d.median, memory_order_relaxed);
    atomic_store_explicit(&p->self.p99, d.p99, memory_order_relaxed);
    atomic_store_explicit(&p->self.bound, d.bound, memory_order_relaxed);
}

// The kernel numbers what it was asked of; a packet that it refused afterwards may have had a number too.
static void take(struct ps_pump *p, struct pump_socket *s, const struct ps_dgram_left *left)
{
    bool ours = s->t.asked != 0 && left->id == s->t.id;
    ps_ns asked = s->t.asked;

    if (ours || (int32_t)(left->id - s->t.id) > 0)
        s->t.asked = 0;
    if ((int32_t)(left->id - s->t.next_id) >= 0)
        s->t.next_id = left->id + 1;
    if (ours && ps_selfdelay_add(&p->t.self, asked, left->stamp - asked))
        publish(p);
}

void pump_stamp_read(struct ps_pump *p, struct pump_socket *s)
{
    struct ps_dgram_left left;

    for (int i = 0; i < READS_PER_TURN && ps_dgram_left(s->fd, &left) > 0; i++)
        if (left.stamp != 0)
            take(p, s, &left);
}

void ps_pump_self_delay(const struct ps_pump *p, struct ps_self_delay *out)
{
    out->samples = atomic_load_explicit(&p->self.samples, memory_order_relaxed);
    out->median = atomic_load_explicit(&p->self.median, memory_order_relaxed);
    out->p99 = atomic_load_explicit(&p->self.p99, memory_order_relaxed);
    out->bound = atomic_load_explicit(&p->self.bound, memory_order_relaxed);
}
