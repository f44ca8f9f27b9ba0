// SPDX-License-Identifier: Apache-2.0
// What the files behind sch_engine.h share. For lib/sched alone.
//
// Each run that is not over is in one of these places: on the timeline (placed; background runs without a slot), or in
// the list of those that wait for a place. One timer of each run says when to look at it next.
#pragma once
#include "base/ps_heap.h"
#include "base/ps_list.h"
#include "base/ps_map.h"
#include "base/ps_rand.h"
#include "sched/sch_engine.h"
#include "sched/sch_timeline.h"

#define SCH_SENTENCE 512 // of a run, the NUL included

// What each requester has.
struct account {
    char *name;
    unsigned holders; // tasks
    unsigned tasks;   // of them, not over
    unsigned children;
    size_t ahead; // runs that have not begun
};

// Something to be told: a run or a task in the queue.
struct news {
    struct ps_list link;
    unsigned acts; // bit n: enum sch_act n
    bool of_task;
};

struct run {
    struct sch_run pub;
    struct sch_key key;
    struct task *task;
    struct news news;
    struct ps_list link; // waiting, held, running or over: see struct sch_engine
    struct ps_heap_node timer;
    struct sch_slot slot; // placed: in timeline; waiting: in windows
    char *sentence;
    ps_ns latest;     // the last start it may have
    ps_ns not_before; // and the first
    ps_ns retry;      // when it waits: when to look again
    enum sch_state told;
    uint8_t noes, not_free, nobodies; // answers it had
    uint8_t tries;                    // how often its tool could not be started
    uint8_t restarts;                 // of a background-multi run, in a row
    bool asked;                       // waits for an answer
    bool passed;                      // had one, for the place that it has
    bool displaces;                   // took the place of others by its priority
    bool fixed;                       // its start is agreed with others
    bool drawn;                       // a random start has been taken
    bool late;                        // its latest start was put off already
    bool held;                        // its start waits for another run's end
    bool child;                       // its tool runs
    bool resting;                     // its tool ended early and will be started again
    bool began;                       // its tool was started, at some time
    bool recorded;                    // it has had records
    ps_ns started;                    // when that was, the last time
};

struct task {
    struct sch_task pub;
    struct ps_list link; // in the order in which they came
    struct news news;
    struct ps_heap_node timer;
    struct account *account;
    struct sch_skip skip;
    char *requester, *resource;
    unsigned lane;
    ps_ns next;       // due next and not planned; SCH_NEVER: none
    ps_ns busy_until; // the latest end of runs that were planned
    ps_ns high;       // what is due before this may have a run already (the clock was set back)
    ps_ns longest;    // run
    size_t live;      // runs that are not over
    size_t ahead;     // runs that have not begun
    struct run **runs;
    size_t first, cap; // runs[first] is the earliest, pub.nruns of them
    bool purged;       // goes with its last child
};

struct sch_engine {
    struct sch_conf conf;
    struct ps_rand rand;
    struct ps_map tasks, runs; // by sch_key
    struct ps_heap task_timers, run_timers;
    struct sch_timeline timeline;
    struct sch_timeline windows; // in which those that wait may be; all are SCH_NORMAL of the whole host
    struct account **accounts;   // by name
    size_t naccounts, accounts_cap;
    struct ps_list all; // tasks
    struct ps_list news;
    struct news *gone;          // told that it is gone, and freed when the next one is asked for
    struct ps_list waiting;     // for a place
    struct ps_list held;        // placed, and waiting for one that runs; and those that rest
    struct ps_list running;     // with a tool that runs
    struct ps_list over;        // in the order in which they came to an end
    ps_ns freed_from, freed_to; // time that came free and was not offered to those that wait
    bool child_freed;
    size_t counts[SCH_STATES];
    unsigned ntasks, children; // tasks that are not over
    ps_ns now;
    ps_ns paused_until;     // not after now: not paused
    enum sch_reason behind; // why what is before behind_since was not attended to
    ps_ns behind_since;
    ps_ns put_off; // no step before this, since memory was short; 0
};

static inline struct run *sch_run_of(const struct sch_run *r)
{
    return PS_CONTAINER((struct sch_run *)(uintptr_t)r, struct run, pub);
}

static inline struct task *sch_task_of(const struct sch_task *t)
{
    return PS_CONTAINER((struct sch_task *)(uintptr_t)t, struct task, pub);
}

static inline bool sch_run_ahead(const struct run *r)
{
    return r->pub.state <= SCH_ON_DECK;
}

ps_ns sch_whole_second(ps_ns t); // upwards
ps_ns sch_max(ps_ns a, ps_ns b);
ps_ns sch_min(ps_ns a, ps_ns b);
ps_ns sch_later(ps_ns t, ps_ns by); // t + by, at most SCH_NEVER

// tell: what is to be told

void sch_tell_run(struct sch_engine *e, struct run *r, enum sch_act act);
void sch_tell_task(struct sch_engine *e, struct task *t, enum sch_act act);
void sch_tell_nothing(struct news *n);   // takes it out of the queue
void sch_tell_end(struct sch_engine *e); // frees what was told to be gone

// run: one run and where it is

int sch_run_new(struct sch_engine *e, struct task *t, const char *id, ps_ns due, ps_ns start, ps_ns end,
                struct run **out);
void sch_run_free(struct run *r);
void sch_run_timer(struct sch_engine *e, struct run *r, ps_ns at); // SCH_NEVER: none
void sch_run_state(struct sch_engine *e, struct run *r, enum sch_state to);
void sch_run_time(struct sch_engine *e, struct run *r, ps_ns start, ps_ns end);
void sch_run_say(struct sch_engine *e, struct run *r, enum sch_reason reason, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void sch_run_unsay(struct sch_engine *e, struct run *r);
void sch_run_take_back(struct sch_engine *e, struct run *r); // its start, as if it had not been
void sch_run_leave(struct sch_engine *e, struct run *r);     // its place, whichever that is
void sch_run_over(struct sch_engine *e, struct run *r, enum sch_state to, ps_ns now);
void sch_run_drop(struct sch_engine *e, struct run *r);
// Forgets what is over where there are as many runs as may be.
void sch_run_make_room(struct sch_engine *e);
void sch_run_kill(struct sch_engine *e, struct run *r);
void sch_run_child_ended(struct sch_engine *e, struct run *r);

// place: room for a run

struct sch_claim sch_claim_of(const struct run *r, int64_t priority);
bool sch_place(struct sch_engine *e, struct run *r, ps_ns now);       // false: it has none now
void sch_place_put(struct sch_engine *e, struct run *r, ps_ns start); // there is room
void sch_place_clear(struct sch_engine *e, struct run *r, ps_ns start, enum sch_reason reason, ps_ns now);
void sch_place_or_wait(struct sch_engine *e, struct run *r, ps_ns now);
void sch_place_settle(struct sch_engine *e, struct run *r); // its place is good
void sch_wait(struct sch_engine *e, struct run *r, ps_ns now);
void sch_wait_more(struct sch_engine *e, struct run *r); // a start within straggle is allowed
void sch_give_up(struct sch_engine *e, struct run *r, ps_ns now);
bool sch_offer_freed(struct sch_engine *e, ps_ns now); // true: something was offered

void sch_ask(struct sch_engine *e, struct run *r); // whether it may have its place

// judge: what is heard of runs

void sch_nobody(struct sch_engine *e, struct run *r, enum sch_reason reason, const char *sentence, ps_ns now);

void sch_multi_over(struct sch_engine *e, struct run *r, ps_ns now); // background-multi, behind its time

// start: when a run's time has come

void sch_run_look(struct sch_engine *e, struct run *r, ps_ns now); // its timer

// plan: what a task is due

void sch_task_rearm(struct sch_engine *e, struct task *t);
int sch_task_look(struct sch_engine *e, struct task *t, ps_ns now); // its timer. 0 or -ENOMEM
void sch_task_skip(struct sch_engine *e, struct task *t, const struct sch_skip *skip);
ps_ns sch_task_slip(const struct sch_engine *e, const struct task *t, ps_ns due);

// engine

void sch_task_free_alone(struct task *t); // and not its runs
void sch_task_free(struct sch_engine *e, struct task *t);
void sch_task_gone(struct sch_engine *e, struct task *t); // when its time has come and it has no runs
void sch_task_end(struct sch_engine *e, struct task *t,
                  ps_ns now); // when no more runs will come and none is left
