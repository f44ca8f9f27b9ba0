// SPDX-License-Identifier: Apache-2.0
// A loop with a DNS server and who asks it, and what came. For the tests of ps_dns.h.
#pragma once
#include "loop_fix.h"
#include "base/ps_err.h"
#include "dns_server.h"

struct heard {
    struct dns_fix *f;
    struct ps_dns_query *query;
    int times, err;
    char why[400];
    size_t n;
    struct ps_addr addrs[PS_DNS_RECORDS];
    char texts[PS_DNS_RECORDS][1000];
    size_t lens[PS_DNS_RECORDS];
    bool cached;
    ps_ns left;
    void (*then)(struct heard *h);
};

struct dns_fix {
    struct ps_loop *loop;
    struct ps_timer *guard;
    struct dns_server server;
    struct ps_dns_conf conf;
    struct ps_dns *dns;
    unsigned heard, wanted; // answers; the loop stops when it has as many
};

static inline void dns_open_with(struct dns_fix *f)
{
    ps_dns_free(f->dns);
    f->dns = NULL;
    assert_int_equal(ps_dns_new(f->loop, &f->conf, &f->dns), 0);
}

static inline int dns_setup(void **state)
{
    struct dns_fix *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_int_equal(ps_loop_new(&f->loop), 0);
    assert_int_equal(ps_timer_new(f->loop, &f->guard, too_late, f), 0);
    assert_true(dns_serve(&f->server, f->loop));
    f->conf = (struct ps_dns_conf){.servers = &f->server.addr, .nservers = 1};
    dns_open_with(f);
    *state = f;
    return 0;
}

static inline int dns_teardown(void **state)
{
    struct dns_fix *f = *state;

    ps_dns_free(f->dns);
    dns_close(&f->server);
    ps_timer_free(f->guard);
    ps_loop_free(f->loop);
    free(f);
    return 0;
}

#define DNS_TEST(f) cmocka_unit_test_setup_teardown(f, dns_setup, dns_teardown)

static inline void zone(struct dns_fix *f, const char *line)
{
    assert_true(dns_add(&f->server, line));
}

static inline void dns_heard(void *ctx, const struct ps_dns_answer *a)
{
    struct heard *h = ctx;

    h->times++;
    h->err = a->err;
    snprintf(h->why, sizeof h->why, "%s", a->why);
    h->n = a->n;
    h->cached = a->cached;
    h->left = a->left;
    for (size_t i = 0; i < a->n && a->addrs; i++)
        h->addrs[i] = a->addrs[i];
    for (size_t i = 0; i < a->n && a->texts; i++) {
        h->lens[i] = a->texts[i].len;
        assert_int_equal(a->texts[i].at[a->texts[i].len], 0);
        snprintf(h->texts[i], sizeof h->texts[i], "%s", a->texts[i].at);
    }
    if (++h->f->heard >= h->f->wanted)
        ps_loop_stop(h->f->loop);
    if (h->then)
        h->then(h);
}

static inline void ask_for(struct dns_fix *f, enum ps_dns_type type, const char *name, ps_ns patience,
                           struct heard *h)
{
    memset(h, 0, offsetof(struct heard, then));
    h->f = f;
    f->wanted++;
    assert_int_equal(ps_dns_ask(f->dns, type, name, patience, dns_heard, h, &h->query), 0);
    assert_int_equal(h->times, 0); // never from inside
}

static inline void dns_run(struct dns_fix *f)
{
    ps_timer_start(f->guard, GUARD);
    ps_loop_run(f->loop);
    ps_timer_stop(f->guard);
    f->heard = f->wanted = 0;
}

// Asks and waits.
static inline void ask(struct dns_fix *f, enum ps_dns_type type, const char *name, struct heard *h)
{
    ask_for(f, type, name, 0, h);
    dns_run(f);
    assert_int_equal(h->times, 1);
}

static inline struct ps_dns_stats stats(struct dns_fix *f)
{
    struct ps_dns_stats s;

    ps_dns_stats(f->dns, &s);
    return s;
}

// Turns the loop until something holds.
#define DNS_UNTIL(f, condition)                           \
    do {                                                  \
        ps_ns poll_end = ps_loop_mono() + GUARD;          \
        while (!(condition) && ps_loop_mono() < poll_end) \
            ps_loop_poll((f)->loop);                      \
        assert_true(condition);                           \
    } while (0)
