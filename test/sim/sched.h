// SPDX-License-Identifier: Apache-2.0
// A host whose clock, tools, limits and users the test makes up, around psched's scheduling engine: what the engine
// says is kept, as psched keeps it, and done; the process is killed and started again from what was kept.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/ps_rand.h"
#include "sched/sch_engine.h"

#define SCHED_EPOCH (INT64_C(1800000000) * PS_SEC)
#define SCHED_SKIPS 4096 // of a task

struct sched_task;

// A run as it was kept, and what became of it in truth.
struct sched_run {
    struct sch_run kept; // sentence and task are not
    char sentence[512];
    struct sched_task *task;
    unsigned began;             // how often its tool ran
    bool gone, gone_unbegun;    // forgotten; and that before it had begun
    bool starting;              // SCH_RUN_START was told to this process
    const struct sch_run *live; // of the engine that runs now
};

struct sched_task {
    struct sch_task_conf conf;
    struct sch_mark mark, first;
    const struct sch_task *live;
    bool kept, gone;
    ps_ns cancelled; // by the clock; SCH_NEVER: it was not
    unsigned nskips;
    struct sch_skip skips[SCHED_SKIPS];
    struct sched_run **runs;
    size_t nruns, runs_cap;
};

// A tool that runs.
struct sched_child {
    struct sched_run *run;
    ps_ns begin, end; // true time; it would end by itself
    ps_ns killed;     // it was told to; 0: it was not
    bool stubborn, fails;
};

// What is asked about, and when it is answered (true time).
struct sched_question {
    struct sched_run *run;
    ps_ns answer;
};

#define SCHED_QUESTIONS 65536
#define SCHED_CHILDREN 64
#define SCHED_TASKS 512

struct sched_conf {
    uint64_t seed;
    ps_ns life;
    unsigned tasks; // about so many at a time
    ps_ns every;    // about so often something happens
    bool kills, steps, pauses, cancels, faults;
};

struct sched_world {
    struct sched_conf conf;
    struct ps_rand rand;
    struct sch_engine *e;
    struct sch_conf engine;
    ps_ns now;        // true time
    ps_ns ahead;      // of the clock
    ps_ns down_until; // the process does not run; 0
    ps_ns paused_until;
    struct sched_task *tasks[SCHED_TASKS];
    size_t ntasks;
    struct sched_question questions[SCHED_QUESTIONS];
    size_t nasked;
    struct sched_child children[SCHED_CHILDREN];
    size_t nchildren;
    uint64_t nruns, nstarts, nkills, nsteps, drains;
    uint64_t ends[SCH_STATES];
};

// Lives a life; what is wrong on the way fails the test.
struct sched_world *sched_live(const struct sched_conf *conf);
void sched_free(struct sched_world *w);
ps_ns sched_clock(const struct sched_world *w);
uint64_t sched_random(struct sched_world *w, uint64_t below);
bool sched_chance(struct sched_world *w, unsigned percent);

// users: what comes from outside
void sched_users_act(struct sched_world *w);
void sched_ask(struct sched_world *w, struct sched_run *r, ps_ns answer);
ps_ns sched_answers_next(const struct sched_world *w);
void sched_answer(struct sched_world *w);
// tools
void sched_child_begin(struct sched_world *w, struct sched_run *r);
void sched_child_kill(struct sched_world *w, const struct sched_run *r);
ps_ns sched_children_next(const struct sched_world *w);
void sched_children_end(struct sched_world *w);
// keep: what the engine says
void sched_drain(struct sched_world *w);
void sched_kill(struct sched_world *w);
void sched_restart(struct sched_world *w);

// What must hold of all that was kept.
void sched_check_all(const struct sched_world *w);
// What was told is what there is.
void sched_check_told(const struct sched_world *w);
