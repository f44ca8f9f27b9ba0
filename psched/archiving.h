// SPDX-License-Identifier: Apache-2.0
// Results on their way to archives. What is to be archived is noted in the store in the transaction that notes the
// result, and stays there until the archive has it, or gives it up, or it is dropped for age or want of room, which
// leaves a note. Each archive has a queue of its own: one that does not answer delays no other, and is asked with one
// result at a time until it answers again.
#pragma once
#include "base/ps_out.h"
#include "psched/site.h"
#include "sched/sch_engine.h"

struct archiving;
struct show;
struct task;

int archiving_new(struct archiving **out, struct site *s, struct ps_fault *fault);
void archiving_free(struct archiving *a); // NULL is fine
// The settings are other ones: looks at the folder of default archives.
void archiving_reload(struct archiving *a);

// Inside a transaction of the store: notes the run's result for the archives that want it.
int archiving_enter(struct archiving *a, const struct task *t, const struct sch_run *r, const char *merged,
                    ps_ns now);
// Inside one: the run is forgotten. What is still to be archived of it is kept by itself.
int archiving_forget(struct archiving *a, const struct sch_run *r);
// Something was entered: looks what is to be sent.
void archiving_kick(struct archiving *a);

// The member "archivings" of a run.
void archiving_show(const struct show *s, struct ps_json *j, const char *run);
// An array with an object for each archive: label, archiver, backlog, archived, failed, dropped, last-success,
// last-failure, last-error.
void archiving_status(struct archiving *a, struct ps_json *j);
// What waits for a try: all of it, or what is not due yet.
int archiving_backlog(struct archiving *a, bool upcoming, int64_t *out);
