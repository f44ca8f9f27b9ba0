// SPDX-License-Identifier: Apache-2.0
// The scheduler: tasks in, actions out. It knows what runs there are and will be, and which of them may be at the
// same time. It reads no clock, does no I/O and keeps nothing: time is an argument, and whoever drives it keeps what
// the actions say and does it. (Fact sheet 2.3 to 2.7.)
//
//     sch_engine_step(e, now);
//     while (sch_engine_next(e, &a))   // all of them belong into one transaction; then act on them
//         ...
//     wait until sch_engine_due(e), or until something is to be told
//
// Each time that a task is due ends as a run, or is counted in SCH_TASK_SKIPPED with the reason; each run that is
// not carried out has a reason and a sentence. (But for what goes with a task that is cancelled, and runs that are
// deleted.)
//
//     due ── a place on the timeline ── SCH_RUN_PLANNED (scheduling) ── SCH_RUN_ASK, judged ── pending
//        start - margin: on-deck   start - lead: running, SCH_RUN_START   ended: finished or failed
//
// A run that has no place now (all is taken, a higher priority took it, the answer was no, too many tools are
// running, all is paused) is tried again as long as its slip lasts, and whenever room comes free in it.
//
// Differences from pScheduler, all on purpose: a task is due again at the end of its run before, not only
// after it; runs that were outranked or refused are tried again; the next run is always planned, however
// far away it is; runs exclude each other by resource where tasks name one.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "sched/sch_id.h"
#include "sched/sch_run.h"
#include "sched/sch_schedule.h"

// settings; sch_conf_default has pScheduler's

struct sch_conf {
    ps_ns horizon;               // how far ahead runs are planned (P1D)
    ps_ns horizon_background;    // the same of what may be at any time (P1D)
    ps_ns keep;                  // how long runs and tasks are kept when they are over (P2D)
    ps_ns straggle;              // how late a run may begin or end (PT30S)
    ps_ns margin;                // so long before its start a run is on deck and keeps its place (PT3S)
    ps_ns lead_solo, lead_multi; // from now to the start of what is to run as soon as possible (PT5S, PT10S)
    unsigned tasks_max, tasks_per_requester; // that are not over
    unsigned runs_max; // of those that are over the oldest are forgotten first; beyond half of it, or
    unsigned runs_per_requester;                   // this, only the next run of a task is planned
    unsigned children_max, children_per_requester; // tools that run at the same time
    unsigned batch;       // runs that one step plans or starts at most, so that it takes no more than some ms
    struct sch_zone zone; // of repeat-cron
    uint64_t seed;        // of the names of runs and of sliprand
};
extern const struct sch_conf sch_conf_default;

struct sch_engine;
// 0 or -ENOMEM.
int sch_engine_new(struct sch_engine **out, const struct sch_conf *conf);
void sch_engine_free(struct sch_engine *e); // NULL is fine
// New settings, but for the seed; they hold for what is planned from now on.
void sch_engine_reconf(struct sch_engine *e, const struct sch_conf *conf);

// tasks

// What a task has reached. A task that is added anew has none; one that was kept is added with the last one told
// (SCH_TASK_MARK).
struct sch_mark {
    ps_ns anchor;     // see sch_schedule.h
    ps_ns planned;    // what is due before this is dealt with
    uint64_t runs;    // how many there were, those included that were not carried out
    uint64_t skipped; // how many due times had no run
    bool cancelled;
    ps_ns over; // since when there will be no more runs; SCH_NEVER: there will be
};

#define SCH_DURATION_MAX (PS_SEC * 86400 * 3653)

struct sch_task_conf {
    char id[SCH_ID];
    enum sch_class cls;
    ps_ns duration; // of a run; whole seconds, from 1 to SCH_DURATION_MAX
    struct sch_schedule schedule;
    int64_t priority;      // min(asked for, computed); 0 where none is
    const char *requester; // for the bounds of each; copied. NULL: ""
    const char
        *resource; // an interface: runs exclude each other where they have the same or one has none; copied
    unsigned participants; // 1: this host alone
    bool led_elsewhere;    // its runs come by sch_engine_book alone
    bool ask;              // runs are to be judged (SCH_RUN_ASK)
    bool childless;        // its runs are no processes of their own, so that they do not count as children
    ps_ns lead;  // so long before its start a tool is to be started, up to margin (0); such a tool cannot
                 // be kept waiting by one that does not end in time
    ps_ns added; // when it was added
    bool has_keep_after_archive;
    ps_ns keep_after_archive; // after sch_engine_archived, in place of conf.keep
    void *user;               // passed on in struct sch_task
};

// Read only; its address stays the same until SCH_TASK_GONE is told.
struct sch_task {
    struct sch_task_conf conf;
    struct sch_mark mark;
    size_t nruns; // that are known
};

// Adds a task. mark NULL: a new one, told as SCH_TASK_MARK; PS_ERANGE (the schedule's times are past), PS_ELIMIT
// (too many tasks), PS_EDUPLICATE, PS_EMALFORMED (id, duration), -ENOMEM; fault says it in a sentence. Runs are planned by the
// next steps.
int sch_engine_add(struct sch_engine *e, const struct sch_task_conf *conf, const struct sch_mark *mark,
                   ps_ns now, const struct sch_task **out, struct ps_fault *fault);
// No more runs: those that have not begun are gone, those that run are canceled (SCH_RUN_KILL). The task is kept
// until its runs are gone. 0 or PS_ENOTFOUND.
int sch_engine_cancel(struct sch_engine *e, const char *task, ps_ns now);
// Drops a task and its runs with SCH_TASK_GONE and SCH_RUN_GONE, whatever they are doing. 0 or PS_ENOTFOUND.
int sch_engine_purge(struct sch_engine *e, const char *task, ps_ns now);
const struct sch_task *sch_engine_task(const struct sch_engine *e, const char *id); // NULL: none
unsigned sch_engine_alive(const struct sch_engine *e); // tasks that are not over: those that tasks_max bounds
// All of them, in no order: *pos is 0 at first. NULL at the end. Nothing may be added or stepped meanwhile.
const struct sch_task *sch_engine_each(const struct sch_engine *e, size_t *pos);

// runs

// Read only; its address stays the same until SCH_RUN_GONE is told.
struct sch_run {
    char id[SCH_ID];
    const struct sch_task *task;
    ps_ns due;        // when the schedule wanted it
    ps_ns start, end; // [start, end); whole seconds, but for a run that ended early or is a record
    int64_t priority;
    enum sch_state state;
    enum sch_reason reason;
    const char *sentence; // "" where there is nothing to tell
    bool placed;          // has its place on the timeline; else it waits for one
    bool record;          // one result of a background-multi run
    unsigned asks;        // how often SCH_RUN_ASK was told
    ps_ns expires;        // when it will be forgotten; SCH_NEVER: not known yet
    void *user;           // the driver's: see sch_run_user
};
// A pointer of the driver's that stays with a run.
void sch_run_user(struct sch_engine *e, const struct sch_run *run, void *user);

const struct sch_run *sch_engine_run(const struct sch_engine *e, const char *id); // NULL: none
// Runs of a task in order of start, those that are scheduling included: i < task->nruns.
const struct sch_run *sch_task_run(const struct sch_task *task, size_t i);
// The index of the first one that starts at or after a time; nruns: none.
size_t sch_task_find(const struct sch_task *task, ps_ns start);
// Runs of a task (NULL: of all) that meet [from, to), in order of start, most at most: an array that the caller
// frees. 0 or -ENOMEM.
int sch_engine_range(const struct sch_engine *e, const struct sch_task *task, ps_ns from, ps_ns to,
                     size_t most, const struct sch_run ***out, size_t *n);
// How many runs are in a state.
size_t sch_engine_count(const struct sch_engine *e, enum sch_state state);

// Restores a run that was kept (start-up only, before the first step; tasks first). Of record those members count
// that SCH_RUN_* actions told: id, due, start, end, priority, state, reason, sentence, record, expires. A run that
// was running has failed as interrupted, unless its process was found alive (alive) or it is a background-multi
// one that is started again. Runs past their time are missed (SCH_DOWN). 0, PS_EDUPLICATE, PS_EMALFORMED, -ENOMEM.
int sch_engine_restore(struct sch_engine *e, const struct sch_task *task, const struct sch_run *record,
                       bool alive, ps_ns now);

// A run at a given time, as another host that leads the task wants it, or a client. id NULL: one is made up. 0;
// PS_ESTATE with a sentence when other runs of at least its priority are in the way; PS_EDUPLICATE; PS_ERANGE (in the
// past, or not a whole second); -ENOMEM. It is planned, and asked about when the task says so, like others.
int sch_engine_book(struct sch_engine *e, const struct sch_task *task, const char *id, ps_ns start, ps_ns now,
                    const struct sch_run **out, struct ps_fault *fault);

// What became of SCH_RUN_ASK. This is where a lead asks other participants: what they say is its verdict.
enum sch_verdict {
    SCH_PASS,
    SCH_NO,        // limits forbid it: some more times in its slip are asked about, then it is a non-starter
    SCH_NOT_FREE,  // a participant has no room: another time in its slip is asked about
    SCH_NOBODY,    // no answer to be had from the limits: asked again later
    SCH_NOT_THERE, // a participant cannot be reached: asked again later
};
struct sch_judgement {
    enum sch_verdict verdict;
    bool has_priority;
    int64_t priority;     // computed; the run has the smaller one of this and its task's
    ps_ns start;          // passed for another start; or not free before then. 0: says nothing
    const char *sentence; // why not; NULL where it passed
};
// A run that is not waiting for an answer (cancelled meanwhile) is PS_ESTATE and left alone.
int sch_engine_judged(struct sch_engine *e, const struct sch_run *run, const struct sch_judgement *j,
                      ps_ns now);

// The tool has ended. ok: finished, else failed with reason and sentence. A background-multi run that ends before
// its time is started again after a while (its run goes on); behind its time it has finished if it has records, with
// the reason and sentence where not all was well (ok false), and has failed if it has none. A run that is over is
// PS_ESTATE, but that one that had finished may yet fail (when results are merged). end is cut to now.
int sch_engine_ended(struct sch_engine *e, const struct sch_run *run, bool ok, enum sch_reason reason,
                     const char *sentence, ps_ns now);
// What is to be known of a run while its tool runs: a reason and a sentence; SCH_NO_REASON: nothing any more. 0 or
// PS_ESTATE (its tool does not run).
int sch_engine_remark(struct sch_engine *e, const struct sch_run *run, enum sch_reason reason,
                      const char *sentence, ps_ns now);
// The tool has ended and its result is being dealt with; sch_engine_ended follows. 0 or PS_ESTATE.
int sch_engine_cleanup(struct sch_engine *e, const struct sch_run *run, ps_ns now);
// A tool that was to start (SCH_RUN_START) could not be started, for this reason: its run is pending again, and is tried
// again as long as its slip lasts; then it is missed. 0 or PS_ESTATE.
int sch_engine_not_started(struct sch_engine *e, const struct sch_run *run, enum sch_reason reason,
                           const char *sentence, ps_ns now);
// A record of a background-multi run: a run of no length that has finished. 0, PS_ESTATE, -ENOMEM.
int sch_engine_record(struct sch_engine *e, const struct sch_run *run, ps_ns now, const struct sch_run **out);
// All archives have it: keep_after_archive of its task counts from now.
void sch_engine_archived(struct sch_engine *e, const struct sch_run *run, ps_ns now);
// One run goes away: what has not begun is gone, what runs is canceled, what is over is gone. 0 or PS_ENOTFOUND.
int sch_engine_delete_run(struct sch_engine *e, const char *run, ps_ns now);

// all

// Until then no run is started; those that are due meanwhile are tried after it in their slip, else missed.
// SCH_NEVER: until resume.
void sch_engine_pause(struct sch_engine *e, ps_ns until, ps_ns now);
void sch_engine_resume(struct sch_engine *e, ps_ns now);
bool sch_engine_paused(const struct sch_engine *e, ps_ns now, ps_ns *until);
// The clock was set by so much (negative: back) and shows now. What runs is shifted, what is due in the time left
// out is missed (SCH_CLOCK), and what was due in the time that comes again is not run twice.
void sch_engine_clock_stepped(struct sch_engine *e, ps_ns by, ps_ns now);

// When to step again: at the latest then, at once if it is not after now. SCH_NEVER: not before something is told.
ps_ns sch_engine_due(const struct sch_engine *e);
// Does what is due, up to conf.batch runs. 0; -ENOMEM: something is put off for a second, the rest is done.
int sch_engine_step(struct sch_engine *e, ps_ns now);

enum sch_act {
    SCH_RUN_PLANNED, // a new run; keep it
    SCH_RUN_MOVED,   // its start, end or priority is another one
    SCH_RUN_STATE, // its state, or its reason and sentence alone (from == to); end and expires may have changed
    SCH_RUN_ASK,   // may it be at run->start? answer with sch_engine_judged
    SCH_RUN_START, // start its tool, which is to begin at run->start. It is running already: keep that first
    SCH_RUN_KILL,  // end its tool; its state says why. Then sch_engine_ended, which changes no canceled run
    SCH_RUN_GONE,  // forget it. The last action of a run
    SCH_TASK_MARK, // task->mark is another one; keep it
    SCH_TASK_SKIPPED, // skip says which due times have no run and why
    SCH_TASK_DONE,    // there will be no more runs of it, and none runs
    SCH_TASK_GONE,    // forget it. The last action of a task
};

struct sch_skip {
    ps_ns first, last; // due times
    uint64_t count;
    enum sch_reason reason;
    char sentence[256];
};

struct sch_action {
    enum sch_act act;
    const struct sch_task *task;
    const struct sch_run *run;   // NULL of tasks' actions
    enum sch_state from, to;     // SCH_RUN_STATE: from what was told before
    const struct sch_skip *skip; // SCH_TASK_SKIPPED
};
// The next action. Changes of a run that nobody was told of are told as one. What *out points to is good until the
// next call, and run and task longer, see there.
bool sch_engine_next(struct sch_engine *e, struct sch_action *out);

// free time

struct sch_gap {
    ps_ns from, to;
};
// Where in [from, to) a run of this class, resource and priority could be, its length included: gaps of at least
// duration, most at most, in order. any_priority: other runs' priorities do not count, all are avoided. Background
// has all of it. Returns how many.
size_t sch_engine_gaps(const struct sch_engine *e, enum sch_class cls, const char *resource,
                       bool any_priority, int64_t priority, ps_ns duration, ps_ns from, ps_ns to,
                       struct sch_gap *out, size_t most);
