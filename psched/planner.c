// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_rand.h"
#include "psched/planner_impl.h"
#include "psched/task.h"

#define ROUNDS 8            // of what tells the engine something while it is being told
#define SOON (40 * PS_MSEC) // what comes meanwhile shares a transaction
// Runs begin at whole seconds, when tools that are ready since LEAD (admit_tool.c) have to be let go. What is due then by
// itself can wait until that is done: its transaction would hold them up.
#define ASIDE (200 * PS_MSEC)
#define RETRY_SOON (1 * PS_SEC)   // the least and
#define RETRY (5 * PS_SEC)        // after the store could not be written
#define NOTE_PAUSE "paused-until" // SCH_NEVER: for good; 0: not

// --- its life

static void due(void *ctx)
{
    (void)planner_flush(ctx);
}

static void stepped(void *ctx, const struct ps_step *step)
{
    struct planner *p = ctx;

    ps_log(p->site->log, PS_LOG_WARN, "clock", "was set by %.3f s",
           (double)(step->after - step->before) / 1e9);
    sch_engine_clock_stepped(p->engine, step->after - step->before, site_now(p->site));
    planner_kick(p);
}

static void engine_conf(const struct settings *s, struct sch_conf *c)
{
    *c = sch_conf_default;
    c->horizon = c->horizon_background = s->horizon;
    c->keep = s->keep;
    c->straggle = s->straggle;
    c->margin = s->margin;
    c->tasks_max = s->tasks;
    c->tasks_per_requester = s->tasks_per_requester;
    c->runs_max = s->runs;
    c->children_max = s->children;
    c->children_per_requester = s->children_per_requester;
}

int planner_new(struct planner **out, struct site *s)
{
    struct planner *p = calloc(1, sizeof *p);
    struct sch_conf conf;
    int err = p ? ps_map_init(&p->outcomes, sizeof(struct sch_key)) : -ENOMEM;

    engine_conf(s->settings, &conf);
    if (!err)
        err = ps_rand_bytes(&conf.seed, sizeof conf.seed);
    if (!err) {
        p->site = s;
        err = sch_engine_new(&p->engine, &conf);
    }
    if (!err)
        err = ps_timer_new(s->loop, &p->timer, due, p);
    if (!err)
        err = ps_clockwatch_new(s->loop, s->clock, stepped, p, &p->watch);
    if (err)
        planner_free(p);
    else
        *out = p;
    return err;
}

void planner_free(struct planner *p)
{
    struct outcome *o;
    size_t pos = 0;

    if (!p)
        return;
    while (p->outcomes.key_size && (o = ps_map_each(&p->outcomes, &pos)))
        planner_outcome_free(o);
    ps_map_fini(&p->outcomes);
    ps_clockwatch_free(p->watch);
    ps_timer_free(p->timer);
    sch_engine_free(p->engine);
    free(p->deeds);
    free(p);
}

void planner_reconf(struct planner *p)
{
    struct sch_conf conf;

    engine_conf(p->site->settings, &conf);
    sch_engine_reconf(p->engine, &conf);
    planner_kick(p);
}

struct sch_engine *planner_engine(struct planner *p)
{
    return p->engine;
}

void planner_look(const struct planner *p, struct planner_state *out)
{
    *out = p->state;
}

// --- what is to be kept and done

static int note_deed(struct planner *p, const struct sch_action *a)
{
    struct deed *d;

    if (p->ndeeds == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 32;
        void *deeds = realloc(p->deeds, cap * sizeof *p->deeds);

        if (!deeds)
            return -ENOMEM;
        p->deeds = deeds;
        p->cap = cap;
    }
    d = &p->deeds[p->ndeeds++];
    *d = (struct deed){.act = a->act, .from = a->from, .to = a->to, .task = task_of(a->task)};
    if (a->run)
        memcpy(d->run, a->run->id, sizeof d->run);
    return 0;
}

// Writes what the engine says, as a whole or not at all; what it says is noted as deeds in any case.
static int keep(struct planner *p, ps_ns now)
{
    struct store *s = p->site->store;
    struct sch_action a;
    bool begun = false;
    int err = planner_sound(p);

    if (!err && p->behind) {
        store_relieve(s);
        begun = (err = store_begin(s)) == 0;
        if (!err)
            err = planner_write_all(p, now);
    }
    while (sch_engine_next(p->engine, &a)) {
        if (!err && !begun)
            begun = (err = store_begin(s)) == 0;
        if (!err)
            err = planner_write(p, &a, now);
        if (note_deed(p, &a) && !err)
            err = -ENOMEM;
    }
    if (begun && err)
        store_rollback(s);
    else if (begun)
        err = store_commit(s);
    if (err)
        planner_in_trouble(p, err);
    else if (begun)
        planner_out_of_trouble(p);
    return err;
}

static int round_of(struct planner *p)
{
    ps_ns now = site_now(p->site);
    int err;

    p->again = false;
    p->ndeeds = 0;
    (void)sch_engine_step(p->engine, now);
    err = keep(p, now);
    for (size_t i = 0; i < p->ndeeds; i++)
        planner_do(p, &p->deeds[i], err);
    return err;
}

static void arm(struct planner *p)
{
    ps_ns at = sch_engine_due(p->engine), now = site_now(p->site), wait;

    if (at != SCH_NEVER && at % PS_SEC == 0 && p->site->settings->margin > ASIDE)
        at += ASIDE;
    if (p->again)
        at = now;
    if (p->behind) // neither too late nor again and again
        at = at > now + RETRY ? now + RETRY : at < now + RETRY_SOON ? now + RETRY_SOON : at;
    wait = at > now ? at - now : 0;
    if (at == SCH_NEVER)
        ps_timer_stop(p->timer);
    else
        ps_timer_start(p->timer, wait < 3600 * PS_SEC ? wait : 3600 * PS_SEC);
}

int planner_flush(struct planner *p)
{
    int err = 0;

    if (p->pumping) {
        p->again = true;
        return 0;
    }
    p->pumping = true;
    p->soon = false;
    for (int i = 0; i < ROUNDS; i++) {
        err = round_of(p);
        if (!p->again || err)
            break;
    }
    p->pumping = false;
    arm(p);
    return err;
}

void planner_kick(struct planner *p)
{
    if (p->pumping)
        p->again = true;
    else
        ps_timer_start(p->timer, 0);
}

void planner_soon(struct planner *p)
{
    if (p->pumping)
        p->again = true;
    else if (!p->soon) {
        p->soon = true;
        ps_timer_start(p->timer, SOON);
    }
}

// --- tasks

int planner_keep(struct planner *p, struct task *t)
{
    struct store *s = p->site->store;
    char *detail = task_detail_write(&t->detail);
    int err = detail ? store_begin(s) : -ENOMEM;

    if (!err) {
        err = store_task_put(s, t->sch, t->doc, detail);
        if (err)
            store_rollback(s);
        else
            err = store_commit(s);
    }
    free(detail);
    if (err) {
        planner_in_trouble(p, err);
        (void)sch_engine_purge(p->engine, t->id, site_now(p->site));
    }
    planner_kick(p);
    return err;
}

static int restore_task(void *ctx, const struct store_task *row)
{
    struct planner *p = ctx;
    struct task_detail detail;
    struct ps_fault fault = {""};
    struct task *t;
    char *doc = strdup(row->doc);
    int err = doc ? task_detail_read(&detail, row->detail, &fault) : -ENOMEM;

    if (err)
        free(doc);
    else
        err = task_new(p->site, row->id, doc, &detail, &row->mark, row->added, &t, &fault);
    if (err && err != -ENOMEM) {
        ps_log(p->site->log, PS_LOG_WARN, "store", "task %s is left out: %s", row->id,
               fault.text[0] ? fault.text : ps_strerror(err));
        p->left_out++;
        err = 0;
    }
    return err;
}

static int restore_run(void *ctx, const struct store_run *row)
{
    struct planner *p = ctx;
    struct task *t = task_find(p->site->tasks, row->task);
    int err = t ? sch_engine_restore(p->engine, t->sch, &row->run, false, site_now(p->site)) : 0;

    return err == -ENOMEM ? err : 0;
}

static void restore_pause(struct planner *p)
{
    int64_t until;

    if (store_note_get(p->site->store, NOTE_PAUSE, &until) == 0 && until > site_now(p->site))
        sch_engine_pause(p->engine, until, site_now(p->site));
}

int planner_restore(struct planner *p, struct ps_fault *fault)
{
    struct store *s = p->site->store;
    int err = store_tasks(s, restore_task, p);

    if (!err)
        err = store_runs(s, restore_run, p);
    if (err) {
        store_say(s, err, fault);
        return err;
    }
    restore_pause(p);
    p->behind = true; // what the engine made of them is written once
    planner_kick(p);
    return 0;
}

// --- pausing

static void note_pause(struct planner *p, ps_ns until)
{
    int err = store_note_put(p->site->store, NOTE_PAUSE, until);

    if (err)
        ps_log(p->site->log, PS_LOG_WARN, "store", "the pause cannot be noted: %s", ps_strerror(err));
}

void planner_pause(struct planner *p, ps_ns until)
{
    sch_engine_pause(p->engine, until, site_now(p->site));
    note_pause(p, until);
    planner_kick(p);
}

void planner_resume(struct planner *p)
{
    sch_engine_resume(p->engine, site_now(p->site));
    note_pause(p, 0);
    planner_kick(p);
}
