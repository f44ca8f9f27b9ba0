// SPDX-License-Identifier: Apache-2.0
// The queue of actions. A run or a task is in it once, with all that is to be told of it, so that telling needs no
// memory, and what changes twice is told once.
#include <assert.h>
#include <stdlib.h>
#include "sched/sch_engine_impl.h"

#define BIT(act) (1u << (act))

static void queue(struct sch_engine *e, struct news *n, enum sch_act act)
{
    if (n->acts == 0)
        ps_list_append(&e->news, &n->link);
    n->acts |= BIT(act);
}

void sch_tell_run(struct sch_engine *e, struct run *r, enum sch_act act)
{
    // Who hears of a new run sees all of it.
    if ((r->news.acts & BIT(SCH_RUN_PLANNED)) != 0 && (act == SCH_RUN_MOVED || act == SCH_RUN_STATE))
        return;
    if (act == SCH_RUN_GONE && (r->news.acts & BIT(SCH_RUN_PLANNED)) == 0)
        r->news.acts &= BIT(SCH_RUN_KILL);
    if (act == SCH_RUN_GONE && r->news.acts == 0)
        ps_list_remove(&r->news.link);
    queue(e, &r->news, act);
}

void sch_tell_task(struct sch_engine *e, struct task *t, enum sch_act act)
{
    // Its runs go before it, also those that were queued behind what is to be told of it already.
    if (act == SCH_TASK_GONE && t->news.acts != 0) {
        ps_list_remove(&t->news.link);
        ps_list_append(&e->news, &t->news.link);
    }
    queue(e, &t->news, act);
}

void sch_tell_nothing(struct news *n)
{
    n->acts = 0;
    ps_list_remove(&n->link);
}

void sch_tell_end(struct sch_engine *e)
{
    struct news *gone = e->gone;
    if (gone == NULL)
        return;
    e->gone = NULL;
    if (gone->of_task)
        sch_task_free(e, PS_CONTAINER(gone, struct task, news));
    else
        sch_run_free(PS_CONTAINER(gone, struct run, news));
}

static void fill(struct news *n, enum sch_act act, struct sch_action *out)
{
    *out = (struct sch_action){.act = act};
    if (n->of_task) {
        struct task *t = PS_CONTAINER(n, struct task, news);
        out->task = &t->pub;
        out->skip = act == SCH_TASK_SKIPPED ? &t->skip : NULL;
        return;
    }
    struct run *r = PS_CONTAINER(n, struct run, news);
    out->task = r->pub.task;
    out->run = &r->pub;
    out->from = r->told;
    out->to = r->pub.state;
    if (act == SCH_RUN_PLANNED || act == SCH_RUN_STATE)
        r->told = r->pub.state;
}

// What nobody was told of and is gone again needs no telling.
static bool passed_by(const struct news *n)
{
    const unsigned both = BIT(SCH_RUN_PLANNED) | BIT(SCH_RUN_GONE);
    return !n->of_task && (n->acts & both) == both;
}

bool sch_engine_next(struct sch_engine *e, struct sch_action *out)
{
    sch_tell_end(e);
    while (!ps_list_empty(&e->news)) {
        struct news *n = PS_CONTAINER(e->news.next, struct news, link);
        if (passed_by(n)) {
            sch_tell_nothing(n);
            sch_run_free(PS_CONTAINER(n, struct run, news));
            continue;
        }
        const enum sch_act act = (enum sch_act)__builtin_ctz(n->acts);
        n->acts &= ~BIT(act);
        if (n->acts == 0)
            ps_list_remove(&n->link);
        if (act == SCH_RUN_GONE || act == SCH_TASK_GONE)
            e->gone = n;
        fill(n, act, out);
        return true;
    }
    return false;
}
