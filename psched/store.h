// SPDX-License-Identifier: Apache-2.0
// psched's state in SQLite: tasks, runs with their results, and what is still to be archived. What is written between
// store_begin and store_commit is there as a whole or not at all. Blocks on the disk.
#pragma once
#include <stdbool.h>
#include "base/ps_conf.h"
#include "sched/sch_engine.h"

struct ps_db;
struct store;

// Makes the database where it is missing, in a folder that is made as well.
int store_open(struct store **out, const char *dir, struct ps_fault *fault);
void store_close(struct store *s); // NULL is fine
struct ps_db *store_db(struct store *s);
// 0, or -ENOENT: the file that was opened is not there any more.
int store_look(const struct store *s);
// What an error means, with the file, and what to do.
void store_say(const struct store *s, int err, struct ps_fault *fault);

int store_begin(struct store *s);
int store_commit(struct store *s); // an error has rolled back
void store_rollback(struct store *s);
// After trouble: carries the log into the database as far as that goes, so that its room can be used again.
void store_relieve(struct store *s);

// --- tasks

// doc: as it is told; detail: what psched knows beside (struct task).
int store_task_put(struct store *s, const struct sch_task *t, const char *doc, const char *detail);
int store_task_mark(struct store *s, const struct sch_task *t);
int store_task_gone(struct store *s, const char *id);

struct store_task {
    const char *id, *doc, *detail;
    struct sch_mark mark;
    ps_ns added;
};
// Calls back for each task, in the order in which they were added; an error of the callback's ends it.
int store_tasks(struct store *s, int (*each)(void *ctx, const struct store_task *t), void *ctx);

// --- runs

// What a run is: inserted or replaced, its results left as they are.
int store_run_put(struct store *s, const struct sch_run *r, ps_ns now);
// JSON texts; NULL leaves what is there.
struct store_result {
    const char *local, *merged, *parts; // parts: participant data
};
int store_run_result(struct store *s, const char *id, const struct store_result *r);
// Words of the limits about it.
int store_run_diags(struct store *s, const char *id, const char *diags);
int store_run_gone(struct store *s, const char *id);
// Removes tasks and runs that the engine does not know (any more).
int store_sweep(struct store *s, const struct sch_engine *e);

struct store_run {
    char task[SCH_ID];
    struct sch_run run; // as sch_engine_restore takes it
};
int store_runs(struct store *s, int (*each)(void *ctx, const struct store_run *r), void *ctx);

// What is kept of a run beside what the engine knows; the texts are to be freed (store_texts_free).
struct store_texts {
    char *local, *merged, *parts, *diags; // NULL: none
    ps_ns added;
};
// 0 or PS_ENOTFOUND.
int store_run_texts(struct store *s, const char *id, struct store_texts *out);
void store_texts_free(struct store_texts *t);

// --- why there was no run

int store_skip_put(struct store *s, const char *task, const struct sch_skip *skip, ps_ns now);
int store_skips(struct store *s, const char *task, int (*each)(void *ctx, const struct sch_skip *skip),
                void *ctx);

// --- notes: small values by name

int store_note_put(struct store *s, const char *name, int64_t value);
int store_note_get(struct store *s, const char *name, int64_t *out); // 0 or PS_ENOTFOUND
