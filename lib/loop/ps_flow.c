// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "loop/ps_pump_impl.h"

static void order(struct ps_flow *f, unsigned todo)
{
    struct ps_pump *p = f->pump;
    bool poke;

    pthread_mutex_lock(&p->lock);
    poke = !p->s.commands && !p->s.doomed;
    if (!f->cmd.todo) {
        f->cmd.next = NULL;
        *p->s.commands_end = f;
        p->s.commands_end = &f->cmd.next;
    }
    // An order to stop from before this start was for a run that had ended by itself.
    if (todo & PUMP_SEND)
        f->cmd.todo &= ~(unsigned)PUMP_STOP;
    f->cmd.todo |= todo;
    f->cmd.peer = f->peer;
    pthread_mutex_unlock(&p->lock);
    if (poke)
        pump_poke(p);
}

// The scope of a link-local address holds for both ends.
static void settle_addresses(struct ps_addr *local, struct ps_addr *peer)
{
    ps_addr_unmap(local);
    ps_addr_unmap(peer);
    if (ps_addr_version(local) == 6 && ps_addr_is_linklocal(local) && !ps_addr_scope(local))
        ps_addr_set_scope(local, ps_addr_scope(peer));
}

static void enter_exact(struct ps_pump *p, struct ps_flow *f)
{
    ps_flowtab_add(&p->by_exact, &f->by_exact,
                   ps_flowtab_hash(&p->key, f->sock->id, &f->peer, ps_addr_port(&f->peer)));
}

static void enter_flow(struct ps_pump *p, struct ps_flow *f)
{
    f->stopped_event.kind = PUMP_STOPPED;
    f->closed_event.kind = PUMP_CLOSED;
    f->drops_before = pump_pool_drops(f->sock);
    f->portless = ps_addr_port(&f->peer) == 0;
    if (f->portless)
        ps_flowtab_add(&p->by_host, &f->by_host, ps_flowtab_hash(&p->key, f->sock->id, &f->peer, 0));
    enter_exact(p, f);
    p->flows++;
    pump_hw_wanted(p);
    pump_hold(p);
}

int ps_flow_open(struct ps_pump *p, const struct ps_flow_conf *conf, struct ps_flow **out)
{
    struct ps_addr local = conf->local;
    struct ps_flow *f;
    int rc;

    f = calloc(1, sizeof *f);
    if (!f)
        return -ENOMEM;
    f->pump = p;
    f->ctx = conf->ctx;
    f->arrival = conf->arrival;
    f->stopped = conf->stopped;
    f->dscp = conf->dscp;
    f->peer = conf->peer;
    settle_addresses(&local, &f->peer);
    rc = ps_addr_version(&local) == ps_addr_version(&f->peer) ? 0 : -EAFNOSUPPORT;
    if (!rc)
        rc = pump_pool_take(p, &local, f, &f->sock);
    if (rc) {
        free(f);
        return rc;
    }
    enter_flow(p, f);
    *out = f;
    return 0;
}

uint16_t ps_flow_port(const struct ps_flow *f)
{
    return ps_addr_port(&f->sock->bound);
}

struct ps_pump *ps_flow_pump(const struct ps_flow *f)
{
    return f->pump;
}

int ps_flow_set_peer_port(struct ps_flow *f, uint16_t port)
{
    struct ps_addr peer = f->peer;

    if (port == 0)
        return -EINVAL;
    if (f->closing)
        return PS_ESTATE;
    ps_addr_set_port(&peer, port);
    if (pump_pool_clash(f->pump, f->sock, &peer, f)) {
        f->pump->apart_until = ps_loop_mono() + PUMP_APART;
        return -EADDRINUSE;
    }
    ps_flowtab_remove(&f->pump->by_exact, &f->by_exact);
    f->peer = peer;
    enter_exact(f->pump, f);
    order(f, PUMP_PEER);
    return 0;
}

int ps_flow_receive(struct ps_flow *f)
{
    if (f->closing || !f->arrival || ps_addr_port(&f->peer) == 0)
        return PS_ESTATE;
    if (!f->receiving)
        order(f, PUMP_RECEIVE);
    f->receiving = true;
    return 0;
}

int ps_flow_send(struct ps_flow *f, const struct ps_sender_ops *ops)
{
    if (f->closing || f->sending || ps_addr_port(&f->peer) == 0)
        return PS_ESTATE;
    f->sending = true;
    // The packet thread looks at it only after the order.
    f->cmd.ops = ops;
    order(f, PUMP_SEND);
    return 0;
}

void ps_flow_stop(struct ps_flow *f)
{
    if (f->sending && !f->closing)
        order(f, PUMP_STOP);
}

uint64_t ps_flow_host_dropped(const struct ps_flow *f)
{
    return pump_pool_drops(f->sock) - f->drops_before;
}

void ps_flow_close(struct ps_flow *f, void (*closed)(void *ctx))
{
    assert(!f->closing);
    f->closing = true;
    f->closed = closed;
    order(f, PUMP_CLOSE);
}

void pump_flow_stopped(struct ps_flow *f)
{
    f->sending = false;
    if (f->stopped)
        f->stopped(f->ctx);
}

void pump_flow_closed(struct ps_flow *f)
{
    struct ps_pump *p = f->pump;
    void (*closed)(void *ctx) = f->closed;
    void *ctx = f->ctx;

    if (f->portless)
        ps_flowtab_remove(&p->by_host, &f->by_host);
    ps_flowtab_remove(&p->by_exact, &f->by_exact);
    pump_pool_leave(p, f->sock);
    free(f);
    p->flows--;
    pump_release(p);
    if (closed)
        closed(ctx);
}
