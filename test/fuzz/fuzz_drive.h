// SPDX-License-Identifier: Apache-2.0
// A request driven to its verdict with answers that mean nothing.
#pragma once
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "limits/lim_eval.h"

// Answers, picked by what a counter has come to.
static inline void drive_answer(struct lim_eval *e, const struct lim_ask *ask, unsigned nth, const char *text,
                                size_t len)
{
    static const char *const names[] = {"host.example.org", ""};
    static const uint32_t asns[] = {64500, 7};
    struct lim_answer a = {
        .names = names, .asns = asns, .n = nth % 3, .text = text, .len = len, .status = 200};
    a.yes = nth & 1;
    if (nth % 5 == 0)
        a = (struct lim_answer){.err = PS_ETIMEOUT, .why = nth & 1 ? "rejected: no" : NULL};
    else if (nth % 7 == 0)
        a.text = NULL;
    if (a.n == 3 - 1)
        a.status = 404;
    lim_eval_answer(e, ask->id, &a);
}

// Every request comes to a verdict that has a reason.
static inline void drive(const struct lim_rules *rules, const struct lim_request *request, unsigned nth,
                         const char *text, size_t len)
{
    struct lim_eval *e;
    struct lim_ask ask;
    if (lim_eval_new(rules, request, &e) != 0)
        return;
    while (!lim_eval_verdict(e)) {
        if (!lim_eval_next(e, &ask)) {
            if (!lim_eval_verdict(e))
                abort();
            break;
        }
        if (ask.fact == LIM_FACT_JQ && (!ask.program || !ask.input.text))
            abort();
        drive_answer(e, &ask, nth++, text, len);
    }
    const struct lim_verdict *v = lim_eval_verdict(e);
    if (!v->why || (v->task && memchr(v->task, '\0', v->task_len)))
        abort();
    lim_eval_free(e);
}
