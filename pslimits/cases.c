// SPDX-License-Identifier: Apache-2.0
#include "pslimits/cases.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "limits/lim_hint.h"
#include "limits/lim_merge.h"
#include "limits/lim_name.h"

// For cases that do not say.
struct otherwise {
    const struct lim_rules *rules;
    struct ps_jnode task;
    struct made_up facts;
};

static int make_hints(const char *requester, struct ps_jdoc **out)
{
    struct ps_buf b;
    ps_buf_init(&b, 0);
    int err = ps_buf_printf(&b, "{\"requester\":");
    if (!err)
        err = lim_put_string(&b, requester);
    if (!err)
        err = ps_buf_append(&b, "}", 1);
    if (!err)
        err = ps_jdoc_parse(out, NULL, (char *)ps_buf_head(&b), ps_buf_len(&b), NULL);
    ps_buf_fini(&b);
    return err;
}

static void check_hints(struct ps_jnode hints, const struct lim_rules *rules, struct lim_faults *faults)
{
    char near[LIM_NAME_HINT];
    for (struct ps_jnode n = ps_jnode_first(hints); ps_jnode_there(n); n = ps_jnode_next(n))
        if (ps_jnode_key(n)[0] != '#' && !lim_hint_is_known(rules, ps_jnode_key(n)))
            lim_fault_at(faults, LIM_FAULT, n, NULL, lim_hint_near(ps_jnode_key(n), near),
                         "is a hint that neither pScheduler nor the rules know");
}

static struct ps_jnode read_hints(struct case_of *c, struct lim_read *r)
{
    struct ps_jnode hints = lim_get_object(r, "hints", LIM_OPTIONAL);
    const char *requester = lim_get_str(r, "requester", LIM_OPTIONAL, 1);
    if (!requester[0])
        return hints;
    if (ps_jnode_there(hints))
        lim_fault_at(r->faults, LIM_FAULT, r->node, "requester", "put it among the hints",
                     "stands beside \"hints\"");
    else if (make_hints(requester, &c->hints) == 0)
        hints = ps_jdoc_root(c->hints);
    else
        r->faults->err = -ENOMEM;
    return hints;
}

static void check_classifiers(struct ps_jnode array, const struct lim_rules *rules, struct lim_faults *faults)
{
    const char **names = calloc(rules->nclassifiers + 1, sizeof(const char *));
    char hint[LIM_NAME_HINT];
    for (size_t i = 0; names && i < rules->nclassifiers; i++)
        names[i] = rules->classifiers[i].name;
    for (struct ps_jnode n = ps_jnode_first(array); names && ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *name = lim_element_str(n, faults);
        size_t i = 0;
        while (name && i < rules->nclassifiers && strcmp(names[i], name) != 0)
            i++;
        if (name && i == rules->nclassifiers)
            lim_fault_at(faults, LIM_FAULT, n, NULL, lim_name_hint(name, names, i, hint),
                         "the rules have no classifier \"%.60s\"", name);
    }
    free(names);
}

static void read_expected(struct case_of *c, struct ps_jnode object, const struct lim_rules *rules,
                          struct lim_faults *faults)
{
    struct lim_read r;
    lim_read_begin(&r, object, faults);
    c->passed = lim_get_bool(&r, "passed", LIM_NEEDED, false);
    c->classifiers = lim_get_array(&r, "classifiers", LIM_OPTIONAL);
    check_classifiers(c->classifiers, rules, faults);
    c->task = lim_get_object(&r, "task", LIM_OPTIONAL);
    c->priority = lim_get(&r, "priority", LIM_OPTIONAL);
    c->why = lim_get_str(&r, "why", LIM_OPTIONAL, 0);
    (void)lim_read_end(&r);
}

static void read_case(struct case_of *c, struct ps_jnode n, const struct otherwise *otherwise,
                      struct lim_faults *faults)
{
    struct lim_read r;
    struct ps_fault fault = {""};
    size_t before = faults->faults;
    lim_read_begin(&r, n, faults);
    c->line = ps_jnode_line(n);
    c->name = lim_get_str(&r, "name", LIM_NEEDED, 1);
    struct ps_jnode hints = read_hints(c, &r), task = lim_get_object(&r, "task", LIM_OPTIONAL);
    struct ps_jnode run = lim_get_object(&r, "run", LIM_OPTIONAL),
                    facts = lim_get_object(&r, "facts", LIM_OPTIONAL);
    struct ps_jnode expect = lim_get_object(&r, "expect", LIM_NEEDED);
    bool rewrite = lim_get_bool(&r, "rewrite", LIM_OPTIONAL, !ps_jnode_there(run));
    (void)lim_read_end(&r);
    check_hints(hints, otherwise->rules, faults);
    if (ps_jnode_there(facts))
        made_up_read(&c->facts, facts, otherwise->rules, faults);
    else
        c->facts = otherwise->facts;
    if (ps_jnode_there(expect))
        read_expected(c, expect, otherwise->rules, faults);
    if (!ps_jnode_there(task))
        task = otherwise->task;
    if (faults->faults == before && lim_request_read(&c->request, hints, task, run, &fault) != 0)
        lim_fault_from(faults, n, &fault);
    c->request.rewrite = rewrite;
}

static void read_all(struct cases *c, const struct lim_rules *rules, struct lim_faults *faults)
{
    struct lim_read r;
    lim_read_begin(&r, ps_jdoc_root(c->doc), faults);
    struct ps_jnode array = lim_get_array(&r, "cases", LIM_NEEDED);
    struct otherwise otherwise = {.rules = rules, .task = lim_get_object(&r, "task", LIM_OPTIONAL)};
    made_up_read(&otherwise.facts, lim_get_object(&r, "facts", LIM_OPTIONAL), rules, faults);
    (void)lim_read_end(&r);
    if (ps_jnode_count(array) > CASES_MAX) {
        lim_fault_at(faults, LIM_FAULT, array, NULL, NULL, "has more than %d cases", CASES_MAX);
        return;
    }
    if (ps_jnode_there(array) && ps_jnode_count(array) == 0)
        lim_fault_at(faults, LIM_FAULT, array, NULL, NULL, "has no case: nothing would be tried");
    c->at = calloc(ps_jnode_count(array) + 1, sizeof *c->at);
    if (!c->at)
        faults->err = -ENOMEM;
    for (struct ps_jnode n = ps_jnode_first(array); c->at && ps_jnode_there(n); n = ps_jnode_next(n))
        read_case(&c->at[c->n++], n, &otherwise, faults);
}

int cases_read(struct cases *c, const char *text, size_t len, const struct lim_rules *rules,
               struct lim_faults *faults)
{
    struct ps_fault fault = {""};
    memset(c, 0, sizeof *c);
    if (ps_jdoc_parse(&c->doc, "-", text, len, &fault) != 0)
        lim_fault_from(faults, (struct ps_jnode){NULL, 0}, &fault);
    else
        read_all(c, rules, faults);
    lim_faults_sort(faults);
    if (faults->err)
        return faults->err;
    return faults->faults ? PS_EMALFORMED : 0;
}

void cases_fini(struct cases *c)
{
    for (size_t i = 0; i < c->n; i++)
        ps_jdoc_free(c->at[i].hints);
    free(c->at);
    ps_jdoc_free(c->doc);
}
