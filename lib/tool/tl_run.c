// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_run.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"
#include "tool/tl_run_impl.h"
#include "tool/tl_spec.h"

#define OUTPUT_MAX ((size_t)16 << 20)
#define LOOK_AGAIN PS_SEC // at the clock on the wall, while a run waits for its time: it may be set

// --- runners

int tl_runner_new(struct ps_loop *l, const struct tl_runner_conf *conf, struct tl_runner **out)
{
    struct tl_runner *r = calloc(1, sizeof *r);

    if (!r)
        return -ENOMEM;
    r->loop = l;
    r->conf = *conf;
    r->conf.output_max = conf->output_max ? conf->output_max : OUTPUT_MAX;
    ps_list_init(&r->runs);
    r->tmp = strdup(conf->tmp);
    if (!r->tmp) {
        free(r);
        return -ENOMEM;
    }
    *out = r;
    return 0;
}

void tl_runner_free(struct tl_runner *r)
{
    if (!r)
        return;
    PS_LIST_EACH_SAFE(it, &r->runs) {
        tl_run_free(PS_CONTAINER(it, struct tl_run, link));
    }
    free(r->tmp);
    free(r);
}

size_t tl_runner_running(const struct tl_runner *r)
{
    return r->running;
}

// --- their ends

static void free_asked(struct tl_run *run)
{
    for (size_t i = 0; i < run->ncontexts; i++) {
        free(run->contexts[i].change);
        free(run->contexts[i].data);
    }
    ps_jdoc_free(run->spec);
    ps_jdoc_free(run->parts);
    free(run->task);
    free(run->type);
}

static void destroy(struct tl_run *run)
{
    ps_list_remove(&run->link);
    run->runner->running--;
    ps_timer_free(run->timer);
    tl_parts_free(run->asking);
    tl_ends_free(run->ends);
    tl_stream_free(run->stream);
    tl_child_free(run->child);
    tl_child_free(run->partner);
    tl_naming_free(run->naming);
    tl_plugin_cancel(run->merging);
    if (run->names_made)
        tl_names_fini(&run->names);
    tl_answer_fini(&run->answer);
    free_asked(run);
    free(run->dir);
    free(run->out);
    free(run->err);
    free(run->diags);
    free(run);
}

// What it leaves on the disk, and processes that escaped, are for a worker. From inside a callback it goes on to its
// end, of which nobody hears.
void tl_run_free(struct tl_run *run)
{
    if (!run)
        return;
    if (run->in_result) {
        run->silent = true;
        tl_run_cancel(run);
        return;
    }
    tl_child_free(run->child);
    tl_child_free(run->partner);
    run->child = run->partner = NULL;
    if (run->dir && !run->clean)
        tl_run_clean(run);
    tl_clean_forget(run->clean);
    destroy(run);
}

void tl_run_end(struct tl_run *run)
{
    enum tl_run_end how = run->cancelled ? TL_RUN_CANCELLED : run->overdue ? TL_RUN_OVERDUE : TL_RUN_DONE;
    const struct tl_run_ops *ops = run->ops;
    void *ctx = run->ctx;
    bool silent = run->silent;

    destroy(run);
    if (!silent)
        ops->ended(ctx, how);
}

void tl_run_fail(struct tl_run *run, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tl_answer_fail(&run->answer, "%s", text);
    tl_run_clean(run);
}

void tl_run_judge(struct tl_run *run)
{
    if (!run->cancelled && run->answer.error[0])
        tl_run_tell(run);
    else if (!run->cancelled && tl_run_read(run))
        return;
    tl_run_end(run);
}

static void end_cancelled(struct tl_run *run)
{
    tl_run_clean(run);
}

// Whatever it waits for is given up; a program is left to its own end, which comes soon.
void tl_run_cancel(struct tl_run *run)
{
    if (run->cancelled)
        return;
    run->cancelled = true;
    tl_parts_free(run->asking);
    run->asking = NULL;
    tl_ends_free(run->ends);
    run->ends = NULL;
    tl_naming_free(run->naming);
    run->naming = NULL;
    tl_plugin_cancel(run->merging);
    run->merging = NULL;
    tl_stream_free(run->stream);
    run->stream = NULL;
    if (run->child)
        tl_child_stop(run->child);
    else if (!run->clean)
        tl_run_after(run, 0, end_cancelled);
}

// --- their beginnings

static void timer_fired(void *ctx)
{
    struct tl_run *run = ctx;

    run->next(run);
}

void tl_run_after(struct tl_run *run, ps_ns after, void (*next)(struct tl_run *run))
{
    run->next = next;
    ps_timer_start(run->timer, after);
}

static ps_ns wall(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

void tl_run_wait(struct tl_run *run)
{
    struct tl_job job = tl_run_job(run);
    ps_ns left = run->start - wall();

    if (run->tool && run->tool->lag)
        left += run->tool->lag(&job);
    if (left > 0)
        tl_run_after(run, left < LOOK_AGAIN ? left : LOOK_AGAIN, tl_run_wait);
    else
        tl_run_launch(run);
}

static void told(void *ctx, const char *parts, const char *why)
{
    struct tl_run *run = ctx;
    struct ps_fault fault = {""};

    run->asking = NULL;
    if (!parts)
        tl_run_fail(run, "%s", why);
    else if (ps_jdoc_parse_foreign(&run->parts, "participant-data", parts, strlen(parts), &fault))
        tl_run_fail(run, "%s", fault.text);
    else
        tl_run_find_ends(run);
}

static void ask_for_parts(struct tl_run *run)
{
    const struct tl_parts_ask ask = {
        .tool = run->tool, .plugin = run->plugin, .test = tl_run_test(run), .n = 1};
    int err = tl_parts_ask(run->runner, &ask, told, run, &run->asking);

    if (err)
        tl_run_fail(run, "%s", ps_strerror(err));
}

static void prepare(struct tl_run *run)
{
    struct ps_fault fault = {""};

    run->dir = tl_run_make_dir(run->runner->tmp, &fault);
    if (!run->dir)
        tl_run_fail(run, "%s", fault.text);
    else if (!run->parts)
        ask_for_parts(run);
    else
        tl_run_find_ends(run);
}

static bool copy_contexts(struct tl_run *run, const struct tl_run_ask *ask)
{
    bool good = ask->ncontexts <= TL_CONTEXTS;

    for (size_t i = 0; good && i < ask->ncontexts; i++) {
        run->contexts[i].change = strdup(ask->contexts[i].change);
        run->contexts[i].data = strdup(ask->contexts[i].data);
        run->ncontexts++;
        good = run->contexts[i].change && run->contexts[i].data;
    }
    return good;
}

static int copy_documents(struct tl_run *run, const struct tl_run_ask *ask, struct ps_fault *fault)
{
    const char *parts = ask->participant_data;
    int err = ps_jdoc_parse_foreign(&run->spec, "spec", ask->spec, ask->spec_len, fault);

    if (!err && parts)
        err = ps_jdoc_parse_foreign(&run->parts, "participant-data", parts, strlen(parts), fault);
    return err == -ENOMEM ? err : err ? PS_EMALFORMED : 0;
}

static int copy(struct tl_run *run, const struct tl_run_ask *ask, struct ps_fault *fault)
{
    run->start = ask->start;
    run->duration = ask->duration;
    run->participant = ask->participant;
    snprintf(run->uuid, sizeof run->uuid, "%s", ask->run);
    run->task = strdup(ask->task);
    run->type = strdup(ask->type);
    if (!run->task || !run->type || !copy_contexts(run, ask)) {
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    return copy_documents(run, ask, fault);
}

static int find_tool(struct tl_run *run, const char *name, struct ps_fault *fault)
{
    const struct tl_plugins *plugins = run->runner->conf.plugins;

    run->tool = tl_tool_find(name);
    if (!run->tool && plugins)
        run->plugin = tl_plugins_find(plugins, TL_PLUGIN_TOOL, name);
    if (run->tool || run->plugin)
        return 0;
    ps_fault_set(fault, NULL, 0, "there is no tool %.60s here", name);
    return PS_ENOTFOUND;
}

int tl_run_start(struct tl_runner *r, const struct tl_run_ask *ask, const struct tl_run_ops *ops, void *ctx,
                 struct tl_run **out, struct ps_fault *fault)
{
    struct tl_run *run = calloc(1, sizeof *run);
    int err;

    if (!run) {
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    run->runner = r;
    run->ops = ops;
    run->ctx = ctx;
    run->status = -1;
    ps_list_append(&r->runs, &run->link);
    r->running++;
    tl_answer_init(&run->answer);
    tl_argv_init(&run->argv);
    err = find_tool(run, ask->tool, fault);
    if (!err)
        err = copy(run, ask, fault);
    if (!err)
        err = ps_timer_new(r->loop, &run->timer, timer_fired, run);
    if (err) {
        destroy(run);
        return err;
    }
    tl_run_after(run, 0, prepare);
    *out = run;
    return 0;
}
