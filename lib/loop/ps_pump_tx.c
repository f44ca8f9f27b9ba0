// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include "loop/ps_pump_impl.h"

#define SENDS_PER_TURN 512
// Packets due within a window after the last send share a wake. It is 0 up to FOLD_FROM packets a
// second and grows by FOLD_STEP with each packet a second more. Measured on a busy machine at 4,000 packets a
// second of 400 flows: 8.5 us of CPU a packet, where a quarter of this step takes 13.3 (and packets leave
// sooner).
#define FOLD_FROM 500
#define FOLD_STEP 800
#define FOLD_MAX (2 * PS_MSEC)
// In precise mode the timer is set ahead by half as much again as a wake has taken lately, and by what it takes
// to warm up (ps_pump_warm.c); what is left of that is spent waiting awake, as is the time to the next packet
// when it is less.
#define LEAD_MIN (10 * PS_USEC)
#define LEAD_MAX (250 * PS_USEC)
#define LEAD_SHARE 16
// Receiving must not wait for longer.
#define AWAKE_MAX PS_MSEC
// A flow passes over so many packets in a row, then waits if it is still behind: one that has millions
// to pass over must not keep the thread busy, and one must not need a wake for each.
#define PASSES_IN_A_ROW 16
#define PASS_PAUSE (500 * PS_USEC)

static void end_of(struct ps_pump *p, struct ps_flow *f)
{
    f->t.ops = NULL;
    pump_emit(p, &f->stopped_event);
}

// What is overdue at `now` takes its turn `pause` later, behind the other flows: one that is far
// behind holds up nobody.
static void schedule(struct ps_pump *p, struct ps_flow *f, ps_ns now, ps_ns pause)
{
    ps_ns when, key;

    if (!f->t.ops->due(f->ctx, &when)) {
        pump_send_end(p, f);
        return;
    }
    if (__builtin_sub_overflow(when, p->offset, &key))
        key = INT64_MAX;
    if (key < now)
        key = now + pause;
    if (ps_timerq_set(&p->t.sends, &f->t.due, key))
        end_of(p, f);
}

void pump_send_start(struct ps_pump *p, struct ps_flow *f)
{
    schedule(p, f, INT64_MIN, 0);
}

void pump_send_end(struct ps_pump *p, struct ps_flow *f)
{
    if (!f->t.ops)
        return;
    ps_timerq_remove(&p->t.sends, &f->t.due);
    end_of(p, f);
}

static void transmit(struct ps_pump *p, struct ps_flow *f, ps_ns now, size_t n)
{
    struct pump_thread *t = &p->t;
    struct pump_socket *s = f->sock;
    bool ask = pump_stamp_due(p, s, now);
    int rc = (ask ? ps_dgram_send_stamped : ps_dgram_send)(s->fd, &f->t.peer, f->dscp, t->packet, n);

    if (ask && rc == -EINVAL) { // a kernel that is not to be asked
        s->stamps = ask = false;
        rc = ps_dgram_send(s->fd, &f->t.peer, f->dscp, t->packet, n);
    }
    if (ask && !rc)
        pump_stamp_asked(p, s, now);
    if (rc)
        f->t.ops->failed(f->ctx, rc);
    else
        t->sent++;
    t->tx.n++;
}

static bool overdue(const struct ps_pump *p, const struct ps_flow *f, ps_ns now)
{
    ps_ns when;

    return f->t.ops->due(f->ctx, &when) && when < now + p->offset;
}

// The size of the packet that is to leave, stamped *now; 0 or less: none.
static int fill(struct ps_pump *p, struct ps_flow *f, ps_ns *now)
{
    struct pump_thread *t = &p->t;
    int n, left = PASSES_IN_A_ROW;

    do {
        *now = pump_clock(CLOCK_REALTIME);
        n = f->t.ops->fill(f->ctx, *now + p->offset, &t->clock, t->packet, sizeof t->packet);
    } while (n == 0 && --left > 0 && overdue(p, f, *now));
    return n;
}

static ps_ns send_one(struct ps_pump *p, struct ps_flow *f)
{
    ps_ns now;
    int n = fill(p, f, &now);

    if (n > 0)
        transmit(p, f, now, (size_t)n);
    if (n < 0)
        pump_send_end(p, f); // it can go no further, and would be due for ever
    else
        schedule(p, f, now, n > 0 ? 0 : PASS_PAUSE);
    return now;
}

void pump_send_woken(struct ps_pump *p)
{
    struct pump_thread *t = &p->t;
    ps_ns late = pump_clock(CLOCK_REALTIME) - t->sends.armed;

    // A clock that was set tells nothing of wakes.
    if (t->sends.armed > 0 && late >= 0 && late <= 2 * LEAD_MAX)
        t->lead += (late + late / 2 + t->warmed - t->lead) / LEAD_SHARE;
    if (t->lead < LEAD_MIN)
        t->lead = LEAD_MIN;
    if (t->lead > LEAD_MAX)
        t->lead = LEAD_MAX;
    ps_timerq_fired(&t->sends);
}

// The next that is due at now; in precise mode what is due within the lead is waited for.
static struct ps_heap_node *next_due(struct ps_pump *p, ps_ns begun, ps_ns now)
{
    struct ps_heap_node *n = ps_timerq_due(&p->t.sends, now);
    ps_ns awake = now;

    if (n || !p->precise || now - begun > AWAKE_MAX || now < begun)
        return n;
    n = ps_timerq_due(&p->t.sends, now + p->t.lead);
    while (n && awake < n->key && awake >= now)
        awake = pump_clock(CLOCK_REALTIME);
    return n;
}

void pump_send_due(struct ps_pump *p)
{
    struct ps_heap_node *n = ps_timerq_due(&p->t.sends, INT64_MAX);
    ps_ns begun, now;

    if (!n)
        return;
    now = begun = pump_clock(CLOCK_REALTIME);
    if (n->key <= now + (p->precise ? p->t.lead : 0))
        pump_warm_up(p, PS_CONTAINER(n, struct ps_flow, t.due), now);
    p->t.behind = false;
    for (int left = SENDS_PER_TURN; (n = next_due(p, begun, now)); left--) {
        if (left == 0) {
            p->t.behind = true;
            return;
        }
        now = send_one(p, PS_CONTAINER(n, struct ps_flow, t.due));
        p->t.last_send = now;
    }
}

static ps_ns fold_window(uint64_t per_s)
{
    ps_ns w;

    if (per_s <= FOLD_FROM)
        return 0;
    w = (ps_ns)(per_s - FOLD_FROM) * FOLD_STEP;
    return w < FOLD_MAX ? w : FOLD_MAX;
}

void pump_send_arm(struct ps_pump *p)
{
    struct pump_thread *t = &p->t;
    ps_ns hold = 0;

    pump_rate_update(&t->tx, t->now);
    // A last send in the future is from before the clock was set back: it holds up nothing.
    if (!p->precise && !t->behind && t->last_send <= pump_clock(CLOCK_REALTIME))
        hold = t->last_send + fold_window(t->tx.per_s);
    ps_timerq_arm(&t->sends, hold, p->precise ? t->lead : 0);
}
