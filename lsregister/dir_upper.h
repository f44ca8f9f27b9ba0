// SPDX-License-Identifier: Apache-2.0
// Records passed on to an upper server, so that what is registered here is found there: every now and then what is new
// is registered, what is there renewed, and what has gone removed. Links between records that it has lead to its own.
// An upper server that does not answer is asked again the next time.
#pragma once
#include "lsregister/dir_site.h"

struct dir_upper;
// Reads what the upper server has from the store, which is not started yet.
int dir_upper_new(struct dir_upper **out, struct dir_site *s, struct ps_fault *fault);
void dir_upper_start(struct dir_upper *u);  // once the store is
void dir_upper_stop(struct dir_upper *u);   // NULL is fine
void dir_upper_reload(struct dir_upper *u); // the settings are others

struct dir_upper_state {
    size_t known;                     // records that it has
    uint64_t added, renewed, removed; // since the start
    uint64_t refused;                 // registrations
    char trouble[256];                // why it was not done with the last time; "": it was
};
void dir_upper_look(const struct dir_upper *u, struct dir_upper_state *out);
