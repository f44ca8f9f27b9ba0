// SPDX-License-Identifier: Apache-2.0
#include "psched/runner.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_map.h"
#include "psched/planner.h"
#include "psched/task.h"
#include "spec/sp_task.h"
#include "tool/tl_party.h"

struct runs {
    struct ps_map by_id;
};

// A run under way.
struct active {
    struct site *site;
    struct sch_key key;
    char run[SCH_ID];
    struct tl_run *tool;    // of one participant
    struct tl_party *party; // of several, which all are this host
    bool multi;
    bool answered;  // there was a result
    bool succeeded; // and it was a good one
    char why[256];  // otherwise
    size_t records;
    double gap;        // seconds in which nothing was measured
    char gap_why[256]; // the last time
    char trouble[256]; // why nothing is measured now; ""
};

int runner_new(struct runs **out)
{
    struct runs *r = calloc(1, sizeof *r);
    int err = r ? ps_map_init(&r->by_id, sizeof(struct sch_key)) : -ENOMEM;

    if (err)
        free(r);
    else
        *out = r;
    return err;
}

void runner_free(struct runs *r)
{
    struct active *a;
    size_t pos = 0;

    if (!r)
        return;
    while ((a = ps_map_each(&r->by_id, &pos))) {
        tl_run_free(a->tool);
        tl_party_free(a->party);
        free(a);
    }
    ps_map_fini(&r->by_id);
    free(r);
}

size_t runner_count(const struct site *s)
{
    return s->runs->by_id.count;
}

// --- what a tool says

static void keep(struct active *a, const struct sch_run *run, const struct tl_result *r)
{
    const struct store_result texts = {r->local, r->merged, r->parts};
    int err = planner_result(a->site->planner, run, &texts);

    if (err)
        ps_log(a->site->log, PS_LOG_WARN, "run", "the result of %s is lost: %s", run->id, ps_strerror(err));
}

// One of many results becomes a run of its own.
static void record(struct active *a, const struct sch_run *run, const struct tl_result *r)
{
    const struct sch_run *entry;
    int err = sch_engine_record(planner_engine(a->site->planner), run, site_now(a->site), &entry);

    if (err)
        ps_log(a->site->log, PS_LOG_WARN, "run", "a result of %s is lost: %s", a->run, ps_strerror(err));
    else
        keep(a, entry, r);
    a->records++;
    planner_soon(a->site->planner);
}

static void note(struct active *a, const struct tl_result *r)
{
    a->answered = true;
    a->succeeded = r->succeeded;
    snprintf(a->why, sizeof a->why, "%s", r->error ? r->error : "");
}

static void result(void *ctx, const struct tl_result *r)
{
    struct active *a = ctx;
    const struct sch_run *run = sch_engine_run(planner_engine(a->site->planner), a->run);

    if (!a->multi || !r->succeeded)
        note(a, r);
    if (!run)
        return;
    if (!a->multi)
        keep(a, run, r);
    else if (r->succeeded)
        record(a, run, r);
}

// What is to be known of a run of many results; false: nothing.
static bool put_remark(const struct active *a, bool over, char *out, size_t size)
{
    if (a->trouble[0] && (!over || a->records == 0))
        snprintf(out, size, "nothing %s measured: %s", over ? "was" : "is", a->trouble);
    else if (a->gap > 0)
        snprintf(out, size, "nothing was measured for %.0f s in all, the last time: %s", a->gap, a->gap_why);
    else if (a->trouble[0])
        snprintf(out, size, "nothing was measured at its end: %s", a->trouble);
    else if (over && a->answered)
        snprintf(out, size, "%s", a->why);
    else
        return false;
    return true;
}

static void remark(const struct active *a)
{
    struct planner *p = a->site->planner;
    const struct sch_run *run = sch_engine_run(planner_engine(p), a->run);
    char text[320];
    bool any = put_remark(a, false, text, sizeof text);

    if (run)
        (void)sch_engine_remark(planner_engine(p), run, any ? SCH_TOOL : SCH_NO_REASON, text,
                                site_now(a->site));
    planner_soon(p);
}

static void gap(void *ctx, double seconds, const char *why)
{
    struct active *a = ctx;

    a->gap += seconds;
    snprintf(a->gap_why, sizeof a->gap_why, "%s", why);
    remark(a);
}

static void trouble(void *ctx, const char *why)
{
    struct active *a = ctx;

    if (why)
        ps_log(a->site->log, PS_LOG_WARN, "run", "%s measures nothing: %s", a->run, why);
    else
        ps_log(a->site->log, PS_LOG_INFO, "run", "%s measures again", a->run);
    snprintf(a->trouble, sizeof a->trouble, "%s", why ? why : "");
    remark(a);
}

static void tell_multi_end(const struct active *a, const struct sch_run *run)
{
    char text[320];
    bool any = put_remark(a, true, text, sizeof text);

    (void)sch_engine_ended(planner_engine(a->site->planner), run, !any, any ? SCH_TOOL : SCH_NO_REASON,
                           any ? text : "", site_now(a->site));
}

static void tell_end(const struct active *a, const struct sch_run *run, enum tl_run_end how)
{
    bool ok = a->answered && a->succeeded;
    const char *why = a->why[0]               ? a->why
                      : how == TL_RUN_OVERDUE ? "the tool did not end in time"
                                              : "the tool gave no result";

    (void)sch_engine_ended(planner_engine(a->site->planner), run, ok,
                           ok                      ? SCH_NO_REASON
                           : how == TL_RUN_OVERDUE ? SCH_OVERTIME
                                                   : SCH_TOOL,
                           ok ? "" : why, site_now(a->site));
}

static void ended(void *ctx, enum tl_run_end how)
{
    struct active *a = ctx;
    struct site *s = a->site;
    const struct sch_run *run = sch_engine_run(planner_engine(s->planner), a->run);

    (void)ps_map_take(&s->runs->by_id, &a->key);
    if (run && a->multi)
        tell_multi_end(a, run);
    else if (run)
        tell_end(a, run, how);
    free(a);
    planner_soon(s->planner);
}

static const struct tl_run_ops ops = {.result = result, .ended = ended, .gap = gap, .trouble = trouble};

// --- starting

// The programs that make the contexts of this participant, and their data.
struct surroundings {
    struct tl_context at[TL_CONTEXTS];
    char paths[TL_CONTEXTS][PATH_MAX];
    char *data[TL_CONTEXTS];
    size_t n;
};

static int add_context(const struct site *s, struct surroundings *c, struct ps_jnode n,
                       struct ps_fault *fault)
{
    const char *name = "";
    const struct tl_plugin *p;

    (void)ps_jnode_str(ps_jnode_member(n, "context"), 1, 255, &name, NULL);
    p = s->plugins ? tl_plugins_find(s->plugins, TL_PLUGIN_CONTEXT, name) : NULL;
    if (!p || c->n == TL_CONTEXTS || tl_plugin_path(s->plugins, p, "change", c->paths[c->n], PATH_MAX)) {
        ps_fault_set(fault, NULL, 0, "the context '%.100s' cannot be had here", name);
        return PS_ENOTFOUND;
    }
    c->data[c->n] = ps_jnode_copy(ps_jnode_member(n, "data"));
    if (!c->data[c->n])
        return -ENOMEM;
    c->at[c->n] = (struct tl_context){c->paths[c->n], c->data[c->n]};
    c->n++;
    return 0;
}

static int read_contexts(const struct site *s, struct ps_jnode list, struct surroundings *c,
                         struct ps_fault *fault)
{
    int err = 0;

    for (struct ps_jnode n = ps_jnode_first(list); !err && ps_jnode_there(n); n = ps_jnode_next(n))
        err = add_context(s, c, n, fault);
    return err;
}

// An ask for each participant, which differ in their contexts.
static int fill_asks(struct active *a, const struct sp_task *task, const struct tl_run_ask *common, size_t n,
                     struct tl_run_ask *asks, struct surroundings *c, struct ps_fault *fault)
{
    struct ps_jnode list = ps_jnode_first(task->contexts);
    int err = 0;

    for (size_t i = 0; i < n; i++, list = ps_jnode_next(list)) {
        asks[i] = *common;
        asks[i].spec = ps_jnode_raw(task->spec, &asks[i].spec_len);
        if (!err)
            err = read_contexts(a->site, list, &c[i], fault);
        asks[i].contexts = c[i].at;
        asks[i].ncontexts = c[i].n;
    }
    return err;
}

static int start_tool(struct active *a, const struct sp_task *task, const struct tl_run_ask *common, size_t n,
                      struct ps_fault *fault)
{
    struct tl_run_ask *asks = calloc(n, sizeof *asks);
    struct surroundings *c = calloc(n, sizeof *c);
    int err = asks && c ? fill_asks(a, task, common, n, asks, c, fault) : -ENOMEM;

    if (!err && n == 1)
        err = tl_run_start(a->site->runner, asks, &ops, a, &a->tool, fault);
    else if (!err)
        err = tl_party_start(a->site->runner, asks, n, &ops, a, &a->party, fault);
    for (size_t i = 0; c && i < n; i++)
        for (size_t k = 0; k < c[i].n; k++)
            free(c[i].data[k]);
    free(c);
    free(asks);
    return err;
}

static int ask_tool(struct active *a, const struct task *t, const struct sch_run *run, struct ps_fault *fault)
{
    struct tl_run_ask ask = {
        .tool = t->tool,
        .run = run->id,
        .task = t->id,
        .type = t->type,
        .start = run->start,
        .duration = run->end - run->start,
    };
    struct ps_jdoc *doc;
    struct sp_task task;
    int err = ps_jdoc_parse_foreign(&doc, NULL, t->doc, strlen(t->doc), fault);

    if (err)
        return err;
    err = sp_task_read(&task, ps_jdoc_root(doc), SP_TASK_SCHEMA, false, fault);
    if (!err)
        err = start_tool(a, &task, &ask, task_participants(t), fault);
    ps_jdoc_free(doc);
    return err;
}

int runner_start(struct site *s, const struct task *t, const struct sch_run *run, struct ps_fault *fault)
{
    struct active *a = calloc(1, sizeof *a);
    int err = a ? sch_id_read(run->id, &a->key) : -ENOMEM;

    if (!err && ps_map_get(&s->runs->by_id, &a->key))
        err = -EBUSY; // the tool of the time before has not ended yet
    if (!err)
        err = ps_map_put(&s->runs->by_id, &a->key, a);
    if (err) {
        free(a);
        return err;
    }
    a->site = s;
    a->multi = t->detail.cls == SCH_BACKGROUND_MULTI;
    memcpy(a->run, run->id, sizeof a->run);
    err = ask_tool(a, t, run, fault);
    if (err) {
        (void)ps_map_take(&s->runs->by_id, &a->key);
        free(a);
    }
    return err;
}

void runner_kill(struct site *s, const char *run)
{
    struct sch_key key;
    struct active *a = sch_id_read(run, &key) ? NULL : ps_map_get(&s->runs->by_id, &key);

    if (a && a->party)
        tl_party_cancel(a->party);
    else if (a)
        tl_run_cancel(a->tool);
}
