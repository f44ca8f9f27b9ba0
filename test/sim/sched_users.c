// SPDX-License-Identifier: Apache-2.0
// What people, limits and the world do to a scheduler.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sched.h"

#define MINUTE (60 * PS_SEC)
#define HOUR (60 * MINUTE)

static const char *const requesters[] = {"a", "b", "c"};
static const char *const resources[] = {NULL, NULL, "eth0", "eth1"};

static ps_ns one_of(struct sched_world *w, const int *minutes, size_t n)
{
    return MINUTE * minutes[sched_random(w, n)];
}

// answers

static void answer(struct sched_world *w, struct sched_run *r)
{
    const unsigned kind = (unsigned)sched_random(w, 100);
    struct sch_judgement j = {.verdict = SCH_PASS};
    if (kind < 10) {
        j.verdict = kind < 4 ? SCH_NO : kind < 6 ? SCH_NOT_FREE : kind < 8 ? SCH_NOBODY : SCH_NOT_THERE;
        j.sentence = "so they say";
        j.start = kind == 5 ? r->live->start + 20 * PS_SEC : 0;
    } else if (kind < 20) {
        j.has_priority = true;
        j.priority = (int64_t)sched_random(w, 4);
    } else if (kind < 23) {
        j.start = r->live->start + PS_SEC * (ps_ns)sched_random(w, 30);
    }
    (void)sch_engine_judged(w->e, r->live, &j, sched_clock(w));
}

void sched_ask(struct sched_world *w, struct sched_run *r, ps_ns when)
{
    assert_true(w->nasked < SCHED_QUESTIONS);
    w->questions[w->nasked++] = (struct sched_question){r, when};
}

ps_ns sched_answers_next(const struct sched_world *w)
{
    ps_ns next = SCH_NEVER;
    for (size_t i = 0; i < w->nasked; i++)
        next = w->questions[i].answer < next ? w->questions[i].answer : next;
    return next;
}

void sched_answer(struct sched_world *w)
{
    for (size_t i = 0; i < w->nasked;) {
        const struct sched_question q = w->questions[i];
        if (q.answer > w->now) {
            i++;
            continue;
        }
        w->questions[i] = w->questions[--w->nasked];
        if (q.run->live != NULL)
            answer(w, q.run);
    }
}

// tasks

static void schedule_of(struct sched_world *w, struct sch_schedule *s)
{
    const int repeats[] = {10, 15, 30, 60, 60, 240, 1440, 7 * 1440}, slips[] = {0, 1, 5, 5, 30, 120};
    static const char *const crons[] = {"0 * * * *", "30 2 * * *", "0,20,40 9-17 * * 1-5", "5 4 1,15 * *"};
    struct ps_fault fault;
    *s = (struct sch_schedule){
        .until = SCH_NEVER, .slip = one_of(w, slips, 6), .sliprand = sched_chance(w, 30)};
    if (sched_chance(w, 20)) {
        s->by_cron = true;
        assert_int_equal(sch_cron_parse(&s->cron, crons[sched_random(w, 4)], &fault), 0);
    }
    if (!s->by_cron && !sched_chance(w, 10))
        s->repeat = one_of(w, repeats, 8);
    if (!s->by_cron && s->repeat == 0)
        s->max_runs = 1;
    else if (sched_chance(w, 10))
        s->max_runs = 1 + sched_random(w, 50);
    if (sched_chance(w, 15))
        s->until = sched_clock(w) + HOUR * (ps_ns)(sched_random(w, 400) + (s->by_cron ? 40 * 24 : 30));
    if (sched_chance(w, 30)) {
        s->start_form = SCH_START_IN;
        s->start = PS_SEC * (ps_ns)sched_random(w, 100000);
    }
}

static void conf_of(struct sched_world *w, struct sch_task_conf *c)
{
    const unsigned kind = (unsigned)sched_random(w, 100);
    struct sch_key key;
    *c = (struct sch_task_conf){.participants = 1, .added = sched_clock(w), .ask = sched_chance(w, 70)};
    sch_id_make(&w->rand, &key);
    sch_id_put(&key, c->id);
    c->cls = kind < 40   ? SCH_EXCLUSIVE
             : kind < 70 ? SCH_NORMAL
             : kind < 95 ? SCH_BACKGROUND
                         : SCH_BACKGROUND_MULTI;
    c->duration = PS_SEC * (ps_ns)(1 + sched_random(w, sched_chance(w, 10) ? 1200 : 60));
    c->priority = (int64_t)sched_random(w, 4);
    c->requester = requesters[sched_random(w, 3)];
    c->resource = resources[sched_random(w, 4)];
    c->participants = sched_chance(w, 20) ? 2 : 1;
    c->childless = sched_chance(w, 10);
    c->lead = sch_class_anytime(c->cls) && sched_chance(w, 30) ? 3 * PS_SEC : 0;
    schedule_of(w, &c->schedule);
    if (c->cls == SCH_BACKGROUND_MULTI)
        c->duration = HOUR * (ps_ns)(1 + sched_random(w, 24));
}

static void add(struct sched_world *w)
{
    struct ps_fault fault;
    if (w->ntasks == SCHED_TASKS)
        return;
    struct sched_task *t = calloc(1, sizeof *t);
    assert_non_null(t);
    conf_of(w, &t->conf);
    t->conf.user = t;
    t->cancelled = SCH_NEVER;
    const int err = sch_engine_add(w->e, &t->conf, NULL, sched_clock(w), &t->live, &fault);
    if (err != 0)
        fail_msg("no task: %s", fault.text);
    t->first = t->live->mark;
    w->tasks[w->ntasks++] = t;
}

static struct sched_task *any(struct sched_world *w)
{
    for (int i = 0; i < 20 && w->ntasks > 0; i++) {
        struct sched_task *t = w->tasks[sched_random(w, w->ntasks)];
        if (t->live != NULL && t->cancelled == SCH_NEVER)
            return t;
    }
    return NULL;
}

static void cancel(struct sched_world *w)
{
    struct sched_task *t = any(w);
    if (t == NULL || !t->kept)
        return;
    if (sched_chance(w, 30)) {
        for (size_t i = 0; i < t->nruns; i++)
            if (!t->runs[i]->gone && t->runs[i]->kept.state == SCH_PENDING)
                (void)sch_engine_delete_run(w->e, t->runs[i]->kept.id, sched_clock(w));
        return;
    }
    t->cancelled = sched_clock(w);
    if (sched_chance(w, 20))
        assert_int_equal(sch_engine_purge(w->e, t->conf.id, sched_clock(w)), 0);
    else
        assert_int_equal(sch_engine_cancel(w->e, t->conf.id, sched_clock(w)), 0);
    sched_drain(w); // what was answered is not lost
}

static void pause_all(struct sched_world *w)
{
    const ps_ns now = sched_clock(w);
    if (now < w->paused_until) {
        w->paused_until = now;
        sch_engine_resume(w->e, now);
        return;
    }
    w->paused_until = sched_chance(w, 20) ? SCH_NEVER : now + PS_SEC * (ps_ns)sched_random(w, 3600);
    sch_engine_pause(w->e, w->paused_until, now);
}

static void step_clock(struct sched_world *w)
{
    const int most[] = {2, 60, 3600, 3600, 86400};
    ps_ns by = PS_SEC * (ps_ns)(1 + sched_random(w, (uint64_t)most[sched_random(w, 5)]));
    by = w->ahead != 0 && sched_chance(w, 70) ? -w->ahead : sched_chance(w, 50) ? by : -by;
    w->ahead += by;
    w->nsteps++;
    sch_engine_clock_stepped(w->e, by, sched_clock(w));
}

void sched_users_act(struct sched_world *w)
{
    const unsigned what = (unsigned)sched_random(w, 100);
    size_t live = 0;
    for (size_t i = 0; i < w->ntasks; i++)
        live += w->tasks[i]->live != NULL && w->tasks[i]->mark.over == SCH_NEVER;
    if (live < w->conf.tasks && what < 60)
        add(w);
    else if (w->conf.cancels && what < 75)
        cancel(w);
    else if (w->conf.pauses && (what < 80 || (what < 95 && w->paused_until == SCH_NEVER)))
        pause_all(w);
    else if (w->conf.steps && what < 85)
        step_clock(w);
    else if (w->conf.kills && what < 95)
        sched_kill(w);
}
