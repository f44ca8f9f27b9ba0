// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_eval.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "limits/lim_eval_impl.h"
#include "limits/lim_merge.h"

// items

void lim_decide(struct lim_eval *e, struct lim_item *item, enum lim_result result, const char *fmt, ...)
{
    va_list ap;
    item->state = LIM_DONE;
    item->result = result;
    free(item->why);
    va_start(ap, fmt);
    item->why = lim_words(fmt, ap);
    va_end(ap);
    if (!item->why)
        e->err = -ENOMEM;
}

void lim_no_answer(struct lim_eval *e, struct lim_item *item, enum lim_result result,
                   const struct lim_answer *a)
{
    lim_decide(e, item, result, "%s", a->why && a->why[0] ? a->why : ps_strerror(a->err));
}

static void item_fini(struct lim_item *item)
{
    free(item->why);
    lim_fetching_free(item->fetching);
}

// the end

static void finish(struct lim_eval *e, bool passed, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
static void finish(struct lim_eval *e, bool passed, const char *fmt, va_list ap)
{
    char *why = lim_words(fmt, ap);
    size_t place = lim_reason_add(&e->reasons, 0, "verdict", NULL, NULL);
    e->verdict.passed = passed;
    lim_reason_say(&e->reasons, place, passed ? LIM_YES : LIM_NO, "%s", why ? why : ps_strerror(-ENOMEM));
    free(why);
    e->verdict.why = place < e->reasons.n ? e->reasons.at[place].text : NULL;
    if (!e->verdict.why)
        e->verdict.why = ps_strerror(-ENOMEM);
}

void lim_grant(struct lim_eval *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    finish(e, true, fmt, ap);
    va_end(ap);
    e->stage = LIM_PRIORITY;
}

void lim_deny(struct lim_eval *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    finish(e, false, fmt, ap);
    va_end(ap);
    e->stage = LIM_OVER;
}

// hints, identifiers, classifiers

static void tell_hints(struct lim_eval *e)
{
    size_t place = lim_reason_add(&e->reasons, 0, "hints", NULL, NULL);
    struct ps_buf text;
    bool any = false;
    ps_buf_init(&text, 4096);
    for (struct ps_jnode n = ps_jnode_first(e->request.hints); ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *value = "";
        if (ps_jnode_key(n)[0] == '#')
            continue;
        (void)ps_jnode_str(n, 0, SIZE_MAX, &value, NULL);
        (void)ps_buf_printf(&text, "%s%s %s", any ? ", " : "", ps_jnode_key(n), value);
        any = true;
    }
    lim_reason_say(&e->reasons, place, LIM_MOOT, "%.*s", any ? (int)ps_buf_len(&text) : 4,
                   any ? (const char *)ps_buf_head(&text) : "none");
    ps_buf_fini(&text);
}

// "a, b, c", or "none".
static void put_name(struct ps_buf *list, const char *name)
{
    (void)ps_buf_printf(list, "%s%s", ps_buf_len(list) ? ", " : "", name);
}

static void say_list(struct lim_eval *e, size_t place, enum lim_result result, struct ps_buf *list,
                     const char *none)
{
    if (ps_buf_len(list))
        lim_reason_say(&e->reasons, place, result, "%.*s", (int)ps_buf_len(list),
                       (const char *)ps_buf_head(list));
    else
        lim_reason_say(&e->reasons, place, result, "%s", none);
    ps_buf_fini(list);
}

static size_t tell_identifiers(struct lim_eval *e)
{
    const struct lim_rules *r = e->rules;
    size_t head = lim_reason_add(&e->reasons, 0, "identify", NULL, NULL), yes = 0;
    struct ps_buf names;
    ps_buf_init(&names, 65536);
    for (size_t i = 0; i < r->nidentifiers; i++) {
        const struct lim_identifier *id = &r->identifiers[i];
        const struct lim_item *item = &e->identifiers[i];
        size_t place = lim_reason_add(&e->reasons, 1, "identifier", id->name, lim_id_types[id->type]);
        lim_reason_say(&e->reasons, place, item->result, "%s", item->why ? item->why : "");
        if (item->result == LIM_YES)
            put_name(&names, id->name);
        yes += item->result == LIM_YES;
    }
    say_list(e, head, yes ? LIM_YES : LIM_NO, &names, "nobody these rules know");
    return yes;
}

static bool required(enum lim_require how, size_t yes, size_t n)
{
    switch (how) {
    case LIM_NONE:
        return yes == 0;
    case LIM_ONE:
        return yes == 1;
    case LIM_ANY:
        return yes > 0;
    case LIM_ALL:
        return yes == n;
    }
    return false;
}

// Whether enough of n things hold, some of which could not be told: LIM_ERROR where it hangs on those.
static enum lim_result weigh(enum lim_require how, size_t yes, size_t unknown, size_t n)
{
    bool holds = required(how, yes, n);
    for (size_t more = 1; more <= unknown; more++)
        if (required(how, yes + more, n) != holds)
            return LIM_ERROR;
    return holds ? LIM_YES : LIM_NO;
}

// ", 2 could not be told", or nothing.
static const char *unknown_words(size_t unknown, char out[48])
{
    out[0] = '\0';
    if (unknown)
        snprintf(out, 48, ", %zu could not be told", unknown);
    return out;
}

static void classify_one(struct lim_eval *e, size_t i)
{
    const struct lim_classifier *c = &e->rules->classifiers[i];
    size_t place = lim_reason_add(&e->reasons, 1, "classifier", c->name, lim_requires[c->require]), yes = 0,
           unknown = 0;
    char words[48];
    struct ps_buf names;
    ps_buf_init(&names, 65536);
    for (size_t k = 0; k < c->n; k++) {
        unknown += e->identifiers[c->identifiers[k]].result == LIM_ERROR;
        if (e->identifiers[c->identifiers[k]].result != LIM_YES)
            continue;
        put_name(&names, e->rules->identifiers[c->identifiers[k]].name);
        yes++;
    }
    enum lim_result in = weigh(c->require, yes, unknown, c->n);
    if (in == LIM_YES)
        e->classifiers[e->nclassifiers++] = i;
    lim_reason_say(&e->reasons, place, in, "%zu of %zu%s%s%.*s", yes, c->n, unknown_words(unknown, words),
                   yes ? ": " : "", (int)ps_buf_len(&names), yes ? (const char *)ps_buf_head(&names) : "");
    ps_buf_fini(&names);
}

static void classify(struct lim_eval *e)
{
    size_t head = lim_reason_add(&e->reasons, 0, "classify", NULL, NULL);
    struct ps_buf names;
    ps_buf_init(&names, 65536);
    for (size_t i = 0; i < e->rules->nclassifiers; i++)
        classify_one(e, i);
    for (size_t i = 0; i < e->nclassifiers; i++)
        put_name(&names, e->rules->classifiers[e->classifiers[i]].name);
    say_list(e, head, e->nclassifiers ? LIM_YES : LIM_NO, &names, "in no classifier");
}

static void identified(struct lim_eval *e)
{
    if (tell_identifiers(e) == 0) {
        lim_deny(e, "the requester is nobody these rules know");
        return;
    }
    classify(e);
    if (e->nclassifiers == 0)
        lim_deny(e, "the requester is in no classifier");
    else
        e->stage = LIM_REWRITE;
}

// limits

// The task, and the run if this is one.
static int put_input(struct lim_eval *e)
{
    const struct lim_request *q = &e->request;
    size_t len;
    const char *raw = ps_jnode_raw(q->task, &len);
    int err = ps_buf_append(&e->input, raw, len);
    if (err || !q->has_run)
        return err;
    // In place of the closing brace.
    e->input.tail--;
    err = ps_buf_printf(&e->input, "%s\"run_schedule\":{\"start\":", ps_jnode_count(q->task) ? "," : "");
    if (!err)
        err = lim_put_string(&e->input, q->start_text);
    if (!err)
        err = ps_buf_printf(&e->input, ",\"duration\":");
    if (!err)
        err = lim_put_string(&e->input, q->duration_text);
    return err ? err : ps_buf_append(&e->input, "}}", 2);
}

static const char *app_name(const struct lim_application *a)
{
    return a->description[0] ? a->description : NULL;
}

static bool in_classifier(const struct lim_eval *e, size_t classifier)
{
    for (size_t i = 0; i < e->nclassifiers; i++)
        if (e->classifiers[i] == classifier)
            return true;
    return classifier == LIM_EVERYBODY;
}

static const char *app_type(const struct lim_eval *e, const struct lim_application *a)
{
    return a->classifier == LIM_EVERYBODY ? "everybody" : e->rules->classifiers[a->classifier].name;
}

// Begins with the next application that concerns the requester; none is left: denied.
static void next_application(struct lim_eval *e)
{
    const struct lim_rules *r = e->rules;
    for (; e->application < r->napplications; e->application++) {
        const struct lim_application *a = &r->applications[e->application];
        e->place = lim_reason_add(&e->reasons, 0, "application", app_name(a), app_type(e, a));
        if (in_classifier(e, a->classifier))
            return;
        lim_reason_say(&e->reasons, e->place, LIM_MOOT, "does not apply");
    }
    if (ps_buf_len(&e->refusals))
        lim_deny(e, "no application passed: %.*s", (int)ps_buf_len(&e->refusals),
                 (const char *)ps_buf_head(&e->refusals));
    else
        lim_deny(e, "no application passed");
}

static void begin_limits(struct lim_eval *e)
{
    int err = put_input(e);
    if (err)
        e->err = err;
    e->stage = LIM_APPLY;
    next_application(e);
}

// What an application has against the request, by its name if it has one.
static void keep_refusal(struct lim_eval *e, const char *name)
{
    if (ps_buf_len(&e->refusal))
        (void)ps_buf_printf(&e->refusals, "%s%s%s%.*s", ps_buf_len(&e->refusals) ? "; " : "",
                            name ? name : "", name ? ": " : "", (int)ps_buf_len(&e->refusal),
                            (const char *)ps_buf_head(&e->refusal));
}

// What could not be told fails, inverted or not.
static void app_over(struct lim_eval *e, enum lim_result of)
{
    const struct lim_application *a = &e->rules->applications[e->application];
    bool result = of != LIM_ERROR && (of == LIM_YES) != a->invert;
    const char *name = app_name(a);
    lim_reason_say(&e->reasons, e->place,
                   result            ? LIM_YES
                   : of == LIM_ERROR ? LIM_ERROR
                                     : LIM_NO,
                   "%s%s%s", result ? "passes" : "fails",
                   of == LIM_ERROR ? " (could not be told)"
                   : a->invert     ? " (inverted)"
                                   : "",
                   !result && a->stop ? ", and that is final" : "");
    if (result) {
        lim_grant(e, "application %zu%s%s passes", e->application + 1, name ? ", " : "", name ? name : "");
        return;
    }
    if (a->stop) {
        size_t n = ps_buf_len(&e->refusal);
        lim_deny(e, "application %zu%s%s fails%s%.*s", e->application + 1, name ? ", " : "", name ? name : "",
                 n ? ": " : "", (int)n, n ? (const char *)ps_buf_head(&e->refusal) : "");
        return;
    }
    keep_refusal(e, name);
    ps_buf_clear(&e->refusal);
    e->application++;
    e->group = 0;
    next_application(e);
}

static void note_refusal(struct lim_eval *e, const struct lim_limit *l, const struct lim_item *item)
{
    (void)ps_buf_printf(&e->refusal, "%slimit %s: %s", ps_buf_len(&e->refusal) ? "; " : "", l->name,
                        item->why ? item->why : "");
}

// All limits of the group are decided.
static void group_over(struct lim_eval *e)
{
    const struct lim_group *g = &e->rules->applications[e->application].groups[e->group];
    size_t head = lim_reason_add(&e->reasons, 1, "group", NULL, lim_requires[g->require]), yes = 0,
           unknown = 0;
    char words[48];
    ps_buf_clear(&e->refusal);
    for (size_t i = 0; i < g->n; i++) {
        const struct lim_limit *l = &e->rules->limits[g->limits[i]];
        const struct lim_item *item = &e->limits[g->limits[i]];
        size_t place = lim_reason_add(&e->reasons, 2, "limit", l->name, lim_limit_types[l->type]);
        lim_reason_say(&e->reasons, place, item->result, "%s", item->why ? item->why : "");
        yes += item->result == LIM_YES;
        unknown += item->result == LIM_ERROR;
        if (item->result == LIM_ERROR || (item->result == LIM_YES) == (g->require == LIM_NONE))
            note_refusal(e, l, item);
    }
    enum lim_result result = weigh(g->require, yes, unknown, g->n);
    lim_reason_say(&e->reasons, head, result, "%zu of %zu pass%s", yes, g->n, unknown_words(unknown, words));
    e->group++;
    if (result != LIM_YES)
        app_over(e, result);
}

// machine

static bool next_identifier(struct lim_eval *e, struct lim_ask *ask, bool *waiting)
{
    for (size_t i = 0; i < e->rules->nidentifiers; i++) {
        if (e->identifiers[i].state == LIM_TODO && lim_identify(e, i, ask))
            return true;
        *waiting |= e->identifiers[i].state == LIM_ASKED;
    }
    if (!*waiting)
        identified(e);
    return false;
}

static bool next_rewrite(struct lim_eval *e, struct lim_ask *ask, bool *waiting)
{
    *waiting = e->script.state == LIM_ASKED;
    if (*waiting)
        return false;
    if (e->script.state == LIM_TODO && e->rules->rewrite && e->request.rewrite)
        return lim_rewrite_ask(e, ask);
    begin_limits(e);
    return false;
}

static bool next_limit(struct lim_eval *e, struct lim_ask *ask, bool *waiting)
{
    const struct lim_application *a = &e->rules->applications[e->application];
    if (e->group == a->ngroups) {
        app_over(e, LIM_YES);
        return false;
    }
    const struct lim_group *g = &a->groups[e->group];
    for (size_t i = 0; i < g->n; i++) {
        struct lim_item *item = &e->limits[g->limits[i]];
        if (item->state == LIM_TODO && lim_limit(e, g->limits[i], ask))
            return true;
        *waiting |= item->state == LIM_ASKED;
    }
    if (!*waiting)
        group_over(e);
    return false;
}

static bool next_priority(struct lim_eval *e, struct lim_ask *ask, bool *waiting)
{
    if (!e->rules || !e->rules->priority || !e->request.has_run) {
        e->stage = LIM_OVER;
        return false;
    }
    *waiting = e->script.state == LIM_ASKED && e->script.step == 1;
    if (*waiting)
        return false;
    e->script.step = 1;
    return lim_priority_ask(e, ask);
}

static bool next_of_stage(struct lim_eval *e, struct lim_ask *ask, bool *waiting)
{
    switch (e->stage) {
    case LIM_IDENTIFY:
        return next_identifier(e, ask, waiting);
    case LIM_REWRITE:
        return next_rewrite(e, ask, waiting);
    case LIM_APPLY:
        return next_limit(e, ask, waiting);
    case LIM_PRIORITY:
        return next_priority(e, ask, waiting);
    case LIM_OVER:
        break;
    }
    return false;
}

bool lim_eval_next(struct lim_eval *e, struct lim_ask *ask)
{
    bool waiting = false;
    while (e->stage != LIM_OVER && !waiting) {
        if (next_of_stage(e, ask, &waiting))
            return true;
        if (e->err && e->stage != LIM_OVER) {
            lim_deny(e, "%s", ps_strerror(e->err));
            waiting = false;
        }
    }
    return false;
}

static void script_answered(struct lim_eval *e, const struct lim_answer *a)
{
    if (e->script.state != LIM_ASKED)
        return;
    e->script.state = LIM_DONE;
    if (e->stage == LIM_REWRITE) {
        (void)lim_rewritten(e, a);
    } else {
        lim_prioritised(e, a);
        e->stage = LIM_OVER;
    }
}

// Whatever the rules make of the want of an answer: this is none of theirs.
static void busy(struct lim_eval *e, const char *why)
{
    e->verdict.busy = true;
    lim_deny(e, "busy: %s", why ? why : ps_strerror(PS_ESTATE));
}

void lim_eval_answer(struct lim_eval *e, unsigned id, const struct lim_answer *a)
{
    if (a->err && a->busy && e->stage != LIM_OVER)
        busy(e, a->why);
    else if (e->stage == LIM_REWRITE || e->stage == LIM_PRIORITY)
        script_answered(e, a);
    else if (e->stage == LIM_IDENTIFY && id < e->rules->nidentifiers && e->identifiers[id].state == LIM_ASKED)
        lim_identified(e, id, a);
    else if (e->stage == LIM_APPLY && id < e->rules->nlimits && e->limits[id].state == LIM_ASKED)
        lim_limited(e, id, a);
}

const struct lim_verdict *lim_eval_verdict(const struct lim_eval *e)
{
    return e->stage == LIM_OVER ? &e->verdict : NULL;
}

size_t lim_eval_classifiers(const struct lim_eval *e, const size_t **out)
{
    *out = e->classifiers;
    return e->nclassifiers;
}

static int make_items(struct lim_eval *e)
{
    const struct lim_rules *r = e->rules;
    e->identifiers = calloc(r->nidentifiers + 1, sizeof *e->identifiers);
    e->limits = calloc(r->nlimits + 1, sizeof *e->limits);
    e->classifiers = calloc(r->nclassifiers + 1, sizeof *e->classifiers);
    return e->identifiers && e->limits && e->classifiers ? 0 : -ENOMEM;
}

int lim_eval_new(const struct lim_rules *rules, const struct lim_request *request, struct lim_eval **out)
{
    struct lim_eval *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    e->rules = rules;
    e->request = *request;
    e->verdict.reasons = &e->reasons;
    ps_buf_init(&e->input, 0);
    ps_buf_init(&e->script_input, 0);
    ps_buf_init(&e->names, 0);
    ps_buf_init(&e->refusal, 4096);
    ps_buf_init(&e->refusals, 16384);
    tell_hints(e);
    if (!rules) {
        lim_grant(e, "there are no limits");
        e->stage = LIM_OVER;
    } else if (make_items(e) != 0) {
        lim_eval_free(e);
        return -ENOMEM;
    }
    *out = e;
    return 0;
}

void lim_eval_free(struct lim_eval *e)
{
    if (!e)
        return;
    for (size_t i = 0; e->identifiers && i < e->rules->nidentifiers; i++)
        item_fini(&e->identifiers[i]);
    for (size_t i = 0; e->limits && i < e->rules->nlimits; i++)
        item_fini(&e->limits[i]);
    free(e->identifiers);
    free(e->limits);
    free(e->classifiers);
    ps_buf_fini(&e->input);
    ps_buf_fini(&e->script_input);
    ps_buf_fini(&e->names);
    ps_buf_fini(&e->refusal);
    ps_buf_fini(&e->refusals);
    ps_jdoc_free(e->rewritten);
    lim_reasons_fini(&e->reasons);
    free(e);
}
