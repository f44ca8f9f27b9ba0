// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_pump.h"
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/ps_rand.h"
#include "loop/ps_pump_impl.h"

// Blocks delivered in one go, so that connections get their turn under a flood.
#define DELIVER_BLOCKS 64
// Unused blocks kept; those of a jam are given back.
#define SPARE_BLOCKS 8

// blocks

struct pump_block *pump_block_get(struct ps_pump *p)
{
    struct pump_block *b = NULL;

    pthread_mutex_lock(&p->lock);
    if (p->s.spare) {
        b = PS_CONTAINER(p->s.spare, struct pump_block, ev);
        p->s.spare = b->ev.next;
        p->s.spares--;
    } else if (p->s.blocks < PUMP_BLOCKS_MAX) {
        b = malloc(sizeof *b);
        p->s.blocks += b != NULL;
    }
    pthread_mutex_unlock(&p->lock);
    if (b) {
        b->ev.kind = PUMP_ARRIVALS;
        b->n = 0;
    }
    return b;
}

static void block_put(struct ps_pump *p, struct pump_block *b)
{
    bool keep;

    pthread_mutex_lock(&p->lock);
    keep = p->s.spares < SPARE_BLOCKS;
    if (keep) {
        b->ev.next = p->s.spare;
        p->s.spare = &b->ev;
        p->s.spares++;
    } else {
        p->s.blocks--;
    }
    pthread_mutex_unlock(&p->lock);
    if (!keep)
        free(b);
}

// delivery

static void deliver_block(struct ps_pump *p, struct pump_block *b)
{
    for (unsigned i = 0; i < b->n; i++) {
        struct ps_flow *f = b->at[i].flow;
        if (!f->closing)
            f->arrival(f->ctx, &b->at[i].arrival);
    }
    block_put(p, b);
}

void pump_hold(struct ps_pump *p)
{
    if (p->holds++ == 0)
        uv_ref((uv_handle_t *)&p->wake->uv);
}

void pump_release(struct ps_pump *p)
{
    if (--p->holds == 0)
        uv_unref((uv_handle_t *)&p->wake->uv);
}

static void deliver_one(struct ps_pump *p, struct pump_event *ev)
{
    switch (ev->kind) {
    case PUMP_ARRIVALS:
        deliver_block(p, PS_CONTAINER(ev, struct pump_block, ev));
        break;
    case PUMP_STOPPED:
        pump_flow_stopped(PS_CONTAINER(ev, struct ps_flow, stopped_event));
        break;
    case PUMP_CLOSED:
        pump_flow_closed(PS_CONTAINER(ev, struct ps_flow, closed_event));
        break;
    case PUMP_SOCKET_CLOSED:
        pump_pool_gone(p, PS_CONTAINER(ev, struct pump_socket, closed));
        pump_release(p);
        break;
    }
}

static void deliver_some(struct ps_pump *p)
{
    struct pump_event *ev;
    int blocks = 0;

    while (!p->ended && blocks < DELIVER_BLOCKS && (ev = pump_queue_pop(&p->inbox))) {
        if (ev->kind == PUMP_ARRIVALS)
            blocks++;
        deliver_one(p, ev);
    }
}

static void pump_destroy(struct ps_pump *p);

static void collect(struct ps_pump *p)
{
    pthread_mutex_lock(&p->lock);
    pump_queue_move(&p->inbox, &p->s.events);
    p->inbox_until = p->s.until;
    pthread_mutex_unlock(&p->lock);
}

static void note_delivered(struct ps_pump *p)
{
    if (!p->inbox.head && !p->delivering)
        p->delivered = p->inbox_until;
}

// how far

// Without arrivals the packet thread sleeps, and what it read last is long ago.
#define LOOK_AFTER (50 * PS_MSEC)
#define CATCH_UP_MS 20

static void ask_to_look(struct ps_pump *p)
{
    bool poke;

    pthread_mutex_lock(&p->lock);
    poke = !p->s.look;
    p->s.look = true;
    pthread_mutex_unlock(&p->lock);
    if (poke)
        pump_poke(p);
}

static bool handed_over(struct ps_pump *p, ps_ns until)
{
    bool is;

    pthread_mutex_lock(&p->lock);
    is = p->s.until >= until;
    pthread_mutex_unlock(&p->lock);
    return is;
}

ps_ns ps_pump_delivered(struct ps_pump *p)
{
    bool stale;

    // Only what needs no delivery: this is called from everywhere.
    pthread_mutex_lock(&p->lock);
    if (!p->s.events.head)
        p->inbox_until = p->s.until;
    stale = ps_clock_now(p->clock) - p->s.until > LOOK_AFTER;
    pthread_mutex_unlock(&p->lock);
    note_delivered(p);
    if (stale)
        ask_to_look(p);
    return p->delivered;
}

void ps_pump_catch_up(struct ps_pump *p, ps_ns until)
{
    if (p->delivering || ps_pump_delivered(p) >= until)
        return;
    for (int i = 0; i < CATCH_UP_MS && !handed_over(p, until); i++)
        uv_sleep(1);
    collect(p);
    p->delivering = true;
    while (p->inbox.head && p->inbox.head->kind == PUMP_ARRIVALS)
        deliver_one(p, pump_queue_pop(&p->inbox));
    p->delivering = false;
    note_delivered(p);
}

static void on_wake(uv_poll_t *uv, int status, int events)
{
    struct pump_wake *w = uv->data;
    struct ps_pump *p = w->pump;
    uint64_t count;

    (void)status;
    (void)events;
    (void)!read(w->fd, &count, sizeof count); // before collect: what comes later calls anew
    collect(p);
    p->delivering = true;
    deliver_some(p);
    p->delivering = false;
    note_delivered(p);
    if (p->ended)
        pump_destroy(p);
    else if (p->inbox.head)
        pump_call(p);
}

// making and ending

static int open_wake(struct ps_pump *p)
{
    struct pump_wake *w = malloc(sizeof *w);
    int rc;

    if (!w)
        return -ENOMEM;
    w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    rc = w->fd < 0 ? -errno : uv_poll_init(ps_loop_uv(p->loop), &w->uv, w->fd);
    if (rc) {
        if (w->fd >= 0)
            close(w->fd);
        free(w);
        return rc;
    }
    w->uv.data = w;
    w->pump = p;
    p->wake = w;
    rc = uv_poll_start(&w->uv, UV_READABLE, on_wake);
    uv_unref((uv_handle_t *)&w->uv); // until pump_hold
    return rc;
}

static int open_thread(struct pump_thread *t)
{
    int rc;

    t->epoll = epoll_create1(EPOLL_CLOEXEC);
    t->sockets = epoll_create1(EPOLL_CLOEXEC);
    t->command = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (t->epoll < 0 || t->sockets < 0 || t->command < 0)
        return -errno;
    pump_warm_open(t);
    rc = ps_timerq_init(&t->sends);
    if (!rc)
        rc = ps_dgram_batch_new(&t->batch);
    if (!rc)
        rc = ps_flowtab_init(&t->by_peer);
    return rc ? rc : pump_thread_watch(t);
}

static void close_thread(struct pump_thread *t)
{
    ps_flowtab_fini(&t->by_peer);
    ps_dgram_batch_free(t->batch);
    pump_warm_close(t);
    if (t->sends.fd >= 0)
        ps_timerq_fini(&t->sends);
    for (int i = 0; i < 3; i++) {
        int fd = (int[]){t->epoll, t->sockets, t->command}[i];
        if (fd >= 0)
            close(fd);
    }
}

static void ask_realtime(struct ps_pump *p)
{
    struct sched_param sp = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};

    if (p->realtime)
        p->no_realtime = -pthread_setschedparam(p->id, SCHED_FIFO, &sp);
}

int ps_pump_realtime(const struct ps_pump *p)
{
    return p->no_realtime;
}

// Signals are the control loop's.
static int start_thread(struct ps_pump *p)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&p->id, NULL, pump_thread_main, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    p->running = rc == 0;
    if (p->running)
        ask_realtime(p);
    return -rc;
}

static struct ps_pump *pump_alloc(const struct ps_pump_conf *conf)
{
    struct ps_pump *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->loop = conf->loop;
    p->clock = conf->clock;
    p->log = conf->log;
    p->ports = conf->ports;
    p->realtime = conf->realtime;
    p->limited = conf->limited;
    p->precise = conf->precise;
    p->hw = conf->hw;
    p->offset = ps_clock_offset(conf->clock);
    p->t.drained = pump_clock(CLOCK_REALTIME);
    p->s.until = p->inbox_until = p->delivered = p->t.drained + p->offset;
    p->t.epoll = p->t.sockets = p->t.command = p->t.sends.fd = -1;
    p->t.warm[0].fd = p->t.warm[1].fd = -1;
    p->t.self_bound = PS_SELFDELAY_UNKNOWN;
    atomic_init(&p->self.bound, PS_SELFDELAY_UNKNOWN);
    p->s.commands_end = &p->s.commands;
    ps_list_init(&p->sockets);
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

static int pump_prepare(struct ps_pump *p, const char *device)
{
    int rc = 0;

    if (device) {
        p->device = strdup(device);
        rc = p->device ? 0 : -ENOMEM;
    }
    if (!rc)
        rc = ps_flowtab_key_init(&p->key);
    if (!rc)
        rc = ps_rand_bytes(&p->next_port, sizeof p->next_port);
    if (!rc)
        rc = ps_flowtab_init(&p->by_host);
    if (!rc)
        rc = ps_flowtab_init(&p->by_exact);
    if (!rc)
        rc = pump_hw_open(p);
    if (!rc)
        rc = open_thread(&p->t);
    if (!rc)
        rc = open_wake(p);
    return rc ? rc : start_thread(p);
}

int ps_pump_new(struct ps_pump **out, const struct ps_pump_conf *conf)
{
    struct ps_pump *p = pump_alloc(conf);
    int rc;

    if (!p)
        return -ENOMEM;
    rc = pump_prepare(p, conf->device);
    if (rc) {
        pump_destroy(p);
        return rc;
    }
    *out = p;
    return 0;
}

static void signal_event(int fd)
{
    uint64_t one = 1;

    (void)!write(fd, &one, sizeof one);
}

void pump_poke(struct ps_pump *p)
{
    signal_event(p->t.command);
}

void pump_call(struct ps_pump *p)
{
    signal_event(p->wake->fd);
}

static void end_thread(struct ps_pump *p)
{
    if (!p->running)
        return;
    pthread_mutex_lock(&p->lock);
    p->s.quit = true;
    pthread_mutex_unlock(&p->lock);
    pump_poke(p);
    pthread_join(p->id, NULL);
}

static void free_blocks(struct pump_event *ev)
{
    while (ev) {
        struct pump_event *next = ev->next;
        if (ev->kind == PUMP_ARRIVALS)
            free(PS_CONTAINER(ev, struct pump_block, ev));
        ev = next;
    }
}

static void wake_closed(uv_handle_t *h)
{
    struct pump_wake *w = h->data;

    close(w->fd);
    free(w);
}

// Sockets are freed last: an event may still lie in one.
static void pump_destroy(struct ps_pump *p)
{
    end_thread(p);
    if (p->wake)
        uv_close((uv_handle_t *)&p->wake->uv, wake_closed);
    pump_queue_move(&p->inbox, &p->s.events);
    pump_queue_move(&p->inbox, &p->t.out);
    free_blocks(p->inbox.head);
    free_blocks(p->s.spare);
    free(p->t.block);
    pump_pool_fini(p);
    pump_hw_close(p);
    close_thread(&p->t);
    ps_flowtab_fini(&p->by_host);
    ps_flowtab_fini(&p->by_exact);
    pthread_mutex_destroy(&p->lock);
    free(p->device);
    free(p);
}

// The packet thread answers each close within a wake.
static void await_flows(struct ps_pump *p)
{
    while (p->flows > 0) {
        collect(p);
        deliver_some(p);
        if (p->flows > 0)
            uv_sleep(1);
    }
}

void ps_pump_free(struct ps_pump *p)
{
    if (!p)
        return;
    if (!p->delivering)
        await_flows(p);
    assert(p->flows == 0);
    p->ended = true;
    if (!p->delivering) // from the last `closed`: on_wake does it
        pump_destroy(p);
}

void ps_pump_get_stats(struct ps_pump *p, struct ps_pump_stats *out)
{
    *out = (struct ps_pump_stats){
        .sent = atomic_load_explicit(&p->sent, memory_order_relaxed),
        .received = atomic_load_explicit(&p->received, memory_order_relaxed),
        .unmatched = atomic_load_explicit(&p->unmatched, memory_order_relaxed),
        .unagreed = atomic_load_explicit(&p->unagreed, memory_order_relaxed),
        .wakes = atomic_load_explicit(&p->wakes, memory_order_relaxed),
        .host_dropped = p->dropped_before,
        .sockets = p->nsockets,
        .flows = p->flows,
    };
    PS_LIST_EACH(it, &p->sockets) {
        const struct pump_socket *s = PS_CONTAINER(it, struct pump_socket, link);
        if (!s->closing)
            out->host_dropped += pump_pool_drops(s);
    }
}

void ps_pump_put_stats(struct ps_pump *p, struct ps_json *j)
{
    struct ps_pump_stats st;

    ps_pump_get_stats(p, &st);
    ps_json_put_open(j, "datagrams", '{');
    ps_json_put_u64(j, "sent", st.sent);
    ps_json_put_u64(j, "received", st.received);
    ps_json_put_u64(j, "unmatched", st.unmatched);
    ps_json_put_u64(j, "host-dropped", st.host_dropped);
    ps_json_put_u64(j, "sockets", st.sockets);
    ps_json_close(j, '}');
}
