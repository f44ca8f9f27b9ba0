// SPDX-License-Identifier: Apache-2.0
// The clock is set. What runs goes on, so that its times by the new clock are other ones; what is still to be due is
// looked at anew.
#include "base/ps_iso8601.h"
#include "sched/sch_engine_impl.h"

// What has not begun gives way to what runs.
static void make_way(struct sch_engine *e, const struct run *r, ps_ns now)
{
    const struct sch_claim all = sch_claim_of(r, INT64_MIN);
    char text[PS_ISO8601_TIME];
    struct sch_slot *s;
    for (ps_ns from = r->pub.start; from < r->pub.end;) {
        if ((s = sch_timeline_conflict(&e->timeline, &all, from, r->pub.end)) == NULL)
            return;
        struct run *other = PS_CONTAINER(s, struct run, slot);
        if (!sch_run_ahead(other)) {
            from = s->end;
            continue;
        }
        sch_run_say(e, other, SCH_CLOCK,
                    "since the clock was set to %s run %s of task %s has its time until %s",
                    ps_iso8601_put_utc(now, (char[PS_ISO8601_TIME]){0}), r->pub.id, r->task->pub.conf.id,
                    ps_iso8601_put_utc(r->pub.end, text));
        sch_wait(e, other, now);
        sch_run_timer(e, other, now);
    }
}

static void shift(struct sch_engine *e, struct run *r, ps_ns by, ps_ns now)
{
    const bool in = r->slot.in;
    r->started += by;
    if (r->task->pub.conf.cls == SCH_BACKGROUND_MULTI)
        return; // its window is one of the calendar
    sch_timeline_take(&e->timeline, &r->slot);
    sch_run_time(e, r, r->pub.start + by, r->pub.end + by);
    if (r->timer.index != 0 && !sch_state_over(r->pub.state))
        sch_run_timer(e, r, sch_max(r->pub.end, now));
    if (!in)
        return;
    r->slot.start = r->pub.start;
    r->slot.end = r->pub.end;
    make_way(e, r, now);
    sch_timeline_put(&e->timeline, &r->slot);
}

// What was over in what is the future now is not kept longer for that.
static void expire(struct sch_engine *e, struct run *r, ps_ns now)
{
    const struct sch_task_conf *c = &r->task->pub.conf;
    const ps_ns keep =
        c->has_keep_after_archive ? sch_max(c->keep_after_archive, e->conf.keep) : e->conf.keep;
    if (r->pub.expires <= sch_later(now, keep))
        return;
    r->pub.expires = sch_later(now, keep);
    sch_run_timer(e, r, r->pub.expires);
    sch_tell_run(e, r, SCH_RUN_STATE);
}

static bool may_go_on(const struct sch_engine *e, const struct task *t, ps_ns now)
{
    const struct sch_task_conf *c = &t->pub.conf;
    const struct sch_mark *m = &t->pub.mark;
    return !m->cancelled && !c->led_elsewhere &&
           (c->schedule.max_runs == 0 || m->runs < c->schedule.max_runs) &&
           sch_schedule_due(&c->schedule, &e->conf.zone, m->anchor, now) != SCH_NEVER;
}

// Due times from now on are looked at anew; those that have a run are known by it.
static void back(struct sch_engine *e, struct task *t, ps_ns now)
{
    struct sch_mark *m = &t->pub.mark;
    t->busy_until = INT64_MIN;
    for (size_t i = 0; i < t->pub.nruns; i++) {
        struct run *r = t->runs[t->first + i];
        if (sch_state_over(r->pub.state))
            expire(e, r, now);
        else
            t->busy_until = sch_max(t->busy_until, r->pub.end);
    }
    if (m->over != SCH_NEVER)
        m->over = sch_min(m->over, now);
    if (may_go_on(e, t, now)) {
        e->ntasks += m->over != SCH_NEVER;
        t->account->tasks += m->over != SCH_NEVER;
        m->over = SCH_NEVER;
        t->high = sch_max(t->high, m->planned);
        m->planned = sch_min(m->planned, now);
        t->next = sch_schedule_due(&t->pub.conf.schedule, &e->conf.zone, m->anchor, m->planned);
    }
    sch_tell_task(e, t, SCH_TASK_MARK);
    sch_task_rearm(e, t);
}

void sch_engine_clock_stepped(struct sch_engine *e, ps_ns by, ps_ns now)
{
    e->now = now;
    e->behind = SCH_CLOCK;
    e->behind_since = now;
    PS_LIST_EACH(l, &e->running)
        shift(e, PS_CONTAINER(l, struct run, link), by, now);
    if (by >= 0)
        return;
    PS_LIST_EACH(l, &e->all)
        back(e, PS_CONTAINER(l, struct task, link), now);
}
