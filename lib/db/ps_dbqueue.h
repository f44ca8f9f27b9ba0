// SPDX-License-Identifier: Apache-2.0
// The one thread that writes to a database. What waits when it is free goes into one transaction (group commit), and
// is told done when that is durable, on the owner's thread:
//
//     ps_dbqueue_new(&q, db, store, 0, fault)
//     ps_watch_new(loop, ps_dbqueue_fd(q), on_ready, me, &watch); ps_watch_set(watch, PS_WATCH_READ)
//     ps_dbqueue_put(q, &job)
//     on_ready: ps_dbqueue_reap(q)                  calls done() of each that is
#pragma once
#include "base/ps_list.h"
#include "db/ps_db.h"

// Something to be written; lies in its owner's structure.
struct ps_dbjob {
    // On the queue's thread, inside a transaction. May be called again, after the transaction was rolled back. 0;
    // PS_ENOTFOUND, PS_EDUPLICATE: it is refused, and has left the transaction as it was; any other error rolls back
    // what is in the transaction, and the others are then written without it.
    int (*write)(struct ps_dbjob *job, void *ctx);
    // On the owner's thread, with the outcome in err, in the order of ps_dbqueue_put. May free the job.
    void (*done)(struct ps_dbjob *job);
    size_t octets; // of memory that it holds, about
    int err;
    struct ps_list node; // the queue's
};

struct ps_dbqueue;
// Starts the thread, which alone uses db from here on; ctx goes to write. octets_max bounds what waits (0: 32 MiB).
// The fault says why not.
int ps_dbqueue_new(struct ps_dbqueue **out, struct ps_db *db, void *ctx, size_t octets_max,
                   struct ps_fault *fault);
// Writes what waits, ends the thread, and tells what is done. db is then the caller's again. NULL is fine.
void ps_dbqueue_free(struct ps_dbqueue *q);
// 0; PS_ELIMIT: too much waits, and the job stays the caller's. From the owner's thread.
int ps_dbqueue_put(struct ps_dbqueue *q, struct ps_dbjob *job);
// Readable as long as something is done and not told.
int ps_dbqueue_fd(const struct ps_dbqueue *q);
// Calls done() of what is done. Returns how many.
size_t ps_dbqueue_reap(struct ps_dbqueue *q);

struct ps_dbqueue_state {
    uint64_t jobs, transactions, refused, failed; // since the start
    uint64_t waiting, waiting_octets;             // and not told done
    int trouble;                                  // the last transaction's error; 0: it went well
};
void ps_dbqueue_look(struct ps_dbqueue *q, struct ps_dbqueue_state *out);
