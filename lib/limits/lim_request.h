// SPDX-License-Identifier: Apache-2.0
// What is asked of the rules: may this requester have this task, or this run of it?
#pragma once
#include "base/ps_addr.h"
#include "base/ps_iso8601.h"
#include "json/ps_jdoc.h"

struct lim_request {
    struct ps_jnode hints; // strings: "requester", "server", ...
    struct ps_jnode task;
    const char *test_type;
    struct ps_addr requester; // no address: the hints name none
    bool has_run;
    struct ps_when start;
    ps_ns duration;
    const char *start_text, *duration_text; // as they were written
    bool rewrite;                           // we lead: the task may be changed
};

// Takes a request's parts, which must live as long as it: hints and task are objects, task has test.type (a string)
// and test.spec (an object), a priority that is an integer if any, and no run or run_schedule, run has start and duration or is not there. rewrite is left false. 0, PS_EMALFORMED or
// PS_ERANGE with the fault told.
int lim_request_read(struct lim_request *out, struct ps_jnode hints, struct ps_jnode task,
                     struct ps_jnode run, struct ps_fault *fault);
