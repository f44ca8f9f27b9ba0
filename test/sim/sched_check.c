// SPDX-License-Identifier: Apache-2.0
// What must hold, whatever has happened: nothing that was due is unaccounted for.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_iso8601.h"
#include "sched.h"

// what was told

static void check_run_told(const struct sched_run *r)
{
    const struct sch_run *is = r->live, *was = &r->kept;
    if (is->state != was->state || is->start != was->start || is->end != was->end || is->due != was->due ||
        is->priority != was->priority || is->reason != was->reason || is->placed != was->placed ||
        is->record != was->record || is->expires != was->expires || strcmp(is->sentence, was->sentence) != 0)
        fail_msg("run %s is %s, %s, %lld-%lld (%s); told was %s, %s, %lld-%lld (%s)", is->id,
                 sch_state_word(is->state), is->placed ? "placed" : "waiting", (long long)is->start,
                 (long long)is->end, is->sentence, sch_state_word(was->state),
                 was->placed ? "placed" : "waiting", (long long)was->start, (long long)was->end,
                 was->sentence);
}

void sched_check_told(const struct sched_world *w)
{
    for (size_t i = 0; i < w->ntasks; i++) {
        const struct sched_task *t = w->tasks[i];
        size_t n = 0;
        for (size_t k = 0; t->live != NULL && k < t->nruns; k++) {
            if (t->runs[k]->gone)
                continue;
            check_run_told(t->runs[k]);
            n++;
        }
        if (t->live != NULL) {
            assert_int_equal(n, t->live->nruns);
            assert_memory_equal(&t->mark, &t->live->mark, sizeof t->mark);
        }
    }
}

// what became of each due time

static bool run_accounts(const struct sched_task *t, ps_ns due)
{
    for (size_t i = 0; i < t->nruns; i++)
        if (t->runs[i]->kept.due == due && !t->runs[i]->kept.record)
            return true;
    return false;
}

static bool skip_accounts(const struct sched_task *t, ps_ns due)
{
    for (unsigned i = 0; i < t->nskips; i++)
        if (due >= t->skips[i].first && due <= t->skips[i].last)
            return true;
    return false;
}

static void check_due(const struct sched_world *w, const struct sched_task *t, ps_ns until)
{
    const struct sch_schedule *s = &t->conf.schedule;
    uint64_t n = 0;
    for (ps_ns due = sch_schedule_due(s, &w->engine.zone, t->first.anchor, t->first.planned); due <= until;
         due = sch_schedule_due(s, &w->engine.zone, t->first.anchor, due + 1)) {
        char text[PS_ISO8601_TIME];
        const bool run = run_accounts(t, due);
        n += run;
        if (due == SCH_NEVER || (s->max_runs != 0 && t->mark.runs >= s->max_runs && n >= s->max_runs))
            return;
        if (!run && !skip_accounts(t, due) && !(s->max_runs != 0 && t->mark.runs >= s->max_runs))
            fail_msg("seed %llu: nothing tells of task %s at %s", (unsigned long long)w->conf.seed,
                     t->conf.id, ps_iso8601_put_utc(due, text));
    }
}

// Without steps of the clock each due time is accounted for once.
static void check_once(const struct sched_world *w, const struct sched_task *t)
{
    uint64_t skipped = 0, count = 0;
    for (unsigned i = 0; i < t->nskips; i++)
        skipped += t->skips[i].count;
    for (ps_ns due = sch_schedule_due(&t->conf.schedule, &w->engine.zone, t->first.anchor, t->first.planned);
         due < t->mark.planned && due != SCH_NEVER;
         due = sch_schedule_due(&t->conf.schedule, &w->engine.zone, t->first.anchor, due + 1))
        count++;
    if (count != skipped + t->mark.runs)
        fail_msg("seed %llu: task %s was due %llu times, has %llu runs and %llu skipped",
                 (unsigned long long)w->conf.seed, t->conf.id, (unsigned long long)count,
                 (unsigned long long)t->mark.runs, (unsigned long long)skipped);
    assert_int_equal(skipped, t->mark.skipped);
}

// what became of each run

static void check_run(const struct sched_world *w, const struct sched_run *r)
{
    const enum sch_state s = r->kept.state;
    const bool bad = sch_state_over(s) && s != SCH_FINISHED;
    if (bad && (r->kept.reason == SCH_NO_REASON || r->kept.sentence[0] == '\0'))
        fail_msg("seed %llu: run %s is %s, and nothing says why", (unsigned long long)w->conf.seed,
                 r->kept.id, sch_state_word(s));
    if (s == SCH_FINISHED && !r->kept.record && r->began == 0)
        fail_msg("seed %llu: run %s has finished and never ran", (unsigned long long)w->conf.seed,
                 r->kept.id);
    if (sch_state_over(s) || r->gone)
        return;
    if (s <= SCH_ON_DECK &&
        r->kept.due + r->task->conf.schedule.slip + 2 * w->engine.straggle < sched_clock(w) &&
        r->kept.start + 2 * w->engine.straggle < sched_clock(w))
        fail_msg("seed %llu: run %s, due at %lld, is still %s at %lld: %s", (unsigned long long)w->conf.seed,
                 r->kept.id, (long long)r->kept.due, sch_state_word(s), (long long)sched_clock(w),
                 r->kept.sentence);
}

void sched_check_all(const struct sched_world *w)
{
    for (size_t i = 0; i < w->ntasks; i++) {
        const struct sched_task *t = w->tasks[i];
        if (!t->kept)
            continue;
        for (size_t k = 0; k < t->nruns; k++)
            check_run(w, t->runs[k]);
        check_due(w, t, t->cancelled != SCH_NEVER ? t->cancelled - 1 : sched_clock(w));
        if (w->nsteps == 0)
            check_once(w, t);
    }
}
