// SPDX-License-Identifier: Apache-2.0
// Takes what another archive has over by esmond's API: its metadata under their keys, points as they were measured, and
// of what is older than its points the sums that it still has. What is here already counts once. (Fact sheet of the
// archive, 1.)
#pragma once
#include "psarchive/choice.h"
#include "psarchive/remote.h"
#include "psarchive/workplace.h"

struct pull_conf {
    struct remote_conf remote;
    const struct filter *filter;
    int64_t from, to;  // seconds since 1970, both included
    const char *state; // the file of pull_state.h
    bool again;        // whatever it says
    bool progress;     // a line on standard error that is written over
};

struct pull_tally {
    uint64_t metas, stored, known, refused; // the last three: values and sums
    uint64_t purged;                        // are gone here and are not taken again
    uint64_t missing;                       // series that the other archive has in its list and not else
};

// Returns the exit status, and tells on standard error what was refused and why it ended early.
int pull_run(struct workplace *w, const struct pull_conf *conf, struct pull_tally *out);
