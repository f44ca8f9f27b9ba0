// SPDX-License-Identifier: Apache-2.0
// What the tests of the pump share: a loop with a clock and two pumps, a sender with a list of times, a
// receiver that checks what it is given, and a plain socket.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_pump.h"

#define GUARD (60 * PS_SEC) // a test that waits longer has failed

struct fix {
    struct ps_loop *loop;
    struct ps_clock *clock;
    struct ps_pump *a, *b;
};

// One end of a flow. As a sender: npackets, gap apart, each with its number and stamp in it. As a
// receiver: counts, and checks number and stamp.
struct end {
    struct fix *fix;
    struct ps_flow *flow;
    // the packet thread's while sending
    uint32_t id, next, npackets;
    ps_ns first, gap;
    ps_ns too_late; // passed over when later than this; 0: never
    uint32_t passed_over, failures;
    int failure;
    size_t size;
    ps_ns early; // how far before its time a packet was asked for, at worst
    // the loop's
    unsigned stopped, closed;
    uint32_t expect_id, arrivals, wrong, after_close;
    ps_ns not_after; // 0 or a bound for stamps
    bool unordered;
    void (*on_arrival)(struct end *e);
    void (*on_stopped)(struct end *e);
};

struct payload {
    uint32_t id, seq;
    ps_ns stamp;
};

static inline bool end_due(void *ctx, ps_ns *when)
{
    struct end *e = ctx;

    *when = e->first + e->next * e->gap;
    return e->next < e->npackets;
}

static inline int end_fill(void *ctx, ps_ns now, const struct ps_clock_state *clock, uint8_t *buf, size_t cap)
{
    struct end *e = ctx;
    ps_ns late = now - (e->first + e->next * e->gap);
    struct payload p = {e->id, e->next, now};

    (void)clock;
    e->next++;
    if (late < e->early)
        e->early = late;
    if (e->too_late && late > e->too_late) {
        e->passed_over++;
        return 0;
    }
    if (e->size > cap)
        return -1;
    memset(buf, 0, e->size);
    memcpy(buf, &p, sizeof p);
    return (int)e->size;
}

static inline void end_failed(void *ctx, int err)
{
    struct end *e = ctx;

    e->failures++;
    e->failure = err;
}

static const struct ps_sender_ops end_ops = {end_due, end_fill, end_failed};

static inline void end_stopped(void *ctx)
{
    struct end *e = ctx;

    e->stopped++;
    if (e->on_stopped)
        e->on_stopped(e);
}

static inline void end_closed(void *ctx)
{
    struct end *e = ctx;

    e->flow = NULL;
    e->closed++;
}

static inline void end_arrival(void *ctx, const struct ps_arrival *a)
{
    struct end *e = ctx;
    struct payload p;

    memcpy(&p, a->head, sizeof p);
    if (p.id != e->expect_id || (!e->unordered && p.seq != e->arrivals) || a->stamp < p.stamp ||
        a->ttl != 255 || !a->kernel_stamp || (e->not_after && a->stamp > e->not_after))
        e->wrong++;
    for (size_t i = a->len; i < PS_ARRIVAL_HEAD; i++)
        if (a->head[i] != 0)
            e->wrong++;
    e->arrivals++;
    if (e->closed)
        e->after_close++;
    if (e->on_arrival)
        e->on_arrival(e);
}

static inline struct ps_addr address(const char *text, uint16_t port)
{
    struct ps_addr a;

    assert_int_equal(ps_addr_parse(text, port, &a), 0);
    return a;
}

static inline int end_open(struct end *e, struct ps_pump *p, struct ps_addr local, struct ps_addr peer)
{
    struct ps_flow_conf conf = {
        .local = local, .peer = peer, .ctx = e, .arrival = end_arrival, .stopped = end_stopped};

    return ps_flow_open(p, &conf, &e->flow);
}

static inline void end_plan(struct end *e, struct fix *f, uint32_t id, uint32_t npackets, ps_ns gap)
{
    e->fix = f;
    e->id = id;
    e->npackets = npackets;
    e->first = ps_clock_now(f->clock) + PS_MSEC;
    e->gap = gap;
    e->size = 41;
}

// A sending end at host_s in pump a, and a receiving one at host_r in pump b, which know each other.
static inline void pair_open(struct fix *f, struct end *s, const char *host_s, struct end *r,
                             const char *host_r)
{
    s->fix = r->fix = f;
    assert_int_equal(end_open(s, f->a, address(host_s, 0), address(host_r, 0)), 0);
    assert_int_equal(end_open(r, f->b, address(host_r, 0), address(host_s, ps_flow_port(s->flow))), 0);
    assert_int_equal(ps_flow_set_peer_port(s->flow, ps_flow_port(r->flow)), 0);
    assert_int_equal(ps_flow_receive(r->flow), 0);
}

#define UNTIL(f, condition)                                  \
    do {                                                     \
        ps_ns until_limit = ps_loop_mono() + GUARD;          \
        while (!(condition)) {                               \
            if (ps_loop_mono() > until_limit)                \
                fail_msg("never came true: %s", #condition); \
            ps_loop_poll((f)->loop);                         \
            usleep(100);                                     \
        }                                                    \
    } while (0)

static inline void ends_close(struct fix *f, struct end *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (e[i].flow && !e[i].closed)
            ps_flow_close(e[i].flow, end_closed);
    for (size_t i = 0; i < n; i++)
        UNTIL(f, e[i].closed == 1);
}

static inline struct ps_pump_stats stats_of(struct ps_pump *p)
{
    struct ps_pump_stats st;

    ps_pump_get_stats(p, &st);
    return st;
}

static inline struct ps_pump *pump_with(struct fix *f, struct ps_portrange ports)
{
    struct ps_pump_conf conf = {.loop = f->loop, .clock = f->clock, .ports = ports};
    struct ps_pump *p;

    assert_int_equal(ps_pump_new(&p, &conf), 0);
    return p;
}

static inline int fix_setup_offset(void **state, ps_ns offset)
{
    struct fix *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_int_equal(ps_loop_new(&f->loop), 0);
    assert_int_equal(ps_clock_new(&f->clock, offset), 0);
    f->a = pump_with(f, (struct ps_portrange){0, 0});
    f->b = pump_with(f, (struct ps_portrange){0, 0});
    *state = f;
    return 0;
}

static inline int fix_setup(void **state)
{
    return fix_setup_offset(state, 0);
}

static inline int fix_teardown(void **state)
{
    struct fix *f = *state;

    ps_pump_free(f->a);
    ps_pump_free(f->b);
    ps_loop_free(f->loop);
    ps_clock_free(f->clock);
    free(f);
    return 0;
}

// A bound socket of the plain kind; its address in *at.
static inline int plain_socket(const char *host, struct ps_addr *at)
{
    struct ps_addr a = address(host, 0);
    int fd = socket(a.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &a.sa, a.len), 0);
    assert_int_equal(getsockname(fd, &a.sa, &a.len), 0);
    *at = a;
    return fd;
}

static inline void plain_send(int fd, const char *host, uint16_t port, uint32_t id, uint32_t seq)
{
    struct ps_addr to = address(host, port);
    struct payload p = {id, seq, 0};
    int ttl = 255;

    assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl), 0);
    assert_int_equal(sendto(fd, &p, sizeof p, 0, &to.sa, to.len), sizeof p);
}
