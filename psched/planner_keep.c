// SPDX-License-Identifier: Apache-2.0
// What the engine says, as rows.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psched/archiving.h"
#include "psched/planner_impl.h"
#include "psched/task.h"

#define TELL_AGAIN (3600 * PS_SEC)

// --- results on their way

static struct outcome *outcome_of(const struct planner *p, const char *run)
{
    struct sch_key key;

    return sch_id_read(run, &key) ? NULL : ps_map_get(&p->outcomes, &key);
}

void planner_outcome_free(struct outcome *o)
{
    free(o->local);
    free(o->merged);
    free(o->parts);
    free(o);
}

void planner_outcome_drop(struct planner *p, const char *run)
{
    struct sch_key key;
    struct outcome *o = sch_id_read(run, &key) ? NULL : ps_map_take(&p->outcomes, &key);

    if (o)
        planner_outcome_free(o);
}

static int copy(const char *text, char **out)
{
    *out = text ? strdup(text) : NULL;
    return text && !*out ? -ENOMEM : 0;
}

int planner_result(struct planner *p, const struct sch_run *run, const struct store_result *r)
{
    struct outcome *o = calloc(1, sizeof *o);
    int err = o ? sch_id_read(run->id, &o->run) : -ENOMEM;

    if (err) {
        free(o);
        return err;
    }
    planner_outcome_drop(p, run->id);
    err = copy(r->local, &o->local);
    if (!err)
        err = copy(r->merged, &o->merged);
    if (!err)
        err = copy(r->parts, &o->parts);
    if (!err)
        err = ps_map_put(&p->outcomes, &o->run, o);
    if (err)
        planner_outcome_free(o);
    return err;
}

// A run that is over has its result kept, and what is to be archived noted, in the same transaction.
static int write_outcome(struct planner *p, const struct sch_run *r, ps_ns now)
{
    struct outcome *o = outcome_of(p, r->id);
    int err;

    if (!o || !sch_state_over(r->state))
        return 0;
    err = store_run_result(p->site->store, r->id, &(struct store_result){o->local, o->merged, o->parts});
    if (!err && o->merged)
        err = archiving_enter(p->site->archiving, task_of(r->task), r, o->merged, now);
    return err;
}

// A run that goes before its time makes room for another one, unless somebody wanted it gone.
static void tell_early(struct planner *p, const struct sch_run *r, ps_ns now)
{
    unsigned most = p->site->settings->runs;
    size_t known = 0;

    for (int s = 0; s < SCH_STATES; s++)
        known += sch_engine_count(p->engine, s);
    if (!sch_state_over(r->state) || r->expires <= now || known + 2 < most ||
        (p->told_early && now < p->told_early + TELL_AGAIN))
        return;
    p->told_early = now;
    ps_log(
        p->site->log, PS_LOG_WARN, "runs",
        "there are %u, as many as may be (runs of psched.conf): the oldest are forgotten before their time",
        most);
}

// --- actions

int planner_write(struct planner *p, const struct sch_action *a, ps_ns now)
{
    struct store *s = p->site->store;
    int err;

    switch (a->act) {
    case SCH_RUN_PLANNED:
    case SCH_RUN_MOVED:
    case SCH_RUN_STATE:
        err = store_run_put(s, a->run, now);
        return err ? err : write_outcome(p, a->run, now);
    case SCH_RUN_GONE:
        tell_early(p, a->run, now);
        err = archiving_forget(p->site->archiving, a->run);
        return err ? err : store_run_gone(s, a->run->id);
    case SCH_TASK_MARK:
        return store_task_mark(s, a->task);
    case SCH_TASK_SKIPPED:
        return store_skip_put(s, a->task->conf.id, a->skip, now);
    case SCH_TASK_GONE:
        return store_task_gone(s, a->task->conf.id);
    case SCH_RUN_ASK:
    case SCH_RUN_START:
    case SCH_RUN_KILL:
    case SCH_TASK_DONE:
        return 0;
    }
    return 0;
}

// --- all of it, when the store has missed something

static int write_tasks(struct planner *p)
{
    const struct sch_task *t;
    size_t pos = 0;
    int err = 0;

    while (!err && (t = sch_engine_each(p->engine, &pos)))
        err = store_task_mark(p->site->store, t);
    return err;
}

int planner_write_all(struct planner *p, ps_ns now)
{
    const struct sch_run **runs;
    size_t n;
    int err = sch_engine_range(p->engine, NULL, INT64_MIN, INT64_MAX, SIZE_MAX, &runs, &n);

    if (err)
        return err;
    for (size_t i = 0; !err && i < n; i++) {
        err = store_run_put(p->site->store, runs[i], now);
        if (!err)
            err = write_outcome(p, runs[i], now);
    }
    free(runs);
    if (!err)
        err = write_tasks(p);
    if (err || p->left_out)
        return err; // what this psched cannot read is left for one that can
    return store_sweep(p->site->store, p->engine);
}
