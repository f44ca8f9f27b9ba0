// SPDX-License-Identifier: Apache-2.0
// Which tool runs a task's test, and for how long.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psched/admit.h"

#define CANDIDATES 64
#define LEAD (1 * PS_SEC) // our tools are made ready so long before their run

struct candidate {
    const char *name;
    int preference;
    const struct tl_tool *own;      // NULL: a plug-in
    const struct tl_plugin *plugin; // NULL: ours
};

// Higher preference first, then by name.
static int by_preference(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->preference != y->preference)
        return x->preference > y->preference ? -1 : 1;
    return strcmp(x->name, y->name);
}

static size_t find_all(const struct admission *a, struct candidate *out)
{
    const struct tl_plugins *plugins = a->site->plugins;
    const struct tl_tool *own;
    size_t n = 0;

    for (size_t i = 0; n < CANDIDATES && (own = tl_tool_at(i)); i++)
        if (tl_tool_does(own, a->task.type))
            out[n++] = (struct candidate){tl_tool_name(own), tl_tool_preference(own), own, NULL};
    for (size_t i = 0; plugins && n < CANDIDATES && i < tl_plugins_count(plugins, TL_PLUGIN_TOOL); i++) {
        const struct tl_plugin *p = tl_plugins_at(plugins, TL_PLUGIN_TOOL, i);

        if (tl_plugin_does(p, a->task.type) && !tl_tool_find(tl_plugin_name(p)))
            out[n++] = (struct candidate){tl_plugin_name(p), tl_plugin_preference(p), NULL, p};
    }
    qsort(out, n, sizeof *out, by_preference);
    return n;
}

// Those that the task names, in its order; all where it names none.
static size_t find_wanted(const struct admission *a, struct candidate *out)
{
    struct candidate all[CANDIDATES];
    size_t n = find_all(a, all), wanted = 0;

    if (!ps_jnode_there(a->task.tools)) {
        memcpy(out, all, n * sizeof *out);
        return n;
    }
    for (struct ps_jnode m = ps_jnode_first(a->task.tools); ps_jnode_there(m); m = ps_jnode_next(m)) {
        const char *name = "";

        (void)ps_jnode_str(m, 0, SIZE_MAX, &name, NULL);
        for (size_t i = 0; i < n && wanted < CANDIDATES; i++)
            if (strcmp(all[i].name, name) == 0)
                out[wanted++] = all[i];
    }
    return wanted;
}

static void note_declined(struct admission *a, const char *name, const char *why)
{
    (void)ps_buf_printf(&a->declined, "  %s declines: %s\n", name, why);
}

static enum admit_step nobody(struct admission *a)
{
    if (!ps_buf_len(&a->declined))
        return admit_refuse(a, 422, "%s has no tool for %s%s", a->site->name, a->task.type,
                            ps_jnode_there(a->task.tools) ? " among those that the task names" : "");
    return admit_refuse(a, 422, "Couldn't find a tool for the test %s on %s:\n%.*s", a->task.type,
                        a->site->name, (int)ps_buf_len(&a->declined),
                        (const char *)ps_buf_head(&a->declined));
}

// A plug-in is started early, and waits by itself.
static void take_plugin(struct admission *a, const struct tl_plugin *p)
{
    const char *version = "";

    a->detail.lead = a->site->settings->margin;
    (void)ps_jnode_str(ps_jnode_member(tl_plugin_enumeration(p), "version"), 0, TASK_VERSION - 1, &version,
                       NULL);
    snprintf(a->detail.tool_version, sizeof a->detail.tool_version, "%s", version);
}

static void take(struct admission *a, const struct candidate *c)
{
    snprintf(a->tool, sizeof a->tool, "%s", c->name);
    snprintf(a->detail.tool_version, sizeof a->detail.tool_version, "%s", PACKAGE_VERSION);
    a->detail.lead = LEAD;
    a->detail.childless = strcmp(c->name, "powstream") == 0 && c->own;
    if (c->plugin)
        take_plugin(a, c->plugin);
}

// --- a plug-in is asked

static void plugin_answered(void *ctx, const struct tl_plugin_answer *answer)
{
    struct admission *a = ctx;
    struct candidate all[CANDIDATES];
    size_t n = find_wanted(a, all);
    struct ps_jdoc *doc = NULL;
    const char *why = answer->err ? answer->why : "it cannot run this test";
    bool can = false;

    if (!answer->err && ps_jdoc_parse_foreign(&doc, NULL, answer->text, answer->len, NULL) == 0) {
        struct ps_jnode reasons = ps_jnode_member(ps_jdoc_root(doc), "reasons");

        (void)ps_jnode_bool(ps_jnode_member(ps_jdoc_root(doc), "can-run"), &can, NULL);
        (void)ps_jnode_str(ps_jnode_first(reasons), 1, SIZE_MAX, &why, NULL);
    }
    if (a->next_tool < n && can) {
        take(a, &all[a->next_tool]);
        admit_next(a);
    } else {
        if (a->next_tool < n)
            note_declined(a, all[a->next_tool].name, why);
        a->next_tool++;
        admit_on(a);
    }
    ps_jdoc_free(doc);
}

// Whether its answer is waited for.
static bool ask_plugin(struct admission *a, const struct candidate *c)
{
    size_t len;
    const char *test = ps_jnode_raw(ps_jnode_member(ps_jdoc_root(a->doc), "test"), &len);
    int err = tl_plugin_call(a->site->plugins, c->plugin, "can-run", NULL, test, len,
                             TL_PLUGIN_PATIENCE_SHORT, plugin_answered, a, NULL);

    if (err)
        note_declined(a, c->name, err == PS_ENOTFOUND ? "it has no program can-run" : ps_strerror(err));
    return !err;
}

static bool try_own(struct admission *a, const struct candidate *c)
{
    const struct tl_test test = {a->task.type, a->task.spec};
    struct tl_reasons why = {0};

    if (tl_can_run(c->own, &a->site->programs, &test, &why)) {
        take(a, c);
        return true;
    }
    for (size_t i = 0; i < why.n; i++)
        note_declined(a, c->name, why.text[i]);
    return false;
}

enum admit_step admit_choose_tool(struct admission *a)
{
    struct candidate all[CANDIDATES];
    size_t n = find_wanted(a, all);

    for (; a->next_tool < n; a->next_tool++) {
        const struct candidate *c = &all[a->next_tool];

        if (c->plugin && ask_plugin(a, c))
            return ADMIT_WAITS;
        if (c->own && try_own(a, c))
            return ADMIT_ON;
    }
    return nobody(a);
}

// --- how long

static enum admit_step take_own_time(struct admission *a, const struct tl_tool *tool)
{
    const struct tl_test test = {a->task.type, a->task.spec};
    struct tl_span span;
    int err = tl_duration(tool, &test, &span);

    if (err)
        return admit_refuse(a, 500, "The tool %s does not say how long it takes: %s", a->tool,
                            ps_strerror(err));
    a->detail.duration = span.duration;
    a->detail.post = span.has_post ? span.post : -1;
    return ADMIT_ON;
}

static enum sch_class plugin_class(const struct tl_plugin *p)
{
    const char *word = "";
    enum sch_class c = SCH_EXCLUSIVE; // what nobody knows of runs alone

    (void)ps_jnode_str(ps_jnode_member(tl_plugin_enumeration(p), "scheduling-class"), 0, 64, &word, NULL);
    (void)sch_class_from_word(word, &c);
    return c;
}

enum admit_step admit_take_time(struct admission *a)
{
    const struct tl_tool *own = tl_tool_find(a->tool);

    a->detail.cls = a->test ? task_class(sp_test_class(a->test)) : plugin_class(a->plugin);
    a->detail.priority = a->task.has_priority ? a->task.priority : 0;
    if (a->detail.cls == SCH_BACKGROUND_MULTI && a->next_host > 1)
        return admit_refuse(a, 422, "Tests that give results without end have one participant here");
    if (own)
        return take_own_time(a, own);
    return admit_plugin_time(a, tl_plugins_find(a->site->plugins, TL_PLUGIN_TOOL, a->tool));
}
