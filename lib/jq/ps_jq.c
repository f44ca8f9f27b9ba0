// SPDX-License-Identifier: Apache-2.0
#include "jq/ps_jq.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "jq/ps_jqconf.h"
#include "jq/ps_jqqueue.h"
#include "jq/ps_jqtext.h"

#define RETRY (1 * PS_SEC)      // after a worker could not be started
#define SUSPICION (10 * PS_SEC) // so long a program stands aside after it got out of hand
#define TICK (250 * PS_MSEC)    // how often those that wait too long are looked for

struct ps_jq {
    struct ps_loop *loop;
    struct ps_jqconf conf;
    struct ps_timer *kick; // looks at the queue soon
    struct ps_timer *tick; // looks for those that have waited too long
    struct ps_list hands, busy;
    struct ps_jqqueue waiting, aside; // aside: of programs that are under suspicion
    size_t nwaiting;                  // in both
    size_t nbusy, nbusy_aside, octets;
    unsigned nhands;
    uint64_t last_program;
    bool dispatching;
    struct ps_fault start_fault; // why no worker could be started
    int start_err;               // 0: the last one could
    ps_ns start_failed;
    struct ps_jq_stats stats;
};

struct ps_jq_program {
    struct ps_jq *jq;
    uint64_t id;
    size_t refs, nargs;
    ps_ns suspect; // until then
    struct ps_buf frame;
};

struct ps_jq_request {
    struct ps_jqwait wait;
    struct ps_list link; // among those that a worker has
    struct ps_jq *jq;
    struct ps_jq_program *program;
    struct ps_jqhand_job job;
    struct ps_buf frame;
    ps_jq_cb cb; // NULL: cancelled
    void *ctx;
    ps_ns since; // when it was asked
    bool aside;  // was, before it was given to a worker
    bool given;
};

// --- programs

static int put_source(struct ps_buf *out, const struct ps_jq_source *s)
{
    struct ps_jqframe_program p = {.text = {s->text, s->len}, .prelude = {"", 0}, .nnames = s->nnames};

    if (s->prelude)
        p.prelude = (struct ps_jq_value){s->prelude, strlen(s->prelude)};
    for (size_t i = 0; i < s->nnames; i++)
        p.names[i] = (struct ps_jq_value){s->names[i], strlen(s->names[i])};
    return ps_jqframe_put_program(out, &p);
}

static void release(struct ps_jq_program *p)
{
    if (--p->refs > 0)
        return;
    ps_buf_fini(&p->frame);
    free(p);
}

int ps_jq_program_new(struct ps_jq *jq, const struct ps_jq_source *source, struct ps_jq_program **out)
{
    int err = ps_jqtext_check(source);
    struct ps_jq_program *p = err ? NULL : calloc(1, sizeof *p);

    if (!p)
        return err ? err : -ENOMEM;
    p->jq = jq;
    p->id = ++jq->last_program;
    p->refs = 1;
    p->nargs = source->nnames;
    ps_buf_init(&p->frame, 0);
    err = put_source(&p->frame, source);
    if (err)
        release(p);
    else
        *out = p;
    return err;
}

void ps_jq_program_free(struct ps_jq_program *p)
{
    if (p)
        release(p);
}

// --- answers

static void forget(struct ps_jq_request *r)
{
    struct ps_jq *jq = r->jq;

    ps_list_remove(&r->link);
    ps_jqqueue_remove(&r->wait);
    if (r->given) {
        jq->nbusy--;
        jq->nbusy_aside -= r->aside;
    } else {
        jq->nwaiting--;
        jq->octets -= ps_buf_len(&r->frame);
    }
    release(r->program);
    ps_buf_fini(&r->frame);
    free(r);
}

static void answer(struct ps_jq_request *r, const struct ps_jq_result *result)
{
    ps_jq_cb cb = r->cb;
    void *ctx = r->ctx;

    if (result->err)
        r->jq->stats.failed++;
    forget(r);
    if (cb)
        cb(ctx, result);
}

static struct ps_jq_request *request_of(struct ps_jqhand_job *job)
{
    return PS_CONTAINER(job, struct ps_jq_request, job);
}

static struct ps_jq_request *request_at(struct ps_jqwait *wait)
{
    return wait ? PS_CONTAINER(wait, struct ps_jq_request, wait) : NULL;
}

static struct ps_jq_request *any_waiting(const struct ps_jq *jq)
{
    struct ps_jqwait *w = ps_jqqueue_next(&jq->waiting);

    return request_at(w ? w : ps_jqqueue_next(&jq->aside));
}

// Those that wait now. Who asks anew from a callback waits for the next turn.
static void fail_waiting(struct ps_jq *jq)
{
    const struct ps_jq_result result = {.err = jq->start_err, .why = jq->start_fault.text};
    size_t n = jq->nwaiting;

    for (; n > 0 && jq->nwaiting > 0; n--)
        answer(any_waiting(jq), &result);
}

// --- programs out of hand

static bool runs(struct ps_jqwait *w, const void *program)
{
    const struct ps_jq_request *r = PS_CONTAINER(w, struct ps_jq_request, wait);

    return r->program == program && r->job.run;
}

// A program that has used up a worker's time, or the worker: those that wait to run it stand aside.
static void suspect(struct ps_jq *jq, struct ps_jq_program *p, int err)
{
    ps_ns now = ps_loop_mono();

    if (err != PS_ETIMEOUT && err != PS_ELIMIT && err != PS_ECLOSED)
        return;
    if (p->suspect < now)
        ps_jqqueue_move(&jq->waiting, &jq->aside, runs, p);
    p->suspect = now + SUSPICION;
}

// Checks have no one who waits for them so soon.
static enum ps_jqseek is_late(struct ps_jqwait *w, const void *before)
{
    const struct ps_jq_request *r = PS_CONTAINER(w, struct ps_jq_request, wait);

    if (r->job.run && r->since < *(const ps_ns *)before)
        return PS_JQSEEK_FOUND;
    // Those that are not aside are in the order of their time.
    return r->job.run && w->queue == &r->jq->waiting ? PS_JQSEEK_END : PS_JQSEEK_NEXT;
}

static struct ps_jq_request *late_one(const struct ps_jq *jq, ps_ns before)
{
    struct ps_jqwait *w = ps_jqqueue_seek(&jq->waiting, is_late, &before);

    return request_at(w ? w : ps_jqqueue_seek(&jq->aside, is_late, &before));
}

static void ticked(void *ctx)
{
    struct ps_jq *jq = ctx;
    struct ps_jq_request *r;
    char why[64];
    ps_ns before = ps_loop_mono() - jq->conf.all.wait_time;
    const struct ps_jq_result result = {.err = PS_ESTATE, .why = why};

    snprintf(why, sizeof why, "waited longer than %.3g s for others",
             (double)jq->conf.all.wait_time / PS_SEC);
    while ((r = late_one(jq, before)))
        answer(r, &result);
    if (jq->nwaiting > 0)
        ps_timer_start(jq->tick, TICK);
}

// --- workers

static void let_go(struct ps_jq *jq, struct ps_jqhand *h)
{
    ps_jqhand_free(h);
    jq->nhands--;
}

static void start_failed(struct ps_jq *jq, int err)
{
    jq->start_err = err;
    jq->start_failed = ps_loop_mono();
}

static void dispatch(struct ps_jq *jq);

static void hand_ready(void *ctx, struct ps_jqhand *h)
{
    struct ps_jq *jq = ctx;

    jq->start_err = 0;
    if (ps_jqhand_held(h) != (PS_JQFRAME_LANDLOCK | PS_JQFRAME_SECCOMP))
        jq->stats.unconfined = true;
    dispatch(jq);
}

static void hand_answered(void *ctx, struct ps_jqhand *h, struct ps_jqhand_job *job,
                          const struct ps_jq_result *r)
{
    struct ps_jq *jq = ctx;

    if (ps_jqhand_worn(h)) { // before somebody asks from the callback
        let_go(jq, h);
        jq->stats.replaced++;
    }
    suspect(jq, request_of(job)->program, r->err);
    answer(request_of(job), r);
    dispatch(jq);
}

static void hand_gone(void *ctx, struct ps_jqhand *h, struct ps_jqhand_job *job, const struct ps_jq_result *r)
{
    struct ps_jq *jq = ctx;

    if (ps_jqhand_starting(h)) {
        ps_fault_set(&jq->start_fault, NULL, 0, "%s", r->why);
        start_failed(jq, r->err);
    } else {
        jq->stats.replaced++;
    }
    let_go(jq, h);
    if (job) {
        suspect(jq, request_of(job)->program, r->err);
        answer(request_of(job), r);
    }
    dispatch(jq);
}

static void hand_compiled(void *ctx)
{
    struct ps_jq *jq = ctx;

    jq->stats.compiled++;
}

static const struct ps_jqhand_ops hand_ops = {hand_ready, hand_answered, hand_gone, hand_compiled};

static bool start_one(struct ps_jq *jq)
{
    struct ps_jqhand *h;
    int err = ps_jqhand_new(jq->loop, &jq->conf.hand, &hand_ops, jq, &h, &jq->start_fault);

    if (err) {
        start_failed(jq, err);
        return false;
    }
    ps_list_append(&jq->hands, ps_jqhand_link(h));
    jq->nhands++;
    return true;
}

static size_t count_starting(const struct ps_jq *jq)
{
    size_t n = 0;

    PS_LIST_EACH(it, &jq->hands)
        n += ps_jqhand_starting(ps_jqhand_of(it));
    return n;
}

static bool may_start(const struct ps_jq *jq)
{
    return jq->start_err == 0 || ps_loop_mono() - jq->start_failed >= RETRY;
}

static void start_as_needed(struct ps_jq *jq)
{
    while (jq->nhands < jq->conf.all.workers && count_starting(jq) < jq->nwaiting && may_start(jq)) {
        if (!start_one(jq))
            break;
    }
    if (jq->nhands == 0 && jq->nwaiting > 0)
        fail_waiting(jq);
}

// --- the queue

// An idle worker, best one that knows the program.
static struct ps_jqhand *pick(const struct ps_jq *jq, uint64_t program)
{
    struct ps_jqhand *idle = NULL;

    PS_LIST_EACH(it, &jq->hands) {
        struct ps_jqhand *h = ps_jqhand_of(it);
        if (!ps_jqhand_idle(h))
            continue;
        if (ps_jqhand_knows(h, program))
            return h;
        idle = h;
    }
    return idle;
}

static bool give(struct ps_jq *jq, struct ps_jq_request *r)
{
    struct ps_jqhand *h = pick(jq, r->program->id);

    if (!h)
        return false;
    r->aside = r->wait.queue == &jq->aside;
    ps_jqqueue_take(&r->wait);
    ps_list_append(&jq->busy, &r->link);
    jq->nwaiting--;
    jq->octets -= ps_buf_len(&r->frame);
    jq->nbusy++;
    jq->nbusy_aside += r->aside;
    r->given = true;
    ps_jqhand_give(h, &r->job);
    return true;
}

// Whose turn it is; NULL: nobody's, now.
static struct ps_jq_request *next_of(const struct ps_jq *jq)
{
    size_t most = jq->conf.all.workers > 1 ? jq->conf.all.workers - 1 : 1;

    struct ps_jqwait *w = ps_jqqueue_next(&jq->waiting);

    if (!w && jq->nbusy_aside < most)
        w = ps_jqqueue_next(&jq->aside);
    return request_at(w);
}

static void dispatch(struct ps_jq *jq)
{
    struct ps_jq_request *r;

    if (jq->dispatching)
        return;
    jq->dispatching = true;
    while ((r = next_of(jq)) && give(jq, r))
        ;
    if (jq->nwaiting > 0)
        start_as_needed(jq);
    jq->dispatching = false;
    if (jq->nwaiting > 0 && jq->nhands == 0)
        ps_timer_start(jq->kick, 0);
}

static void kicked(void *ctx)
{
    dispatch(ctx);
}

// --- requests

static void drop_new(struct ps_jq_request *r)
{
    ps_buf_fini(&r->frame);
    free(r);
}

// The request is gone when there is no memory for its place.
static int enqueue(struct ps_jq_program *p, uint64_t asker, struct ps_jq_request *r, ps_jq_cb cb, void *ctx)
{
    struct ps_jq *jq = p->jq;
    ps_ns now = ps_loop_mono();
    int err = ps_jqqueue_add(r->job.run && p->suspect > now ? &jq->aside : &jq->waiting, asker, &r->wait);

    if (err) {
        drop_new(r);
        return err;
    }
    r->jq = jq;
    r->program = p;
    p->refs++;
    r->job.program = p->id;
    r->job.compile = &p->frame;
    r->cb = cb;
    r->ctx = ctx;
    r->since = now;
    jq->nwaiting++;
    jq->octets += ps_buf_len(&r->frame);
    jq->stats.asked++;
    // Nothing is answered from inside: a check of a known program would be.
    if (jq->nwaiting > 1 || jq->dispatching || !r->job.run || next_of(jq) != r || !give(jq, r))
        ps_timer_start(jq->kick, 0);
    if (jq->nwaiting > 0 && !ps_timer_running(jq->tick))
        ps_timer_start(jq->tick, TICK);
    return 0;
}

static struct ps_jq_request *request_new(const struct ps_jq *jq)
{
    struct ps_jq_request *r = jq->nwaiting < jq->conf.all.queue ? calloc(1, sizeof *r) : NULL;

    if (r) {
        ps_list_init(&r->link);
        ps_buf_init(&r->frame, 0);
    }
    return r;
}

static bool too_large(const struct ps_jq_program *p, const struct ps_jq_value *input,
                      const struct ps_jq_value *args)
{
    const struct ps_jq *jq = p->jq;
    size_t size = input->len;

    for (size_t i = 0; i < p->nargs; i++) {
        if (args[i].len > PS_JQ_INPUT_MAX)
            return true;
        size += args[i].len;
    }
    return size > PS_JQ_INPUT_MAX || jq->octets > jq->conf.all.queue_octets ||
           size > jq->conf.all.queue_octets - jq->octets;
}

// Neither an asker nor a group of them fills the queue.
static bool has_its_share(const struct ps_jq *jq, uint64_t asker)
{
    size_t n = ps_jqqueue_count(&jq->waiting, asker) + ps_jqqueue_count(&jq->aside, asker);
    size_t all = ps_jqqueue_count_group(&jq->waiting, asker) + ps_jqqueue_count_group(&jq->aside, asker);

    return asker != 0 && (n >= jq->conf.all.queue / 2 || all >= jq->conf.all.queue - jq->conf.all.queue / 4);
}

int ps_jq_run(struct ps_jq_program *p, const struct ps_jq_value *input, const struct ps_jq_value *args,
              ps_jq_cb cb, void *ctx, struct ps_jq_request **out)
{
    return ps_jq_run_for(p, 0, input, args, cb, ctx, out);
}

int ps_jq_run_for(struct ps_jq_program *p, uint64_t asker, const struct ps_jq_value *input,
                  const struct ps_jq_value *args, ps_jq_cb cb, void *ctx, struct ps_jq_request **out)
{
    struct ps_jqframe_run run = {.input = *input, .nargs = p->nargs};
    struct ps_jq_request *r;
    int err;

    if (p->jq->nwaiting >= p->jq->conf.all.queue || has_its_share(p->jq, asker) || too_large(p, input, args))
        return PS_ELIMIT;
    r = request_new(p->jq);
    if (!r)
        return -ENOMEM;
    for (size_t i = 0; i < p->nargs; i++)
        run.args[i] = args[i];
    err = ps_jqframe_put_run(&r->frame, &run);
    if (err) {
        drop_new(r);
        return err;
    }
    r->job.run = &r->frame;
    err = enqueue(p, asker, r, cb, ctx);
    if (out && !err)
        *out = r;
    return err;
}

int ps_jq_check(struct ps_jq_program *p, ps_jq_cb cb, void *ctx, struct ps_jq_request **out)
{
    struct ps_jq_request *r;

    if (p->jq->nwaiting >= p->jq->conf.all.queue)
        return PS_ELIMIT;
    r = request_new(p->jq);
    if (!r)
        return -ENOMEM;
    int err = enqueue(p, 0, r, cb, ctx);
    if (out && !err)
        *out = r;
    return err;
}

void ps_jq_cancel(struct ps_jq_request *r)
{
    if (!r)
        return;
    r->cb = NULL;
    if (!r->given)
        forget(r);
}

void ps_jq_paths(const struct ps_jq *jq, const char **worker, const char **library)
{
    *worker = jq->conf.worker;
    *library = jq->conf.library;
}

void ps_jq_stats(const struct ps_jq *jq, struct ps_jq_stats *out)
{
    *out = jq->stats;
    out->workers = jq->nhands;
    out->waiting = jq->nwaiting;
    out->running = jq->nbusy;
}

// --- all of it

int ps_jq_new(struct ps_loop *l, const struct ps_jq_conf *conf, struct ps_jq **out)
{
    struct ps_jq *jq = calloc(1, sizeof *jq);

    if (!jq)
        return -ENOMEM;
    jq->loop = l;
    ps_list_init(&jq->hands);
    ps_list_init(&jq->busy);
    int err = ps_jqqueue_init(&jq->waiting, false);
    if (!err)
        err = ps_jqqueue_init(&jq->aside, true);
    if (!err)
        err = ps_jqconf_init(&jq->conf, conf);
    if (!err)
        err = ps_timer_new(l, &jq->kick, kicked, jq);
    if (!err)
        err = ps_timer_new(l, &jq->tick, ticked, jq);
    if (err) {
        ps_jq_free(jq);
        return err;
    }
    *out = jq;
    return 0;
}

static void forget_all(struct ps_jq *jq)
{
    struct ps_jq_request *r;

    while ((r = any_waiting(jq)))
        forget(r);
    PS_LIST_EACH_SAFE(it, &jq->busy)
        forget(PS_CONTAINER(it, struct ps_jq_request, link));
    ps_jqqueue_fini(&jq->waiting);
    ps_jqqueue_fini(&jq->aside);
}

void ps_jq_free(struct ps_jq *jq)
{
    if (!jq)
        return;
    PS_LIST_EACH_SAFE(it, &jq->hands)
        ps_jqhand_free(ps_jqhand_of(it));
    forget_all(jq);
    ps_timer_free(jq->kick);
    ps_timer_free(jq->tick);
    ps_jqconf_fini(&jq->conf);
    free(jq);
}
