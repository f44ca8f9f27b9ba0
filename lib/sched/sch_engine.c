// SPDX-License-Identifier: Apache-2.0
// The engine, its tasks, and its steps.
#include "sched/sch_engine.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "sched/sch_engine_impl.h"

#define MINUTE (60 * PS_SEC)
#define DAY (1440 * MINUTE)

const struct sch_conf sch_conf_default = {.horizon = DAY,
                                          .horizon_background = DAY,
                                          .keep = 2 * DAY,
                                          .straggle = 30 * PS_SEC,
                                          .margin = 3 * PS_SEC,
                                          .lead_solo = 5 * PS_SEC,
                                          .lead_multi = 10 * PS_SEC,
                                          .tasks_max = 10000,
                                          .tasks_per_requester = 10000,
                                          .runs_max = 100000,
                                          .runs_per_requester = 100000,
                                          .children_max = 100,
                                          .children_per_requester = 100,
                                          .batch = 1000,
                                          .zone = {NULL, NULL},
                                          .seed = 1};

static void set_conf(struct sch_engine *e, const struct sch_conf *conf)
{
    e->conf = *conf;
    if (e->conf.zone.offset == NULL)
        e->conf.zone = sch_zone_local;
}

int sch_engine_new(struct sch_engine **out, const struct sch_conf *conf)
{
    struct sch_engine *e = calloc(1, sizeof *e);
    if (e == NULL)
        return -ENOMEM;
    set_conf(e, conf);
    ps_rand_seed(&e->rand, conf->seed);
    ps_heap_init(&e->task_timers);
    ps_heap_init(&e->run_timers);
    ps_list_init(&e->all);
    ps_list_init(&e->news);
    ps_list_init(&e->waiting);
    ps_list_init(&e->held);
    ps_list_init(&e->running);
    ps_list_init(&e->over);
    e->freed_from = SCH_NEVER;
    e->freed_to = e->now = e->paused_until = INT64_MIN;
    e->behind = SCH_LATE;
    e->behind_since = INT64_MIN;
    if (ps_map_init(&e->tasks, sizeof(struct sch_key)) != 0 ||
        ps_map_init(&e->runs, sizeof(struct sch_key)) != 0 || sch_timeline_init(&e->timeline) != 0 ||
        sch_timeline_init(&e->windows) != 0) {
        sch_engine_free(e);
        return -ENOMEM;
    }
    *out = e;
    return 0;
}

void sch_engine_reconf(struct sch_engine *e, const struct sch_conf *conf)
{
    set_conf(e, conf);
    PS_LIST_EACH(l, &e->all)
        sch_task_rearm(e, PS_CONTAINER(l, struct task, link));
    e->child_freed = true;
}

// What has been told to be gone stands in no map any more.
static void free_untold(struct sch_engine *e)
{
    PS_LIST_EACH_SAFE(l, &e->news) {
        struct news *n = PS_CONTAINER(l, struct news, link);
        const bool gone = (n->acts & (n->of_task ? 1u << SCH_TASK_GONE : 1u << SCH_RUN_GONE)) != 0;
        if (gone && n->of_task)
            sch_task_free_alone(PS_CONTAINER(n, struct task, news));
        else if (gone)
            sch_run_free(PS_CONTAINER(n, struct run, news));
    }
}

void sch_engine_free(struct sch_engine *e)
{
    size_t pos = 0;
    void *x;
    if (e == NULL)
        return;
    sch_tell_end(e);
    free_untold(e);
    while (e->runs.cap > 0 && (x = ps_map_each(&e->runs, &pos)) != NULL)
        sch_run_free(x);
    for (pos = 0; e->tasks.cap > 0 && (x = ps_map_each(&e->tasks, &pos)) != NULL;)
        sch_task_free_alone(x);
    for (size_t i = 0; i < e->naccounts; i++) {
        free(e->accounts[i]->name);
        free(e->accounts[i]);
    }
    free(e->accounts);
    ps_map_fini(&e->runs);
    ps_map_fini(&e->tasks);
    ps_heap_fini(&e->run_timers);
    ps_heap_fini(&e->task_timers);
    sch_timeline_fini(&e->timeline);
    sch_timeline_fini(&e->windows);
    free(e);
}

// steps

ps_ns sch_engine_due(const struct sch_engine *e)
{
    const struct ps_heap_node *run = ps_heap_top(&e->run_timers), *task = ps_heap_top(&e->task_timers);
    ps_ns due = run != NULL ? run->key : SCH_NEVER;
    if (task != NULL)
        due = sch_min(due, task->key);
    if (e->freed_from < e->freed_to || e->child_freed || !ps_list_empty(&e->news))
        due = sch_min(due, e->now);
    return e->put_off > 0 ? sch_max(due, e->put_off) : due;
}

// One run or task whose time has come; 0: none has, 1: done, -ENOMEM.
static int step_one(struct sch_engine *e, ps_ns now)
{
    struct ps_heap_node *run = ps_heap_top(&e->run_timers), *task = ps_heap_top(&e->task_timers);
    if (run != NULL && run->key <= now) {
        sch_run_look(e, PS_CONTAINER(run, struct run, timer), now);
        return 1;
    }
    if (task != NULL && task->key <= now) {
        const int err = sch_task_look(e, PS_CONTAINER(task, struct task, timer), now);
        return err != 0 ? err : 1;
    }
    return sch_offer_freed(e, now) ? 1 : 0;
}

int sch_engine_step(struct sch_engine *e, ps_ns now)
{
    int did = 1;
    e->now = now;
    e->put_off = 0;
    if (now >= e->paused_until)
        e->paused_until = INT64_MIN; // for good, whatever the clock is set to
    for (unsigned n = 0; n < e->conf.batch && did == 1; n++)
        did = step_one(e, now);
    if (did < 0)
        e->put_off = now + PS_SEC;
    return did < 0 ? did : 0;
}

// all

void sch_engine_pause(struct sch_engine *e, ps_ns until, ps_ns now)
{
    e->now = now;
    e->paused_until = until;
}

// What waits for the end of the pause may begin at once.
void sch_engine_resume(struct sch_engine *e, ps_ns now)
{
    e->now = now;
    e->paused_until = INT64_MIN;
    PS_LIST_EACH(l, &e->held)
        sch_run_timer(e, PS_CONTAINER(l, struct run, link), now);
    PS_LIST_EACH(l, &e->waiting) {
        struct run *r = PS_CONTAINER(l, struct run, link);
        if (r->pub.reason != SCH_PAUSED)
            continue;
        r->not_before = r->fixed ? r->pub.start : r->pub.due;
        sch_run_timer(e, r, now);
    }
}

bool sch_engine_paused(const struct sch_engine *e, ps_ns now, ps_ns *until)
{
    *until = e->paused_until;
    return now < e->paused_until;
}

size_t sch_engine_count(const struct sch_engine *e, enum sch_state state)
{
    return e->counts[state];
}
