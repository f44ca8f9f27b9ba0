// SPDX-License-Identifier: Apache-2.0
// Runs that do not come from a task's own schedule: kept ones that are restored, bookings, records.
#include <assert.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "sched/sch_engine_impl.h"

// bookings

static int may_book(struct sch_engine *e, const struct task *t, ps_ns start, ps_ns now,
                    struct ps_fault *fault)
{
    char text[PS_ISO8601_TIME];
    const struct sch_claim c = {t->pub.conf.cls, t->lane, t->pub.conf.priority};
    const struct sch_slot *s;
    if (start < now || start % PS_SEC != 0 || start > SCH_NEVER - t->pub.conf.duration) {
        ps_fault_set(fault, NULL, 0, "%s is %s", ps_iso8601_put_utc(start, text),
                     start < now ? "past" : "not a whole second");
        return PS_ERANGE;
    }
    if (t->pub.mark.cancelled) {
        ps_fault_set(fault, NULL, 0, "the task is cancelled");
        return PS_ESTATE;
    }
    s = sch_timeline_conflict(&e->timeline, &c, start, start + t->pub.conf.duration);
    if (s == NULL)
        return 0;
    const struct run *other = PS_CONTAINER((struct sch_slot *)(uintptr_t)s, struct run, slot);
    ps_fault_set(fault, NULL, 0, "run %s of task %s has the time until %s", other->pub.id,
                 other->task->pub.conf.id, ps_iso8601_put_utc(s->end, text));
    return PS_ESTATE;
}

int sch_engine_book(struct sch_engine *e, const struct sch_task *task, const char *id, ps_ns start, ps_ns now,
                    const struct sch_run **out, struct ps_fault *fault)
{
    struct task *t = sch_task_of(task);
    struct run *r;
    e->now = now;
    int err = may_book(e, t, start, now, fault);
    if (err == 0)
        err = sch_run_new(e, t, id, start, start, start + t->pub.conf.duration, &r);
    if (err == PS_EDUPLICATE)
        ps_fault_set(fault, NULL, 0, "there is a run %s already", id);
    else if (err == PS_EMALFORMED)
        ps_fault_set(fault, NULL, 0, "\"%.40s\" is no UUID", id);
    if (err != 0)
        return err;
    t->pub.mark.runs++;
    t->busy_until = sch_max(t->busy_until, r->pub.end);
    r->fixed = true;
    r->not_before = start;
    sch_tell_task(e, t, SCH_TASK_MARK);
    sch_tell_run(e, r, SCH_RUN_PLANNED);
    if (!sch_class_anytime(t->pub.conf.cls))
        sch_place_clear(e, r, start, SCH_OUTRANKED, now);
    sch_place_put(e, r, start);
    if (t->pub.conf.ask)
        sch_ask(e, r);
    else
        sch_place_settle(e, r);
    *out = &r->pub;
    return 0;
}

// records

int sch_engine_record(struct sch_engine *e, const struct sch_run *run, ps_ns now, const struct sch_run **out)
{
    struct run *of = sch_run_of(run), *r;
    e->now = now;
    if (of->task->pub.conf.cls != SCH_BACKGROUND_MULTI || !of->began)
        return PS_ESTATE;
    sch_run_make_room(e);
    const int err = sch_run_new(e, of->task, NULL, of->pub.due, now, now, &r);
    if (err != 0)
        return err;
    r->pub.record = r->began = of->recorded = true;
    r->pub.state = SCH_RUNNING; // nobody has heard of it yet
    e->counts[SCH_SCHEDULING]--;
    e->counts[SCH_RUNNING]++;
    r->task->ahead--;
    r->task->account->ahead--;
    sch_tell_run(e, r, SCH_RUN_PLANNED);
    sch_run_over(e, r, SCH_FINISHED, now);
    *out = &r->pub;
    return 0;
}

void sch_engine_archived(struct sch_engine *e, const struct sch_run *run, ps_ns now)
{
    struct run *r = sch_run_of(run);
    e->now = now;
    if (!r->task->pub.conf.has_keep_after_archive || !sch_state_over(r->pub.state))
        return;
    r->pub.expires = sch_later(now, r->task->pub.conf.keep_after_archive);
    sch_run_timer(e, r, r->pub.expires);
    sch_tell_run(e, r, SCH_RUN_STATE);
}

// kept runs

// A run as it was when it was told last.
static void as_kept(struct sch_engine *e, struct run *r, const struct sch_run *record)
{
    if (!record->record)
        r->task->high = sch_max(r->task->high, record->due + 1); // the clock may have been set back before
    r->pub.priority = record->priority;
    r->pub.record = record->record;
    r->began = record->state == SCH_RUNNING || record->state == SCH_CLEANUP || record->state == SCH_OVERDUE ||
               record->state == SCH_FINISHED || record->state == SCH_FAILED || record->state == SCH_CANCELED;
    r->drawn = true;
    r->latest = sch_max(record->start, sch_later(record->due, sch_task_slip(e, r->task, record->due)));
    r->fixed = r->task->pub.conf.led_elsewhere ||
               (r->task->pub.conf.participants > 1 && record->state >= SCH_PENDING);
    if (r->fixed)
        r->not_before = r->latest = record->start;
    if (record->reason != SCH_NO_REASON)
        sch_run_say(e, r, record->reason, "%s", record->sentence);
    sch_tell_nothing(&r->news);
    e->counts[SCH_SCHEDULING]--;
    e->counts[record->state]++;
    r->pub.state = r->told = record->state;
    if (!sch_run_ahead(r)) {
        r->task->ahead--;
        r->task->account->ahead--;
    }
    if (sch_state_over(record->state))
        r->task->live--;
    else
        r->task->busy_until = sch_max(r->task->busy_until, record->end);
}

// Its place, if that is still free: what has a lower priority makes room.
static void restore_ahead(struct sch_engine *e, struct run *r, bool placed, ps_ns now)
{
    const struct sch_claim c = sch_claim_of(r, r->pub.priority);
    if (!placed || sch_timeline_conflict(&e->timeline, &c, r->pub.start, r->pub.end) != NULL) {
        sch_wait(e, r, now);
        return;
    }
    if (!sch_class_anytime(r->task->pub.conf.cls))
        sch_place_clear(e, r, r->pub.start, SCH_OUTRANKED, now);
    sch_place_put(e, r, r->pub.start);
    if (r->task->pub.conf.ask && r->pub.state == SCH_SCHEDULING)
        sch_ask(e, r);
    else
        sch_place_settle(e, r);
}

static void restore_running(struct sch_engine *e, struct run *r, bool alive, ps_ns now)
{
    const struct sch_task_conf *c = &r->task->pub.conf;
    alive = alive && r->pub.state != SCH_CLEANUP;
    r->child = alive;
    r->started = r->pub.start;
    r->pub.placed = true; // where it was
    if (alive && !c->childless) {
        e->children++;
        r->task->account->children++;
    }
    if (alive) {
        sch_place_put(e, r, r->pub.start);
        ps_list_append(&e->running, &r->link);
        sch_run_timer(e, r, sch_max(r->pub.end, now));
    } else if (c->cls == SCH_BACKGROUND_MULTI && r->pub.state == SCH_RUNNING) {
        r->resting = true;
        ps_list_append(&e->held, &r->link);
        sch_run_timer(e, r, now);
    } else {
        sch_run_say(e, r, SCH_INTERRUPTED, "the scheduler ended while it ran");
        sch_run_over(e, r, SCH_FAILED, now);
    }
}

int sch_engine_restore(struct sch_engine *e, const struct sch_task *task, const struct sch_run *record,
                       bool alive, ps_ns now)
{
    struct task *t = sch_task_of(task);
    struct run *r;
    e->now = now;
    e->behind = SCH_DOWN;
    e->behind_since = now;
    const int err = sch_run_new(e, t, record->id, record->due, record->start, record->end, &r);
    if (err != 0)
        return err;
    as_kept(e, r, record);
    if (sch_state_over(record->state)) {
        r->pub.expires = record->expires;
        ps_list_append(&e->over, &r->link);
        sch_run_timer(e, r, record->expires);
    } else if (sch_run_ahead(r)) {
        restore_ahead(e, r, record->placed, now);
    } else {
        restore_running(e, r, alive, now);
    }
    sch_task_rearm(e, t);
    return 0;
}
