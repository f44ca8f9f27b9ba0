// SPDX-License-Identifier: Apache-2.0
// What is heard of runs: answers, ends, records, bookings.
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "sched/sch_engine_impl.h"

#define NOES 4                   // times that are asked about when limits say no
#define NOT_FREE 5               // and when a participant has no room
#define BACKOFF_MOST 10          // seconds between these, at random
#define AGAIN_FIRST (2 * PS_SEC) // when nobody answers
#define AGAIN_MOST (60 * PS_SEC)
#define RESTART_FIRST PS_SEC // of a background-multi run
#define RESTART_MOST (300 * PS_SEC)
#define START_AGAIN (5 * PS_SEC) // between attempts to start a tool
#define START_AGAIN_MOST (30 * PS_SEC)
#define AGAIN "; it is started again"
#define RESTART_FORGET (600 * PS_SEC) // one that lasted so long begins anew with the first

static ps_ns doubled(ps_ns first, ps_ns most, unsigned times)
{
    return sch_min(most, first << (times < 16 ? times : 16));
}

static ps_ns whole_second_down(ps_ns t)
{
    return t - t % PS_SEC;
}

// answers

static const char *sentence_of(const struct sch_judgement *j, enum sch_reason reason)
{
    return j->sentence != NULL && j->sentence[0] != '\0' ? j->sentence : sch_reason_text(reason);
}

// Asked again from a later start on, if there is one.
static void later_start(struct sch_engine *e, struct run *r, ps_ns from, ps_ns now)
{
    r->not_before = from;
    if (from > r->latest || r->fixed)
        sch_give_up(e, r, now);
    else
        sch_place_or_wait(e, r, now);
}

static void said_no(struct sch_engine *e, struct run *r, const struct sch_judgement *j, ps_ns now)
{
    const ps_ns left = r->latest - r->pub.start;
    sch_run_say(e, r, SCH_REFUSED, "%s", sentence_of(j, SCH_REFUSED));
    if (++r->noes >= NOES || left < PS_SEC)
        sch_give_up(e, r, now);
    else
        later_start(e, r, r->pub.start + sch_max(PS_SEC, whole_second_down(left / (NOES - r->noes))), now);
}

static void said_not_free(struct sch_engine *e, struct run *r, const struct sch_judgement *j, ps_ns now)
{
    const ps_ns wait = PS_SEC * (ps_ns)(1 + ps_rand_u64(&e->rand) % BACKOFF_MOST);
    sch_run_say(e, r, SCH_CONFLICT, "%s", sentence_of(j, SCH_CONFLICT));
    if (++r->not_free > NOT_FREE)
        sch_give_up(e, r, now);
    else
        later_start(e, r, sch_max(r->pub.start + wait, sch_whole_second(j->start)), now);
}

// It keeps its place and is asked about again, until it would have to start.
void sch_nobody(struct sch_engine *e, struct run *r, enum sch_reason reason, const char *sentence, ps_ns now)
{
    const ps_ns wait = doubled(AGAIN_FIRST, AGAIN_MOST, r->nobodies);
    sch_run_say(e, r, reason, "%s", sentence);
    r->nobodies += r->nobodies < UINT8_MAX;
    r->asked = false;
    if (now + wait < r->pub.start - r->task->pub.conf.lead)
        sch_run_timer(e, r, now + wait);
    else
        later_start(e, r, sch_max(r->pub.start + PS_SEC, sch_whole_second(now + wait)), now);
}

// Passed, but for a time of the participants' choice.
static void passed_elsewhere(struct sch_engine *e, struct run *r, const struct sch_judgement *j, ps_ns now)
{
    const struct sch_claim c = sch_claim_of(r, r->pub.priority);
    const ps_ns start = j->start, end = start + r->task->pub.conf.duration;
    sch_run_leave(e, r);
    if (start % PS_SEC != 0 || start < now || sch_timeline_conflict(&e->timeline, &c, start, end) != NULL) {
        sch_run_say(e, r, SCH_CONFLICT, "the time that participants want is not free here");
        later_start(e, r, sch_max(r->pub.due, start), now);
        return;
    }
    sch_place_clear(e, r, start, SCH_OUTRANKED, now);
    sch_place_put(e, r, start);
    sch_place_settle(e, r);
}

static void fix(struct run *r)
{
    r->fixed = r->task->pub.conf.participants > 1;
    if (r->fixed)
        r->not_before = r->latest = r->pub.start;
}

static void passed(struct sch_engine *e, struct run *r, const struct sch_judgement *j, ps_ns now)
{
    if (j->has_priority && j->priority < r->pub.priority) {
        r->pub.priority = j->priority;
        if (r->slot.in && r->pub.state < SCH_ON_DECK)
            r->slot.priority = r->pub.priority;
        sch_tell_run(e, r, SCH_RUN_MOVED);
        if (r->displaces) {
            sch_place_or_wait(e, r, now); // it had no right to that place
            return;
        }
    }
    if (j->start != 0 && j->start != r->pub.start)
        passed_elsewhere(e, r, j, now);
    else
        sch_place_settle(e, r);
    if (r->passed)
        fix(r);
}

int sch_engine_judged(struct sch_engine *e, const struct sch_run *run, const struct sch_judgement *j,
                      ps_ns now)
{
    struct run *r = sch_run_of(run);
    e->now = now;
    if (!r->asked || !sch_run_ahead(r))
        return PS_ESTATE;
    r->asked = false;
    switch (j->verdict) {
    case SCH_PASS:
        passed(e, r, j, now);
        break;
    case SCH_NO:
        said_no(e, r, j, now);
        break;
    case SCH_NOT_FREE:
        said_not_free(e, r, j, now);
        break;
    case SCH_NOBODY:
        sch_nobody(e, r, SCH_NO_ANSWER, sentence_of(j, SCH_NO_ANSWER), now);
        break;
    case SCH_NOT_THERE:
        sch_nobody(e, r, SCH_UNREACHABLE, sentence_of(j, SCH_UNREACHABLE), now);
    }
    return 0;
}

// ends

static bool multi_goes_on(const struct run *r, ps_ns now)
{
    return r->task->pub.conf.cls == SCH_BACKGROUND_MULTI && r->pub.state == SCH_RUNNING && now < r->pub.end;
}

static void rest(struct sch_engine *e, struct run *r, enum sch_reason reason, const char *sentence, ps_ns now)
{
    const ps_ns lasted = now - r->started;
    r->restarts = lasted > RESTART_FORGET ? 0 : r->restarts;
    r->resting = true;
    sch_run_say(e, r, reason != SCH_NO_REASON ? reason : SCH_TOOL, "%s" AGAIN,
                sentence != NULL && sentence[0] != '\0' ? sentence : "its tool ended before its time");
    r->retry = now + doubled(RESTART_FIRST, RESTART_MOST, r->restarts);
    ps_list_remove(&r->link);
    ps_list_append(&e->held, &r->link);
    sch_run_timer(e, r, sch_min(r->pub.end, r->retry));
    r->restarts += r->restarts < UINT8_MAX;
}

static bool has_records(const struct run *r)
{
    const struct sch_task *t = &r->task->pub;
    for (size_t i = r->recorded ? t->nruns : sch_task_find(t, r->pub.start); i < t->nruns; i++)
        if (sch_task_run(t, i)->record)
            return true;
    return r->recorded;
}

// What was said while it was to be started again.
static void drop_hope(struct sch_engine *e, struct run *r)
{
    const char *at = strstr(r->pub.sentence, AGAIN);
    char text[SCH_SENTENCE];
    if (at == NULL || at[sizeof AGAIN - 1] != '\0')
        return;
    snprintf(text, sizeof text, "%.*s", (int)(at - r->pub.sentence), r->pub.sentence);
    sch_run_say(e, r, r->pub.reason, "%s", text);
}

void sch_multi_over(struct sch_engine *e, struct run *r, ps_ns now)
{
    const bool any = has_records(r);
    drop_hope(e, r);
    if (!any && r->pub.reason == SCH_NO_REASON)
        sch_run_say(e, r, SCH_TOOL, "its tool gave no result in all its time");
    sch_run_over(e, r, any ? SCH_FINISHED : SCH_FAILED, now);
}

// What had finished fails after all.
static int fail_late(struct sch_engine *e, struct run *r, enum sch_reason reason, const char *sentence)
{
    sch_run_say(e, r, reason, "%s", sentence);
    sch_run_state(e, r, SCH_FAILED);
    return 0;
}

int sch_engine_ended(struct sch_engine *e, const struct sch_run *run, bool ok, enum sch_reason reason,
                     const char *sentence, ps_ns now)
{
    struct run *r = sch_run_of(run);
    const enum sch_state s = r->pub.state;
    const bool had_child = r->child;
    e->now = now;
    reason = reason != SCH_NO_REASON ? reason : SCH_TOOL;
    sentence = sentence != NULL ? sentence : sch_reason_text(reason);
    sch_run_child_ended(e, r);
    if (s == SCH_FINISHED && !ok)
        return fail_late(e, r, reason, sentence);
    if (s == SCH_CANCELED && had_child) {
        if (r->task->purged)
            sch_run_drop(e, r);
        return 0;
    }
    if (s != SCH_RUNNING && s != SCH_OVERDUE && s != SCH_CLEANUP)
        return PS_ESTATE;
    if (multi_goes_on(r, now)) {
        rest(e, r, reason, sentence, now);
        return 0;
    }
    if (!ok && s != SCH_OVERDUE)
        sch_run_say(e, r, reason, "%s", sentence);
    if (r->task->pub.conf.cls == SCH_BACKGROUND_MULTI)
        sch_multi_over(e, r, now);
    else
        sch_run_over(e, r, ok ? SCH_FINISHED : SCH_FAILED, now);
    return 0;
}

int sch_engine_remark(struct sch_engine *e, const struct sch_run *run, enum sch_reason reason,
                      const char *sentence, ps_ns now)
{
    struct run *r = sch_run_of(run);
    e->now = now;
    if (r->pub.state != SCH_RUNNING || !r->child)
        return PS_ESTATE;
    if (reason == SCH_NO_REASON)
        sch_run_unsay(e, r);
    else
        sch_run_say(e, r, reason, "%s", sentence);
    return 0;
}

int sch_engine_cleanup(struct sch_engine *e, const struct sch_run *run, ps_ns now)
{
    struct run *r = sch_run_of(run);
    e->now = now;
    if (r->pub.state != SCH_RUNNING)
        return PS_ESTATE;
    sch_run_child_ended(e, r);
    sch_run_leave(e, r);
    sch_run_timer(e, r, SCH_NEVER);
    r->pub.end = sch_max(r->pub.start, sch_min(now, r->pub.end));
    sch_run_state(e, r, SCH_CLEANUP);
    return 0;
}

// Until its slip is over, and at its end once more.
static void try_again(struct sch_engine *e, struct run *r, ps_ns now)
{
    const ps_ns wait = doubled(START_AGAIN, START_AGAIN_MOST, r->tries);
    const ps_ns from = sch_min(sch_whole_second(now + wait), whole_second_down(r->latest));
    r->tries += r->tries < UINT8_MAX;
    sch_run_take_back(e, r);
    r->drawn = true;
    if (r->fixed || from <= r->pub.start) {
        sch_give_up(e, r, now);
        return;
    }
    r->not_before = from;
    sch_place_or_wait(e, r, now);
}

int sch_engine_not_started(struct sch_engine *e, const struct sch_run *run, enum sch_reason reason,
                           const char *sentence, ps_ns now)
{
    struct run *r = sch_run_of(run);
    e->now = now;
    sch_run_child_ended(e, r);
    if (r->pub.state == SCH_CANCELED)
        return 0;
    if (r->pub.state != SCH_RUNNING)
        return PS_ESTATE;
    if (multi_goes_on(r, now)) {
        rest(e, r, reason, sentence, now);
        return 0;
    }
    sch_run_say(e, r, reason, "%s", sentence != NULL ? sentence : sch_reason_text(reason));
    try_again(e, r, now);
    return 0;
}
