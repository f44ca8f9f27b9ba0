// SPDX-License-Identifier: Apache-2.0
// Result documents from a spool into the archive. A thread reads them, has them written, and removes them from the
// spool when they are durable; so each comes at least once, and the archive knows those that come again. What cannot
// be stored is set aside (refused.h); what can be stored later (a full disk, a name that does not resolve today)
// stays in the spool.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "base/ps_log.h"
#include "psarchive/writer.h"
#include "spool/ps_spool.h"

struct intake;
struct intake_conf {
    const char *dir;
    bool documents; // they are kept, beside the values in them
    bool once;      // ends when it has seen all that is there
    // One line for what is refused, lost, or cannot be done now; called on the intake's thread. NULL: nobody listens.
    void (*tell)(void *ctx, enum ps_log_level level, const char *line);
    void *ctx;
};
// The fault names the directory. -EBUSY: another process is reading it.
int intake_start(struct intake **out, struct writer *w, const struct intake_conf *conf,
                 struct ps_fault *fault);
// Ends when what is in hand is written. NULL is fine. Before the writer is stopped.
void intake_stop(struct intake *in);
// With `once`: waits for the end by itself.
void intake_join(struct intake *in);

struct intake_state {
    uint64_t stored;  // documents that are in the archive now and were not before
    uint64_t known;   // that were there already
    uint64_t empty;   // with nothing to store
    uint64_t refused; // set aside
    uint64_t damaged; // records of the spool
    uint64_t lost;    // dropped by the spool, as its tombstones tell
    uint64_t kept;    // of the last pass: could not be stored yet
    struct ps_spool_stat spool;
    char trouble[200]; // why not; "": there is none
};
void intake_look(struct intake *in, struct intake_state *out);
