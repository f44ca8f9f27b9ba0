// SPDX-License-Identifier: Apache-2.0
// The requests and answers of a control socket as JSON objects: a request names its verb, as in {"verb": "status"};
// every answer has "ok", and when that is false "error", which says why.
#pragma once
#include "base/ps_out.h"
#include "json/ps_jdoc.h"
#include "loop/ps_ctl.h"

// Writes what the answer has beside "ok". Not 0: the answer is a refusal instead, with the fault's text, or the error's
// own where that is empty; what was written is dropped.
typedef int (*ps_ctl_put_cb)(void *ctx, struct ps_json *answer, struct ps_fault *fault);

// Answers with what put writes; NULL: with "ok" alone. Out of memory is a refusal.
void ps_ctl_answer(struct ps_ctl_request req, ps_ctl_put_cb put, void *ctx);
// The beginning of every daemon's status: its name, version and process.
void ps_ctl_put_program(struct ps_json *j, const char *name);
void ps_ctl_refuse(struct ps_ctl_request req, const char *why);

// A verb that takes members reads them from args and returns ps_jget_end's error before it does anything; of one that
// takes none that was done already. The rest as for ps_ctl_put_cb; args are good during the call.
struct ps_ctl_verb {
    const char *name;
    int (*obey)(void *ctx, struct ps_jget *args, struct ps_json *answer, struct ps_fault *fault);
    bool takes_members;
};

// Reads a request, has its verb obeyed, and answers.
void ps_ctl_obey(const struct ps_ctl_verb *verbs, size_t nverbs, void *ctx, struct ps_ctl_request req,
                 const char *line, size_t len);
