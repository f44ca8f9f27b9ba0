// SPDX-License-Identifier: Apache-2.0
// When a run's time has come: on deck, started, past its end, forgotten; or why not.
#include <string.h>
#include "base/ps_iso8601.h"
#include "sched/sch_engine_impl.h"

#define LATE_AT_ONCE PS_SEC // a start that is not later is no move

// why not

// Another place, if there is one within the slip and what is allowed beyond it.
static void elsewhere(struct sch_engine *e, struct run *r, ps_ns now)
{
    sch_wait_more(e, r);
    sch_place_or_wait(e, r, now);
}

static void paused(struct sch_engine *e, struct run *r, ps_ns now)
{
    char text[PS_ISO8601_TIME];
    if (e->paused_until == SCH_NEVER)
        sch_run_say(e, r, SCH_PAUSED, "no runs are started until that is resumed");
    else
        sch_run_say(e, r, SCH_PAUSED, "no runs are started until %s",
                    ps_iso8601_put_utc(e->paused_until, text));
    const ps_ns after =
        sch_min(sch_later(e->paused_until, r->task->pub.conf.lead), sch_later(r->latest, PS_SEC));
    r->not_before = sch_max(r->not_before, sch_whole_second(after));
    sch_place_or_wait(e, r, now);
}

static void no_child(struct sch_engine *e, struct run *r, ps_ns now)
{
    const struct account *a = r->task->account;
    if (e->children >= e->conf.children_max)
        sch_run_say(e, r, SCH_CHILDREN, "%u tools are running, as many as may be", e->children);
    else
        sch_run_say(e, r, SCH_CHILDREN_REQUESTER, "%u tools of \"%s\" are running, as many as it may have",
                    a->children, a->name);
    sch_wait_more(e, r);
    if (now >= r->latest - r->task->pub.conf.lead)
        sch_give_up(e, r, now);
    else
        sch_wait(e, r, now);
}

static void say_late(struct sch_engine *e, struct run *r, ps_ns now)
{
    char a[PS_ISO8601_TIME], b[PS_ISO8601_TIME];
    const enum sch_reason reason = r->pub.start < e->behind_since ? e->behind : SCH_LATE;
    ps_iso8601_put_utc(r->pub.start, a);
    ps_iso8601_put_utc(now, b);
    if (reason == SCH_DOWN)
        sch_run_say(e, r, reason, "its time, %s, had passed when scheduling began again, at %s", a, b);
    else if (reason == SCH_CLOCK)
        sch_run_say(e, r, reason, "its time, %s, was left out: the clock was set to %s", a, b);
    else
        sch_run_say(e, r, reason, "its start at %s was attended to at %s", a, b);
}

// The run whose tool keeps this one from starting, or NULL.
static const struct run *in_the_way(const struct sch_engine *e, const struct run *r, ps_ns now)
{
    const enum sch_class cls = r->task->pub.conf.cls;
    PS_LIST_EACH(l, &e->running) {
        const struct run *o = PS_CONTAINER(l, struct run, link);
        const enum sch_class other = o->task->pub.conf.cls;
        const bool in_time = now < o->pub.end && o->pub.end <= r->pub.start;
        const bool lanes = o->task->lane == 0 || r->task->lane == 0 || o->task->lane == r->task->lane;
        if (!in_time && !sch_class_anytime(cls) && !sch_class_anytime(other) && lanes &&
            (cls == SCH_EXCLUSIVE || other == SCH_EXCLUSIVE))
            return o;
    }
    return NULL;
}

static void hold(struct sch_engine *e, struct run *r, const struct run *before)
{
    char text[PS_ISO8601_TIME];
    sch_run_say(e, r, SCH_BUSY, "run %s of task %s was to end at %s and has not", before->pub.id,
                before->task->pub.conf.id, ps_iso8601_put_utc(before->pub.end, text));
    r->held = true;
    ps_list_remove(&r->link);
    ps_list_append(&e->held, &r->link);
    sch_run_timer(e, r, sch_later(r->pub.start, e->conf.straggle + 1)); // when that is too late
}

// starting

static void start(struct sch_engine *e, struct run *r, ps_ns now)
{
    ps_list_remove(&r->link);
    ps_list_append(&e->running, &r->link);
    r->held = false;
    sch_run_unsay(e, r);
    if (r->pub.state != SCH_RUNNING)
        sch_run_state(e, r, SCH_RUNNING);
    r->began = r->child = true;
    r->resting = false;
    r->started = now;
    if (!r->task->pub.conf.childless) {
        e->children++;
        r->task->account->children++;
    }
    sch_run_timer(e, r, sch_max(r->pub.end, now + 1));
    sch_tell_run(e, r, SCH_RUN_START);
    sch_task_rearm(e, r->task);
}

static bool children_left(const struct sch_engine *e, const struct run *r)
{
    return r->task->pub.conf.childless || (e->children < e->conf.children_max &&
                                           r->task->account->children < e->conf.children_per_requester);
}

// Too late for the place that it has.
static bool too_late(const struct sch_engine *e, const struct run *r, ps_ns now)
{
    if (r->task->pub.conf.cls == SCH_BACKGROUND_MULTI)
        return now >= r->pub.end;
    return now > r->pub.start + (r->fixed ? e->conf.straggle : sch_min(LATE_AT_ONCE, e->conf.straggle));
}

static void try_start(struct sch_engine *e, struct run *r, ps_ns now)
{
    const struct run *before = in_the_way(e, r, now);
    if (too_late(e, r, now)) {
        if (!r->held)
            say_late(e, r, now);
        elsewhere(e, r, now);
    } else if (!children_left(e, r)) {
        no_child(e, r, now);
    } else if (before != NULL) {
        hold(e, r, before);
    } else {
        start(e, r, now);
    }
}

static void look_placed(struct sch_engine *e, struct run *r, ps_ns now)
{
    const ps_ns lead = r->task->pub.conf.lead;
    if (r->asked) {
        sch_nobody(e, r, SCH_NO_ANSWER, "nobody said in time whether it is allowed", now);
    } else if (r->task->pub.conf.ask && !r->passed) {
        sch_ask(e, r);
    } else if (now < e->paused_until && r->pub.start - lead < e->paused_until) {
        paused(e, r, now);
    } else {
        if (r->pub.state == SCH_PENDING && !too_late(e, r, now)) {
            sch_run_state(e, r, SCH_ON_DECK);
            r->slot.priority = INT64_MAX; // it keeps its place
        }
        if (now < r->pub.start - lead)
            sch_run_timer(e, r, r->pub.start - lead);
        else
            try_start(e, r, now);
    }
}

// running

static void overdue(struct sch_engine *e, struct run *r, ps_ns now)
{
    char text[PS_ISO8601_TIME];
    sch_run_timer(e, r, SCH_NEVER);
    if ((r->news.acts & 1u << SCH_RUN_START) != 0) {
        sch_run_kill(e, r);
        sch_run_say(e, r, SCH_LATE, "its start was not attended to until %s", ps_iso8601_put_utc(now, text));
        sch_run_over(e, r, SCH_MISSED, now);
        return;
    }
    if (r->task->pub.conf.cls != SCH_BACKGROUND_MULTI) {
        sch_run_state(e, r, SCH_OVERDUE);
        sch_run_say(e, r, SCH_OVERTIME, "its tool was to end at %s and had to be ended",
                    ps_iso8601_put_utc(r->pub.end, text));
    }
    sch_run_kill(e, r);
}

static void look_running(struct sch_engine *e, struct run *r, ps_ns now)
{
    const bool multi = r->task->pub.conf.cls == SCH_BACKGROUND_MULTI;
    const ps_ns grace = multi ? e->conf.margin : e->conf.straggle;
    if (now < r->pub.end && !r->resting) {
        sch_run_timer(e, r, r->pub.end);
    } else if (now < r->pub.end) {
        const ps_ns again =
            sch_max(r->pub.start - r->task->pub.conf.lead, sch_max(r->retry, e->paused_until));
        if (now < again)
            sch_run_timer(e, r, sch_min(again, r->pub.end));
        else
            start(e, r, now);
    } else if (r->resting) {
        sch_multi_over(e, r, now);
    } else if (now < sch_later(r->pub.end, grace)) {
        sch_run_timer(e, r, sch_later(r->pub.end, grace));
    } else {
        overdue(e, r, now);
    }
}

void sch_run_look(struct sch_engine *e, struct run *r, ps_ns now)
{
    const enum sch_state s = r->pub.state;
    if (s == SCH_RUNNING) {
        look_running(e, r, now);
    } else if (sch_state_over(s)) {
        if (r->child)
            sch_run_timer(e, r, sch_later(now, e->conf.keep + PS_SEC)); // it has to be heard of first
        else
            sch_run_drop(e, r);
    } else if (!sch_run_ahead(r)) {
        sch_run_timer(e, r, SCH_NEVER); // cleanup, overdue: the driver's turn
    } else if (r->pub.placed) {
        look_placed(e, r, now);
    } else {
        sch_place_or_wait(e, r, now);
    }
}
