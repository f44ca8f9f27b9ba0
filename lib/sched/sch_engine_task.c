// SPDX-License-Identifier: Apache-2.0
// Tasks come and go.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "sched/sch_engine_impl.h"

// what requesters have

static size_t account_place(const struct sch_engine *e, const char *name)
{
    size_t low = 0, high = e->naccounts;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(e->accounts[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int account_room(struct sch_engine *e)
{
    if (e->naccounts < e->accounts_cap)
        return 0;
    const size_t cap = e->accounts_cap > 0 ? 2 * e->accounts_cap : 8;
    struct account **accounts = realloc(e->accounts, cap * sizeof(struct account *));
    if (accounts == NULL)
        return -ENOMEM;
    e->accounts = accounts;
    e->accounts_cap = cap;
    return 0;
}

static struct account *account_of(struct sch_engine *e, const char *name)
{
    const size_t at = account_place(e, name);
    if (at < e->naccounts && strcmp(e->accounts[at]->name, name) == 0)
        return e->accounts[at];
    struct account *a = account_room(e) == 0 ? calloc(1, sizeof *a) : NULL;
    if (a == NULL || (a->name = strdup(name)) == NULL) {
        free(a);
        return NULL;
    }
    memmove(e->accounts + at + 1, e->accounts + at, (e->naccounts - at) * sizeof(struct account *));
    e->accounts[at] = a;
    e->naccounts++;
    return a;
}

// The last task of a requester may have gone.
static void account_leave(struct sch_engine *e, struct account *a)
{
    if (--a->holders > 0)
        return;
    const size_t at = account_place(e, a->name);
    e->naccounts--;
    memmove(e->accounts + at, e->accounts + at + 1, (e->naccounts - at) * sizeof(struct account *));
    free(a->name);
    free(a);
}

// adding

static int copy_texts(struct task *t, const struct sch_task_conf *conf)
{
    t->requester = strdup(conf->requester != NULL ? conf->requester : "");
    t->resource = conf->resource != NULL ? strdup(conf->resource) : NULL;
    t->pub.conf.requester = t->requester;
    t->pub.conf.resource = t->resource;
    return t->requester == NULL || (conf->resource != NULL && t->resource == NULL) ? -ENOMEM : 0;
}

static int check_bounds(const struct sch_engine *e, const struct account *a, struct ps_fault *fault)
{
    if (e->ntasks >= e->conf.tasks_max) {
        ps_fault_set(fault, NULL, 0, "there are %u tasks, as many as may be; cancel some", e->ntasks);
        return PS_ELIMIT;
    }
    if (a->tasks >= e->conf.tasks_per_requester) {
        ps_fault_set(fault, NULL, 0, "\"%s\" has %u tasks, as many as it may have; cancel some", a->name,
                     a->tasks);
        return PS_ELIMIT;
    }
    return 0;
}

// Where a new task begins: at its anchor, or now if that is too long ago.
static int begin(const struct sch_engine *e, struct task *t, ps_ns now, struct ps_fault *fault)
{
    const struct sch_task_conf *c = &t->pub.conf;
    struct sch_mark *m = &t->pub.mark;
    const ps_ns lead = c->participants > 1 ? e->conf.lead_multi : e->conf.lead_solo;
    *m = (struct sch_mark){.over = SCH_NEVER};
    const int err = sch_schedule_anchor(&c->schedule, &e->conf.zone, now, lead, &m->anchor, fault);
    if (err == 0)
        m->planned = m->anchor + sch_task_slip(e, t, m->anchor) >= now ? m->anchor : now;
    return err;
}

static int enter(struct sch_engine *e, struct task *t, const struct sch_key *key)
{
    const int err = sch_timeline_lane(&e->timeline, t->resource, &t->lane);
    if (err != 0)
        return err;
    return ps_heap_reserve(&e->task_timers, e->tasks.count + 1) != 0 || ps_map_put(&e->tasks, key, t) != 0
               ? -ENOMEM
               : 0;
}

static int set_up(struct sch_engine *e, struct task *t, const struct sch_mark *mark,
                  const struct sch_key *key, ps_ns now, struct ps_fault *fault)
{
    int err = 0;
    t->account = account_of(e, t->requester);
    if (t->account == NULL)
        return -ENOMEM;
    t->account->holders++;
    if (mark != NULL) {
        t->pub.mark = *mark;
        e->behind = SCH_DOWN;
        e->behind_since = now;
    } else if ((err = check_bounds(e, t->account, fault)) == 0) {
        err = begin(e, t, now, fault);
    }
    return err != 0 ? err : enter(e, t, key);
}

void sch_task_free_alone(struct task *t)
{
    free(t->requester);
    free(t->resource);
    free(t->runs);
    free(t);
}

static void begin_to_plan(struct sch_engine *e, struct task *t, bool fresh)
{
    const struct sch_mark *m = &t->pub.mark;
    ps_list_append(&e->all, &t->link);
    const uint64_t most = t->pub.conf.schedule.max_runs;
    t->next = m->cancelled || t->pub.conf.led_elsewhere || (most != 0 && m->runs >= most)
                  ? SCH_NEVER
                  : sch_schedule_due(&t->pub.conf.schedule, &e->conf.zone, m->anchor, m->planned);
    if (m->over == SCH_NEVER) {
        e->ntasks++;
        t->account->tasks++;
    }
    if (fresh)
        sch_tell_task(e, t, SCH_TASK_MARK);
    sch_task_rearm(e, t);
}

static void say_why_not(int err, const struct sch_task_conf *conf, struct ps_fault *fault)
{
    if (err == PS_EDUPLICATE)
        ps_fault_set(fault, NULL, 0, "there is a task %s already", conf->id);
    else if (err == PS_EMALFORMED)
        ps_fault_set(fault, NULL, 0,
                     "\"%.40s\" is no UUID, or a run of %lld ns not of whole seconds up to ten years",
                     conf->id, (long long)conf->duration);
    else if (err == -ENOMEM)
        ps_fault_set(fault, NULL, 0, "out of memory");
}

static int check(const struct sch_engine *e, const struct sch_task_conf *conf, struct sch_key *key)
{
    const ps_ns d = conf->duration;
    if (sch_id_read(conf->id, key) != 0 || d < PS_SEC || d > SCH_DURATION_MAX || d % PS_SEC != 0)
        return PS_EMALFORMED;
    return ps_map_get(&e->tasks, key) != NULL ? PS_EDUPLICATE : 0;
}

int sch_engine_add(struct sch_engine *e, const struct sch_task_conf *conf, const struct sch_mark *mark,
                   ps_ns now, const struct sch_task **out, struct ps_fault *fault)
{
    struct sch_key key;
    e->now = now;
    int err = check(e, conf, &key);
    struct task *t = err == 0 ? calloc(1, sizeof *t) : NULL;
    if (err == 0 && t == NULL)
        err = -ENOMEM;
    if (err != 0) {
        say_why_not(err, conf, fault);
        return err;
    }
    t->pub.conf = *conf;
    t->news.of_task = true;
    ps_list_init(&t->link);
    ps_list_init(&t->news.link);
    err = copy_texts(t, conf);
    if (err == 0)
        err = set_up(e, t, mark, &key, now, fault);
    if (err != 0) {
        say_why_not(err, conf, fault);
        if (t->account != NULL)
            account_leave(e, t->account);
        sch_task_free_alone(t);
        return err;
    }
    begin_to_plan(e, t, mark == NULL);
    *out = &t->pub;
    return 0;
}

// finding

static struct task *task_by_id(const struct sch_engine *e, const char *id)
{
    struct sch_key key;
    return sch_id_read(id, &key) == 0 ? ps_map_get(&e->tasks, &key) : NULL;
}

const struct sch_task *sch_engine_task(const struct sch_engine *e, const char *id)
{
    const struct task *t = task_by_id(e, id);
    return t != NULL ? &t->pub : NULL;
}

const struct sch_task *sch_engine_each(const struct sch_engine *e, size_t *pos)
{
    const struct task *t = ps_map_each(&e->tasks, pos);
    return t != NULL ? &t->pub : NULL;
}

// going

static void cancel_run(struct sch_engine *e, struct run *r, ps_ns now)
{
    if (sch_run_ahead(r)) {
        sch_run_drop(e, r);
        return;
    }
    const bool resting = r->resting;
    sch_run_over(e, r, SCH_CANCELED, now);
    if (!resting)
        sch_run_kill(e, r);
}

static void cancel(struct sch_engine *e, struct task *t, ps_ns now)
{
    t->pub.mark.cancelled = true;
    t->next = SCH_NEVER;
    sch_tell_task(e, t, SCH_TASK_MARK);
    for (size_t i = t->pub.nruns; i-- > 0;) {
        struct run *r = t->runs[t->first + i];
        if (sch_run_ahead(r) || r->pub.state == SCH_RUNNING || r->pub.state == SCH_OVERDUE) {
            if (!sch_run_ahead(r))
                sch_run_say(e, r, SCH_TASK_CANCELED, "its task was cancelled while it ran");
            cancel_run(e, r, now);
        }
    }
    sch_task_end(e, t, now);
    sch_task_rearm(e, t);
}

int sch_engine_cancel(struct sch_engine *e, const char *task, ps_ns now)
{
    struct task *t = task_by_id(e, task);
    e->now = now;
    if (t == NULL)
        return PS_ENOTFOUND;
    if (!t->pub.mark.cancelled)
        cancel(e, t, now);
    return 0;
}

int sch_engine_purge(struct sch_engine *e, const char *task, ps_ns now)
{
    struct task *t = task_by_id(e, task);
    e->now = now;
    if (t == NULL)
        return PS_ENOTFOUND;
    if (!t->pub.mark.cancelled)
        cancel(e, t, now);
    for (size_t i = t->pub.nruns; i-- > 0;) {
        struct run *r = t->runs[t->first + i];
        if (!r->child && sch_state_over(r->pub.state))
            sch_run_drop(e, r);
    }
    t->purged = true; // what is left goes when its tool has ended
    sch_task_gone(e, t);
    return 0;
}

int sch_engine_delete_run(struct sch_engine *e, const char *id, ps_ns now)
{
    const struct sch_run *run = sch_engine_run(e, id);
    e->now = now;
    if (run == NULL)
        return PS_ENOTFOUND;
    struct run *r = sch_run_of(run);
    if (r->pub.state == SCH_RUNNING || r->pub.state == SCH_OVERDUE) {
        sch_run_say(e, r, SCH_RUN_DELETED, "it was deleted while it ran");
        cancel_run(e, r, now);
    } else if (!r->child) {
        sch_run_drop(e, r);
    }
    return 0;
}

void sch_task_gone(struct sch_engine *e, struct task *t)
{
    struct sch_key key;
    const ps_ns at = sch_later(t->pub.mark.over, e->conf.keep);
    if (t->pub.mark.over == SCH_NEVER || t->pub.nruns > 0 || (!t->purged && e->now < at))
        return;
    if (sch_id_read(t->pub.conf.id, &key) != 0 || ps_map_take(&e->tasks, &key) == NULL)
        return; // it is gone already
    ps_heap_remove(&e->task_timers, &t->timer);
    ps_list_remove(&t->link);
    sch_tell_task(e, t, SCH_TASK_GONE);
}

void sch_task_free(struct sch_engine *e, struct task *t)
{
    account_leave(e, t->account);
    sch_task_free_alone(t);
}
