// SPDX-License-Identifier: Apache-2.0
// The runs that are under way: their tools, and what comes of them.
#pragma once
#include "psched/site.h"
#include "sched/sch_engine.h"

struct runs;
struct task;

int runner_new(struct runs **out);
void runner_free(struct runs *r); // kills what runs. NULL is fine

// Starts the tool of a run, which then waits for the run's start. What comes of it is told to the planner. Errors as
// tl_run_start, with the fault told: it has not started.
int runner_start(struct site *s, const struct task *t, const struct sch_run *run, struct ps_fault *fault);
// Ends it, if it is there.
void runner_kill(struct site *s, const char *run);
size_t runner_count(const struct site *s);
