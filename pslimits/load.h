// SPDX-License-Identifier: Apache-2.0
// Reading rules: the file, or what its URL has; every fault, those of scripts included, which jq is asked for.
#pragma once
#include "http/ps_httpc.h"
#include "jq/ps_jq.h"
#include "limits/lim_rules.h"
#include "loop/ps_loop.h"

struct load;

struct load_result {
    int err;                 // the text could not be had: a negative code
    const char *why;         // of err, in words: "FILE: cause"
    const char *name;        // of what was read: the file's, or the URL that the file holds
    struct lim_rules *rules; // the callee's; NULL: there are none, or they have faults
    struct lim_faults *faults;
    size_t unchecked; // scripts that could not be given to jq, told as warnings
    bool by_url;
};
// Good during the call. The load is gone afterwards.
typedef void (*load_cb)(void *ctx, const struct load_result *r);

// path "-" is standard input. cb is called from the loop, not from inside. 0 or -ENOMEM.
int load_begin(struct ps_loop *l, struct ps_jq *jq, struct ps_httpc *http, const char *path, load_cb cb,
               void *ctx, struct load **out);
void load_drop(struct load *l); // NULL is fine; cb will not be called
