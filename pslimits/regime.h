// SPDX-License-Identifier: Apache-2.0
// Rules in force with what they need: their jq programs and the lists that they have fetched. Judgements keep theirs
// until their verdict, so new rules may come at any time.
#pragma once
#include "jq/ps_jq.h"
#include "limits/lim_rules.h"
#include "pslimits/lists.h"
#include "pslimits/witness.h"

struct regime {
    struct lim_rules *rules;
    struct ps_jq_program **programs; // by their index in the rules
    struct lists *lists;             // NULL: they are not fetched
    unsigned refs;
};

// Takes the rules over. 0 or -ENOMEM (the rules stay the caller's).
int regime_new(struct ps_jq *jq, struct lim_rules *rules, struct regime **out);
struct regime *regime_keep(struct regime *r);
void regime_drop(struct regime *r); // NULL is fine
// Drops the only one there is, but not its rules.
void regime_release(struct regime *r);
// Has jq answer the question.
void regime_run(struct regime *r, const struct lim_ask *ask, struct question *q);
