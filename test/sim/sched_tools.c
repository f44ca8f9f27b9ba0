// SPDX-License-Identifier: Apache-2.0
// Tools that run for a while, fail, hang, or do not end when they are told to.
#include "sched.h"

#define TOOL_DEADLINE (4 * PS_SEC) // beyond its duration, as its starter has it

static bool meet(const struct sched_task *a, const struct sched_task *b)
{
    const enum sch_class x = a->conf.cls, y = b->conf.cls;
    const char *p = a->conf.resource, *q = b->conf.resource;
    if (sch_class_anytime(x) || sch_class_anytime(y) || (x == SCH_NORMAL && y == SCH_NORMAL))
        return false;
    return p == NULL || q == NULL || p == q; // literals
}

static unsigned children_of(const struct sched_world *w, const char *requester)
{
    unsigned n = 0;
    for (size_t i = 0; i < w->nchildren; i++) {
        const struct sch_task_conf *c = &w->children[i].run->task->conf;
        n += !c->childless && (requester == NULL || c->requester == requester);
    }
    return n;
}

static void check_begin(const struct sched_world *w, const struct sched_run *r)
{
    const ps_ns clock = sched_clock(w);
    const struct sched_task *t = r->task;
    const bool multi = t->conf.cls == SCH_BACKGROUND_MULTI;
    for (size_t i = 0; i < w->nchildren; i++) {
        const struct sched_run *o = w->children[i].run;
        if (o == r)
            fail_msg("run %s was started while it runs", r->kept.id);
        if (meet(t, o->task))
            fail_msg("%s run %s [%lld, %lld) was started at %lld while %s run %s [%lld, %lld) ran",
                     sch_class_word(t->conf.cls), r->kept.id, (long long)r->kept.start,
                     (long long)r->kept.end, (long long)clock, sch_class_word(o->task->conf.cls), o->kept.id,
                     (long long)o->kept.start, (long long)o->kept.end);
    }
    if (!multi && r->began > 0)
        fail_msg("run %s was started twice", r->kept.id);
    for (size_t i = 0; i < t->nruns && !multi; i++)
        if (t->runs[i] != r && t->runs[i]->kept.due == r->kept.due && t->runs[i]->began > 0)
            fail_msg("runs %s and %s were started for the same due time", r->kept.id, t->runs[i]->kept.id);
    if (clock < r->kept.start - t->conf.lead || (!multi && clock > r->kept.start + w->engine.straggle))
        fail_msg("run %s of %lld was started at %lld", r->kept.id, (long long)r->kept.start,
                 (long long)clock);
    if (clock < w->paused_until)
        fail_msg("run %s was started during a pause", r->kept.id);
    if (!t->conf.childless) {
        assert_in_range(children_of(w, NULL), 0, w->engine.children_max - 1);
        assert_in_range(children_of(w, t->conf.requester), 0, w->engine.children_per_requester - 1);
    }
}

static ps_ns length_of(struct sched_world *w, const struct sched_run *r, struct sched_child *c)
{
    const ps_ns d = r->task->conf.duration;
    const unsigned kind = (unsigned)sched_random(w, 1000);
    if (r->task->conf.cls == SCH_BACKGROUND_MULTI)
        return kind < 700 ? d + PS_SEC : 1 + (ps_ns)sched_random(w, (uint64_t)d);
    if (!w->conf.faults || kind < 900)
        return d / 5 + (ps_ns)sched_random(w, (uint64_t)(d - d / 5));
    if (kind < 960) {
        c->fails = true;
        return PS_MSEC + (ps_ns)sched_random(w, PS_SEC);
    }
    c->stubborn = kind > 995;
    return d + (ps_ns)sched_random(w, 200) * PS_SEC; // it hangs
}

void sched_child_begin(struct sched_world *w, struct sched_run *r)
{
    const ps_ns clock = sched_clock(w);
    if (w->conf.faults && sched_random(w, 500) == 0 && r->live != NULL) {
        (void)sch_engine_not_started(w->e, r->live, SCH_NO_TOOL, "fork: Resource temporarily unavailable",
                                     clock);
        return;
    }
    check_begin(w, r);
    assert_true(w->nchildren < SCHED_CHILDREN);
    struct sched_child c = {.run = r, .begin = w->now};
    if (r->kept.start > clock)
        c.begin += r->kept.start - clock;
    c.end = c.begin + length_of(w, r, &c);
    if (!c.stubborn && r->task->conf.cls != SCH_BACKGROUND_MULTI &&
        c.end > c.begin + r->task->conf.duration + TOOL_DEADLINE) {
        c.end = c.begin + r->task->conf.duration + TOOL_DEADLINE;
        c.fails = true;
    }
    r->began++;
    w->nstarts++;
    w->children[w->nchildren++] = c;
}

void sched_child_kill(struct sched_world *w, const struct sched_run *r)
{
    for (size_t i = 0; i < w->nchildren; i++) {
        struct sched_child *c = &w->children[i];
        const ps_ns most = w->now + PS_SEC * (c->stubborn ? 20 : 2);
        if (c->run != r)
            continue;
        c->killed = w->now;
        if (c->end > most)
            c->end = most;
        return;
    }
}

ps_ns sched_children_next(const struct sched_world *w)
{
    ps_ns next = SCH_NEVER;
    for (size_t i = 0; i < w->nchildren; i++)
        next = w->children[i].end < next ? w->children[i].end : next;
    return next;
}

static void record(struct sched_world *w, const struct sched_run *r)
{
    const struct sch_run *out;
    if (r->task->conf.cls == SCH_BACKGROUND_MULTI)
        assert_int_equal(sch_engine_record(w->e, r->live, sched_clock(w), &out), 0);
}

static void hear(struct sched_world *w, const struct sched_child *c)
{
    const struct sched_run *r = c->run;
    if (w->e == NULL || r->live == NULL)
        return;
    if (r->kept.state == SCH_RUNNING && r->live->state == SCH_RUNNING && sched_chance(w, 30))
        (void)sch_engine_cleanup(w->e, r->live, sched_clock(w));
    record(w, r);
    const bool ok = !c->fails && c->killed == 0;
    const int err = sch_engine_ended(w->e, r->live, ok, SCH_TOOL, ok ? NULL : "it said so", sched_clock(w));
    assert_int_equal(err, 0);
}

void sched_children_end(struct sched_world *w)
{
    for (size_t i = 0; i < w->nchildren;) {
        if (w->children[i].end > w->now) {
            i++;
            continue;
        }
        const struct sched_child c = w->children[i];
        w->children[i] = w->children[--w->nchildren];
        hear(w, &c);
    }
}
