// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_streams.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/ps_err.h"
#include "base/ps_list.h"
#include "loop/ps_ctl.h"
#include "tool/tl_child.h"
#include "tool/tl_powstream.h"
#include "tool/tl_spec.h"
#include "tool/tl_streams_impl.h"

#define STAY (10 * 365 * 86400 * PS_SEC) // powstream does not end by itself
#define GRACE (5 * PS_SEC)
#define AGAIN_LEAST PS_SEC // between attempts to start it
#define AGAIN_MOST (60 * PS_SEC)
#define GOOD (60 * PS_SEC)    // what has run for so long is started again soon
#define KNOCK (100 * PS_MSEC) // between attempts to reach a socket that is not there yet
#define ASK_PATIENCE (10 * PS_SEC)
#define LOG_MAX 65536

// --- the process

static void kick(struct tl_streams *s);

static void kick_later(void *ctx)
{
    struct tl_streams *s = ctx;

    if (s->stopped)
        s->stopped(s->stopped_ctx);
    else
        kick(s);
}

static void all_gone(struct tl_streams *s)
{
    PS_LIST_EACH_SAFE(it, &s->streams) {
        struct tl_stream *st = PS_CONTAINER(it, struct tl_stream, link);
        if (st == s->subject) // its request is still to fail
            continue;
        if (st->state == TL_STREAM_LEAVING)
            tl_stream_destroy(st);
        else if (st->state == TL_STREAM_HERE)
            st->state = TL_STREAM_WANTED;
    }
}

static void powstream_ended(void *ctx, const struct tl_child_end *end)
{
    struct tl_streams *s = ctx;
    bool good = ps_loop_mono() - s->started > GOOD;
    char why[400], text[TL_STREAM_TROUBLE];

    tl_child_why(end, why, sizeof why);
    snprintf(text, sizeof text, "powstream ended: %s", why);
    tl_child_free(s->child);
    s->child = NULL;
    s->again = good || s->again == 0 ? AGAIN_LEAST : s->again * 2 > AGAIN_MOST ? AGAIN_MOST : s->again * 2;
    all_gone(s);
    ps_timer_start(s->timer, s->stopped ? 0 : s->again);
    if (s->stopped)
        return;
    s->ended = true;
    if (s->log)
        ps_log(s->log, PS_LOG_WARN, "powstream",
               "ended: %s: nothing is measured until it is started again, in %.0f s", why,
               (double)s->again / 1e9);
    tl_look_none(s, text);
}

static int write_file(const char *path, struct ps_fault *fault)
{
    FILE *f = fopen(path, "we");
    int err = f ? 0 : -errno;

    if (f && fputs("{\"streams\": []}\n", f) < 0)
        err = -EIO;
    if (f && fclose(f) != 0)
        err = -EIO;
    if (err)
        ps_fault_set(fault, path, 0, "cannot be written: %s", ps_strerror(err));
    return err;
}

static int start_powstream(struct tl_streams *s, struct ps_fault *fault)
{
    const char *path = s->site->path[TL_POWSTREAM];
    char file[300];
    const char *argv[] = {"powstream", "--streams", file, "--control", s->socket, "-g", "warning", NULL};
    struct tl_child_conf conf = {
        .path = path, .argv = argv, .dir = s->dir, .output_max = LOG_MAX, .patience = STAY, .grace = GRACE};
    int err;

    snprintf(file, sizeof file, "%.280s/streams.json", s->dir);
    err = write_file(file, fault);
    if (!err)
        err = tl_child_start(s->loop, &conf, powstream_ended, s, &s->child, fault);
    s->started = ps_loop_mono();
    return err;
}

// --- requests, one at a time, on a worker

struct asking {
    struct tl_streams *s; // NULL: it has gone
    char *socket, *line, *reply;
    size_t len;
    int err;
    struct ps_fault fault;
};

static void ask(void *ctx)
{
    struct asking *a = ctx;

    a->err = ps_ctl_call(a->socket, a->line, ASK_PATIENCE, &a->reply, &a->len, &a->fault);
}

static void free_asking(struct asking *a)
{
    free(a->socket);
    free(a->line);
    free(a->reply);
    free(a);
}

// Whether the reply is ok; if not, why says the reason.
static bool is_ok(const struct asking *a, char *why, size_t size)
{
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault = {""};
    const char *error;
    bool ok;

    if (ps_jdoc_parse_foreign(&doc, NULL, a->reply, a->len, &fault)) {
        snprintf(why, size, "powstream's answer cannot be read: %.300s", fault.text);
        return false;
    }
    ok = tl_spec_flag(ps_jdoc_root(doc), "ok", false);
    error = tl_spec_str(ps_jdoc_root(doc), "error");
    snprintf(why, size, "powstream: %.400s", error ? error : "refused");
    ps_jdoc_free(doc);
    return ok;
}

static void refuse(struct tl_stream *st, const char *why)
{
    const struct tl_stream_ops *ops = st->ops;
    void *ctx = st->ctx;

    st->ops = NULL;
    tl_stream_detach(st);
    if (ops)
        ops->failed(ctx, why);
}

// The socket is not there yet, or not any more: the stream goes back to where it was.
static void unanswered(struct tl_streams *s, struct tl_stream *st)
{
    if (st->state == TL_STREAM_ASKING)
        st->state = TL_STREAM_WANTED;
    if (!s->stopped && !ps_timer_running(s->timer))
        ps_timer_start(s->timer, KNOCK);
}

static void back(struct tl_streams *s)
{
    if (s->ended && s->log)
        ps_log(s->log, PS_LOG_INFO, "powstream", "is back, and has been told of streams");
    s->ended = false;
}

static void answered(void *ctx)
{
    struct asking *a = ctx;
    struct tl_streams *s = a->s;
    struct tl_stream *st;
    char why[512];
    bool ok;

    if (!s) {
        free_asking(a);
        return;
    }
    st = s->subject;
    s->subject = NULL;
    s->asking = NULL;
    ok = a->err == 0 && is_ok(a, why, sizeof why);
    if (a->err && s->child) {
        unanswered(s, st);
    } else if (a->err && st->state != TL_STREAM_LEAVING) {
        st->state = TL_STREAM_WANTED; // it died: all are told anew
    } else if (st->state == TL_STREAM_LEAVING) {
        tl_stream_destroy(st);
    } else if (ok) {
        st->state = TL_STREAM_HERE;
        back(s);
        tl_look_soon(s);
    } else {
        st->state = TL_STREAM_WANTED;
        refuse(st, why);
    }
    free_asking(a);
    kick(s);
}

static char *make_line(const struct tl_stream *st)
{
    struct ps_text t;

    if (st->state != TL_STREAM_LEAVING)
        return strdup(st->request);
    tl_powstream_remove(ps_text_open(&t), st->name);
    return ps_text_close(&t, NULL);
}

static void send_request(struct tl_streams *s, struct tl_stream *st)
{
    struct asking *a = calloc(1, sizeof *a);

    if (a) {
        a->s = s;
        a->socket = strdup(s->socket);
        a->line = make_line(st);
    }
    if (!a || !a->socket || !a->line || ps_work_run(s->loop, ask, answered, a)) {
        if (a)
            free_asking(a);
        ps_timer_start(s->timer, AGAIN_LEAST);
        return;
    }
    if (st->state == TL_STREAM_WANTED)
        st->state = TL_STREAM_ASKING;
    s->subject = st;
    s->asking = a;
}

static struct tl_stream *next_subject(struct tl_streams *s)
{
    PS_LIST_EACH_SAFE(it, &s->streams) {
        struct tl_stream *st = PS_CONTAINER(it, struct tl_stream, link);
        if (st->state == TL_STREAM_WANTED && !st->ops) {
            tl_stream_destroy(st);
        } else if (st->state == TL_STREAM_HERE && !st->ops) {
            st->state = TL_STREAM_LEAVING;
            return st;
        } else if (st->state == TL_STREAM_WANTED || st->state == TL_STREAM_LEAVING) {
            return st;
        }
    }
    return NULL;
}

static void kick(struct tl_streams *s)
{
    struct ps_fault fault = {""};
    struct tl_stream *st;

    if (s->stopped || s->subject || (!s->child && ps_timer_running(s->timer)))
        return;
    st = next_subject(s);
    if (!st)
        return;
    if (!s->child && start_powstream(s, &fault)) {
        s->ended = true;
        s->again = AGAIN_MOST;
        ps_timer_start(s->timer, s->again);
        if (s->log)
            ps_log(s->log, PS_LOG_WARN, "powstream", "cannot be started: %s", fault.text);
        tl_look_none(s, fault.text);
        return;
    }
    send_request(s, st);
}

// --- streams

void tl_stream_destroy(struct tl_stream *st)
{
    ps_list_remove(&st->link);
    free(st->name);
    free(st->request);
    free(st);
}

// Without an owner it goes as soon as nothing is under way about it.
void tl_stream_detach(struct tl_stream *st)
{
    st->ops = NULL;
    if (st->state == TL_STREAM_WANTED)
        tl_stream_destroy(st);
}

void tl_stream_free(struct tl_stream *st)
{
    struct tl_streams *s;

    if (!st)
        return;
    s = st->all;
    tl_stream_detach(st);
    kick(s);
}

struct tl_stream *tl_streams_find(const struct tl_streams *s, const char *name)
{
    PS_LIST_EACH(it, &s->streams) {
        struct tl_stream *st = PS_CONTAINER(it, struct tl_stream, link);
        if (strcmp(st->name, name) == 0)
            return st;
    }
    return NULL;
}

static char *make_request(const struct tl_streams *s, const char *name, struct ps_jnode spec,
                          struct ps_fault *fault)
{
    struct ps_text t;
    int err = tl_powstream_add(ps_text_open(&t), name, s->spool, spec, fault);
    char *text = ps_text_close(&t, NULL);

    if (!text && !err)
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(-ENOMEM));
    if (!err)
        return text;
    free(text);
    return NULL;
}

int tl_stream_new(struct tl_streams *s, const char *name, struct ps_jnode spec,
                  const struct tl_stream_ops *ops, void *ctx, struct tl_stream **out, struct ps_fault *fault)
{
    struct tl_stream *st;

    if (s->site->path[TL_POWSTREAM][0] == '\0') {
        ps_fault_set(fault, NULL, 0, "The program powstream is not installed here (Debian: package %s).",
                     tl_program_package(TL_POWSTREAM));
        return PS_ENOTFOUND;
    }
    if (tl_streams_find(s, name)) {
        ps_fault_set(fault, NULL, 0, "there is a stream %.100s already", name);
        return PS_EDUPLICATE;
    }
    st = calloc(1, sizeof *st);
    if (!st)
        return -ENOMEM;
    ps_list_append(&s->streams, &st->link);
    st->all = s;
    st->ops = ops;
    st->ctx = ctx;
    st->name = strdup(name);
    st->request = make_request(s, name, spec, fault);
    if (!st->name || !st->request) {
        tl_stream_destroy(st);
        return PS_EMALFORMED;
    }
    *out = st;
    if (s->child)
        kick(s);
    else if (!ps_timer_running(s->timer))
        ps_timer_start(s->timer, 0); // what comes of it is not told from inside
    return 0;
}

// --- all

int tl_streams_new(struct ps_loop *l, const struct tl_streams_conf *conf, struct tl_streams **out,
                   struct ps_fault *fault)
{
    struct tl_streams *s = calloc(1, sizeof *s);
    int err = s ? 0 : -ENOMEM;

    if (!err) {
        s->loop = l;
        s->site = conf->site;
        s->log = conf->log;
        ps_list_init(&s->streams);
        snprintf(s->dir, sizeof s->dir, "%s", conf->dir);
        if (snprintf(s->socket, sizeof s->socket, "%s/powstream.sock", conf->dir) >= (int)sizeof s->socket)
            err = -ENAMETOOLONG;
        snprintf(s->spool, sizeof s->spool, "%.280s/spool", conf->dir);
    }
    if (!err && mkdir(conf->dir, 0750) < 0 && errno != EEXIST)
        err = -errno;
    if (!err)
        err = ps_timer_new(l, &s->timer, kick_later, s);
    if (!err)
        err = tl_intake_start(s);
    if (!err)
        err = tl_look_start(s);
    if (err) {
        ps_fault_set(fault, conf->dir, 0, "cannot be powstream's folder: %s", ps_strerror(err));
        tl_streams_free(s);
        return err;
    }
    *out = s;
    return 0;
}

void tl_streams_stop(struct tl_streams *s, void (*done)(void *ctx), void *ctx)
{
    tl_intake_stop(s);
    tl_look_stop(s);
    s->stopped = done;
    s->stopped_ctx = ctx;
    ps_timer_stop(s->timer);
    if (s->child)
        tl_child_stop(s->child);
    else
        ps_timer_start(s->timer, 0);
}

void tl_streams_free(struct tl_streams *s)
{
    if (!s)
        return;
    tl_intake_stop(s);
    tl_look_stop(s);
    if (s->asking)
        s->asking->s = NULL;
    PS_LIST_EACH_SAFE(it, &s->streams) {
        tl_stream_destroy(PS_CONTAINER(it, struct tl_stream, link));
    }
    tl_child_free(s->child);
    ps_timer_free(s->timer);
    free(s);
}
