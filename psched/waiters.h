// SPDX-License-Identifier: Apache-2.0
// Requests that wait for a run: until there is one, or until it is over. Each has its time; all end with the server.
#pragma once
#include "psched/site.h"
#include "sched/sch_engine.h"

#define WAITERS_PATIENCE (30 * PS_SEC) // where the client says nothing
#define WAITERS_MOST (600 * PS_SEC)    // whatever it says

int waiters_new(struct site *s, struct waiters **out);
// Whoever waits is answered as when its time is over. NULL is fine.
void waiters_end(struct waiters *w);
void waiters_free(struct waiters *w); // nobody waits any more; NULL is fine

// Looks whether it can be answered. True: it was, and is gone. last: its time is over, it has to be.
typedef bool (*waiter_look)(struct site *s, struct ps_http_req *req, const char *task, bool last);

// Asks look at once; while that says no, again whenever a run of the task changes (or is planned), for as long as
// patience.
void waiters_add(struct waiters *w, struct ps_http_req *req, const char *task, ps_ns patience,
                 waiter_look look);
// A run has changed: those that wait for its task look again, at the next turn of the loop.
void waiters_wake(struct waiters *w, const char *task);
