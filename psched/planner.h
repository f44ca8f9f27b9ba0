// SPDX-License-Identifier: Apache-2.0
// Drives the scheduling engine: steps it when something is due, keeps in the store what it says, in one transaction,
// and then does it. What cannot be kept is not done: a run whose start cannot be written down is not started.
#pragma once
#include "psched/site.h"
#include "psched/store.h"
#include "sched/sch_engine.h"

struct task;

int planner_new(struct planner **out, struct site *s);
void planner_free(struct planner *p); // NULL is fine
struct sch_engine *planner_engine(struct planner *p);
// The settings are other ones.
void planner_reconf(struct planner *p);
// Takes tasks and runs from the store into the engine, and begins.
int planner_restore(struct planner *p, struct ps_fault *fault);

// Something was told to the engine: it is stepped, and what comes of it is kept and done, at the next turn of the loop.
void planner_kick(struct planner *p);
// The same a moment later, together with what comes until then: for what nobody waits for at once, as the ends of tools,
// of which there are many at a time.
void planner_soon(struct planner *p);
// The same at once. 0, or why it could not be written down.
int planner_flush(struct planner *p);

// A task that was just added to the engine (task_new): kept at once. On an error it is gone again.
int planner_keep(struct planner *p, struct task *t);

// Whether what is told now could be written down; after trouble that is tried. 0, or why not, which planner_look tells.
int planner_ready(struct planner *p);
// Looks whether its file is there.
void planner_inspect(struct planner *p);
// Something could not be read: when it is damage nothing is written any more, and that is told. Returns err.
int planner_unread(struct planner *p, int err);
// Drops a task with its runs, when that can be written down. On an error, which the fault tells, all is as it was.
int planner_purge(struct planner *p, const char *task, struct ps_fault *fault);

// --- what runs

// The results of a run or a record: JSON texts, copied, written together with its next change of state.
int planner_result(struct planner *p, const struct sch_run *run, const struct store_result *r);

struct planner_state {
    int trouble;      // why the store cannot be written, 0: it can
    char words[512];  // of it: names the file, and says what to do
    ps_ns since;      // when it began
    ps_ns last_start; // when the last run was started; 0: none yet
    uint64_t started, finished, failed, missed, nonstart, preempted, canceled; // runs so far
    uint64_t records; // results of runs that have many
};
void planner_look(const struct planner *p, struct planner_state *out);

// No runs are started until then; SCH_NEVER: until planner_resume. Kept across restarts.
void planner_pause(struct planner *p, ps_ns until);
void planner_resume(struct planner *p);
