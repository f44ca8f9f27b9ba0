// SPDX-License-Identifier: Apache-2.0
// Which streams measure nothing, and why: powstream is asked now and then, since what it puts into the spool tells of
// gaps only when they are over or have lasted for a minute.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "loop/ps_ctl.h"
#include "tool/tl_powstream.h"
#include "tool/tl_spec.h"
#include "tool/tl_streams_impl.h"

#define FIRST (2 * PS_SEC) // behind the beginning of a stream
#define EVERY (10 * PS_SEC)
#define PATIENCE (5 * PS_SEC)

struct tl_look {
    struct tl_streams *s; // NULL: it has gone
    struct ps_loop *loop;
    struct ps_timer *timer;
    bool busy;

    // the worker's, while busy
    char socket[100];
    char *reply;
    size_t len;
    int err;
};

// --- telling

static struct tl_stream *not_told(struct tl_streams *s)
{
    PS_LIST_EACH(it, &s->streams) {
        struct tl_stream *st = PS_CONTAINER(it, struct tl_stream, link);
        if (st->ops && st->told != s->looks)
            return st;
    }
    return NULL;
}

// why "": it measures.
static void tell(struct tl_stream *st, const char *why)
{
    if (strcmp(st->trouble, why) == 0)
        return;
    snprintf(st->trouble, sizeof st->trouble, "%s", why);
    st->ops->trouble(st->ctx, st->trouble[0] ? st->trouble : NULL);
}

// Each that is told may free any, so from the beginning again after each.
void tl_look_none(struct tl_streams *s, const char *why)
{
    struct tl_stream *st;

    s->looks++;
    while ((st = not_told(s))) {
        st->told = s->looks;
        tell(st, why);
    }
}

static void tell_all(struct tl_streams *s, struct ps_jnode streams)
{
    char why[TL_STREAM_TROUBLE];

    for (struct ps_jnode n = ps_jnode_first(streams); ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *name = tl_spec_str(n, "name");
        struct tl_stream *st = name ? tl_streams_find(s, name) : NULL;

        if (st && st->ops && st->state == TL_STREAM_HERE && tl_powstream_trouble(n, why, sizeof why))
            tell(st, why);
    }
}

// --- asking

static void ask(void *ctx)
{
    struct tl_look *k = ctx;
    struct ps_fault fault;

    k->err = ps_ctl_call(k->socket, TL_POWSTREAM_LIST, PATIENCE, &k->reply, &k->len, &fault);
}

static void read_reply(struct tl_look *k)
{
    struct ps_jdoc *doc;

    if (k->err || ps_jdoc_parse_foreign(&doc, NULL, k->reply, k->len, NULL))
        return;
    tell_all(k->s, ps_jnode_member(ps_jdoc_root(doc), "streams"));
    ps_jdoc_free(doc);
}

static void answered(void *ctx)
{
    struct tl_look *k = ctx;

    k->busy = false;
    if (k->s && k->s->child)
        read_reply(k);
    free(k->reply);
    k->reply = NULL;
    if (!k->s)
        free(k);
    else if (!ps_list_empty(&k->s->streams) && !ps_timer_running(k->timer))
        ps_timer_start(k->timer, EVERY);
}

static void look(void *ctx)
{
    struct tl_look *k = ctx;

    if (!k->busy && k->s->child)
        k->busy = ps_work_run(k->loop, ask, answered, k) == 0;
    if (!k->busy && !ps_list_empty(&k->s->streams))
        ps_timer_start(k->timer, EVERY);
}

void tl_look_soon(struct tl_streams *s)
{
    ps_timer_start(s->look->timer, FIRST);
}

int tl_look_start(struct tl_streams *s)
{
    struct tl_look *k = calloc(1, sizeof *k);
    int err;

    if (!k)
        return -ENOMEM;
    k->s = s;
    k->loop = s->loop;
    memcpy(k->socket, s->socket, sizeof k->socket);
    err = ps_timer_new(s->loop, &k->timer, look, k);
    if (err)
        free(k);
    else
        s->look = k;
    return err;
}

void tl_look_stop(struct tl_streams *s)
{
    struct tl_look *k = s->look;

    if (!k)
        return;
    s->look = NULL;
    k->s = NULL;
    ps_timer_free(k->timer);
    k->timer = NULL;
    if (!k->busy)
        free(k);
}
