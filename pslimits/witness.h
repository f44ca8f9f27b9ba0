// SPDX-License-Identifier: Apache-2.0
// Who answers the questions of a judgement: the network, or a table of made-up facts; and jq, for both.
#pragma once
#include "limits/lim_eval.h"
#include "loop/ps_loop.h"

// One question; answered once, from inside the call that asks or later.
struct regime;

struct question {
    struct judgement *judgement; // NULL: it was dropped, and nobody waits for the answer
    unsigned id;
    struct question *next, **link; // among those of the judgement, or those that nobody waits for
};

void question_answer(struct question *q, const struct lim_answer *a);
struct regime *question_regime(const struct question *q);
uint64_t question_asker(const struct question *q); // see judgement_begin
// That there is no answer, and why.
void question_fail(struct question *q, int err, const char *why);

struct witness {
    void (*ask)(void *ctx, const struct lim_ask *ask, struct question *q);
    void *ctx;
    struct question *orphans; // under way, and nobody waits for them
};

// Once no answer can come any more.
void witness_fini(struct witness *w);
