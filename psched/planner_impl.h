// SPDX-License-Identifier: Apache-2.0
// What the files behind planner.h share. For them alone.
#pragma once
#include "base/ps_list.h"
#include "base/ps_map.h"
#include "loop/ps_clockwatch.h"
#include "psched/planner.h"
#include "psched/store.h"

// Results that wait for the run's next action.
struct outcome {
    struct sch_key run;
    char *local, *merged, *parts; // NULL: none
};

// An action that is to be done when it is kept.
struct deed {
    enum sch_act act;
    char run[SCH_ID]; // "": it is about the task
    struct task *task;
    enum sch_state from, to;
};

struct planner {
    struct site *site;
    struct sch_engine *engine;
    struct ps_timer *timer;
    struct ps_clockwatch *watch;
    struct ps_map outcomes; // by run
    struct deed *deeds;
    size_t ndeeds, cap;
    bool behind;      // the store lacks what the engine has said: it is written anew as a whole
    bool damaged;     // the store is, so that it is left alone
    size_t left_out;  // tasks of the store that could not be read
    bool pumping;     // inside planner_flush
    bool soon;        // the timer is set by planner_soon
    bool again;       // something was told meanwhile
    ps_ns told_early; // when it was told that runs are forgotten before their time; 0: never
    struct planner_state state;
};

// planner_keep.c: what an action is in the store; inside a transaction.
int planner_write(struct planner *p, const struct sch_action *a, ps_ns now);
// Everything that the engine has, after trouble.
int planner_write_all(struct planner *p, ps_ns now);
void planner_outcome_free(struct outcome *o);
void planner_outcome_drop(struct planner *p, const char *run);

// planner_trouble.c: 0, or why nothing can be written.
int planner_sound(const struct planner *p);
void planner_in_trouble(struct planner *p, int err);
void planner_out_of_trouble(struct planner *p);

// planner_deeds.c: after the commit, or, with an error, without one.
void planner_do(struct planner *p, const struct deed *d, int unkept);
