// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_loop.h"
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_list.h"
#include "loop/ps_stdio.h"
#include "loop/ps_uv.h"

#define RESOLVE_MAX 32 // addresses of one name that are handed on

struct ps_loop {
    uv_loop_t uv;
    uv_idle_t idle; // active while something is deferred: keeps the loop turning
    struct ps_timers timers;
    struct ps_children children;
    struct ps_list deferred;
    struct ps_list signals;
    char scratch[PS_LOOP_SCRATCH];
};

struct deferred {
    struct ps_list link;
    void (*cb)(void *ctx);
    void *ctx;
};

struct signal_watch {
    uv_signal_t uv;
    struct ps_list link;
    ps_signal_cb cb;
    void *ctx;
};

struct work {
    uv_work_t req;
    void (*work)(void *ctx);
    void (*done)(void *ctx);
    void *ctx;
};

struct resolve {
    uv_getaddrinfo_t req;
    ps_resolve_cb cb;
    void *ctx;
    uint16_t port;
    int status;
};

struct reverse {
    uv_getnameinfo_t req;
    struct ps_addr addr;
    ps_name_cb cb;
    void *ctx;
};

uv_loop_t *ps_loop_uv(struct ps_loop *l)
{
    return &l->uv;
}

struct ps_timers *ps_loop_timers(struct ps_loop *l)
{
    return &l->timers;
}

struct ps_children *ps_loop_children(struct ps_loop *l)
{
    return &l->children;
}

char *ps_loop_scratch(struct ps_loop *l)
{
    return l->scratch;
}

static void ignore_sigpipe(void)
{
    struct sigaction sa = {.sa_handler = SIG_IGN};

    sigemptyset(&sa.sa_mask);
    sigaction(SIGPIPE, &sa, NULL);
}

int ps_loop_new(struct ps_loop **out)
{
    struct ps_loop *l = malloc(sizeof *l);
    int rc;

    if (!l)
        return -ENOMEM;
    ps_stdio_hold();
    rc = uv_loop_init(&l->uv);
    if (rc) {
        free(l);
        return rc;
    }
    uv_idle_init(&l->uv, &l->idle);
    l->idle.data = l;
    ps_timers_init(&l->timers, &l->uv);
    ps_children_init(&l->children);
    ps_list_init(&l->deferred);
    ps_list_init(&l->signals);
    ignore_sigpipe();
    *out = l;
    return 0;
}

// What was forgotten must not keep the draining loop alive, or freeing would hang. Streams that
// linger are left to finish, and deferred calls still come.
static void release(uv_handle_t *h, void *arg)
{
    struct ps_loop *l = arg;

    if (h->type == UV_TCP)
        ps_stream_close(h->data, 0);
    else if (h != (uv_handle_t *)&l->idle)
        uv_unref(h);
}

// The memory of a forgotten handle stays its owner's.
static void close_left(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

static void drain(struct ps_loop *l)
{
    while (uv_loop_alive(&l->uv))
        uv_run(&l->uv, UV_RUN_DEFAULT);
}

static void signal_closed(uv_handle_t *h)
{
    free(h->data);
}

void ps_loop_free(struct ps_loop *l)
{
    int rc;

    if (!l)
        return;
    PS_LIST_EACH_SAFE(it, &l->signals)
        uv_close((uv_handle_t *)&PS_CONTAINER(it, struct signal_watch, link)->uv, signal_closed);
    uv_walk(&l->uv, release, l);
    drain(l);
    uv_walk(&l->uv, close_left, NULL);
    drain(l);
    rc = uv_loop_close(&l->uv);
    assert(rc == 0);
    (void)rc;
    ps_children_fini(&l->children);
    ps_timers_fini(&l->timers);
    free(l);
}

int ps_loop_run(struct ps_loop *l)
{
    uv_run(&l->uv, UV_RUN_DEFAULT);
    return 0;
}

void ps_loop_stop(struct ps_loop *l)
{
    uv_stop(&l->uv);
}

void ps_loop_poll(struct ps_loop *l)
{
    uv_run(&l->uv, UV_RUN_NOWAIT);
}

ps_ns ps_loop_mono(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

// signals

static void signal_came(uv_signal_t *uv, int signum)
{
    struct signal_watch *w = uv->data;

    w->cb(w->ctx, signum);
}

int ps_signal_add(struct ps_loop *l, int signum, ps_signal_cb cb, void *ctx)
{
    struct signal_watch *w = malloc(sizeof *w);
    int rc;

    if (!w)
        return -ENOMEM;
    rc = uv_signal_init(&l->uv, &w->uv);
    if (rc) {
        free(w);
        return rc;
    }
    w->uv.data = w;
    w->cb = cb;
    w->ctx = ctx;
    rc = uv_signal_start(&w->uv, signal_came, signum);
    if (rc) {
        uv_close((uv_handle_t *)&w->uv, signal_closed);
        return rc;
    }
    uv_unref((uv_handle_t *)&w->uv);
    ps_list_append(&l->signals, &w->link);
    return 0;
}

// deferred calls

// What a callback defers anew waits for the next turn, so that sockets get theirs in between.
static void run_deferred(uv_idle_t *idle)
{
    struct ps_loop *l = idle->data;
    struct ps_list *last = l->deferred.prev;
    bool done = ps_list_empty(&l->deferred);

    while (!done) {
        struct deferred *d = PS_CONTAINER(l->deferred.next, struct deferred, link);

        done = &d->link == last;
        ps_list_remove(&d->link);
        d->cb(d->ctx);
        free(d);
    }
    if (ps_list_empty(&l->deferred))
        uv_idle_stop(idle);
}

int ps_defer(struct ps_loop *l, void (*cb)(void *ctx), void *ctx)
{
    struct deferred *d = malloc(sizeof *d);

    if (!d)
        return -ENOMEM;
    d->cb = cb;
    d->ctx = ctx;
    ps_list_append(&l->deferred, &d->link);
    uv_idle_start(&l->idle, run_deferred);
    return 0;
}

// work for other threads

static void work_run(uv_work_t *req)
{
    struct work *w = req->data;

    w->work(w->ctx);
}

static void work_done(uv_work_t *req, int status)
{
    struct work *w = req->data;

    (void)status; // nothing here cancels work
    if (w->done)
        w->done(w->ctx);
    free(w);
}

int ps_work_run(struct ps_loop *l, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx)
{
    struct work *w = malloc(sizeof *w);
    int rc;

    if (!w)
        return -ENOMEM;
    *w = (struct work){.work = work, .done = done, .ctx = ctx};
    w->req.data = w;
    rc = uv_queue_work(&l->uv, &w->req, work_run, work_done);
    if (rc)
        free(w);
    return rc;
}

// names

static size_t take_family(const struct addrinfo *ai, int family, uint16_t port, struct ps_addr *out, size_t n)
{
    for (; ai && n < RESOLVE_MAX; ai = ai->ai_next) {
        if (ai->ai_family != family || ps_addr_from_sockaddr(ai->ai_addr, ai->ai_addrlen, &out[n]))
            continue;
        ps_addr_set_port(&out[n], port);
        n++;
    }
    return n;
}

static void resolve_failed(void *arg)
{
    struct resolve *r = arg;

    r->cb(r->ctx, PS_ERESOLVE, uv_strerror(r->status), NULL, 0);
    free(r);
}

static void resolve_done(uv_getaddrinfo_t *req, int status, struct addrinfo *res)
{
    struct resolve *r = req->data;
    struct ps_addr addrs[RESOLVE_MAX];
    size_t n = take_family(res, AF_INET6, r->port, addrs, 0);

    n = take_family(res, AF_INET, r->port, addrs, n);
    uv_freeaddrinfo(res);
    if (n == 0) {
        r->status = status ? status : UV_EAI_NONAME;
        resolve_failed(r);
        return;
    }
    r->cb(r->ctx, 0, "", addrs, n);
    free(r);
}

int ps_resolve(struct ps_loop *l, const char *host, uint16_t port, int family, ps_resolve_cb cb, void *ctx)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct resolve *r = calloc(1, sizeof *r);
    int rc;

    if (!r)
        return -ENOMEM;
    r->req.data = r;
    r->cb = cb;
    r->ctx = ctx;
    r->port = port;
    r->status = uv_getaddrinfo(&l->uv, &r->req, resolve_done, host, NULL, &hints);
    if (r->status == 0)
        return 0;
    // A name that libuv does not even ask for (too long, say) is one that does not resolve.
    rc = r->status == UV_ENOMEM ? -ENOMEM : ps_defer(l, resolve_failed, r);
    if (rc)
        free(r);
    return rc;
}

static void reverse_done(uv_getnameinfo_t *req, int status, const char *host, const char *service)
{
    struct reverse *r = req->data;
    char text[PS_ADDR_STRLEN];

    (void)service;
    r->cb(r->ctx, status == 0 ? host : ps_addr_host(&r->addr, text));
    free(r);
}

int ps_reverse(struct ps_loop *l, const struct ps_addr *addr, ps_name_cb cb, void *ctx)
{
    struct reverse *r;
    int rc;

    if (ps_addr_version(addr) == 0)
        return -EINVAL;
    r = malloc(sizeof *r);
    if (!r)
        return -ENOMEM;
    r->req.data = r;
    r->addr = *addr;
    r->cb = cb;
    r->ctx = ctx;
    rc = uv_getnameinfo(&l->uv, &r->req, reverse_done, &addr->sa, NI_NUMERICSERV);
    if (rc)
        free(r);
    return rc;
}
