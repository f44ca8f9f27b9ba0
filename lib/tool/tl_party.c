// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_party.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "tool/tl_freeport.h"
#include "tool/tl_run_impl.h"
#include "tool/tl_spec.h"

struct member {
    struct tl_party *party;
    char mark[TL_ORPHANS_RUN]; // of its processes, which are nobody else's
    struct tl_context_copy contexts[TL_CONTEXTS];
    size_t ncontexts;
    struct tl_run *run; // NULL: not started, or over
    char *local, *said; // what it measured, see struct tl_result; NULL: nothing
};

struct tl_party {
    struct tl_runner *runner;
    const struct tl_run_ops *ops;
    void *ctx;
    const struct tl_tool *tool;     // NULL: a plug-in
    const struct tl_plugin *plugin; // NULL: built in
    char *name, *task, *type;
    struct ps_jdoc *spec;
    ps_ns start, duration;
    struct ps_timer *soon;
    struct tl_plugin_call *calling;
    struct tl_parts *asking;
    char *parts;       // what they tell each other; NULL: not yet known
    size_t n, running; // participants
    bool started, cancelled, overdue, silent, in_result;
    struct member members[TL_PARTY_MAX];
};

// --- life

static void drop_member(struct member *m)
{
    for (size_t i = 0; i < m->ncontexts; i++) {
        free(m->contexts[i].change);
        free(m->contexts[i].data);
    }
    tl_run_free(m->run);
    free(m->local);
    free(m->said);
}

static void destroy(struct tl_party *p)
{
    for (size_t i = 0; i < p->n; i++)
        drop_member(&p->members[i]);
    ps_timer_free(p->soon);
    tl_parts_free(p->asking);
    tl_plugin_cancel(p->calling);
    ps_jdoc_free(p->spec);
    free(p->parts);
    free(p->name);
    free(p->task);
    free(p->type);
    free(p);
}

void tl_party_free(struct tl_party *p)
{
    if (!p)
        return;
    if (p->in_result)
        p->silent = true; // it goes when it is told
    else
        destroy(p);
}

static void end(struct tl_party *p)
{
    enum tl_run_end how = p->cancelled ? TL_RUN_CANCELLED : p->overdue ? TL_RUN_OVERDUE : TL_RUN_DONE;
    const struct tl_run_ops *ops = p->ops;
    void *ctx = p->ctx;
    bool silent = p->silent;

    destroy(p);
    if (!silent)
        ops->ended(ctx, how);
}

// --- texts

static struct tl_test test_of(const struct tl_party *p)
{
    return (struct tl_test){p->type, ps_jdoc_root(p->spec)};
}

// An array with an element for each participant.
static void put_each(const struct tl_party *p, struct ps_json *j, const char *(*of)(const struct member *m))
{
    ps_json_open(j, '[');
    for (size_t i = 0; i < p->n; i++) {
        const char *text = of(&p->members[i]);

        if (text)
            ps_json_raw(j, text, strlen(text));
        else
            ps_json_null(j);
    }
    ps_json_close(j, ']');
}

static const char *local_of(const struct member *m)
{
    return m->local;
}

static const char *said_of(const struct member *m)
{
    return m->said;
}

static char *make_array(const struct tl_party *p, const char *(*of)(const struct member *m))
{
    struct ps_text t;

    put_each(p, ps_text_open(&t), of);
    return ps_text_close(&t, NULL);
}

// --- the result

static void tell(struct tl_party *p, bool succeeded, const char *error, const char *merged)
{
    char *local = make_array(p, local_of);
    const struct tl_result r = {.succeeded = succeeded,
                                .error = succeeded ? NULL : error,
                                .local = local,
                                .local_len = local ? strlen(local) : 0,
                                .parts = p->parts,
                                .merged = merged,
                                .merged_len = strlen(merged)};

    p->in_result = true;
    if (!p->cancelled && local)
        p->ops->result(p->ctx, &r);
    p->in_result = false;
    free(local);
    end(p);
}

static void fail(struct tl_party *p, const char *why)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    char *merged;

    ps_json_open(j, '{');
    ps_json_put_bool(j, "succeeded", false);
    ps_json_put_str(j, "error", why);
    ps_json_close(j, '}');
    merged = ps_text_close(&t, NULL);
    if (merged)
        tell(p, false, why, merged);
    else
        end(p);
    free(merged);
}

// What a merge has made.
static void tell_merged(struct tl_party *p, const char *text, size_t len)
{
    struct ps_fault fault = {""};
    struct ps_jdoc *doc;
    const char *error;
    char *merged;

    if (ps_jdoc_parse_foreign(&doc, "merged-results", text, len, &fault)) {
        fail(p, fault.text);
        return;
    }
    merged = ps_jnode_copy(ps_jdoc_root(doc));
    error = tl_spec_str(ps_jdoc_root(doc), "error");
    if (!merged)
        fail(p, ps_strerror(-ENOMEM));
    else
        tell(p, tl_spec_flag(ps_jdoc_root(doc), "succeeded", false),
             error ? error : "One of the participants failed.", merged);
    free(merged);
    ps_jdoc_free(doc);
}

static void merge_own(struct tl_party *p)
{
    const struct tl_test test = test_of(p);
    char *locals = make_array(p, local_of), *merged = NULL;
    struct ps_jdoc *doc = NULL;
    struct ps_text t;

    if (locals && ps_jdoc_parse_foreign(&doc, NULL, locals, strlen(locals), NULL) == 0) {
        (void)tl_merged(p->tool, &test, ps_jdoc_root(doc), ps_text_open(&t));
        merged = ps_text_close(&t, NULL);
    }
    ps_jdoc_free(doc);
    free(locals);
    if (merged)
        tell_merged(p, merged, strlen(merged));
    else
        fail(p, ps_strerror(-ENOMEM));
    free(merged);
}

static void plugin_merged(void *ctx, const struct tl_plugin_answer *a)
{
    struct tl_party *p = ctx;

    p->calling = NULL;
    if (a->err)
        fail(p, a->why);
    else
        tell_merged(p, a->text, a->len);
}

static void merge_plugin(struct tl_party *p)
{
    const struct tl_test test = test_of(p);
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    char *input;
    size_t len;
    int err;

    ps_json_open(j, '{');
    tl_put_test(j, &test);
    ps_json_key(j, "results");
    put_each(p, j, said_of);
    ps_json_close(j, '}');
    input = ps_text_close(&t, &len);
    err = input ? tl_plugin_call(p->runner->conf.plugins, p->plugin, "merged-results", NULL, input, len,
                                 TL_PLUGIN_PATIENCE_SHORT, plugin_merged, p, &p->calling)
                : -ENOMEM;
    free(input);
    if (err)
        fail(p, ps_strerror(err));
}

static void merge(struct tl_party *p)
{
    if (p->cancelled)
        end(p);
    else if (p->tool)
        merge_own(p);
    else
        merge_plugin(p);
}

// --- while they run

static void member_result(void *ctx, const struct tl_result *r)
{
    struct member *m = ctx;

    free(m->local);
    free(m->said);
    m->local = strndup(r->local, r->local_len);
    m->said = r->said ? strdup(r->said) : NULL;
}

static void member_ended(void *ctx, enum tl_run_end how)
{
    struct member *m = ctx;
    struct tl_party *p = m->party;

    m->run = NULL;
    p->overdue |= how == TL_RUN_OVERDUE;
    if (--p->running == 0)
        merge(p);
}

static void member_started(void *ctx)
{
    struct member *m = ctx;
    struct tl_party *p = m->party;

    if (!p->started && p->ops->started)
        p->ops->started(p->ctx);
    p->started = true;
}

static const struct tl_run_ops member_ops = {
    .result = member_result, .ended = member_ended, .started = member_started};

static int start_member(struct tl_party *p, size_t i, struct ps_fault *fault)
{
    struct member *m = &p->members[i];
    struct tl_context contexts[TL_CONTEXTS];
    struct tl_run_ask ask = {.tool = p->name,
                             .run = m->mark,
                             .task = p->task,
                             .type = p->type,
                             .start = p->start,
                             .duration = p->duration,
                             .participant = (unsigned)i,
                             .participant_data = p->parts,
                             .contexts = contexts,
                             .ncontexts = m->ncontexts};

    for (size_t k = 0; k < m->ncontexts; k++)
        contexts[k] = (struct tl_context){m->contexts[k].change, m->contexts[k].data};
    ask.spec = ps_jnode_raw(ps_jdoc_root(p->spec), &ask.spec_len);
    return tl_run_start(p->runner, &ask, &member_ops, m, &m->run, fault);
}

// The last one first: those behind the first are who waits to be spoken to.
static void start_all(struct tl_party *p)
{
    struct ps_fault fault = {""};
    int err = 0;

    for (size_t i = p->n; !err && i-- > 0; p->running += !err)
        err = start_member(p, i, &fault);
    if (!err)
        return;
    for (size_t i = 0; i < p->n; i++) {
        tl_run_free(p->members[i].run);
        p->members[i].run = NULL;
    }
    fail(p, fault.text[0] ? fault.text : ps_strerror(err));
}

// --- what they tell each other

static void told(void *ctx, const char *parts, const char *why)
{
    struct tl_party *p = ctx;

    p->asking = NULL;
    p->parts = parts ? strdup(parts) : NULL;
    if (p->parts)
        start_all(p);
    else
        fail(p, parts ? ps_strerror(-ENOMEM) : why);
}

static int ask_for_parts(struct tl_party *p)
{
    const struct tl_parts_ask ask = {
        .tool = p->tool, .plugin = p->plugin, .test = test_of(p), .n = p->n, .port = tl_freeport_find()};

    return tl_parts_ask(p->runner, &ask, told, p, &p->asking);
}

// --- their beginning and early end

static bool copy_contexts(struct member *m, const struct tl_run_ask *ask)
{
    bool good = ask->ncontexts <= TL_CONTEXTS;

    for (size_t i = 0; good && i < ask->ncontexts; i++) {
        m->contexts[i].change = strdup(ask->contexts[i].change);
        m->contexts[i].data = strdup(ask->contexts[i].data);
        m->ncontexts++;
        good = m->contexts[i].change && m->contexts[i].data;
    }
    return good;
}

static int copy(struct tl_party *p, const struct tl_run_ask *asks, size_t n, struct ps_fault *fault)
{
    bool good;

    p->name = strdup(asks->tool);
    p->task = strdup(asks->task);
    p->type = strdup(asks->type);
    p->start = asks->start;
    p->duration = asks->duration;
    good = p->name && p->task && p->type;
    for (size_t i = 0; i < n; i++) {
        struct member *m = &p->members[p->n++];

        m->party = p;
        snprintf(m->mark, sizeof m->mark, i ? "%.36s/%zu" : "%.36s", asks->run, i);
        good = good && copy_contexts(m, &asks[i]);
    }
    if (good)
        return ps_jdoc_parse_foreign(&p->spec, "spec", asks->spec, asks->spec_len, fault) ? PS_EMALFORMED : 0;
    ps_fault_set(fault, NULL, 0, "%s", ps_strerror(-ENOMEM));
    return -ENOMEM;
}

static int find_tool(struct tl_party *p, struct ps_fault *fault)
{
    const struct tl_plugins *plugins = p->runner->conf.plugins;

    p->tool = tl_tool_find(p->name);
    if (!p->tool && plugins)
        p->plugin = tl_plugins_find(plugins, TL_PLUGIN_TOOL, p->name);
    if (!p->tool && !p->plugin) {
        ps_fault_set(fault, NULL, 0, "there is no tool %.60s here", p->name);
        return PS_ENOTFOUND;
    }
    if (!p->tool || !p->tool->multi)
        return 0;
    ps_fault_set(fault, NULL, 0, "%.60s is no tool of several participants", p->name);
    return PS_EUNSUPPORTED;
}

static void soon(void *ctx)
{
    end(ctx);
}

int tl_party_start(struct tl_runner *r, const struct tl_run_ask *asks, size_t n, const struct tl_run_ops *ops,
                   void *ctx, struct tl_party **out, struct ps_fault *fault)
{
    struct tl_party *p = n >= 1 && n <= TL_PARTY_MAX ? calloc(1, sizeof *p) : NULL;
    int err;

    if (!p) {
        ps_fault_set(fault, NULL, 0, "%zu participants: 1 to %d are possible", n, TL_PARTY_MAX);
        return PS_EUNSUPPORTED;
    }
    p->runner = r;
    p->ops = ops;
    p->ctx = ctx;
    err = copy(p, asks, n, fault);
    if (!err)
        err = find_tool(p, fault);
    if (!err)
        err = ps_timer_new(r->loop, &p->soon, soon, p);
    if (!err)
        err = ask_for_parts(p);
    if (err) {
        destroy(p);
        return err;
    }
    *out = p;
    return 0;
}

void tl_party_cancel(struct tl_party *p)
{
    if (p->cancelled)
        return;
    p->cancelled = true;
    tl_parts_free(p->asking);
    p->asking = NULL;
    tl_plugin_cancel(p->calling);
    p->calling = NULL;
    for (size_t i = 0; i < p->n; i++)
        if (p->members[i].run)
            tl_run_cancel(p->members[i].run);
    if (p->running == 0)
        ps_timer_start(p->soon, 0);
}
