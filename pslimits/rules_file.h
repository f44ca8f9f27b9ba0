// SPDX-License-Identifier: Apache-2.0
// The file of rules of a daemon: read at the start, when it changes, and when asked for. Bad ones leave the last good
// ones in force; where there never were any, nothing is judged. Without a file there are no rules; one that goes away
// counts as removed when it has stayed away for some seconds, and when what then comes is bad, the last good ones are in
// force again.
#pragma once
#include "base/ps_log.h"
#include "pslimits/facts.h"

struct rules_file;

struct rules_file_state {
    bool there;      // a file of rules is in force; else everything passes, unless:
    bool barred;     // the file is bad, and there never was a good one: everything is to be refused
    ps_ns loaded;    // since when, by the wall clock; 0: never
    bool stale;      // the last attempt failed, or the file has just gone; what is in force is older
    const char *why; // of the last attempt's failure; "": none
    uint64_t loads, failures;
};

// told is called after each attempt; NULL is fine. Reads nothing yet. 0 or a negative code.
int rules_file_new(struct ps_loop *l, struct facts *f, const char *path, struct ps_log *log,
                   void (*told)(void *ctx), void *ctx, struct rules_file **out);
void rules_file_free(struct rules_file *r); // NULL is fine
// Reads it now; again, if it is being read.
void rules_file_reload(struct rules_file *r);
bool rules_file_loading(const struct rules_file *r);
// The regime in force; NULL: there is none.
struct regime *rules_file_regime(const struct rules_file *r);
void rules_file_look(const struct rules_file *r, struct rules_file_state *out);
