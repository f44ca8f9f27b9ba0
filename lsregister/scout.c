// SPDX-License-Identifier: Apache-2.0
#include "lsregister/scout.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "http/ps_url.h"
#include "loop/ps_stream.h"

// One server on its way. It outlives its scout while its name is being looked up.
struct runner {
    struct scout *scout; // NULL: nobody asks any more
    struct choice_server *server;
    struct ps_loop *loop;
    struct ps_connecting *connecting;
    ps_ns started;
    bool resolving;
};

struct scout {
    struct choice_list list;
    struct runner *runners[CHOICE_SERVERS];
    size_t under_way;
    struct ps_loop *loop;
    scout_cb cb;
    void *ctx;
    bool starting;
};

static void destroy(struct scout *s)
{
    for (size_t i = 0; i < s->list.n; i++)
        if (s->runners[i]) {
            ps_connect_cancel(s->runners[i]->connecting);
            s->runners[i]->scout = NULL;
            if (!s->runners[i]->resolving)
                free(s->runners[i]);
        }
    choice_fini(&s->list);
    free(s);
}

static void all_came(void *ctx)
{
    struct scout *s = ctx;
    scout_cb cb = s->cb;
    if (cb)
        cb(s->ctx, &s->list);
    destroy(s);
}

static void arrived(struct runner *r, ps_ns rtt)
{
    struct scout *s = r->scout;
    r->server->rtt = rtt;
    s->runners[r->server - s->list.at] = NULL;
    free(r);
    if (--s->under_way == 0 && !s->starting)
        all_came(s);
}

static void connected(void *ctx, int err, struct ps_stream *stream)
{
    struct runner *r = ctx;
    r->connecting = NULL;
    ps_stream_close(stream, 0);
    arrived(r, err ? -1 : ps_loop_mono() - r->started);
}

static void resolved(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct runner *r = ctx;
    (void)why;
    r->resolving = false;
    if (!r->scout) {
        free(r);
        return;
    }
    r->started = ps_loop_mono();
    if (!err)
        err = ps_connect(r->loop, addrs, n, NULL, NULL, SCOUT_PATIENCE / (ps_ns)n, connected, r,
                         &r->connecting);
    if (err)
        arrived(r, -1);
}

static int send_out(struct scout *s, size_t i, int family)
{
    struct runner *r = calloc(1, sizeof *r);
    struct ps_url u;
    if (!r)
        return -ENOMEM;
    *r = (struct runner){.scout = s, .server = &s->list.at[i], .loop = s->loop, .resolving = true};
    int err = ps_url_parse(&u, r->server->server, strlen(r->server->server));
    if (!err)
        err = ps_resolve(s->loop, u.host, ps_url_port(&u), family, resolved, r);
    ps_url_fini(&u);
    if (err) {
        free(r);
        return err;
    }
    s->runners[i] = r;
    s->under_way++;
    return 0;
}

int scout_start(struct ps_loop *l, const struct choice_list *list, int family, scout_cb cb, void *ctx,
                struct scout **out)
{
    struct scout *s = calloc(1, sizeof *s);
    int err = 0;
    if (!s)
        return -ENOMEM;
    *s = (struct scout){.loop = l, .cb = cb, .ctx = ctx, .starting = true};
    for (size_t i = 0; i < list->n && !err; i++)
        err = choice_add(&s->list, list->at[i].server, list->at[i].priority, list->at[i].alive);
    for (size_t i = 0; i < s->list.n && !err; i++)
        err = send_out(s, i, family);
    s->starting = false;
    if (!err && s->under_way == 0)
        err = ps_defer(l, all_came, s);
    if (err)
        destroy(s);
    else
        *out = s;
    return err;
}

void scout_cancel(struct scout *s)
{
    if (!s)
        return;
    // With nobody under way it is about to call back, and frees itself then.
    if (s->under_way == 0)
        s->cb = NULL;
    else
        destroy(s);
}
