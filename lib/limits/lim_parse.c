// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "limits/lim_name.h"
#include "limits/lim_parse_impl.h"
#include "limits/lim_script.h"

#define THINGS_MAX 4096 // identifiers, classifiers, limits, applications; each of them

void *lim_room(struct lim_parsing *p, struct ps_jnode array, size_t size)
{
    size_t n = ps_jnode_count(array);
    void *room = calloc(n ? n : 1, size);
    if (!room)
        p->faults->err = -ENOMEM;
    return room;
}

// names

static const char *name_of(const void *things, size_t i, size_t stride)
{
    return *(const char *const *)(const void *)((const char *)things + i * stride);
}

static size_t index_of(const char *name, const void *things, size_t n, size_t stride)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name_of(things, i, stride), name) == 0)
            return i;
    return SIZE_MAX;
}

void lim_read_name(struct lim_parsing *p, struct lim_read *r, const char *what, const void *former, size_t n,
                   size_t stride, const char **name, const char **description)
{
    *name = lim_get_str(r, "name", LIM_NEEDED, 1);
    *description = lim_get_str(r, "description", LIM_NEEDED, 0);
    if ((*name)[0] && index_of(*name, former, n, stride) != SIZE_MAX)
        lim_fault_at(p->faults, LIM_FAULT, ps_jnode_member(r->node, "name"), NULL,
                     "each needs a name of its own", "there is %s \"%.60s\" already", what, *name);
}

static void tell_unknown(struct lim_parsing *p, struct ps_jnode node, const char *name, const char *what,
                         const void *things, size_t n, size_t stride)
{
    char hint[LIM_NAME_HINT];
    const char **names = calloc(n ? n : 1, sizeof(const char *));
    for (size_t i = 0; names && i < n; i++)
        names[i] = name_of(things, i, stride);
    lim_fault_at(p->faults, LIM_FAULT, node, NULL, names ? lim_name_hint(name, names, n, hint) : NULL,
                 "there is no %s \"%.60s\"", what, name);
    free(names);
}

size_t lim_find(struct lim_parsing *p, struct ps_jnode name, const char *what, const void *things, size_t n,
                size_t stride)
{
    const char *s = lim_element_str(name, p->faults);
    size_t i = s ? index_of(s, things, n, stride) : SIZE_MAX;
    if (s && i == SIZE_MAX)
        tell_unknown(p, name, s, what, things, n, stride);
    return i;
}

static bool holds(const size_t *list, size_t n, size_t i)
{
    for (size_t k = 0; k < n; k++)
        if (list[k] == i)
            return true;
    return false;
}

size_t *lim_find_all(struct lim_parsing *p, struct ps_jnode names, const char *what, const void *things,
                     size_t n, size_t stride, size_t *found)
{
    size_t *list = lim_room(p, names, sizeof(size_t));
    *found = 0;
    for (struct ps_jnode e = ps_jnode_first(names); list && ps_jnode_there(e); e = ps_jnode_next(e)) {
        size_t i = lim_find(p, e, what, things, n, stride);
        if (i == SIZE_MAX)
            continue;
        if (holds(list, *found, i))
            lim_fault_at(p->faults, LIM_WARNING, e, NULL, "once is enough", "\"%.60s\" is named twice",
                         name_of(things, i, stride));
        else
            list[(*found)++] = i;
    }
    return list;
}

// parts of the file

void lim_read_classifiers(struct lim_parsing *p, struct ps_jnode array)
{
    struct lim_rules *rules = p->rules;
    rules->classifiers = lim_room(p, array, sizeof *rules->classifiers);
    for (struct ps_jnode n = ps_jnode_first(array); rules->classifiers && ps_jnode_there(n);
         n = ps_jnode_next(n)) {
        struct lim_classifier *c = &rules->classifiers[rules->nclassifiers];
        struct lim_read r;
        lim_read_begin(&r, n, p->faults);
        c->node = n;
        lim_read_name(p, &r, "a classifier", rules->classifiers, rules->nclassifiers, sizeof *c, &c->name,
                      &c->description);
        c->identifiers =
            lim_find_all(p, lim_get_array(&r, "identifiers", LIM_NEEDED), "identifier", rules->identifiers,
                         rules->nidentifiers, sizeof *rules->identifiers, &c->n);
        p->lost_identifiers |= p->faults->faults != r.before;
        c->require = (enum lim_require)lim_get_word(&r, "require", LIM_OPTIONAL, lim_requires, 4, LIM_ANY);
        if (ps_jnode_there(ps_jnode_member(n, "require")) && rules->schema < 4)
            lim_fault_at(p->faults, LIM_FAULT, ps_jnode_member(n, "require"), NULL, "set \"schema\" to 4",
                         "is of schema 4; this file says %u", rules->schema);
        c->sound = lim_read_end(&r);
        rules->nclassifiers++;
    }
}

static void read_group(struct lim_parsing *p, struct ps_jnode n, struct lim_group *g)
{
    struct lim_rules *rules = p->rules;
    struct lim_read r;
    lim_read_begin(&r, n, p->faults);
    g->require = (enum lim_require)lim_get_word(&r, "require", LIM_NEEDED, lim_requires, 4, LIM_ALL);
    g->limits = lim_find_all(p, lim_get_array(&r, "limits", LIM_NEEDED), "limit", rules->limits,
                             rules->nlimits, sizeof *rules->limits, &g->n);
    (void)lim_read_end(&r);
}

static void read_application(struct lim_parsing *p, struct ps_jnode n, struct lim_application *a)
{
    struct lim_rules *rules = p->rules;
    struct lim_read r;
    lim_read_begin(&r, n, p->faults);
    a->node = n;
    a->description = lim_get_str(&r, "description", LIM_OPTIONAL, 0);
    struct ps_jnode classifier = lim_get(&r, "classifier", LIM_OPTIONAL),
                    apply = lim_get_array(&r, "apply", LIM_NEEDED);
    a->classifier = ps_jnode_there(classifier) ? lim_find(p, classifier, "classifier", rules->classifiers,
                                                          rules->nclassifiers, sizeof *rules->classifiers)
                                               : LIM_EVERYBODY;
    a->invert = lim_get_bool(&r, "invert", LIM_OPTIONAL, false);
    a->stop = lim_get_bool(&r, "stop-on-failure", LIM_OPTIONAL, false);
    a->groups = lim_room(p, apply, sizeof *a->groups);
    for (struct ps_jnode g = ps_jnode_first(apply); a->groups && ps_jnode_there(g); g = ps_jnode_next(g))
        read_group(p, g, &a->groups[a->ngroups++]);
    a->sound = lim_read_end(&r);
    p->lost_classifiers |= !a->sound;
    p->lost_limits |= !a->sound;
}

void lim_read_applications(struct lim_parsing *p, struct ps_jnode array)
{
    struct lim_rules *rules = p->rules;
    rules->applications = lim_room(p, array, sizeof *rules->applications);
    for (struct ps_jnode n = ps_jnode_first(array); rules->applications && ps_jnode_there(n);
         n = ps_jnode_next(n))
        read_application(p, n, &rules->applications[rules->napplications++]);
}

static struct ps_jnode part(struct lim_parsing *p, struct lim_read *r, const char *key)
{
    struct ps_jnode n = lim_get_array(r, key, LIM_NEEDED);
    if (ps_jnode_count(n) <= THINGS_MAX)
        return n;
    lim_fault_at(p->faults, LIM_FAULT, n, NULL, NULL, "has more than %d elements", THINGS_MAX);
    return (struct ps_jnode){NULL, 0};
}

static struct lim_program *script(struct lim_parsing *p, struct lim_read *r, const char *key, unsigned schema,
                                  enum lim_script_kind kind)
{
    struct ps_jnode n = lim_get_object(r, key, LIM_OPTIONAL);
    if (!ps_jnode_there(n))
        return NULL;
    if (p->rules->schema < schema)
        lim_fault_at(p->faults, LIM_FAULT, n, NULL,
                     schema == 2 ? "set \"schema\" to 2 or more" : "set \"schema\" to 3 or more",
                     "is of schema %u; this file says %u", schema, p->rules->schema);
    return lim_script_read(p->rules, n, kind, key, p->faults);
}

static unsigned schema(struct lim_parsing *p, struct lim_read *r)
{
    struct ps_jnode n = lim_get(r, "schema", LIM_OPTIONAL);
    struct ps_fault fault;
    uint64_t v = 4;
    if (!ps_jnode_there(n) && ps_jnode_there(r->node))
        lim_fault_at(p->faults, LIM_FAULT, r->node, "schema", "add \"schema\": 4", "is missing");
    else if (ps_jnode_there(n) && ps_jnode_u64(n, 1, 4, &v, &fault) != 0)
        lim_fault_from(p->faults, n, &fault);
    return (unsigned)v;
}

// pScheduler's documentation has "classifications" in one place; what is in there is looked at all the same.
static struct ps_jnode classifiers_of(struct lim_parsing *p, struct lim_read *r)
{
    bool misnamed = ps_jnode_there(ps_jnode_member(r->node, "classifications"));
    bool named = ps_jnode_there(ps_jnode_member(r->node, "classifiers"));
    struct ps_jnode n;
    if (!misnamed)
        return part(p, r, "classifiers");
    n = lim_get(r, "classifications", LIM_OPTIONAL);
    lim_fault_at(p->faults, LIM_FAULT, n, NULL, "call it \"classifiers\"", "is not known here");
    return part(p, r, named ? "classifiers" : "classifications");
}

static void read_all(struct lim_parsing *p)
{
    struct lim_rules *rules = p->rules;
    struct lim_read r;
    lim_read_begin(&r, ps_jdoc_root(rules->doc), p->faults);
    rules->schema = schema(p, &r);
    lim_read_identifiers(p, part(p, &r, "identifiers"));
    struct ps_jnode classifiers = classifiers_of(p, &r);
    lim_read_classifiers(p, classifiers);
    rules->rewrite = script(p, &r, "rewrite", 2, LIM_SCRIPT_REWRITE);
    lim_read_limits(p, part(p, &r, "limits"));
    struct ps_jnode applications = part(p, &r, "applications");
    lim_read_applications(p, applications);
    rules->priority = script(p, &r, "priority", 3, LIM_SCRIPT_PRIORITY);
    p->lost_identifiers |= !ps_jnode_there(classifiers);
    p->lost_limits |= !ps_jnode_there(applications);
    p->lost_classifiers |= !ps_jnode_there(applications);
    (void)lim_read_end(&r);
}

// The document if there is one to read on in: a key given twice is a fault, what else is in there is told too.
static bool read_doc(struct lim_parsing *p, const char *text, size_t len)
{
    struct ps_fault fault = {""};
    int err = PS_ELIMIT;
    if (len > LIM_FILE_MAX)
        ps_fault_set(&fault, NULL, 0, "has more than %zu octets", LIM_FILE_MAX);
    else
        err = ps_jdoc_parse(&p->rules->doc, "-", text, len, &fault);
    if (err)
        lim_fault_from(p->faults, (struct ps_jnode){NULL, 0}, &fault);
    return err == 0 ||
           (err == PS_EDUPLICATE && ps_jdoc_parse_careless(&p->rules->doc, "-", text, len, NULL) == 0);
}

static bool is_object(const struct lim_rules *r)
{
    return ps_jnode_type(ps_jdoc_root(r->doc)) == PS_JTYPE_OBJECT;
}

int lim_survey(struct lim_rules **out, const char *text, size_t len, struct lim_faults *faults)
{
    struct lim_parsing p = {.rules = calloc(1, sizeof *p.rules), .faults = faults};
    *out = NULL;
    if (!p.rules)
        return -ENOMEM;
    bool whole = read_doc(&p, text, len);
    if (whole)
        read_all(&p);
    if (!faults->err && whole && is_object(p.rules)) {
        lim_warn(&p);
        lim_faults_sort(faults);
        *out = p.rules;
    }
    if (faults->err)
        *out = NULL;
    if (!*out)
        lim_rules_free(p.rules);
    if (faults->err)
        return faults->err;
    return faults->faults ? PS_EMALFORMED : 0;
}

int lim_parse(struct lim_rules **out, const char *text, size_t len, struct lim_faults *faults)
{
    int err = lim_survey(out, text, len, faults);
    if (err) {
        lim_rules_free(*out);
        *out = NULL;
    }
    return err;
}
