// SPDX-License-Identifier: Apache-2.0
// Who answers the questions of a judgement: the network, or a table of made-up facts; and jq, for both.
#pragma once
#include "limits/lim_eval.h"
#include "loop/ps_loop.h"

// One question; answered once, from inside the call that asks or later.
struct regime;

struct question {
    struct judgement *judgement;
    unsigned id;
    struct question *next, **link; // among those open
};

void question_answer(struct question *q, const struct lim_answer *a);
struct regime *question_regime(const struct question *q);
// That there is no answer, and why.
void question_fail(struct question *q, int err, const char *why);

struct witness {
    void (*ask)(void *ctx, const struct lim_ask *ask, struct question *q);
    void *ctx;
};
