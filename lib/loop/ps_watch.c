// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_watch.h"
#include <errno.h>
#include <stdlib.h>
#include "loop/ps_uv.h"

struct ps_watch {
    uv_poll_t poll;
    ps_watch_cb cb;
    void *ctx;
    int wanted; // in libuv's bits
};

static int to_uv(int bits)
{
    return (bits & PS_WATCH_READ ? UV_READABLE : 0) | (bits & PS_WATCH_WRITE ? UV_WRITABLE : 0);
}

static int from_uv(int bits)
{
    return (bits & UV_READABLE ? PS_WATCH_READ : 0) | (bits & UV_WRITABLE ? PS_WATCH_WRITE : 0);
}

// libuv stops watching a descriptor that is in error; whoever reads or writes it will see why.
static void polled(uv_poll_t *poll, int status, int events)
{
    struct ps_watch *w = poll->data;

    if (status < 0)
        w->wanted = 0;
    w->cb(w->ctx, from_uv(status < 0 ? UV_READABLE | UV_WRITABLE : events));
}

int ps_watch_new(struct ps_loop *l, int fd, ps_watch_cb cb, void *ctx, struct ps_watch **out)
{
    struct ps_watch *w = calloc(1, sizeof *w);
    int rc;

    if (!w)
        return -ENOMEM;
    rc = uv_poll_init(ps_loop_uv(l), &w->poll, fd);
    if (rc) {
        free(w);
        return rc;
    }
    w->poll.data = w;
    w->cb = cb;
    w->ctx = ctx;
    *out = w;
    return 0;
}

void ps_watch_set(struct ps_watch *w, int wanted)
{
    int bits = to_uv(wanted);

    if (bits == w->wanted)
        return;
    w->wanted = bits;
    if (bits)
        uv_poll_start(&w->poll, bits, polled);
    else
        uv_poll_stop(&w->poll);
}

static void watch_closed(uv_handle_t *h)
{
    free(h->data);
}

void ps_watch_free(struct ps_watch *w)
{
    if (!w)
        return;
    uv_poll_stop(&w->poll); // closing leaves the descriptor alone, but not at once
    uv_close((uv_handle_t *)&w->poll, watch_closed);
}
