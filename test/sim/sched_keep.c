// SPDX-License-Identifier: Apache-2.0
// What psched keeps of what the engine says, and how it begins again from that.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sched.h"

#define EFFECTS 65536

// Of a transaction: what is done when it is durable.
struct effect {
    enum sch_act act;
    struct sched_run *run;
};

static struct sched_task *task_of(const struct sch_task *t)
{
    return t->conf.user;
}

static struct sched_run *run_new(struct sched_task *t)
{
    struct sched_run *r = calloc(1, sizeof *r);
    if (t->nruns == t->runs_cap) {
        t->runs_cap = t->runs_cap > 0 ? 2 * t->runs_cap : 64;
        t->runs = realloc(t->runs, t->runs_cap * sizeof *t->runs);
    }
    if (r == NULL || t->runs == NULL)
        abort();
    t->runs[t->nruns++] = r;
    r->task = t;
    return r;
}

static void keep_run(struct sched_run *r, const struct sch_run *from)
{
    snprintf(r->sentence, sizeof r->sentence, "%s", from->sentence);
    void *const user = r;
    r->kept = *from;
    r->kept.user = user;
    r->kept.sentence = r->sentence;
    r->live = from;
}

static void keep_time(struct sched_run *r, const struct sch_run *from)
{
    r->kept.start = from->start;
    r->kept.end = from->end;
    r->kept.priority = from->priority;
    r->kept.placed = from->placed;
}

static void keep_state(struct sched_run *r, const struct sch_action *a)
{
    assert_int_equal(a->from, r->kept.state);
    keep_run(r, a->run);
}

static void keep_skip(struct sched_task *t, const struct sch_skip *s)
{
    assert_true(s->reason != SCH_NO_REASON && s->sentence[0] != '\0' && s->count > 0);
    assert_true(t->nskips < SCHED_SKIPS);
    t->skips[t->nskips++] = *s;
}

static struct sched_run *keep(struct sched_world *w, const struct sch_action *a)
{
    struct sched_task *t = task_of(a->task);
    struct sched_run *r = a->run == NULL ? NULL : a->act == SCH_RUN_PLANNED ? run_new(t) : a->run->user;
    assert_true(a->run == NULL || r != NULL);
    if (a->act == SCH_RUN_PLANNED) {
        sch_run_user(w->e, a->run, r);
        keep_run(r, a->run);
        w->nruns++;
    } else if (a->act == SCH_RUN_STATE) {
        keep_state(r, a);
    } else if (a->act == SCH_RUN_MOVED) {
        keep_time(r, a->run);
    } else if (a->act == SCH_RUN_GONE && r != NULL) {
        r->gone = true;
        r->gone_unbegun = !sch_state_over(r->kept.state);
        r->live = NULL;
    } else if (a->act == SCH_TASK_MARK) {
        t->mark = a->task->mark;
        t->kept = true;
    } else if (a->act == SCH_TASK_SKIPPED) {
        keep_skip(t, a->skip);
    } else if (a->act == SCH_TASK_GONE) {
        t->gone = true;
        t->live = NULL;
    }
    return r;
}

static void act(struct sched_world *w, const struct effect *f)
{
    if (f->run->gone)
        return;
    if (f->act == SCH_RUN_ASK)
        sched_ask(w, f->run,
                  w->now + (ps_ns)sched_random(w, 3000) * PS_MSEC + (sched_chance(w, 1) ? 3600 * PS_SEC : 0));
    else if (f->act == SCH_RUN_START)
        sched_child_begin(w, f->run);
    else
        sched_child_kill(w, f->run);
}

void sched_drain(struct sched_world *w)
{
    static struct effect effects[EFFECTS];
    size_t n = 0;
    struct sch_action a;
    while (sch_engine_next(w->e, &a)) {
        struct sched_run *r = keep(w, &a);
        if (a.act == SCH_RUN_ASK || a.act == SCH_RUN_START || a.act == SCH_RUN_KILL) {
            assert_true(n < EFFECTS);
            effects[n++] = (struct effect){a.act, r};
        }
    }
    if (w->drains++ % 1024 == 0)
        sched_check_told(w);
    if (w->conf.kills && n > 0 && sched_random(w, 3000) == 0) { // between the transaction and the deed
        sched_kill(w);
        return;
    }
    for (size_t i = 0; i < n; i++)
        act(w, &effects[i]);
}

void sched_kill(struct sched_world *w)
{
    const unsigned most[] = {10, 60, 7200, 200000};
    sch_engine_free(w->e);
    w->e = NULL;
    w->nkills++;
    w->down_until =
        w->now + PS_SEC * (ps_ns)(1 + sched_random(w, most[sched_random(w, sched_chance(w, 5) ? 4 : 3)]));
    for (size_t i = 0; i < w->ntasks; i++) {
        w->tasks[i]->live = NULL;
        for (size_t k = 0; k < w->tasks[i]->nruns; k++)
            w->tasks[i]->runs[k]->live = NULL;
    }
}

// Whether its tool still runs; some are found and ended.
static bool found_alive(struct sched_world *w, const struct sched_run *r)
{
    for (size_t i = 0; i < w->nchildren; i++) {
        if (w->children[i].run != r)
            continue;
        if (sched_chance(w, 50))
            return true;
        w->children[i] = w->children[--w->nchildren];
        return false;
    }
    return false;
}

static void restore_runs(struct sched_world *w, struct sched_task *t)
{
    for (size_t i = 0; i < t->nruns; i++) {
        struct sched_run *r = t->runs[i];
        if (r->gone)
            continue;
        const bool over = sch_state_over(r->kept.state), alive = found_alive(w, r);
        if (over && alive) { // a cancelled one: its end is all that is left
            for (size_t k = 0; k < w->nchildren; k++)
                if (w->children[k].run == r)
                    w->children[k] = w->children[--w->nchildren];
        }
        assert_int_equal(sch_engine_restore(w->e, t->live, &r->kept, alive && !over, sched_clock(w)), 0);
        r->live = sch_engine_run(w->e, r->kept.id);
        sch_run_user(w->e, r->live, r);
    }
}

void sched_restart(struct sched_world *w)
{
    struct ps_fault fault;
    w->down_until = 0;
    w->engine.seed = ps_rand_u64(&w->rand);
    assert_int_equal(sch_engine_new(&w->e, &w->engine), 0);
    if (w->paused_until > sched_clock(w))
        sch_engine_pause(w->e, w->paused_until, sched_clock(w));
    for (size_t i = 0; i < w->ntasks; i++) {
        struct sched_task *t = w->tasks[i];
        if (t->gone || !t->kept)
            continue;
        assert_int_equal(sch_engine_add(w->e, &t->conf, &t->mark, sched_clock(w), &t->live, &fault), 0);
    }
    for (size_t i = 0; i < w->ntasks; i++)
        if (w->tasks[i]->live != NULL)
            restore_runs(w, w->tasks[i]);
}
