// SPDX-License-Identifier: Apache-2.0
// The way from a request to a verdict (the scheduler's fact sheet, 5.8): identify, classify, rewrite, apply limits,
// set a priority. A machine that does no I/O and reads no clock: what it cannot know it asks for, and the host
// answers, from the network, from a jq worker, or from a test's table.
//
//     lim_eval_new(rules, &request, &e);
//     for (;;) {
//         while (lim_eval_next(e, &ask))    // several may be under way at a time
//             ... ask; later lim_eval_answer(e, ask.id, &answer)
//         if (lim_eval_verdict(e)) break;   // else wait for an answer
//     }
#pragma once
#include "limits/lim_reason.h"
#include "limits/lim_request.h"
#include "limits/lim_rules.h"

enum lim_fact {
    LIM_FACT_NAMES,    // the requester's names: those of its address that lead back to it
    LIM_FACT_BOGON,    // is the requester's address a bogon?
    LIM_FACT_ASNS,     // which autonomous systems does it belong to, or are their peers?
    LIM_FACT_LIST,     // is it in a list that is fetched by URL?
    LIM_FACT_LOCALIF,  // does it belong to an interface of this host?
    LIM_FACT_LOCALNET, // or to a subnet of one?
    LIM_FACT_JQ,       // what does a program make of an input?
    LIM_FACT_FETCH,    // what does a URL answer?
};

// A question; all it points to is good until it is answered or the machine freed.
struct lim_ask {
    unsigned id;
    enum lim_fact fact;
    const char *of; // the identifier's or the limit's name; NULL: it is the rewrite's or priority's
    const struct ps_addr *requester;   // all but JQ and FETCH
    ps_ns timeout;                     // NAMES, BOGON, ASNS, FETCH
    bool peers;                        // ASNS
    const struct lim_list *list;       // LIST
    const struct lim_program *program; // JQ
    struct lim_text input, given[2];   // JQ; what is given beside the program's own arguments
    const char *url;                   // FETCH, a base URL; its query is params'
    struct ps_jnode params, headers;   // FETCH; objects of strings and numbers, or none
    const struct lim_fetch *fetch;     // FETCH: how
};

struct lim_answer {
    int err;         // 0, or there is none: PS_ETIMEOUT, PS_EREFUSED, ...; LIST: PS_ENOTFOUND, never fetched
    const char *why; // of an error, in words
    bool busy; // of an error: it has not been asked, for there are too many others; there is no verdict then
    bool yes;  // BOGON, LIST, LOCALIF, LOCALNET
    const char *const *names; // NAMES, without the dot at the end; none: they have none
    const uint32_t *asns;     // ASNS
    size_t n;                 // of either
    const char *text;         // JQ: the first output, JSON; FETCH: the body
    size_t len;               //   NULL: JQ had no output
    int status;               // FETCH: HTTP's
};

struct lim_verdict {
    bool passed;
    bool busy;         // not passed for want of a turn: there would be a verdict at another time
    const char *why;   // in a sentence
    const char *task;  // the task as rewritten, JSON; NULL: it is as it was
    size_t task_len;   //
    bool has_priority; // a run's, where the rules set one
    int64_t priority;  //
    struct lim_reasons *reasons;
};

struct lim_eval;
// rules NULL: there are none, and everything passes. Rules and request must outlive the machine. 0 or -ENOMEM.
int lim_eval_new(const struct lim_rules *rules, const struct lim_request *request, struct lim_eval **out);
void lim_eval_free(struct lim_eval *e); // NULL is fine
// The next question; false: there is none now.
bool lim_eval_next(struct lim_eval *e, struct lim_ask *ask);
// Answers what was asked and not answered yet; others are ignored.
void lim_eval_answer(struct lim_eval *e, unsigned id, const struct lim_answer *a);
// NULL: not yet. Good until the machine is freed.
const struct lim_verdict *lim_eval_verdict(const struct lim_eval *e);
// The classifiers that the requester is in, once that is known: their indices in the rules.
size_t lim_eval_classifiers(const struct lim_eval *e, const size_t **out);
