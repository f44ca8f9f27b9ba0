// SPDX-License-Identifier: Apache-2.0
// An engine whose time the test makes, with what it told last.
#pragma once
#include <stdio.h>
#include "sched/sch_engine.h"
#include "sched_test.h"

#define S PS_SEC
#define BEGIN (INT64_C(1800000000) * PS_SEC) // 2027-01-15T08:00:00Z
#define TOLD 4096

struct told {
    enum sch_act act;
    const struct sch_run *run;
    const struct sch_task *task;
    enum sch_state from, to;
    struct sch_skip skip;
};

struct fix {
    struct sch_engine *e;
    ps_ns now;
    unsigned ids;
    struct told told[TOLD]; // since the last fix_forget
    size_t ntold;
};

static inline struct sch_conf fix_conf(void)
{
    struct sch_conf c = sch_conf_default;
    c.zone = sch_zone_utc;
    c.horizon = c.horizon_background = 3600 * S;
    return c;
}

static inline void fix_new(struct fix *f, const struct sch_conf *conf)
{
    *f = (struct fix){.now = BEGIN};
    assert_int_equal(sch_engine_new(&f->e, conf), 0);
}

static inline void fix_pull(struct fix *f)
{
    struct sch_action a;
    while (sch_engine_next(f->e, &a)) {
        assert_true(f->ntold < TOLD);
        f->told[f->ntold++] = (struct told){a.act,  a.run, a.task,
                                            a.from, a.to,  a.skip != NULL ? *a.skip : (struct sch_skip){0}};
    }
}

// All that there is to do now.
static inline void fix_settle(struct fix *f)
{
    do {
        assert_int_equal(sch_engine_step(f->e, f->now), 0);
        fix_pull(f);
    } while (sch_engine_due(f->e) <= f->now);
}

// To a time, from one thing that is due to the next. Tools do nothing unless the test ends them.
static inline void fix_to(struct fix *f, ps_ns at_time)
{
    fix_settle(f);
    while (sch_engine_due(f->e) <= at_time) {
        f->now = sch_engine_due(f->e) > f->now ? sch_engine_due(f->e) : f->now;
        fix_settle(f);
    }
    f->now = at_time;
    fix_settle(f);
}

static inline void fix_forget(struct fix *f)
{
    f->ntold = 0;
}

// How often an action was told of a run (NULL: of any).
static inline unsigned fix_told(const struct fix *f, enum sch_act act, const struct sch_run *run)
{
    unsigned n = 0;
    for (size_t i = 0; i < f->ntold; i++)
        n += f->told[i].act == act && (run == NULL || f->told[i].run == run);
    return n;
}

static inline const struct told *fix_last(const struct fix *f, enum sch_act act)
{
    for (size_t i = f->ntold; i-- > 0;)
        if (f->told[i].act == act)
            return &f->told[i];
    return NULL;
}

// An exclusive task of ten seconds, once, at BEGIN + 100 s.
static inline struct sch_task_conf fix_task(struct fix *f)
{
    struct sch_task_conf c = {
        .cls = SCH_EXCLUSIVE,
        .duration = 10 * S,
        .schedule = {.start_form = SCH_START_AT, .start = BEGIN + 100 * S, .until = SCH_NEVER, .max_runs = 1},
        .participants = 1,
        .added = f->now};
    snprintf(c.id, sizeof c.id, "00000000-0000-4000-8000-%012u", ++f->ids);
    return c;
}

static inline struct sch_task_conf fix_repeating(struct fix *f, ps_ns repeat, ps_ns slip)
{
    struct sch_task_conf c = fix_task(f);
    c.schedule.max_runs = 0;
    c.schedule.repeat = repeat;
    c.schedule.slip = slip;
    return c;
}

static inline const struct sch_task *fix_add(struct fix *f, const struct sch_task_conf *c)
{
    const struct sch_task *t = NULL;
    struct ps_fault fault = {.text = ""};
    if (sch_engine_add(f->e, c, NULL, f->now, &t, &fault) != 0)
        fail_msg("%s", fault.text);
    fix_settle(f);
    return t;
}

static inline const struct sch_run *fix_run(const struct sch_task *t, size_t i)
{
    assert_true(i < t->nruns);
    return sch_task_run(t, i);
}

// Fails showing both.
static inline void fix_is(const struct sch_run *r, enum sch_state state, ps_ns start)
{
    if (r->state != state || r->start != start)
        fail_msg("run is %s at %+lld s instead of %s at %+lld s (%s: %s)", sch_state_word(r->state),
                 (long long)((r->start - BEGIN) / S), sch_state_word(state), (long long)((start - BEGIN) / S),
                 sch_reason_word(r->reason), r->sentence);
}

static inline void fix_why(const struct sch_run *r, enum sch_state state, enum sch_reason reason)
{
    if (r->state != state || r->reason != reason || (reason != SCH_NO_REASON && r->sentence[0] == '\0'))
        fail_msg("run is %s, %s (%s) instead of %s, %s", sch_state_word(r->state), sch_reason_word(r->reason),
                 r->sentence, sch_state_word(state), sch_reason_word(reason));
}

static inline void fix_end(struct fix *f, const struct sch_run *r, bool ok)
{
    assert_int_equal(sch_engine_ended(f->e, r, ok, SCH_TOOL, ok ? NULL : "exit status 1", f->now), 0);
    fix_settle(f);
}

static inline void fix_judge(struct fix *f, const struct sch_run *r, enum sch_verdict verdict,
                             const char *why)
{
    const struct sch_judgement j = {.verdict = verdict, .sentence = why};
    assert_int_equal(sch_engine_judged(f->e, r, &j, f->now), 0);
    fix_settle(f);
}
