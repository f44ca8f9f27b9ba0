// SPDX-License-Identifier: Apache-2.0
#include "deliver/ps_deliver.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_list.h"
#include "deliver/ps_deliver_kind.h"

#define CALLS_MAX 1000
#define OCTETS_MAX (UINT64_C(256) << 20)
#define CONNS_PER_HOST 8
#define TEXT_MAX 1024

static const struct ps_deliver_kind *const kinds[] = {
    &ps_deliver_bitbucket, &ps_deliver_esmond, &ps_deliver_failer, &ps_deliver_http,
    &ps_deliver_spool,     &ps_deliver_syslog, &ps_deliver_tcp,    &ps_deliver_udp};
#define KINDS (sizeof kinds / sizeof kinds[0])

// The state of a kind that has been used.
struct room {
    struct ps_list link;
    const struct ps_deliver_kind *kind;
    void *state;
};

struct ps_deliver {
    struct ps_deliver_env env;
    char *agent;
    size_t calls_max, ncalls;
    uint64_t octets_max, octets;
    struct ps_list rooms, calls;
};

struct ps_deliver_call {
    struct ps_list link;
    struct ps_deliver *d;
    const struct ps_deliver_kind *kind;
    void *target, *own;
    struct ps_deliver_retry retry;
    uint64_t failures; // with this try, if it fails
    ps_ns elapsed, ttl;
    size_t len;
    ps_deliver_cb cb;
    void *ctx;
};

// --- kinds

const struct ps_deliver_kind *ps_deliver_kind(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

bool ps_deliver_decides(const struct ps_deliver_kind *kind)
{
    return kind->decides;
}

size_t ps_deliver_kinds(const char *const **names)
{
    static const char *const list[] = {"bitbucket", "esmond", "failer", "http",
                                       "spool",     "syslog", "tcp",    "udp"};

    _Static_assert(sizeof list / sizeof list[0] == KINDS, "each kind has its name here");
    *names = list;
    return KINDS;
}

static void drop_target(const struct ps_deliver_kind *kind, void *target)
{
    if (kind->drop)
        kind->drop(target);
    free(target);
}

static int read_target(const struct ps_deliver_kind *kind, struct ps_jnode data,
                       struct ps_deliver_retry *retry, void **target, struct ps_fault *fault)
{
    void *t = calloc(1, kind->target_size);
    struct ps_jget g;
    int err;

    if (!t) {
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    retry->n = 0;
    ps_jget_init(&g, data, fault);
    err = kind->read(&g, t, retry);
    if (err)
        drop_target(kind, t);
    else
        *target = t;
    return err;
}

int ps_deliver_check(const struct ps_deliver_kind *kind, struct ps_jnode data, struct ps_fault *fault)
{
    struct ps_deliver_retry retry;
    void *target = NULL;
    int err = read_target(kind, data, &retry, &target, fault);

    if (!err)
        drop_target(kind, target);
    return err;
}

// --- life

int ps_deliver_new(struct ps_loop *l, const struct ps_deliver_conf *conf, struct ps_deliver **out)
{
    struct ps_deliver *d = calloc(1, sizeof *d);

    if (!d)
        return -ENOMEM;
    if (conf->agent && !(d->agent = strdup(conf->agent))) {
        free(d);
        return -ENOMEM;
    }
    d->env = (struct ps_deliver_env){
        .loop = l,
        .agent = d->agent,
        .conns_per_host = conf->conns_per_host ? conf->conns_per_host : CONNS_PER_HOST,
    };
    d->calls_max = conf->calls_max ? conf->calls_max : CALLS_MAX;
    d->octets_max = conf->octets_max ? conf->octets_max : OCTETS_MAX;
    ps_list_init(&d->rooms);
    ps_list_init(&d->calls);
    *out = d;
    return 0;
}

static void free_call(struct ps_deliver_call *call)
{
    ps_list_remove(&call->link);
    call->d->ncalls--;
    call->d->octets -= call->len;
    drop_target(call->kind, call->target);
    free(call);
}

void ps_deliver_cancel(struct ps_deliver_call *call)
{
    if (!call)
        return;
    call->kind->cancel(call->own);
    free_call(call);
}

void ps_deliver_free(struct ps_deliver *d)
{
    if (!d)
        return;
    PS_LIST_EACH_SAFE(it, &d->calls)
        ps_deliver_cancel(PS_CONTAINER(it, struct ps_deliver_call, link));
    PS_LIST_EACH_SAFE(it, &d->rooms) {
        struct room *r = PS_CONTAINER(it, struct room, link);
        if (r->kind->close)
            r->kind->close(r->state);
        free(r);
    }
    free(d->agent);
    free(d);
}

size_t ps_deliver_calls(const struct ps_deliver *d)
{
    return d->ncalls;
}

// --- sending

static struct room *room_of(const struct ps_deliver *d, const struct ps_deliver_kind *kind)
{
    PS_LIST_EACH(it, &d->rooms)
        if (PS_CONTAINER(it, struct room, link)->kind == kind)
            return PS_CONTAINER(it, struct room, link);
    return NULL;
}

static int open_room(const struct ps_deliver_env *env, const struct ps_deliver_kind *kind, struct room *r)
{
    r->kind = kind;
    r->state = env->loop;
    return kind->open ? kind->open(env, &r->state) : 0;
}

static int find_room(struct ps_deliver *d, const struct ps_deliver_kind *kind, struct room **out)
{
    struct room *r = room_of(d, kind);
    int err = 0;

    if (!r) {
        r = calloc(1, sizeof *r);
        err = r ? open_room(&d->env, kind, r) : -ENOMEM;
        if (err) {
            free(r);
            return err;
        }
        ps_list_append(&d->rooms, &r->link);
    }
    *out = r;
    return 0;
}

static int check_bounds(const struct ps_deliver *d, const struct ps_deliver_job *job, struct ps_fault *fault)
{
    if (d->ncalls >= d->calls_max)
        ps_fault_set(fault, NULL, 0, "%zu documents are on their way already: try again later", d->ncalls);
    else if (job->len > d->octets_max - d->octets)
        ps_fault_set(fault, NULL, 0,
                     "documents on their way have %llu octets, %llu are allowed: try again later",
                     (unsigned long long)d->octets, (unsigned long long)d->octets_max);
    else
        return 0;
    return PS_ELIMIT;
}

// The call is counted when it is on its way.
static int begin(struct ps_deliver *d, struct ps_deliver_call *call, const struct ps_deliver_job *job,
                 struct ps_fault *fault)
{
    struct room *room;
    int err = find_room(d, job->kind, &room);

    if (err)
        ps_fault_set(fault, NULL, 0, "%s: %s", job->kind->name, ps_strerror(err));
    else
        err = job->kind->send(room->state, call->target, call, job, &call->own, fault);
    if (err)
        return err;
    ps_list_append(&d->calls, &call->link);
    d->ncalls++;
    d->octets += call->len;
    return 0;
}

int ps_deliver_send(struct ps_deliver *d, const struct ps_deliver_job *job, ps_deliver_cb cb, void *ctx,
                    struct ps_deliver_call **out, struct ps_fault *fault)
{
    struct ps_deliver_call *call;
    int err = check_bounds(d, job, fault);

    if (err)
        return err;
    call = calloc(1, sizeof *call);
    if (!call) {
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    call->d = d;
    call->kind = job->kind;
    call->failures = job->attempts < UINT64_MAX ? job->attempts + 1 : UINT64_MAX;
    call->elapsed = job->elapsed;
    call->ttl = job->ttl;
    call->len = job->len;
    call->cb = cb;
    call->ctx = ctx;
    err = read_target(job->kind, job->data, &call->retry, &call->target, fault);
    if (!err) {
        err = begin(d, call, job, fault);
        if (err)
            drop_target(job->kind, call->target);
    }
    if (err)
        free(call);
    else if (out)
        *out = call;
    return err;
}

// --- the end of a job

// The call goes first: its owner may free all from inside.
static void tell(struct ps_deliver_call *call, const struct ps_deliver_outcome *o)
{
    ps_deliver_cb cb = call->cb;
    void *ctx = call->ctx;

    free_call(call);
    cb(ctx, o);
}

void ps_deliver_done(struct ps_deliver_call *call)
{
    tell(call, &(struct ps_deliver_outcome){.end = PS_DELIVER_DONE, .text = ""});
}

void ps_deliver_failed(struct ps_deliver_call *call, ps_ns wait, const char *fmt, ...)
{
    struct ps_deliver_outcome o = {.end = PS_DELIVER_GIVE_UP};
    char text[TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    o.text = text;
    if (ps_retry_next(call->retry.steps, call->retry.n, call->failures, call->elapsed, call->ttl, &o.wait)) {
        o.end = PS_DELIVER_AGAIN;
        o.wait = o.wait < wait ? wait : o.wait;
        if (call->ttl && o.wait > call->ttl - call->elapsed)
            o.end = PS_DELIVER_GIVE_UP;
    }
    if (o.end == PS_DELIVER_GIVE_UP)
        o.wait = 0;
    tell(call, &o);
}

void ps_deliver_refused(struct ps_deliver_call *call, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tell(call, &(struct ps_deliver_outcome){.end = PS_DELIVER_REFUSED, .text = text});
}
