// SPDX-License-Identifier: Apache-2.0
// A line of the control socket: {"verb": "judge", "hints": {...}, "task": {...}, "run": {...}} and other verbs.
#pragma once
#include "limits/lim_request.h"

enum request_verb { REQUEST_JUDGE, REQUEST_STATUS, REQUEST_RELOAD, REQUEST_VERBS };

struct request {
    enum request_verb verb;
    struct ps_jdoc *doc; // what the request's parts are in
    struct lim_request of;
    bool reasons, diags; // are wanted in the reply
};

// 0, or what is wrong is told; request_fini in any case.
int request_read(struct request *r, const char *line, size_t len, struct ps_fault *fault);
void request_fini(struct request *r);
