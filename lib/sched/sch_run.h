// SPDX-License-Identifier: Apache-2.0
// States of runs, which change there is (fact sheet 2.4), classes of tests (2.3), and reasons. Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// Numbers and names are pScheduler's.
#define SCH_STATE_LIST(X)                            \
    X(SCH_SCHEDULING, 0, "scheduling", "Scheduling") \
    X(SCH_PENDING, 1, "pending", "Pending")          \
    X(SCH_ON_DECK, 2, "on-deck", "On Deck")          \
    X(SCH_RUNNING, 3, "running", "Running")          \
    X(SCH_CLEANUP, 4, "cleanup", "Cleanup")          \
    X(SCH_FINISHED, 5, "finished", "Finished")       \
    X(SCH_OVERDUE, 6, "overdue", "Overdue")          \
    X(SCH_MISSED, 7, "missed", "Missed")             \
    X(SCH_FAILED, 8, "failed", "Failed")             \
    X(SCH_PREEMPTED, 9, "preempted", "Preempted")    \
    X(SCH_NONSTART, 10, "nonstart", "Non-Starter")   \
    X(SCH_CANCELED, 11, "canceled", "Canceled")

enum sch_state {
#define SCH_STATE_ENUM(name, value, word, display) name = value,
    SCH_STATE_LIST(SCH_STATE_ENUM)
#undef SCH_STATE_ENUM
};
#define SCH_STATES 12

const char *sch_state_word(enum sch_state s);                   // "on-deck"
const char *sch_state_display(enum sch_state s);                // "Non-Starter"
int sch_state_from_word(const char *word, enum sch_state *out); // 0 or PS_EUNKNOWN
// There is such a change. A state does not change to itself.
bool sch_state_may(enum sch_state from, enum sch_state to);
bool sch_state_over(enum sch_state s); // nothing runs and nothing will: 5 and 7 to 11
// 1: it went well; -1: it did not; 0: neither, or not known yet.
int sch_state_success(enum sch_state s);

// Which runs may be at the same time.
enum sch_class {
    SCH_EXCLUSIVE,        // with background ones alone
    SCH_NORMAL,           // with all but exclusive ones
    SCH_BACKGROUND,       // with all
    SCH_BACKGROUND_MULTI, // with all; many results, and started again when it ends early
};
#define SCH_CLASSES 4
const char *sch_class_word(enum sch_class c);    // "background-multi"
const char *sch_class_display(enum sch_class c); // "Background Multi-Result"
int sch_class_from_word(const char *word, enum sch_class *out);
bool sch_class_anytime(enum sch_class c);

// Why a run is what it is, or why there was none. Words are stable: they are kept and shown.
#define SCH_REASON_LIST(X)                                                                                 \
    X(SCH_NO_REASON, "none", "nothing to tell")                                                            \
    X(SCH_NO_ROOM, "no-room", "other runs take all the time it may have")                                  \
    X(SCH_REFUSED, "refused", "the limits forbid it")                                                      \
    X(SCH_NO_ANSWER, "no-answer", "nobody said whether it is allowed")                                     \
    X(SCH_UNREACHABLE, "unreachable", "a participant cannot be reached")                                   \
    X(SCH_CONFLICT, "conflict", "a participant has no room for it")                                        \
    X(SCH_OUTRANKED, "outranked", "a run of higher priority takes its time")                               \
    X(SCH_PAUSED, "paused", "no runs were started")                                                        \
    X(SCH_CHILDREN, "children", "as many tools as may be are running")                                     \
    X(SCH_CHILDREN_REQUESTER, "children-requester", "as many tools as its requester may have are running") \
    X(SCH_BUSY, "busy", "a run before it has not ended")                                                   \
    X(SCH_LATE, "late", "its start was not attended to in time")                                           \
    X(SCH_DOWN, "down", "nothing was scheduled at its time")                                               \
    X(SCH_CLOCK, "clock", "the clock was set")                                                             \
    X(SCH_INTERRUPTED, "interrupted", "the scheduler ended while it ran")                                  \
    X(SCH_TOOL, "tool", "its tool failed")                                                                 \
    X(SCH_NO_TOOL, "no-tool", "its tool could not be started")                                             \
    X(SCH_NOT_KEPT, "not-kept", "the scheduler's own state could not be written down")                     \
    X(SCH_OVERTIME, "overtime", "its tool did not end")                                                    \
    X(SCH_OVERLAP, "overlap", "the run before it lasts longer")                                            \
    X(SCH_TASK_CANCELED, "task-canceled", "its task was cancelled")                                        \
    X(SCH_RUN_DELETED, "run-deleted", "it was deleted")

enum sch_reason {
#define SCH_REASON_ENUM(name, word, text) name,
    SCH_REASON_LIST(SCH_REASON_ENUM)
#undef SCH_REASON_ENUM
};
const char *sch_reason_word(enum sch_reason r);
const char *sch_reason_text(enum sch_reason r); // a few words
int sch_reason_from_word(const char *word, enum sch_reason *out);
