// SPDX-License-Identifier: Apache-2.0
// What the files behind lim_eval.h share.
#pragma once
#include "base/ps_buf.h"
#include "limits/lim_eval.h"

enum lim_item_state { LIM_TODO, LIM_ASKED, LIM_DONE };

// A thing that is decided by none, one or more questions.
struct lim_item {
    enum lim_item_state state;
    enum lim_result result;
    char *why;
    unsigned step; // url-fetch: questions answered
    struct lim_fetching *fetching;
};

enum lim_stage { LIM_IDENTIFY, LIM_REWRITE, LIM_APPLY, LIM_PRIORITY, LIM_OVER };

struct lim_eval {
    const struct lim_rules *rules;
    struct lim_request request; // its task becomes the rewritten one
    enum lim_stage stage;
    struct lim_item *identifiers, *limits;
    struct lim_item script; // the rewrite's, then the priority's
    size_t *classifiers;    // that the requester is in
    size_t nclassifiers;
    size_t application, group; // under way
    size_t place, group_place; // their reasons
    size_t group_passed;
    struct ps_buf input;               // of jq limits: the task and the run
    struct ps_buf script_input, names; // of the script: its task; the classifiers
    struct ps_jdoc *rewritten;
    struct ps_buf refusal;  // of the last group
    struct ps_buf refusals; // of all applications that failed
    struct lim_verdict verdict;
    struct lim_reasons reasons;
    int err;
};

// Decides an item. fmt NULL: no words.
void lim_decide(struct lim_eval *e, struct lim_item *item, enum lim_result result, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
// Decides an item for want of an answer.
void lim_no_answer(struct lim_eval *e, struct lim_item *item, enum lim_result result,
                   const struct lim_answer *a);

// An identifier: decided at once, or true and asked. Then what came of the question.
bool lim_identify(struct lim_eval *e, size_t i, struct lim_ask *ask);
void lim_identified(struct lim_eval *e, size_t i, const struct lim_answer *a);
// The same of limits, and of their kind url-fetch.
bool lim_limit(struct lim_eval *e, size_t i, struct lim_ask *ask);
void lim_limited(struct lim_eval *e, size_t i, const struct lim_answer *a);
bool lim_fetch_ask(struct lim_eval *e, size_t i, struct lim_ask *ask);
void lim_fetched(struct lim_eval *e, size_t i, const struct lim_answer *a);
void lim_fetching_free(struct lim_fetching *f);
// The rewrite, and what is the matter with it: true, the way goes on.
bool lim_rewrite_ask(struct lim_eval *e, struct lim_ask *ask);
bool lim_rewritten(struct lim_eval *e, const struct lim_answer *a);
bool lim_priority_ask(struct lim_eval *e, struct lim_ask *ask);
void lim_prioritised(struct lim_eval *e, const struct lim_answer *a);
// The end.
void lim_grant(struct lim_eval *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lim_deny(struct lim_eval *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
