// SPDX-License-Identifier: Apache-2.0
#include "pslimits/regime.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

#define VALUES (LIM_ARGS_MAX + 2)

static int make_program(struct ps_jq *jq, const struct lim_program *p, struct ps_jq_program **out)
{
    struct ps_jq_source source = {p->text, strlen(p->text), p->prelude, p->names, p->nnames};
    return ps_jq_program_new(jq, &source, out);
}

static void free_programs(struct regime *r, size_t n)
{
    for (size_t i = 0; r->programs && i < n; i++)
        ps_jq_program_free(r->programs[i]);
    free(r->programs);
}

static void give_up(struct regime *r, size_t programs)
{
    if (r)
        free_programs(r, programs);
    free(r);
}

int regime_new(struct ps_jq *jq, struct lim_rules *rules, struct regime **out)
{
    struct regime *r = calloc(1, sizeof *r);
    int err = r ? 0 : -ENOMEM;
    if (r) {
        r->refs = 1;
        r->programs = calloc(rules->nprograms + 1, sizeof(struct ps_jq_program *));
        err = r->programs ? 0 : -ENOMEM;
    }
    for (size_t i = 0; !err && i < rules->nprograms; i++)
        err = make_program(jq, rules->programs[i], &r->programs[i]);
    if (err) {
        give_up(r, rules->nprograms);
        return err;
    }
    r->rules = rules;
    *out = r;
    return 0;
}

struct regime *regime_keep(struct regime *r)
{
    r->refs++;
    return r;
}

void regime_drop(struct regime *r)
{
    if (!r || --r->refs > 0)
        return;
    lists_free(r->lists);
    free_programs(r, r->rules->nprograms);
    lim_rules_free(r->rules);
    free(r);
}

void regime_release(struct regime *r)
{
    free_programs(r, r->rules->nprograms);
    free(r);
}

static void ran(void *ctx, const struct ps_jq_result *result)
{
    struct question *q = ctx;
    struct lim_answer a = {.err = result->err, .why = result->why, .busy = result->err == PS_ESTATE};
    if (!result->err && result->noutputs > 0) {
        a.text = result->outputs[0].text;
        a.len = result->outputs[0].len;
    }
    question_answer(q, &a);
}

void regime_run(struct regime *r, const struct lim_ask *ask, struct question *q)
{
    const struct lim_program *p = ask->program;
    struct ps_jq_value input = {ask->input.text, ask->input.len}, args[VALUES];
    for (size_t i = 0; i < p->nnames; i++) {
        const struct lim_text *t = i < p->nown ? &p->values[i] : &ask->given[i - p->nown];
        args[i] = (struct ps_jq_value){t->text, t->len};
    }
    int err = ps_jq_run_for(r->programs[p->index], question_asker(q), &input, args, ran, q, NULL);
    if (err == PS_ELIMIT)
        question_answer(
            q, &(struct lim_answer){.err = err, .why = "too many scripts wait to be run", .busy = true});
    else if (err)
        question_fail(q, err, ps_strerror(err));
}
