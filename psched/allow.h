// SPDX-License-Identifier: Apache-2.0
// The limits: pslimits is asked whether a requester may have a task or a run. Without an answer the answer is no.
#pragma once
#include "psched/site.h"

#define ALLOW_PATIENCE (30 * PS_SEC)

struct allow_answer {
    int err; // 0: there is an answer; else passed is false, and why says that there is none
    bool passed;
    const char *why;   // a sentence
    const char *diags; // the way to the verdict, as text; "" where there is none
    const char *task;  // JSON text: the task as rewritten; NULL: as it was
    size_t task_len;
    bool has_priority;
    int64_t priority;
};
// The answer is good during the call.
typedef void (*allow_cb)(void *ctx, const struct allow_answer *a);

// What is asked about. All of it JSON text.
struct allow_ask {
    const char *hints, *task;
    ps_ns start, duration; // of a run; duration 0: the task is judged, and may be rewritten
};
// cb is called once, from the loop; only when there are limits (site->limits). 0, -ENOMEM, PS_ELIMIT.
int allow_ask(struct site *s, const struct allow_ask *ask, allow_cb cb, void *ctx);
