// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_child.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "loop/ps_watch.h"

#define CHUNK ((size_t)16384)
#define ERRORS_MAX ((size_t)65536)
#define ROUNDS 16 // reads in one turn of the loop
#define RECORD '\x1e'

struct end_of_pipe {
    struct tl_child *child;
    int fd; // -1: closed
    struct ps_watch *watch;
    struct ps_buf buf;
    bool full; // what is more is dropped
};

struct tl_child {
    struct ps_loop *loop;
    struct ps_proc *proc;
    struct end_of_pipe in, out, err;
    size_t sent;
    size_t line;    // of out: where the line begins that has not ended yet
    size_t scanned; // and up to where there is no newline in it
    ps_ns grace;
    void (*record)(void *ctx, const char *text, size_t len);
    tl_child_cb cb;
    void *ctx;
    int why; // tl_child_end.err
};

static void shut(struct end_of_pipe *p)
{
    ps_watch_free(p->watch);
    p->watch = NULL;
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

static void stop_for(struct tl_child *c, int why)
{
    if (!c->why)
        c->why = why;
    (void)ps_proc_end_after(c->proc, 0, c->grace);
}

// --- what it is given

static void send_on(struct tl_child *c)
{
    struct end_of_pipe *p = &c->in;

    while (p->fd >= 0 && c->sent < ps_buf_len(&p->buf)) {
        ssize_t n = write(p->fd, ps_buf_head(&p->buf) + c->sent, ps_buf_len(&p->buf) - c->sent);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) // it does not read to the end
            break;
        c->sent += (size_t)n;
    }
    shut(p);
}

static void in_ready(void *ctx, int ready)
{
    struct end_of_pipe *p = ctx;

    (void)ready;
    send_on(p->child);
}

// --- what it says

// false: the line is no record.
static bool take_record(struct tl_child *c, const char *line, size_t len)
{
    const char *mark = memchr(line, RECORD, len);

    if (!mark)
        return false;
    if (len - (size_t)(mark - line) > 1)
        c->record(c->ctx, mark + 1, len - (size_t)(mark - line) - 1);
    return true;
}

// Tells records as their lines end. Other lines are collected, up to the next record, which takes their place.
static void take_records(struct tl_child *c)
{
    struct ps_buf *b = &c->out.buf;

    while (c->record) {
        const char *text = (const char *)ps_buf_head(b);
        size_t len = ps_buf_len(b), from = c->scanned > c->line ? c->scanned : c->line;
        const char *end = from < len ? memchr(text + from, '\n', len - from) : NULL;
        if (!end) {
            c->scanned = len;
            return;
        }
        from = (size_t)(end - text) + 1;
        if (take_record(c, text + c->line, from - 1 - c->line)) {
            ps_buf_consume(b, from);
            from = 0;
        }
        c->line = c->scanned = from;
    }
}

static void keep(struct end_of_pipe *p, char *data, size_t n)
{
    struct tl_child *c = p->child;

    for (size_t i = 0; i < n; i++) {
        if (data[i] == '\0' || (data[i] == RECORD && !c->record))
            data[i] = ' ';
    }
    if (!p->full && ps_buf_append(&p->buf, data, n) == 0) {
        if (p == &c->out)
            take_records(c);
        return;
    }
    p->full = true;
    if (p == &c->out)
        stop_for(c, PS_ELIMIT);
}

// false: there is no more for now.
static bool read_some(struct end_of_pipe *p)
{
    char data[CHUNK];
    ssize_t n;

    do
        n = read(p->fd, data, sizeof data);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        keep(p, data, (size_t)n);
    else if (n == 0 || errno != EAGAIN)
        shut(p);
    return n > 0;
}

static void out_ready(void *ctx, int ready)
{
    struct end_of_pipe *p = ctx;

    (void)ready;
    for (int i = 0; i < ROUNDS && p->fd >= 0 && read_some(p); i++)
        ;
}

// What stands in the pipe when it is over. One that others still write to is left.
static void drain(struct end_of_pipe *p, size_t most)
{
    size_t before = ps_buf_len(&p->buf);

    while (p->fd >= 0 && !p->full && ps_buf_len(&p->buf) - before <= most && read_some(p))
        ;
    shut(p);
}

// --- its end

static const char *text_of(struct ps_buf *b, size_t *len)
{
    *len = ps_buf_len(b);
    return ps_buf_append(b, "", 1) == 0 ? (const char *)ps_buf_head(b) : "";
}

static void ended(void *ctx, const struct ps_proc_end *proc)
{
    struct tl_child *c = ctx;
    struct tl_child_end end = {.proc = *proc};

    shut(&c->in);
    drain(&c->out, c->out.buf.max);
    drain(&c->err, ERRORS_MAX);
    c->out.buf.max = c->err.buf.max = 0; // room for the NUL
    end.out = text_of(&c->out.buf, &end.out_len);
    end.err_text = text_of(&c->err.buf, &end.err_len);
    end.err = c->why ? c->why : proc->overdue ? PS_ETIMEOUT : 0;
    c->cb(c->ctx, &end);
}

// --- its beginning

static int open_end(struct tl_child *c, struct end_of_pipe *p, int which, ps_watch_cb cb, int wanted)
{
    int err;

    p->fd = ps_proc_take(c->proc, which);
    if (p->fd < 0)
        return 0;
    err = ps_watch_new(c->loop, p->fd, cb, p, &p->watch);
    if (!err)
        ps_watch_set(p->watch, wanted);
    return err;
}

static int open_ends(struct tl_child *c)
{
    int err = open_end(c, &c->in, 0, in_ready, PS_WATCH_WRITE);

    if (!err)
        err = open_end(c, &c->out, 1, out_ready, PS_WATCH_READ);
    return err ? err : open_end(c, &c->err, 2, out_ready, PS_WATCH_READ);
}

static struct tl_child *make(struct ps_loop *l, const struct tl_child_conf *conf, tl_child_cb cb, void *ctx)
{
    struct tl_child *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->loop = l;
    c->in.child = c->out.child = c->err.child = c;
    c->in.fd = c->out.fd = c->err.fd = -1;
    ps_buf_init(&c->in.buf, 0);
    ps_buf_init(&c->out.buf, conf->output_max);
    ps_buf_init(&c->err.buf, ERRORS_MAX);
    c->grace = conf->grace;
    c->record = conf->record;
    c->cb = cb;
    c->ctx = ctx;
    return c;
}

int tl_child_start(struct ps_loop *l, const struct tl_child_conf *conf, tl_child_cb cb, void *ctx,
                   struct tl_child **out, struct ps_fault *fault)
{
    static const struct ps_proc_limit limits[] = {{RLIMIT_CORE, 0}};
    struct tl_child *c = make(l, conf, cb, ctx);
    struct ps_proc_conf proc = {
        .path = conf->path,
        .argv = conf->argv,
        .env = conf->env,
        .dir = conf->dir,
        .fds = {conf->input ? PS_PROC_PIPE : PS_PROC_NULL, PS_PROC_PIPE, PS_PROC_PIPE},
        .limits = limits,
        .nlimits = 1};
    int err = c ? 0 : -ENOMEM;

    if (!err && conf->input)
        err = ps_buf_append(&c->in.buf, conf->input, conf->input_len);
    if (err)
        ps_fault_set(fault, conf->path, 0, "cannot be started: %s", ps_strerror(err));
    else
        err = ps_proc_start(l, &proc, ended, c, &c->proc, fault);
    if (!err) {
        err = open_ends(c);
        if (!err)
            err = ps_proc_end_after(c->proc, conf->patience, conf->grace);
        if (err)
            ps_fault_set(fault, conf->path, 0, "cannot be looked after: %s", ps_strerror(err));
    }
    if (err) {
        tl_child_free(c);
        return err;
    }
    *out = c;
    return 0;
}

void tl_child_stop(struct tl_child *c)
{
    stop_for(c, PS_ECANCELLED);
}

void tl_child_free(struct tl_child *c)
{
    if (!c)
        return;
    shut(&c->in);
    shut(&c->out);
    shut(&c->err);
    ps_proc_free(c->proc);
    ps_buf_fini(&c->in.buf);
    ps_buf_fini(&c->out.buf);
    ps_buf_fini(&c->err.buf);
    free(c);
}

const char *tl_child_why(const struct tl_child_end *end, char *out, size_t size)
{
    const char *last = end->err_text + end->err_len, *p;

    while (last > end->err_text && (unsigned char)last[-1] <= ' ')
        last--;
    for (p = last; p > end->err_text && p[-1] != '\n'; p--)
        ;
    if (!end->proc.signal && last > p)
        snprintf(out, size, "%.*s", (int)(last - p < 400 ? last - p : 400), p);
    else
        ps_proc_end_words(&end->proc, out, size);
    return out;
}
