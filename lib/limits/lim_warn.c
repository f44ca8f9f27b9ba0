// SPDX-License-Identifier: Apache-2.0
// What a file of rules says to no effect.
#include <stdio.h>
#include <string.h>
#include "limits/lim_parse_impl.h"

static bool in_groups(const struct lim_application *a, size_t limit)
{
    for (size_t g = 0; g < a->ngroups; g++)
        for (size_t i = 0; i < a->groups[g].n; i++)
            if (a->groups[g].limits[i] == limit)
                return true;
    return false;
}

static bool is_cloned(const struct lim_rules *r, size_t limit)
{
    for (size_t i = limit + 1; i < r->nlimits; i++) {
        const char *source = NULL;
        if (ps_jnode_str(ps_jnode_member(r->limits[i].node, "clone"), 0, SIZE_MAX, &source, NULL) == 0 &&
            strcmp(source, r->limits[limit].name) == 0)
            return true;
    }
    return false;
}

static void unused_limits(struct lim_parsing *p)
{
    const struct lim_rules *r = p->rules;
    for (size_t i = 0; i < r->nlimits && !p->lost_limits; i++) {
        bool used = !r->limits[i].name[0] || is_cloned(r, i);
        for (size_t a = 0; a < r->napplications && !used; a++)
            used = in_groups(&r->applications[a], i);
        if (!used)
            lim_fault_at(p->faults, LIM_WARNING, r->limits[i].node, NULL, NULL,
                         "limit \"%.60s\" is never applied", r->limits[i].name);
    }
}

static bool is_listed(const struct lim_classifier *c, size_t identifier)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->identifiers[i] == identifier)
            return true;
    return false;
}

static void unused_identifiers(struct lim_parsing *p)
{
    const struct lim_rules *r = p->rules;
    for (size_t i = 0; i < r->nidentifiers && !p->lost_identifiers; i++) {
        bool used = !r->identifiers[i].name[0];
        for (size_t c = 0; c < r->nclassifiers && !used; c++)
            used = is_listed(&r->classifiers[c], i);
        if (!used)
            lim_fault_at(p->faults, LIM_WARNING, r->identifiers[i].node, NULL, NULL,
                         "identifier \"%.60s\" is in no classifier", r->identifiers[i].name);
    }
}

static bool in_script(const struct lim_program *p, const char *text)
{
    return p && strstr(p->text, text);
}

// As a string.
static bool is_spoken_of(const struct lim_rules *r, const char *name)
{
    char quoted[200];
    snprintf(quoted, sizeof quoted, "\"%.190s\"", name);
    return in_script(r->rewrite, quoted) || in_script(r->priority, quoted);
}

static void unused_classifiers(struct lim_parsing *p)
{
    const struct lim_rules *r = p->rules;
    for (size_t i = 0; i < r->nclassifiers; i++) {
        const char *name = r->classifiers[i].name;
        bool used = !name[0] || p->lost_classifiers || is_spoken_of(r, name);
        for (size_t a = 0; a < r->napplications && !used; a++)
            used = r->applications[a].classifier == i;
        if (!used)
            lim_fault_at(p->faults, LIM_WARNING, r->classifiers[i].node, NULL, NULL,
                         "nothing applies to classifier \"%.60s\"", name);
        if (r->classifiers[i].n == 0 && r->classifiers[i].sound)
            lim_fault_at(p->faults, LIM_WARNING, r->classifiers[i].node, NULL, "name some",
                         "classifier \"%.60s\" has no identifiers", name);
    }
}

// Everybody is in the classifier, whoever they are.
static bool is_universal(const struct lim_rules *r, size_t classifier)
{
    if (classifier == LIM_EVERYBODY)
        return true;
    const struct lim_classifier *c = &r->classifiers[classifier];
    size_t certain = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct lim_identifier *id = &r->identifiers[c->identifiers[i]];
        certain += id->type == LIM_ID_ALWAYS && !id->invert;
    }
    return c->require == LIM_ANY ? certain > 0 : c->require == LIM_ALL && certain == c->n && c->n > 0;
}

static bool always_passes(const struct lim_rules *r, size_t limit)
{
    const struct lim_limit *l = &r->limits[limit];
    return l->sound && l->type == LIM_PASS_FAIL && l->pass != l->invert;
}

static bool group_is_certain(const struct lim_rules *r, const struct lim_group *g)
{
    size_t certain = 0;
    for (size_t i = 0; i < g->n; i++)
        certain += always_passes(r, g->limits[i]);
    if (g->require == LIM_ALL)
        return certain == g->n;
    return g->require == LIM_ANY && certain > 0;
}

// Nobody it applies to gets past it: it grants whatever is asked, or what it does not grant is denied.
static bool is_final(const struct lim_rules *r, const struct lim_application *a)
{
    bool certain = !a->invert;
    if (!a->sound)
        return false;
    for (size_t g = 0; g < a->ngroups; g++)
        certain &= group_is_certain(r, &a->groups[g]);
    return a->stop || certain;
}

static void unreachable_applications(struct lim_parsing *p)
{
    const struct lim_rules *r = p->rules;
    for (size_t i = 1; i < r->napplications; i++) {
        for (size_t before = 0; before < i; before++) {
            const struct lim_application *a = &r->applications[before];
            if (!r->applications[i].sound || !is_final(r, a) ||
                !(is_universal(r, a->classifier) || a->classifier == r->applications[i].classifier))
                continue;
            lim_fault_at(p->faults, LIM_WARNING, r->applications[i].node, NULL, "put the narrower one first",
                         "is never reached: applications[%zu] decides for all whom it applies to", before);
            break;
        }
    }
}

static void empty_group(struct lim_parsing *p, const struct lim_application *a, size_t g)
{
    enum lim_require require = a->groups[g].require;
    bool passes = require == LIM_ALL || require == LIM_NONE;
    if (a->groups[g].n == 0)
        lim_fault_at(p->faults, LIM_WARNING, a->node, NULL, "name some",
                     "apply[%zu] has no limits, so it always %s", g, passes ? "passes" : "fails");
}

static void empty_groups(struct lim_parsing *p)
{
    const struct lim_rules *r = p->rules;
    for (size_t i = 0; i < r->napplications; i++) {
        const struct lim_application *a = &r->applications[i];
        if (!a->sound)
            continue;
        if (a->ngroups == 0)
            lim_fault_at(p->faults, LIM_WARNING, a->node, NULL, NULL, "applies no limits, so it always %s",
                         a->invert ? "fails" : "passes");
        for (size_t g = 0; g < a->ngroups; g++)
            empty_group(p, a, g);
    }
    struct ps_jnode all = ps_jnode_member(ps_jdoc_root(r->doc), "applications");
    if (ps_jnode_type(all) == PS_JTYPE_ARRAY && ps_jnode_count(all) == 0)
        lim_fault_at(p->faults, LIM_WARNING, all, NULL, NULL, "is empty: everything is denied");
}

// The input is the task, though examples of pScheduler's documentation put it under .task.
static void misread_input(struct lim_parsing *p)
{
    const struct lim_rules *r = p->rules;
    if (in_script(r->rewrite, ".task."))
        lim_fault_at(p->faults, LIM_WARNING, ps_jnode_member(ps_jdoc_root(r->doc), "rewrite"), NULL,
                     "write .test.type and .test.spec",
                     "the script looks for .task, but its input is the task itself");
    for (size_t i = 0; i < r->nlimits; i++) {
        const struct lim_limit *l = &r->limits[i];
        if (l->type != LIM_JQ || !l->program || !in_script(l->program, ".spec") ||
            in_script(l->program, ".test"))
            continue;
        lim_fault_at(p->faults, LIM_WARNING, l->node, NULL, "write .test.spec",
                     "the script looks for .spec, but its input is the task");
    }
}

void lim_warn(struct lim_parsing *p)
{
    unused_identifiers(p);
    unused_classifiers(p);
    misread_input(p);
    unused_limits(p);
    empty_groups(p);
    unreachable_applications(p);
}
