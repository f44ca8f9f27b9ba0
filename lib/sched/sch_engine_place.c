// SPDX-License-Identifier: Apache-2.0
// A place for a run: the first free time in its slip, then time that runs of lower priority have, else a place in the
// list of those that wait until some comes free.
#include <stdio.h>
#include "base/ps_iso8601.h"
#include "sched/sch_engine_impl.h"

static ps_ns duration_of(const struct run *r)
{
    return r->task->pub.conf.duration;
}

struct sch_claim sch_claim_of(const struct run *r, int64_t priority)
{
    return (struct sch_claim){r->task->pub.conf.cls, r->task->lane, priority};
}

// From a question or a start to when it can be acted on.
static ps_ns notice(const struct sch_engine *e, const struct run *r)
{
    return r->task->pub.conf.ask ? sch_max(e->conf.margin, r->task->pub.conf.lead) : r->task->pub.conf.lead;
}

static ps_ns earliest(const struct sch_engine *e, const struct run *r, ps_ns now)
{
    const ps_ns from = sch_max(r->pub.due, r->not_before);
    return from >= now + notice(e, r) ? from : sch_whole_second(now + notice(e, r));
}

// finding one

static uint64_t random_below(struct sch_engine *e, uint64_t n)
{
    return ps_rand_u64(&e->rand) % n;
}

// Any of the whole seconds at which there is room, all alike.
static ps_ns draw(struct sch_engine *e, const struct sch_claim *c, ps_ns duration, ps_ns from, ps_ns latest)
{
    const ps_ns to = sch_later(latest, duration);
    ps_ns begin, end, start = SCH_NEVER;
    uint64_t all = 0;
    while (sch_timeline_gap(&e->timeline, c, from, to, &begin, &end)) {
        from = end;
        const ps_ns last = sch_min(end - duration, latest);
        if (last < begin)
            continue;
        const uint64_t n = (uint64_t)((last - begin) / PS_SEC) + 1;
        all += n;
        const uint64_t pick = random_below(e, all);
        if (pick < n)
            start = begin + (ps_ns)pick * PS_SEC;
    }
    return start;
}

static ps_ns find_room(struct sch_engine *e, struct run *r, int64_t priority, ps_ns from)
{
    const struct sch_claim c = sch_claim_of(r, priority);
    if (from > r->latest)
        return SCH_NEVER;
    if (r->task->pub.conf.schedule.sliprand && !r->drawn)
        return draw(e, &c, duration_of(r), from, r->latest);
    return sch_timeline_fit(&e->timeline, &c, duration_of(r), from, r->latest);
}

void sch_place_clear(struct sch_engine *e, struct run *r, ps_ns start, enum sch_reason reason, ps_ns now)
{
    const struct sch_claim all = sch_claim_of(r, INT64_MIN);
    char text[PS_ISO8601_TIME];
    struct sch_slot *s;
    while ((s = sch_timeline_conflict(&e->timeline, &all, start, start + duration_of(r))) != NULL) {
        struct run *other = PS_CONTAINER(s, struct run, slot);
        sch_run_say(e, other, reason,
                    "at %s run %s of task %s, priority %lld, takes the time of this one, priority %lld",
                    ps_iso8601_put_utc(start, text), r->pub.id, r->task->pub.conf.id,
                    (long long)r->pub.priority, (long long)other->pub.priority);
        sch_wait(e, other, now);
        sch_run_timer(e, other, now); // it looks for another place at once
        r->displaces = true;
    }
}

// having one

static void take_slot(struct sch_engine *e, struct run *r)
{
    if (sch_class_anytime(r->task->pub.conf.cls))
        return;
    r->slot.start = r->pub.start;
    r->slot.end = r->pub.end;
    r->slot.cls = r->task->pub.conf.cls;
    r->slot.lane = r->task->lane;
    r->slot.priority = r->pub.state >= SCH_ON_DECK ? INT64_MAX : r->pub.priority;
    sch_timeline_put(&e->timeline, &r->slot);
}

void sch_place_put(struct sch_engine *e, struct run *r, ps_ns start)
{
    sch_run_time(e, r, start, start + duration_of(r));
    take_slot(e, r);
    if (!r->pub.placed)
        sch_tell_run(e, r, SCH_RUN_STATE);
    r->pub.placed = true;
    r->drawn = true;
}

void sch_place_settle(struct sch_engine *e, struct run *r)
{
    const ps_ns lead = r->pub.state == SCH_ON_DECK ? r->task->pub.conf.lead : e->conf.margin;
    if (r->tries == 0) // else that is to be known until it has begun
        sch_run_unsay(e, r);
    r->passed = true;
    if (r->pub.state == SCH_SCHEDULING)
        sch_run_state(e, r, SCH_PENDING);
    sch_run_timer(e, r, r->pub.start - lead);
}

void sch_ask(struct sch_engine *e, struct run *r)
{
    r->asked = true;
    r->pub.asks++;
    sch_run_timer(e, r, r->pub.start - r->task->pub.conf.lead);
    sch_tell_run(e, r, SCH_RUN_ASK);
}

bool sch_place(struct sch_engine *e, struct run *r, ps_ns now)
{
    const ps_ns from = earliest(e, r, now);
    if (r->pub.placed)
        sch_run_leave(e, r);
    ps_ns start = find_room(e, r, INT64_MIN, from);
    const bool outranks = start == SCH_NEVER;
    if (outranks)
        start = find_room(e, r, r->pub.priority, from);
    if (start == SCH_NEVER)
        return false;
    sch_run_leave(e, r); // those that wait
    if (outranks)
        sch_place_clear(e, r, start, SCH_OUTRANKED, now);
    sch_place_put(e, r, start);
    if (r->task->pub.conf.ask)
        sch_ask(e, r);
    else
        sch_place_settle(e, r);
    return true;
}

// waiting for one

void sch_wait(struct sch_engine *e, struct run *r, ps_ns now)
{
    const ps_ns deadline = r->latest - notice(e, r);
    sch_run_leave(e, r);
    ps_list_append(&e->waiting, &r->link);
    r->slot.start = r->pub.due;
    r->slot.end = sch_max(sch_later(r->latest, duration_of(r)), r->pub.due + 1);
    r->slot.cls = SCH_NORMAL;
    r->slot.lane = 0;
    sch_timeline_put(&e->windows, &r->slot);
    sch_run_timer(e, r, sch_max(now, sch_min(deadline, r->retry > now ? r->retry : SCH_NEVER)));
}

void sch_wait_more(struct sch_engine *e, struct run *r)
{
    if (r->late || r->fixed)
        return;
    r->late = true;
    struct sch_schedule s = r->task->pub.conf.schedule;
    s.slip = sch_later(r->pub.start - r->pub.due, e->conf.straggle);
    const ps_ns slip =
        sch_schedule_slip(&s, &e->conf.zone, r->task->pub.mark.anchor, r->pub.due, duration_of(r));
    r->latest = sch_max(r->latest, sch_later(r->pub.due, slip));
}

// Says what is in the way, unless there is something to tell already.
static void say_no_room(struct sch_engine *e, struct run *r, ps_ns from)
{
    char a[PS_ISO8601_TIME], b[PS_ISO8601_TIME], c[PS_ISO8601_TIME], d[PS_ISO8601_DURATION];
    const struct sch_claim claim = sch_claim_of(r, r->pub.priority);
    if (r->pub.reason != SCH_NO_REASON)
        return;
    const struct sch_slot *s =
        sch_timeline_conflict(&e->timeline, &claim, from, sch_later(r->latest, duration_of(r)));
    ps_iso8601_put_duration(duration_of(r), d);
    if (s == NULL) {
        sch_run_say(e, r, SCH_LATE, "it could have begun until %s", ps_iso8601_put_utc(r->latest, a));
        return;
    }
    const struct run *other = PS_CONTAINER((struct sch_slot *)(uintptr_t)s, struct run, slot);
    sch_run_say(e, r, SCH_NO_ROOM,
                "no %s are free from %s to %s; run %s of task %s has the time until %s, with priority %lld, "
                "and this one has %lld",
                d, ps_iso8601_put_utc(from, a), ps_iso8601_put_utc(sch_later(r->latest, duration_of(r)), b),
                other->pub.id, other->task->pub.conf.id, ps_iso8601_put_utc(s->end, c),
                (long long)other->pub.priority, (long long)r->pub.priority);
}

void sch_place_or_wait(struct sch_engine *e, struct run *r, ps_ns now)
{
    if (sch_place(e, r, now))
        return;
    say_no_room(e, r, earliest(e, r, now));
    if (now >= r->latest - notice(e, r))
        sch_give_up(e, r, now);
    else
        sch_wait(e, r, now);
}

static enum sch_state end_of(const struct run *r)
{
    if (r->pub.reason == SCH_OUTRANKED)
        return SCH_PREEMPTED;
    if (r->pub.state == SCH_SCHEDULING)
        return SCH_NONSTART;
    if (r->pub.state == SCH_PENDING && r->pub.reason >= SCH_NO_ROOM && r->pub.reason <= SCH_CONFLICT)
        return SCH_NONSTART;
    return SCH_MISSED;
}

void sch_give_up(struct sch_engine *e, struct run *r, ps_ns now)
{
    sch_run_over(e, r, end_of(r), now);
}

static bool wants_child(const struct run *r)
{
    return r->pub.reason == SCH_CHILDREN || r->pub.reason == SCH_CHILDREN_REQUESTER;
}

static void pick(struct sch_slot *s, void *arg)
{
    struct run *r = PS_CONTAINER(s, struct run, slot);
    struct ps_list *picked = arg;
    if (wants_child(r))
        return;
    ps_list_remove(&r->link);
    ps_list_append(picked, &r->link);
}

// Those that wait for a tool to end.
static void pick_children(struct sch_engine *e, struct ps_list *picked)
{
    unsigned left = e->children < e->conf.children_max ? e->conf.children_max - e->children : 0;
    PS_LIST_EACH_SAFE(l, &e->waiting) {
        struct run *r = PS_CONTAINER(l, struct run, link);
        if (left == 0 || !wants_child(r) || r->task->account->children >= e->conf.children_per_requester)
            continue;
        left--;
        ps_list_remove(l);
        ps_list_append(picked, l);
    }
}

// What was not picked up stays in the list of those that wait.
static bool offer(struct sch_engine *e, struct ps_list *picked, ps_ns now)
{
    const bool any = !ps_list_empty(picked);
    while (!ps_list_empty(picked)) {
        struct run *r = PS_CONTAINER(picked->next, struct run, link);
        if (sch_place(e, r, now))
            continue;
        ps_list_remove(&r->link);
        ps_list_append(&e->waiting, &r->link);
    }
    return any;
}

bool sch_offer_freed(struct sch_engine *e, ps_ns now)
{
    const ps_ns from = sch_max(e->freed_from, now), to = e->freed_to;
    const bool child = e->child_freed;
    struct ps_list picked;
    ps_list_init(&picked);
    e->freed_from = SCH_NEVER;
    e->freed_to = INT64_MIN;
    e->child_freed = false;
    if (from < to)
        sch_timeline_each(&e->windows, SCH_NORMAL, 0, from, to, pick, &picked);
    if (child)
        pick_children(e, &picked);
    return offer(e, &picked, now);
}
