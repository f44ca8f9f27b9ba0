// SPDX-License-Identifier: Apache-2.0
// One request on its way to a verdict.
#pragma once
#include "pslimits/regime.h"
#include "pslimits/witness.h"

struct judgement;
// Good during the call; the judgement is gone afterwards.
typedef void (*judgement_cb)(void *ctx, const struct lim_verdict *v, const struct lim_eval *e);

// asker: whose turn it is among those that have scripts run; 0: nobody's in particular.
// The request is kept and must live until the verdict. cb may be called from inside. regime NULL: there are no
// rules. 0 or -ENOMEM (cb is not called).
int judgement_begin(struct witness *w, struct regime *regime, uint64_t asker,
                    const struct lim_request *request, judgement_cb cb, void *ctx, struct judgement **out);
// Ends it without a verdict.
void judgement_drop(struct judgement *j);
