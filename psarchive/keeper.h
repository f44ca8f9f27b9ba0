// SPDX-License-Identifier: Apache-2.0
// Retention while the archive serves: every hour what the policy does not keep is removed, in steps between the
// transactions of the writer.
#pragma once
#include "psarchive/site.h"

struct keeper;
// path: the policy file; "": everything is kept. The fault says what is wrong with it.
int keeper_new(struct keeper **out, struct site *s, const char *path, struct ps_fault *fault);
// Another policy, or the same file again: from now on. On an error nothing changes.
int keeper_reload(struct keeper *k, const char *path, struct ps_fault *fault);
// A step that is under way is waited for, as one of the site's jobs. NULL is fine.
void keeper_free(struct keeper *k);

struct keeper_state {
    uint64_t runs;    // that came to their end
    uint64_t results; // removed, since the start
    uint64_t octets;  // given back to the file system
    int64_t last;     // when the last one ended; 0: none did
    int trouble;      // its error; 0: none
};
void keeper_look(const struct keeper *k, struct keeper_state *out);
