// SPDX-License-Identifier: Apache-2.0
#include "pslimits/judgement.h"
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"

struct judgement {
    struct witness *witness;
    struct regime *regime;
    struct lim_eval *eval;
    judgement_cb cb;
    void *ctx;
    struct question *open;
    uint64_t asker;
    bool asking; // questions are being asked, and answers need not go on with it
};

static void leave(struct question *q)
{
    *q->link = q->next;
    if (q->next)
        q->next->link = q->link;
}

static void enter(struct question *q, struct question **list)
{
    q->next = *list;
    q->link = list;
    if (q->next)
        q->next->link = &q->next;
    *list = q;
}

static void forget(struct question *q)
{
    leave(q);
    free(q);
}

static struct question *note(struct judgement *j, unsigned id)
{
    struct question *q = calloc(1, sizeof *q);
    if (!q)
        return NULL;
    *q = (struct question){.judgement = j, .id = id};
    enter(q, &j->open);
    return q;
}

static void ask(struct judgement *j, const struct lim_ask *what)
{
    struct question *q = note(j, what->id);
    if (q)
        j->witness->ask(j->witness->ctx, what, q);
    else
        lim_eval_answer(j->eval, what->id, &(struct lim_answer){.err = -ENOMEM, .why = ps_strerror(-ENOMEM)});
}

// Asks what there is to ask; a verdict ends it.
static void go_on(struct judgement *j)
{
    struct lim_ask what;
    j->asking = true;
    while (lim_eval_next(j->eval, &what))
        ask(j, &what);
    j->asking = false;
    const struct lim_verdict *v = lim_eval_verdict(j->eval);
    if (!v)
        return;
    j->cb(j->ctx, v, j->eval);
    judgement_drop(j);
}

void question_answer(struct question *q, const struct lim_answer *a)
{
    struct judgement *j = q->judgement;
    if (!j) {
        forget(q);
        return;
    }
    lim_eval_answer(j->eval, q->id, a);
    forget(q);
    if (!j->asking)
        go_on(j);
}

struct regime *question_regime(const struct question *q)
{
    return q->judgement->regime;
}

uint64_t question_asker(const struct question *q)
{
    return q->judgement->asker;
}

void question_fail(struct question *q, int err, const char *why)
{
    question_answer(q, &(struct lim_answer){.err = err, .why = why});
}

int judgement_begin(struct witness *w, struct regime *regime, uint64_t asker,
                    const struct lim_request *request, judgement_cb cb, void *ctx, struct judgement **out)
{
    struct judgement *j = calloc(1, sizeof *j);
    if (!j || lim_eval_new(regime ? regime->rules : NULL, request, &j->eval) != 0) {
        free(j);
        return -ENOMEM;
    }
    j->witness = w;
    j->asker = asker;
    j->regime = regime ? regime_keep(regime) : NULL;
    j->cb = cb;
    j->ctx = ctx;
    if (out)
        *out = j;
    go_on(j);
    return 0;
}

void judgement_drop(struct judgement *j)
{
    while (j->open) {
        struct question *q = j->open;
        leave(q);
        q->judgement = NULL;
        enter(q, &j->witness->orphans);
    }
    lim_eval_free(j->eval);
    regime_drop(j->regime);
    free(j);
}

void witness_fini(struct witness *w)
{
    while (w->orphans)
        forget(w->orphans);
}
