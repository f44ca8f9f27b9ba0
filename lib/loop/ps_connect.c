// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_stream.h"
#include "loop/ps_uv.h"

// One try of one address. libuv needs the request until its callback, which after a timeout or a
// cancel comes when the owner is gone.
struct attempt {
    uv_connect_t req;
    struct ps_connecting *owner; // NULL: nobody waits
};

struct ps_connecting {
    struct ps_loop *loop;
    struct ps_timer *timer; // the bound of an attempt; at once: begin the first
    struct ps_addr local;
    char device[IFNAMSIZ]; // empty: none
    ps_ns timeout;
    ps_connect_cb cb;
    void *ctx;
    struct attempt *attempt;  // under way
    struct ps_stream *stream; // of the attempt
    size_t next, n;
    struct ps_addr addrs[];
};

static void connecting_free(struct ps_connecting *c)
{
    ps_timer_free(c->timer);
    free(c);
}

static void abandon_attempt(struct ps_connecting *c)
{
    if (c->attempt)
        c->attempt->owner = NULL;
    c->attempt = NULL;
    ps_stream_close(c->stream, 0);
    c->stream = NULL;
}

static int bind_local(const struct ps_connecting *c, const struct ps_addr *to, int fd)
{
    if (c->local.len == 0)
        return 0;
    if (ps_addr_version(&c->local) != ps_addr_version(to))
        return -EAFNOSUPPORT;
    return bind(fd, &c->local.sa, c->local.len) < 0 ? -errno : 0;
}

static int open_stream(struct ps_connecting *c, const struct ps_addr *to)
{
    int fd;
    int rc = ps_sock_tcp(to->sa.sa_family, c->device[0] ? c->device : NULL, &fd);

    if (rc)
        return rc;
    rc = bind_local(c, to, fd);
    if (rc) {
        close(fd);
        return rc;
    }
    return ps_stream_from_fd(c->loop, fd, &c->stream);
}

static void connect_done(uv_connect_t *req, int status);

static int start_attempt(struct ps_connecting *c, const struct ps_addr *to)
{
    struct attempt *a;
    int rc = open_stream(c, to);

    if (rc)
        return rc;
    a = calloc(1, sizeof *a);
    if (!a)
        return -ENOMEM;
    a->req.data = a;
    rc = uv_tcp_connect(&a->req, ps_stream_uv(c->stream), &to->sa, connect_done);
    if (rc) {
        free(a);
        return rc;
    }
    a->owner = c;
    c->attempt = a;
    if (c->timeout > 0)
        ps_timer_start(c->timer, c->timeout);
    else
        ps_timer_stop(c->timer);
    return 0;
}

static void finish(struct ps_connecting *c, int err)
{
    struct ps_stream *s = c->stream;
    ps_connect_cb cb = c->cb;
    void *ctx = c->ctx;

    connecting_free(c);
    cb(ctx, err, err ? NULL : s);
}

// Goes on to the next address that can be tried at all; err is what became of the one before.
static void try_next(struct ps_connecting *c, int err)
{
    while (c->next < c->n) {
        abandon_attempt(c);
        err = start_attempt(c, &c->addrs[c->next++]);
        if (err == 0)
            return;
    }
    abandon_attempt(c);
    finish(c, err);
}

static void connect_done(uv_connect_t *req, int status)
{
    struct attempt *a = req->data;
    struct ps_connecting *c = a->owner;

    free(a);
    if (!c)
        return;
    c->attempt = NULL;
    if (status == 0)
        status = ps_stream_connected(c->stream);
    if (status == 0)
        finish(c, 0);
    else
        try_next(c, status);
}

static void time_over(void *ctx)
{
    try_next(ctx, PS_ETIMEOUT);
}

static struct ps_connecting *connecting_new(const struct ps_addr *addrs, size_t n,
                                            const struct ps_addr *local, const char *device)
{
    struct ps_connecting *c = calloc(1, sizeof *c + n * sizeof *addrs);

    if (!c)
        return NULL;
    memcpy(c->addrs, addrs, n * sizeof *addrs);
    c->n = n;
    if (local)
        c->local = *local;
    if (device)
        memcpy(c->device, device, strlen(device));
    return c;
}

int ps_connect(struct ps_loop *l, const struct ps_addr *addrs, size_t n, const struct ps_addr *local,
               const char *device, ps_ns timeout, ps_connect_cb cb, void *ctx, struct ps_connecting **out)
{
    struct ps_connecting *c;
    int rc;

    if (n == 0)
        return -EINVAL;
    if (device && strlen(device) >= IFNAMSIZ)
        return -ENODEV;
    c = connecting_new(addrs, n, local, device);
    if (!c)
        return -ENOMEM;
    c->loop = l;
    c->timeout = timeout;
    c->cb = cb;
    c->ctx = ctx;
    rc = ps_timer_new(l, &c->timer, time_over, c);
    if (rc) {
        free(c);
        return rc;
    }
    ps_timer_start(c->timer, 0); // so that cb never comes from inside this call
    *out = c;
    return 0;
}

void ps_connect_cancel(struct ps_connecting *c)
{
    if (!c)
        return;
    abandon_attempt(c);
    connecting_free(c);
}
