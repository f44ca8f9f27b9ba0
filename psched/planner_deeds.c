// SPDX-License-Identifier: Apache-2.0
// What the engine wants done, once it is kept.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psched/allow.h"
#include "psched/archiving.h"
#include "psched/planner_impl.h"
#include "psched/runner.h"
#include "psched/task.h"
#include "psched/waiters.h"

// --- may it run?

struct asking {
    struct planner *planner;
    char run[SCH_ID];
};

static void keep_diags(struct planner *p, const char *run, const struct allow_answer *a)
{
    int err = store_run_diags(p->site->store, run, a->diags[0] ? a->diags : a->why);

    if (err)
        ps_log(p->site->log, PS_LOG_WARN, "store", "what the limits said cannot be kept: %s",
               ps_strerror(err));
}

static void judged(void *ctx, const struct allow_answer *a)
{
    struct asking *k = ctx;
    struct planner *p = k->planner;
    const struct sch_run *run = sch_engine_run(p->engine, k->run);
    struct sch_judgement j = {
        .verdict = a->err      ? SCH_NOBODY
                   : a->passed ? SCH_PASS
                               : SCH_NO,
        .has_priority = a->has_priority,
        .priority = a->priority,
        .sentence = a->passed ? NULL : a->why,
    };

    if (run && !a->passed)
        keep_diags(p, k->run, a);
    if (run)
        (void)sch_engine_judged(p->engine, run, &j, site_now(p->site));
    free(k);
    planner_kick(p);
}

static void could_not_ask(struct planner *p, const struct sch_run *run, int err)
{
    const struct sch_judgement j = {.verdict = SCH_NOBODY, .sentence = ps_strerror(err)};

    (void)sch_engine_judged(p->engine, run, &j, site_now(p->site));
    p->again = true;
}

static void ask(struct planner *p, const struct sch_run *run, const struct task *t)
{
    const struct allow_ask q = {t->detail.hints, t->doc, run->start, t->sch->conf.duration};
    struct asking *k = malloc(sizeof *k);
    int err = k ? 0 : -ENOMEM;

    if (!err) {
        k->planner = p;
        memcpy(k->run, run->id, sizeof k->run);
        err = allow_ask(p->site, &q, judged, k);
    }
    if (err) {
        free(k);
        could_not_ask(p, run, err);
    }
}

// --- tools

static void start(struct planner *p, const struct sch_run *run, const struct task *t, int unkept)
{
    struct ps_fault fault = {""};
    int err = unkept;

    if (err)
        ps_fault_set(&fault, NULL, 0, "psched's state cannot be written: %s", p->state.words);
    else
        err = runner_start(p->site, t, run, &fault);
    if (!err) {
        p->state.started++;
        p->state.last_start = site_now(p->site);
        return;
    }
    (void)sch_engine_not_started(p->engine, run, unkept ? SCH_NOT_KEPT : SCH_NO_TOOL,
                                 fault.text[0] ? fault.text : ps_strerror(err), site_now(p->site));
    p->again = true;
}

// --- what became of a run

static uint64_t *counter(struct planner_state *st, enum sch_state s)
{
    switch (s) {
    case SCH_FINISHED:
        return &st->finished;
    case SCH_FAILED:
    case SCH_OVERDUE:
        return &st->failed;
    case SCH_MISSED:
        return &st->missed;
    case SCH_NONSTART:
        return &st->nonstart;
    case SCH_PREEMPTED:
        return &st->preempted;
    case SCH_CANCELED:
        return &st->canceled;
    case SCH_SCHEDULING:
    case SCH_PENDING:
    case SCH_ON_DECK:
    case SCH_RUNNING:
    case SCH_CLEANUP:
        break;
    }
    return NULL;
}

static void count(struct planner_state *st, enum sch_state to)
{
    uint64_t *n = counter(st, to);

    if (n)
        ++*n;
}

static void changed(struct planner *p, const struct deed *d, const struct sch_run *run)
{
    bool record = run && run->record; // one result of a run that goes on

    if (record)
        p->state.records += d->act == SCH_RUN_PLANNED;
    else if (d->from != d->to)
        count(&p->state, d->to);
    if (run && d->from != d->to)
        ps_log(p->site->log, PS_LOG_DEBUG, "run", "%s is %s%s%s", run->id, sch_state_word(d->to),
               run->sentence[0] ? ": " : "", run->sentence);
}

void planner_do(struct planner *p, const struct deed *d, int unkept)
{
    const struct sch_run *run = d->run[0] ? sch_engine_run(p->engine, d->run) : NULL;

    switch (d->act) {
    case SCH_RUN_ASK:
        if (run)
            ask(p, run, task_of(run->task));
        break;
    case SCH_RUN_START:
        if (run)
            start(p, run, task_of(run->task), unkept);
        break;
    case SCH_RUN_KILL:
        runner_kill(p->site, d->run);
        break;
    case SCH_RUN_STATE:
    case SCH_RUN_PLANNED:
    case SCH_RUN_MOVED:
        changed(p, d, run);
        if (!unkept && run && sch_state_over(run->state)) {
            planner_outcome_drop(p, d->run);
            archiving_kick(p->site->archiving);
        }
        waiters_wake(p->site->waiters, d->task->id);
        break;
    case SCH_RUN_GONE:
        planner_outcome_drop(p, d->run);
        waiters_wake(p->site->waiters, d->task->id);
        break;
    case SCH_TASK_GONE:
        waiters_wake(p->site->waiters, d->task->id);
        task_gone(p->site, d->task);
        break;
    case SCH_TASK_DONE:
    case SCH_TASK_MARK:
    case SCH_TASK_SKIPPED:
        break;
    }
}
