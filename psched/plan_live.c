// SPDX-License-Identifier: Apache-2.0
// The life of a plan: the engine, and tools that end when their time is over.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_heap.h"
#include "base/ps_list.h"
#include "psched/plan.h"

#define HOUR (3600 * PS_SEC)

// A run that goes on.
struct running {
    struct ps_heap_node end;
    const struct sch_run *run;
    struct running *next; // of those that are not in use
};

struct life {
    struct plan *plan;
    struct sch_engine *e;
    struct sch_zone zone;
    ps_ns now;
    struct ps_heap ends;
    struct running *unused;
    unsigned together;
};

static struct plan_task *task_of(const struct sch_task *t)
{
    return t->conf.user;
}

static struct plan_hour *hour_at(struct plan *p, ps_ns t)
{
    return t >= p->from && t < p->to ? &p->hours[(t - p->from) / HOUR] : NULL;
}

// what is counted

// Adds time and traffic of a run to the hours that it passes through.
static void spread(struct plan *p, const struct plan_task *t, ps_ns start, ps_ns end)
{
    const double whole = (double)(end - start);
    for (ps_ns at = start; at < end;) {
        struct plan_hour *h = hour_at(p, at);
        const ps_ns stop = at - (at - p->from) % HOUR + HOUR, until = stop < end ? stop : end;
        const double part = (double)(until - at) / whole;
        if (h == NULL)
            return;
        h->exclusive += t->conf.cls == SCH_EXCLUSIVE ? until - at : 0;
        h->normal += t->conf.cls == SCH_NORMAL ? until - at : 0;
        h->packets += t->of.packets * part;
        h->bits += t->of.bits * part;
        h->octets += t->of.results * t->of.octets * part;
        at = until;
    }
}

static void count_start(struct life *l, const struct sch_run *r)
{
    struct plan_task *t = task_of(r->task);
    struct plan_hour *h = hour_at(l->plan, r->start);
    const ps_ns late = t->conf.schedule.sliprand ? 0 : r->start - r->due; // at random is no conflict
    t->done++;
    if (late > 0) {
        t->moved++;
        t->wait += late;
        t->worst = late > t->worst ? late : t->worst;
    }
    if (h != NULL) {
        h->starts++;
        h->moved += late > 0;
        h->together = l->together > h->together ? l->together : h->together;
    }
    spread(l->plan, t, r->start, r->end);
}

static void count_lost(struct life *l, const struct sch_task *task, ps_ns due, uint64_t n,
                       enum sch_reason reason, const char *sentence)
{
    struct plan_hour *h = hour_at(l->plan, due);
    if (n == 0 || h == NULL) // planned ahead of what comes behind the end
        return;
    l->plan->by_reason[reason] += n;
    l->plan->sum.lost += n;
    h->lost += n;
    snprintf(task_of(task)->why, sizeof task_of(task)->why, "%s", sentence);
}

static uint64_t due_times(const struct life *l, const struct sch_task *t, ps_ns from, ps_ns to)
{
    ps_ns last;
    return from < to
               ? sch_schedule_count(&t->conf.schedule, &l->zone, t->mark.anchor, from, to, UINT64_MAX, &last)
               : 0;
}

// What is told at once may be of many hours, and of due times among which some have a run: each hour has its share.
static void count_skipped(struct life *l, const struct sch_task *task, const struct sch_skip *s)
{
    const uint64_t all = due_times(l, task, s->first, s->last + 1);
    uint64_t due = 0, told = 0;
    ps_ns at = s->first;
    while (at <= s->last && at < l->plan->to) {
        const ps_ns next = at - (at - l->plan->from) % HOUR + HOUR;
        due += due_times(l, task, at, next <= s->last ? next : s->last + 1);
        const uint64_t n = (uint64_t)((double)s->count * (double)due / (double)all) - told;
        count_lost(l, task, at, n, s->reason, s->sentence);
        told += n;
        at = next;
    }
    task_of(task)->skipped += told;
}

static void count_end(struct life *l, const struct sch_run *r)
{
    struct plan_task *t = task_of(r->task);
    if (r->due >= l->plan->to)
        return;
    if (r->state == SCH_PREEMPTED)
        t->preempted++;
    else if (r->state == SCH_MISSED || r->state == SCH_NONSTART)
        t->missed++;
    else
        return;
    count_lost(l, r->task, r->due, 1, r->reason, r->sentence);
}

// what is done

static int start(struct life *l, const struct sch_run *r)
{
    struct running *x = l->unused;
    if (x != NULL)
        l->unused = x->next;
    else if ((x = calloc(1, sizeof *x)) == NULL)
        return -ENOMEM;
    x->run = r;
    l->together++;
    count_start(l, r);
    return ps_heap_set(&l->ends, &x->end, r->end);
}

static int hear(struct life *l, const struct sch_action *a)
{
    if (a->act == SCH_RUN_START)
        return start(l, a->run);
    if (a->act == SCH_RUN_PLANNED)
        task_of(a->task)->runs += a->run->due < l->plan->to;
    if ((a->act == SCH_RUN_PLANNED || a->act == SCH_RUN_STATE) && sch_state_over(a->to))
        count_end(l, a->run);
    if (a->act == SCH_TASK_SKIPPED)
        count_skipped(l, a->task, a->skip);
    return 0;
}

static void end_tools(struct life *l)
{
    struct ps_heap_node *n;
    while ((n = ps_heap_top(&l->ends)) != NULL && n->key <= l->now) {
        struct running *x = PS_CONTAINER(n, struct running, end);
        ps_heap_remove(&l->ends, n);
        l->together--;
        (void)sch_engine_ended(l->e, x->run, true, SCH_NO_REASON, NULL, l->now);
        x->next = l->unused;
        l->unused = x;
    }
}

static int step(struct life *l)
{
    struct sch_action a;
    int err;
    end_tools(l);
    do {
        err = sch_engine_step(l->e, l->now);
        while (err == 0 && sch_engine_next(l->e, &a))
            err = hear(l, &a);
    } while (err == 0 && sch_engine_due(l->e) <= l->now);
    return err;
}

static int add_tasks(struct life *l, struct ps_fault *fault)
{
    struct plan *p = l->plan;
    for (size_t i = 0; i < p->ntasks; i++) {
        const struct sch_task *t;
        struct plan_task *own = &p->tasks[i];
        own->conf.user = own;
        own->conf.added = p->from;
        const int err = sch_engine_add(l->e, &own->conf, NULL, p->from, &t, fault);
        if (err != 0) {
            struct ps_fault inner = *fault;
            ps_fault_set(fault, NULL, 0, "task %zu, %s: %.300s", i + 1, own->name, inner.text);
            return err;
        }
    }
    return 0;
}

static void free_running(struct life *l)
{
    struct ps_heap_node *n;
    while ((n = ps_heap_top(&l->ends)) != NULL) {
        ps_heap_remove(&l->ends, n);
        free(PS_CONTAINER(n, struct running, end));
    }
    while (l->unused != NULL) {
        struct running *x = l->unused;
        l->unused = x->next;
        free(x);
    }
    ps_heap_fini(&l->ends);
}

static ps_ns next_time(const struct life *l)
{
    const struct ps_heap_node *n = ps_heap_top(&l->ends);
    const ps_ns due = sch_engine_due(l->e);
    return n != NULL && n->key < due ? n->key : due;
}

// All hours, and runs that were planned behind them are none of this plan.
static void sum_up(struct plan *p)
{
    for (size_t i = 0; i < p->nhours; i++) {
        const struct plan_hour *h = &p->hours[i];
        p->sum.starts += h->starts;
        p->sum.moved += h->moved;
        p->sum.exclusive += h->exclusive;
        p->sum.normal += h->normal;
        p->sum.packets += h->packets;
        p->sum.bits += h->bits;
        p->sum.octets += h->octets;
        p->sum.together = h->together > p->sum.together ? h->together : p->sum.together;
    }
    for (size_t i = 0; i < p->ntasks; i++)
        p->planned += p->tasks[i].runs;
}

int plan_live(struct plan *p, const struct sch_conf *conf, struct ps_fault *fault)
{
    struct life l = {
        .plan = p, .now = p->from, .zone = conf->zone.offset != NULL ? conf->zone : sch_zone_local};
    p->nhours = (size_t)((p->to - p->from) / HOUR);
    p->hours = calloc(p->nhours, sizeof *p->hours);
    int err = p->hours != NULL ? sch_engine_new(&l.e, conf) : -ENOMEM;
    ps_heap_init(&l.ends);
    if (err == 0)
        err = add_tasks(&l, fault);
    for (; err == 0 && l.now<p->to; l.now = next_time(&l)> l.now ? next_time(&l) : l.now + 1)
        err = step(&l);
    if (err == -ENOMEM)
        ps_fault_set(fault, NULL, 0, "out of memory");
    sum_up(p);
    free_running(&l);
    sch_engine_free(l.e);
    return err;
}
