// SPDX-License-Identifier: Apache-2.0
// What a task is due: its runs are planned up to the horizon, and the next one in any case. What cannot be a run any
// more is counted.
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "sched/sch_engine_impl.h"

#define SECOND_LOOK (60 * PS_SEC) // when a bound kept a run from being planned
#define LED_LOOK (3600 * PS_SEC)  // whether a task led elsewhere is over
#define COUNT_MOST 1000000        // due times that are counted at once

ps_ns sch_task_slip(const struct sch_engine *e, const struct task *t, ps_ns due)
{
    const struct sch_task_conf *c = &t->pub.conf;
    return sch_schedule_slip(&c->schedule, &e->conf.zone, t->pub.mark.anchor, due, c->duration);
}

static ps_ns due_from(const struct sch_engine *e, const struct task *t, ps_ns at)
{
    return sch_schedule_due(&t->pub.conf.schedule, &e->conf.zone, t->pub.mark.anchor, at);
}

// when to look

static bool all_there(const struct task *t)
{
    const uint64_t most = t->pub.conf.schedule.max_runs;
    return t->pub.mark.cancelled || (most != 0 && t->pub.mark.runs >= most);
}

static ps_ns look_over(struct sch_engine *e, const struct task *t)
{
    return t->pub.nruns == 0 ? sch_max(e->now, sch_later(t->pub.mark.over, e->conf.keep)) : SCH_NEVER;
}

static ps_ns look_at(struct sch_engine *e, struct task *t)
{
    const ps_ns ahead = sch_class_anytime(t->pub.conf.cls) ? e->conf.horizon_background : e->conf.horizon;
    if (t->pub.mark.over != SCH_NEVER)
        return look_over(e, t);
    if (t->pub.conf.led_elsewhere && !t->pub.mark.cancelled)
        return e->now + LED_LOOK;
    if (t->next == SCH_NEVER)
        return SCH_NEVER;
    // What is due first is planned first, whichever task it is of.
    return t->ahead == 0 ? sch_min(t->next - ahead, e->now) : t->next - ahead;
}

void sch_task_rearm(struct sch_engine *e, struct task *t)
{
    const ps_ns at = look_at(e, t);
    if (at == SCH_NEVER)
        ps_heap_remove(&e->task_timers, &t->timer);
    else
        (void)ps_heap_set(&e->task_timers, &t->timer, at); // there is room: see sch_engine_add
}

// what is not to be

void sch_task_skip(struct sch_engine *e, struct task *t, const struct sch_skip *skip)
{
    const bool more = (t->news.acts & 1u << SCH_TASK_SKIPPED) != 0;
    struct sch_skip *s = &t->skip;
    if (skip->count == 0)
        return;
    const struct sch_skip before = *s;
    *s = *skip;
    if (more) {
        s->first = sch_min(before.first, skip->first);
        s->last = sch_max(before.last, skip->last);
        s->count += before.count;
    }
    t->pub.mark.skipped += skip->count;
    sch_tell_task(e, t, SCH_TASK_MARK);
    sch_tell_task(e, t, SCH_TASK_SKIPPED);
}

// Another reason waits to be told.
static bool skip_waits(const struct task *t, enum sch_reason reason)
{
    return (t->news.acts & 1u << SCH_TASK_SKIPPED) != 0 && t->skip.reason != reason;
}

// Each run is in the way of the due times behind it, so that what is told of one is told of all.
static void overlap_words(const struct task *t, const char *busy, struct sch_skip *s)
{
    const struct sch_task_conf *c = &t->pub.conf;
    char a[PS_ISO8601_DURATION], b[PS_ISO8601_DURATION];
    if (c->schedule.repeat > 0 && c->schedule.repeat < c->duration)
        snprintf(s->sentence, sizeof s->sentence,
                 "a run may take %s, longer than the %s from one to the next",
                 ps_iso8601_put_duration(c->duration, a), ps_iso8601_put_duration(c->schedule.repeat, b));
    else
        snprintf(s->sentence, sizeof s->sentence, "the run before lasts until %s", busy);
}

static void skip_words(const struct sch_engine *e, const struct task *t, ps_ns busy, struct sch_skip *s)
{
    char a[PS_ISO8601_TIME], b[PS_ISO8601_TIME];
    const ps_ns until = s->reason == SCH_OVERLAP ? busy : e->now;
    ps_iso8601_put_utc(s->last, a);
    ps_iso8601_put_utc(until, b);
    if (s->reason == SCH_OVERLAP)
        overlap_words(t, b, s);
    else if (s->reason == SCH_DOWN)
        snprintf(s->sentence, sizeof s->sentence, "%s had passed when scheduling began again, at %s", a, b);
    else if (s->reason == SCH_CLOCK)
        snprintf(s->sentence, sizeof s->sentence, "%s was left out: the clock was set to %s", a, b);
    else
        snprintf(s->sentence, sizeof s->sentence, "%s was attended to at %s", a, b);
}

// Counts what is due in [from, to). False: not yet, or not all of it.
static bool skip_until(struct sch_engine *e, struct task *t, ps_ns to, enum sch_reason reason)
{
    const struct sch_mark *m = &t->pub.mark;
    struct sch_skip s = {.first = due_from(e, t, m->planned), .reason = reason};
    if (s.first >= to)
        return true;
    if (skip_waits(t, reason))
        return false;
    s.count =
        sch_schedule_count(&t->pub.conf.schedule, &e->conf.zone, m->anchor, s.first, to, COUNT_MOST, &s.last);
    skip_words(e, t, to, &s);
    t->pub.mark.planned = s.last + 1;
    sch_task_skip(e, t, &s);
    return s.count < COUNT_MOST;
}

// what is to be

// A run of this due time that was carried out or still may be. What ran while the clock was set may be anywhere.
static bool has_run(const struct task *t, ps_ns due)
{
    for (size_t i = 0; i < t->pub.nruns; i++) {
        const struct run *r = t->runs[t->first + i];
        if (r->pub.due == due && !r->pub.record && (r->began || !sch_state_over(r->pub.state)))
            return true;
    }
    return false;
}

static int plan_run(struct sch_engine *e, struct task *t, ps_ns due, ps_ns slip, ps_ns now)
{
    struct run *r;
    const ps_ns start = due, end = due + t->pub.conf.duration;
    const int err = sch_run_new(e, t, NULL, due, start, end, &r);
    if (err != 0)
        return err;
    r->latest = sch_later(due, slip);
    t->pub.mark.planned = due + 1;
    t->pub.mark.runs++;
    sch_tell_task(e, t, SCH_TASK_MARK);
    sch_tell_run(e, r, SCH_RUN_PLANNED);
    sch_place_or_wait(e, r, now);
    t->busy_until = sch_max(t->busy_until, r->pub.end);
    return 0;
}

// Up to when a run of this task is in the way of a due time.
static ps_ns busy_at(const struct task *t, ps_ns due)
{
    ps_ns until = INT64_MIN;
    if (due >= t->high)
        return t->busy_until;
    for (size_t i = sch_task_find(&t->pub, due - t->longest); i < t->pub.nruns; i++) {
        const struct run *r = t->runs[t->first + i];
        if (r->pub.start > due)
            break;
        if (!sch_state_over(r->pub.state) && r->pub.due != due)
            until = sch_max(until, r->pub.end);
    }
    return until;
}

enum outlook {
    OUTLOOK_DUE,   // *due is the first time that may still be a run
    OUTLOOK_NONE,  // there is none any more
    OUTLOOK_LATER, // something has to be told first
};

// Looks from mark.planned on, past what the run before is in the way of and what is too late.
static enum outlook look_ahead(struct sch_engine *e, struct task *t, ps_ns now, ps_ns *due)
{
    const ps_ns slack = now - t->pub.conf.schedule.slip;
    while ((*due = due_from(e, t, t->pub.mark.planned)) != SCH_NEVER) {
        const enum sch_reason late = *due < e->behind_since ? e->behind : SCH_LATE;
        const ps_ns busy = busy_at(t, *due);
        bool told;
        if (*due < busy)
            told = skip_until(e, t, busy, SCH_OVERLAP);
        else if (*due < slack)
            told = skip_until(e, t, slack, late);
        else if (*due < now && *due + sch_task_slip(e, t, *due) < now)
            told = skip_until(e, t, *due + 1, late);
        else
            return OUTLOOK_DUE;
        if (!told)
            return OUTLOOK_LATER;
    }
    return OUTLOOK_NONE;
}

// What is to come has no more than half of the room, so that it does not drive out what has been measured.
static bool room_ahead(const struct sch_engine *e, const struct task *t)
{
    const size_t ahead = e->counts[SCH_SCHEDULING] + e->counts[SCH_PENDING] + e->counts[SCH_ON_DECK];
    return ahead < e->conf.runs_max / 2 && t->account->ahead < e->conf.runs_per_requester;
}

// The bounds leave room for more than the next run of this task.
static bool room_for_more(struct sch_engine *e, struct task *t)
{
    if (t->ahead > 0 && !room_ahead(e, t))
        return false;
    sch_run_make_room(e);
    return t->ahead == 0 || e->runs.count < e->conf.runs_max;
}

static int plan_due(struct sch_engine *e, struct task *t, ps_ns due, ps_ns now)
{
    const ps_ns ahead = sch_class_anytime(t->pub.conf.cls) ? e->conf.horizon_background : e->conf.horizon;
    if (due < t->high && has_run(t, due)) {
        t->pub.mark.planned = due + 1;
        sch_tell_task(e, t, SCH_TASK_MARK);
        return 0;
    }
    return t->ahead == 0 || due - ahead <= now ? plan_run(e, t, due, sch_task_slip(e, t, due), now) : 0;
}

static int plan(struct sch_engine *e, struct task *t, ps_ns now)
{
    ps_ns due;
    int err = 0;
    if (!room_for_more(e, t)) {
        (void)ps_heap_set(&e->task_timers, &t->timer, now + SECOND_LOOK);
        return 0;
    }
    const enum outlook outlook = look_ahead(e, t, now, &due);
    if (outlook == OUTLOOK_LATER) {
        (void)ps_heap_set(&e->task_timers, &t->timer, now + PS_MSEC);
        return 0;
    }
    if (outlook == OUTLOOK_DUE)
        err = plan_due(e, t, due, now);
    t->next = all_there(t) ? SCH_NEVER : due_from(e, t, t->pub.mark.planned);
    if (t->next >= t->high && t->next < t->busy_until) {
        const ps_ns after = due_from(e, t, t->busy_until);
        t->next = after != SCH_NEVER ? after : t->next; // the last ones are still to be skipped
    }
    sch_task_rearm(e, t);
    sch_task_end(e, t, now);
    return err;
}

// the end

void sch_task_end(struct sch_engine *e, struct task *t, ps_ns now)
{
    struct sch_mark *m = &t->pub.mark;
    if (m->over != SCH_NEVER || t->live > 0 || t->next != SCH_NEVER)
        return;
    if (t->pub.conf.led_elsewhere && !m->cancelled && due_from(e, t, now) != SCH_NEVER)
        return;
    m->over = now;
    e->ntasks--;
    t->account->tasks--;
    sch_tell_task(e, t, SCH_TASK_MARK);
    sch_tell_task(e, t, SCH_TASK_DONE);
    sch_task_rearm(e, t);
}

int sch_task_look(struct sch_engine *e, struct task *t, ps_ns now)
{
    if (t->pub.mark.over != SCH_NEVER) {
        ps_heap_remove(&e->task_timers, &t->timer);
        sch_task_gone(e, t);
        return 0;
    }
    if (!t->pub.conf.led_elsewhere)
        return plan(e, t, now);
    sch_task_rearm(e, t);
    sch_task_end(e, t, now);
    return 0;
}
