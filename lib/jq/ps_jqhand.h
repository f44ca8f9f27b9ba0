// SPDX-License-Identifier: Apache-2.0
// One worker as the process sees it that has started it: does one thing at a time, and is not trusted. What it
// says too late, or what is no answer, is its end.
#pragma once
#include "base/ps_conf.h"
#include "base/ps_list.h"
#include "jq/ps_jqframe.h"

struct ps_jqhand;

struct ps_jqhand_conf {
    const char *worker, *library;
    size_t memory, output;
    ps_ns start_time, compile_time, run_time;
};

// What is to be done. Stays the caller's, and there until it is answered.
struct ps_jqhand_job {
    uint64_t program;       // which; never the same of two
    struct ps_buf *compile; // frames; their slots are set when they are sent
    struct ps_buf *run;     // NULL: it is compiled only
};

struct ps_jqhand_ops {
    // It has started and can be given a job.
    void (*ready)(void *ctx, struct ps_jqhand *h);
    // The job is done: it can be given another. The result is good during the call.
    void (*answered)(void *ctx, struct ps_jqhand *h, struct ps_jqhand_job *job, const struct ps_jq_result *r);
    // It is of no more use and has to be freed: its job, if it had one (else NULL), has failed so.
    void (*gone)(void *ctx, struct ps_jqhand *h, struct ps_jqhand_job *job, const struct ps_jq_result *r);
    // It has compiled a program.
    void (*compiled)(void *ctx);
};
// In each of them but the last ps_jqhand_free is fine.

// Starts it. conf and ops stay the caller's, and there. 0 or -errno, the fault in words.
int ps_jqhand_new(struct ps_loop *l, const struct ps_jqhand_conf *conf, const struct ps_jqhand_ops *ops,
                  void *ctx, struct ps_jqhand **out, struct ps_fault *fault);
void ps_jqhand_free(struct ps_jqhand *h); // kills it; NULL is fine
bool ps_jqhand_idle(const struct ps_jqhand *h);
bool ps_jqhand_starting(const struct ps_jqhand *h);
// It has grown and should be let go of.
bool ps_jqhand_worn(const struct ps_jqhand *h);
unsigned ps_jqhand_held(const struct ps_jqhand *h); // PS_JQFRAME_LANDLOCK, ...
bool ps_jqhand_knows(const struct ps_jqhand *h, uint64_t program);
// To an idle one. A check of what it knows is answered from inside.
void ps_jqhand_give(struct ps_jqhand *h, struct ps_jqhand_job *job);
struct ps_list *ps_jqhand_link(struct ps_jqhand *h); // for the owner's list
struct ps_jqhand *ps_jqhand_of(struct ps_list *link);
