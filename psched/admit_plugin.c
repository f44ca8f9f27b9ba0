// SPDX-License-Identifier: Apache-2.0
// What plug-ins say of a task: whether its specification is valid, who takes part, how it is called, how long it takes.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_out.h"
#include "psched/admit.h"
#include "spec/sp_json.h"

// Asks one. What it reads is the node.
static enum admit_step ask(struct admission *a, const struct tl_plugin *p, const char *method,
                           struct ps_jnode input, ps_ns patience, tl_plugin_cb cb)
{
    size_t len;
    const char *text = ps_jnode_raw(input, &len);
    int err = tl_plugin_call(a->site->plugins, p, method, NULL, text, len, patience, cb, a, NULL);

    return err ? admit_refuse(a, 500, "The plug-in %s cannot be asked for its %s: %s", tl_plugin_name(p),
                              method, ps_strerror(err))
               : ADMIT_WAITS;
}

// Its answer as a document; NULL: it was refused.
static struct ps_jdoc *document(struct admission *a, const struct tl_plugin_answer *answer,
                                const char *method)
{
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault = {""};

    if (answer->err)
        (void)admit_refuse(a, 500, "The plug-in's %s failed: %s", method, answer->why);
    else if (ps_jdoc_parse_foreign(&doc, NULL, answer->text, answer->len, &fault))
        (void)admit_refuse(a, 500, "The plug-in's %s is no JSON: %s", method, fault.text);
    return doc;
}

static void valid_answered(void *ctx, const struct tl_plugin_answer *answer)
{
    struct admission *a = ctx;
    struct ps_jdoc *doc = document(a, answer, "spec-is-valid");
    const char *why = "the specification is not valid";
    bool valid = false;

    if (!doc)
        return;
    (void)ps_jnode_bool(ps_jnode_member(ps_jdoc_root(doc), "valid"), &valid, NULL);
    (void)ps_jnode_str(ps_jnode_member(ps_jdoc_root(doc), "error"), 1, SIZE_MAX, &why, NULL);
    if (valid)
        admit_next(a);
    else
        (void)admit_refuse(a, 400, "%s", why);
    ps_jdoc_free(doc);
}

enum admit_step admit_plugin_valid(struct admission *a)
{
    return ask(a, a->plugin, "spec-is-valid", a->task.spec, TL_PLUGIN_PATIENCE, valid_answered);
}

// --- contexts, one after the other

static void context_answered(void *ctx, const struct tl_plugin_answer *answer)
{
    struct admission *a = ctx;
    struct ps_jdoc *doc = document(a, answer, "data-is-valid");
    const char *why = "its data are not valid";
    bool valid = false;

    if (!doc)
        return;
    (void)ps_jnode_bool(ps_jnode_member(ps_jdoc_root(doc), "valid"), &valid, NULL);
    (void)ps_jnode_str(ps_jnode_member(ps_jdoc_root(doc), "error"), 1, SIZE_MAX, &why, NULL);
    if (valid) {
        a->next_context = ps_jnode_next(a->next_context);
        admit_on(a);
    } else {
        (void)admit_refuse(a, 400, "At /contexts: %s", why);
    }
    ps_jdoc_free(doc);
}

enum admit_step admit_plugin_contexts(struct admission *a)
{
    const struct tl_plugins *all = a->site->plugins;
    const struct tl_plugin *p;
    const char *name = "";

    while (!ps_jnode_there(a->next_context) && ps_jnode_there(a->next_contexts)) {
        a->next_contexts = ps_jnode_next(a->next_contexts);
        a->next_context = ps_jnode_first(a->next_contexts);
    }
    if (!ps_jnode_there(a->next_context))
        return ADMIT_ON;
    (void)ps_jnode_str(ps_jnode_member(a->next_context, "context"), 1, 255, &name, NULL);
    p = all ? tl_plugins_find(all, TL_PLUGIN_CONTEXT, name) : NULL;
    if (!p)
        return admit_refuse(a, 400, "No context '%.100s' available", name);
    return ask(a, p, "data-is-valid", ps_jnode_member(a->next_context, "data"), TL_PLUGIN_PATIENCE,
               context_answered);
}

// --- participants

static char *with_own_name(struct admission *a, struct ps_jnode participants)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '[');
    for (struct ps_jnode n = ps_jnode_first(participants); ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *host = a->site->name;

        (void)ps_jnode_str(n, 1, 255, &host, NULL);
        ps_json_str(j, host);
    }
    ps_json_close(j, ']');
    return ps_text_close(&t, NULL);
}

static void participants_answered(void *ctx, const struct tl_plugin_answer *answer)
{
    struct admission *a = ctx;
    struct ps_jdoc *doc = document(a, answer, "participants");
    struct ps_jnode list;

    if (!doc)
        return;
    list = ps_jnode_member(ps_jdoc_root(doc), "participants");
    if (!(a->detail.participants = with_own_name(a, list)))
        (void)admit_refuse(a, 500, "%s", ps_strerror(-ENOMEM));
    else
        admit_next(a);
    ps_jdoc_free(doc);
}

enum admit_step admit_plugin_participants(struct admission *a)
{
    return ask(a, a->plugin, "participants", a->task.spec, TL_PLUGIN_PATIENCE_SHORT, participants_answered);
}

// --- the command line

static char *with_type(struct admission *a, struct ps_jnode args)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '[');
    ps_json_str(j, a->task.type);
    for (struct ps_jnode n = ps_jnode_first(args); ps_jnode_there(n); n = ps_jnode_next(n))
        sp_json_put(j, n, 0);
    ps_json_close(j, ']');
    return ps_text_close(&t, NULL);
}

static bool has_secrets(const struct admission *a)
{
    return !sp_json_contains(a->task.spec, ps_jdoc_root(a->shown));
}

// A plug-in that cannot do without what is secret: the command line is the test's name alone.
static struct ps_jdoc *cli_of(struct admission *a, const struct tl_plugin_answer *answer)
{
    const struct tl_plugin_answer none = {.text = "[]", .len = 2};

    return document(a, answer->err && has_secrets(a) ? &none : answer, "spec-to-cli");
}

static void cli_answered(void *ctx, const struct tl_plugin_answer *answer)
{
    struct admission *a = ctx;
    struct ps_jdoc *doc = cli_of(a, answer);

    if (!doc)
        return;
    a->detail.cli = with_type(a, ps_jdoc_root(doc));
    if (a->detail.cli)
        admit_next(a);
    else
        (void)admit_refuse(a, 500, "%s", ps_strerror(-ENOMEM));
    ps_jdoc_free(doc);
}

enum admit_step admit_plugin_cli(struct admission *a)
{
    return ask(a, a->plugin, "spec-to-cli", ps_jdoc_root(a->shown), TL_PLUGIN_PATIENCE, cli_answered);
}

// --- how long it takes

static void time_answered(void *ctx, const struct tl_plugin_answer *answer)
{
    struct admission *a = ctx;
    struct ps_jdoc *doc = document(a, answer, "duration");
    const char *text = "", *post = NULL;

    if (!doc)
        return;
    (void)ps_jnode_str(ps_jnode_member(ps_jdoc_root(doc), "duration"), 0, 64, &text, NULL);
    (void)ps_jnode_str(ps_jnode_member(ps_jdoc_root(doc), "post"), 0, 64, &post, NULL);
    if (ps_iso8601_duration(text, &a->detail.duration) ||
        (post && ps_iso8601_duration(post, &a->detail.post))) {
        (void)admit_refuse(a, 500, "The tool %s does not say how long it takes", a->tool);
    } else {
        a->detail.duration = (a->detail.duration + PS_SEC - 1) / PS_SEC * PS_SEC;
        if (a->detail.duration < PS_SEC)
            a->detail.duration = PS_SEC;
        admit_next(a);
    }
    ps_jdoc_free(doc);
}

enum admit_step admit_plugin_time(struct admission *a, const struct tl_plugin *tool)
{
    return ask(a, tool, "duration", ps_jnode_member(ps_jdoc_root(a->doc), "test"), TL_PLUGIN_PATIENCE,
               time_answered);
}
