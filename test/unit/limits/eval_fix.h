// SPDX-License-Identifier: Apache-2.0
// The machine with made-up facts: what it asks, and what it makes of the answers.
#pragma once
#include "limits_fix.h"
#include "limits/lim_eval.h"

#define REQUESTER "192.0.2.7"

// Facts, by the name of who asks; NULL ends them.
struct made_up {
    const char *of; // NULL: rewrite or priority
    struct lim_answer answer;
};

static const char *asked[40]; // kinds of facts, in order
static size_t nasked;

static const char *const fact_names[] = {"names",   "bogon",    "asns", "list",
                                         "localif", "localnet", "jq",   "fetch"};

static inline const struct lim_answer *answer_for(const struct made_up *facts, const struct lim_ask *ask)
{
    static const struct lim_answer none = {.err = PS_ETIMEOUT, .why = "nobody answered"};
    for (; facts && (facts->of || facts->answer.text || facts->answer.err); facts++)
        if ((!facts->of && !ask->of) || (facts->of && ask->of && strcmp(facts->of, ask->of) == 0))
            return &facts->answer;
    return &none;
}

static inline void put_reasons(FILE *f, const struct lim_reasons *r)
{
    static const char *const results[] = {"no", "yes", "error", "-"};
    for (size_t i = 0; i < r->n; i++)
        fprintf(f, "%*s%s %s %s: %s\n", 2 * (int)r->at[i].depth, "", results[r->at[i].result], r->at[i].kind,
                r->at[i].name   ? r->at[i].name
                : r->at[i].type ? r->at[i].type
                                : "",
                r->at[i].text ? r->at[i].text : "");
}

struct trial {
    struct lim_rules *rules;
    struct ps_jdoc *doc;
    struct lim_request request;
    struct lim_eval *eval;
    const struct lim_verdict *verdict;
    char *reasons;
};

static inline void drive(struct trial *t, const struct made_up *facts)
{
    struct lim_ask asks[40];
    nasked = 0;
    while (!lim_eval_verdict(t->eval)) {
        size_t n = 0;
        while (lim_eval_next(t->eval, &asks[n])) {
            asked[nasked++] = fact_names[asks[n].fact];
            n++;
        }
        // The last question first: answers come in any order.
        while (n-- > 0)
            lim_eval_answer(t->eval, asks[n].id, answer_for(facts, &asks[n]));
    }
    t->verdict = lim_eval_verdict(t->eval);
}

// request: {"hints", "task", "run"}
static inline void judge(struct trial *t, const char *rules, const char *request, bool rewrite,
                         const struct made_up *facts)
{
    struct ps_fault fault = {""};
    char *text = json(request);
    size_t len;
    t->rules = rules ? rules_of(rules) : NULL;
    if (ps_jdoc_parse(&t->doc, NULL, text, strlen(text), &fault) != 0)
        fail_msg("%s", fault.text);
    struct ps_jnode root = ps_jdoc_root(t->doc);
    if (lim_request_read(&t->request, ps_jnode_member(root, "hints"), ps_jnode_member(root, "task"),
                         ps_jnode_member(root, "run"), &fault) != 0)
        fail_msg("%s", fault.text);
    t->request.rewrite = rewrite;
    assert_int_equal(lim_eval_new(t->rules, &t->request, &t->eval), 0);
    drive(t, facts);
    FILE *f = open_memstream(&t->reasons, &len);
    put_reasons(f, t->verdict->reasons);
    fclose(f);
    free(text);
}

static inline void fini(struct trial *t)
{
    lim_eval_free(t->eval);
    ps_jdoc_free(t->doc);
    lim_rules_free(t->rules);
    free(t->reasons);
}

#define HINTS "'hints':{'requester':'" REQUESTER "','server':'198.51.100.9'}"
#define TASK "'task':{'test':{'type':'rtt','spec':{'dest':'x'}}}"
#define RUN "'run':{'start':'2026-06-17T08:59:50Z','duration':'PT20S'}"
#define ASK "{" HINTS "," TASK "}"
#define ASK_RUN "{" HINTS "," TASK "," RUN "}"

// Identifiers that know everybody and nobody, and a requirement.
#define Y(n) "{'name':'" n "','description':'','type':'always','data':{}}"
#define N(n) "{'name':'" n "','description':'','type':'always','data':{},'invert':true}"
#define G(require, limits) "{'require':'" require "','limits':[" limits "]}"
