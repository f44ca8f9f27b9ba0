// SPDX-License-Identifier: Apache-2.0
// powstream's documents, from the spool to the streams that they are of. The spool is the worker's; a document is
// removed from it when its stream has been told.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "loop/ps_fswatch.h"
#include "spool/ps_spool.h"
#include "tool/tl_powstream.h"
#include "tool/tl_streams_impl.h"

#define AT_ONCE 32
#define SETTLE (20 * PS_MSEC)
#define AGAIN (5 * PS_SEC) // when the spool cannot be read, or is somebody else's for now

struct intake {
    struct tl_streams *s; // NULL: stopped
    struct ps_loop *loop;
    char spool[300];
    struct ps_fswatch *watch;
    struct ps_timer *timer;
    bool busy, more; // more: something came while busy

    // the worker's, while busy
    struct ps_spool_reader *reader;
    const struct ps_spool_record *records[AT_ONCE];
    size_t n;
    bool taken; // records were told: away with them
    int err;
};

// --- on the worker

static void work(void *ctx)
{
    struct intake *in = ctx;
    struct ps_fault fault;

    in->err = in->reader ? 0 : ps_spool_reader_open(&in->reader, in->spool, &fault);
    if (!in->err && in->taken)
        (void)ps_spool_done_many(in->reader, in->records, in->n);
    in->taken = false;
    in->n = 0;
    if (!in->err)
        in->err = ps_spool_next_many(in->reader, in->records, AT_ONCE, &in->n);
    in->err = in->err < 0 ? in->err : 0;
}

static void close_spool(void *ctx)
{
    struct intake *in = ctx;

    if (in->taken)
        (void)ps_spool_done_many(in->reader, in->records, in->n);
    ps_spool_reader_close(in->reader);
}

static void closed(void *ctx)
{
    free(ctx);
}

static void destroy(struct intake *in)
{
    if (!in->reader || ps_work_run(in->loop, close_spool, closed, in)) {
        ps_spool_reader_close(in->reader);
        free(in);
    }
}

// --- on the loop

static void tell(struct tl_stream *st, struct ps_jnode document)
{
    struct tl_answer a;
    const char *why;
    double seconds;

    if (tl_powstream_gap(document, &seconds, &why)) {
        st->ops->gap(st->ctx, seconds, why);
        return;
    }
    tl_answer_init(&a);
    if (tl_powstream_result(document, &a))
        st->ops->record(st->ctx, a.text, a.len);
    tl_answer_fini(&a);
}

static void take(struct tl_streams *s, const struct ps_spool_record *rec)
{
    struct ps_jdoc *doc = NULL;
    struct tl_stream *st;
    const char *name;

    if (rec->kind != PS_SPOOL_DOCUMENT ||
        ps_jdoc_parse_foreign(&doc, NULL, (const char *)rec->data, rec->len, NULL))
        return;
    name = tl_powstream_of(ps_jdoc_root(doc));
    st = name ? tl_streams_find(s, name) : NULL;
    if (st && st->ops)
        tell(st, ps_jdoc_root(doc));
    ps_jdoc_free(doc);
}

static void read_on(struct intake *in);

static void came(void *ctx)
{
    struct intake *in = ctx;

    in->busy = false;
    for (size_t i = 0; in->s && i < in->n; i++)
        take(in->s, in->records[i]);
    if (!in->s) { // what was not told stays in the spool
        in->n = 0;
        destroy(in);
        return;
    }
    in->taken = in->n > 0;
    if (in->err)
        ps_timer_start(in->timer, AGAIN);
    else if (in->n > 0 || in->more)
        read_on(in);
}

static void read_on(struct intake *in)
{
    in->more = in->busy;
    if (in->busy)
        return;
    if (ps_work_run(in->loop, work, came, in))
        ps_timer_start(in->timer, AGAIN);
    else
        in->busy = true;
}

static void look(void *ctx)
{
    read_on(ctx);
}

int tl_intake_start(struct tl_streams *s)
{
    struct intake *in = calloc(1, sizeof *in);
    int err;

    if (!in)
        return -ENOMEM;
    in->s = s;
    in->loop = s->loop;
    memcpy(in->spool, s->spool, sizeof in->spool);
    s->intake = in;
    err = ps_timer_new(s->loop, &in->timer, look, in);
    if (!err)
        err = ps_fswatch_new(s->loop, in->spool, SETTLE, look, in, &in->watch);
    if (!err)
        read_on(in);
    return err;
}

void tl_intake_stop(struct tl_streams *s)
{
    struct intake *in = s->intake;

    if (!in)
        return;
    s->intake = NULL;
    in->s = NULL;
    ps_timer_free(in->timer);
    ps_fswatch_free(in->watch);
    in->timer = NULL;
    in->watch = NULL;
    if (!in->busy)
        destroy(in);
}
