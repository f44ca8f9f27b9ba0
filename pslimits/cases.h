// SPDX-License-Identifier: Apache-2.0
// A table of requests and the verdicts that are expected of them.
#pragma once
#include "limits/lim_request.h"
#include "pslimits/made_up.h"

#define CASES_MAX 10000

struct case_of {
    const char *name;
    int line;
    struct lim_request request;
    struct ps_jdoc *hints; // made of "requester" where there are no hints
    struct made_up facts;
    // What is expected; of what is not there nothing is.
    bool passed;
    struct ps_jnode classifiers, task, priority;
    const char *why; // is in the reasons; "": nothing is expected
};

struct cases {
    struct ps_jdoc *doc;
    struct case_of *at;
    size_t n;
};

// {"cases": [...], "task": ..., "facts": ...}: the last two are for cases without. 0, or PS_EMALFORMED with the faults
// told; -ENOMEM. cases_fini in any case.
// Names in them are those of the rules.
int cases_read(struct cases *c, const char *text, size_t len, const struct lim_rules *rules,
               struct lim_faults *faults);
void cases_fini(struct cases *c);
