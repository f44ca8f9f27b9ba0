// SPDX-License-Identifier: Apache-2.0
#include "psched/show.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_iso8601.h"
#include "psched/archiving.h"
#include "psched/planner.h"
#include "spec/sp_json.h"
#include "spec/sp_task.h"

void show_href(const struct show *s, struct ps_json *j, const char *key, const char *fmt, ...)
{
    char path[256], url[SETTINGS_HOST + 320];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(path, sizeof path, fmt, ap);
    va_end(ap);
    snprintf(url, sizeof url, "%s/pscheduler%s", s->origin, path);
    ps_json_put_str(j, key, url);
}

void show_time(struct ps_json *j, const char *key, ps_ns t)
{
    char text[PS_ISO8601_TIME];

    ps_json_put_str(j, key, t == SCH_NEVER || t == INT64_MIN ? NULL : ps_iso8601_put_utc(t, text));
}

void show_duration(struct ps_json *j, const char *key, ps_ns d)
{
    char text[PS_ISO8601_DURATION];

    ps_json_put_str(j, key, d < 0 ? NULL : ps_iso8601_put_duration(d, text));
}

// A value from a document, or null.
static void put_node(const struct show *s, struct ps_json *j, const char *key, struct ps_jnode n)
{
    ps_json_key(j, key);
    sp_json_put(j, n, s->secrets ? 0 : SP_JSON_SANITISE);
}

// A JSON text of the store. NULL: nothing is kept, or it is none.
static struct ps_jdoc *kept(const char *text)
{
    struct ps_jdoc *doc = NULL;

    if (text && ps_jdoc_parse_foreign(&doc, NULL, text, strlen(text), NULL))
        doc = NULL;
    return doc;
}

// null where there is none.
static void put_text(const struct show *s, struct ps_json *j, const char *key, const char *text)
{
    struct ps_jdoc *doc = kept(text);

    put_node(s, j, key, ps_jdoc_root(doc));
    ps_jdoc_free(doc);
}

// --- tasks

// without: a key that is left out; NULL: none.
static void put_members(const struct show *s, struct ps_json *j, const char *text, const char *without)
{
    struct ps_jdoc *doc;

    if (ps_jdoc_parse_foreign(&doc, NULL, text, strlen(text), NULL))
        return;
    for (struct ps_jnode m = ps_jnode_first(ps_jdoc_root(doc)); ps_jnode_there(m); m = ps_jnode_next(m)) {
        const char *key = ps_jnode_key(m);

        if (without && strcmp(key, without) == 0)
            continue;
        if (key[0] == '_' && !s->secrets) {
            ps_json_key(j, key);
            ps_json_null(j);
        } else {
            put_node(s, j, key, m);
        }
    }
    ps_jdoc_free(doc);
}

void show_task_members(const struct show *s, struct ps_json *j, const struct task *t)
{
    put_members(s, j, t->doc, NULL);
    show_href(s, j, "href", "/tasks/%s", t->id);
}

// It is kept with the test's name in front.
void show_cli(struct ps_json *j, const struct task *t)
{
    const char *text = t->detail.cli;
    struct ps_jdoc *doc = NULL;
    struct ps_jnode arg;

    if (ps_jdoc_parse_foreign(&doc, NULL, text, strlen(text), NULL))
        doc = NULL;
    arg = ps_jnode_first(ps_jdoc_root(doc));
    ps_json_put_open(j, "cli", '[');
    for (arg = ps_jnode_next(arg); ps_jnode_there(arg); arg = ps_jnode_next(arg))
        sp_json_put(j, arg, 0);
    ps_json_close(j, ']');
    ps_jdoc_free(doc);
}

static size_t runs_started(const struct sch_task *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->nruns; i++) {
        enum sch_state st = sch_task_run(t, i)->state;

        n += st >= SCH_RUNNING && st <= SCH_OVERDUE;
        n += st == SCH_FAILED;
    }
    return n;
}

// What there is to tell of the latest run that waits for its place or did not go well, until one does.
static const char *last_reason(const struct sch_task *t)
{
    for (size_t i = t->nruns; i-- > 0;) {
        const struct sch_run *r = sch_task_run(t, i);

        if (r->state == SCH_FINISHED)
            break;
        if (r->sentence[0])
            return r->sentence;
    }
    return NULL;
}

static void put_engine(struct ps_json *j, const struct sch_task *t)
{
    enum sch_class cls = t->conf.cls;

    show_time(j, "added", t->conf.added);
    ps_json_put_bool(j, "anytime", sch_class_anytime(cls));
    ps_json_put_bool(j, "enabled", !t->mark.cancelled);
    ps_json_put_bool(j, "exclusive", cls == SCH_EXCLUSIVE);
    ps_json_put_bool(j, "multi-result", cls == SCH_BACKGROUND_MULTI);
    show_duration(j, "duration", t->conf.duration);
    show_duration(j, "slip", t->conf.schedule.slip);
    show_time(j, "start", t->mark.anchor);
    ps_json_put_u64(j, "runs", t->mark.runs);
    ps_json_put_u64(j, "runs-started", runs_started(t));
    ps_json_put_u64(j, "runs-skipped", t->mark.skipped);
    ps_json_put_bool(j, "over", t->mark.over != SCH_NEVER);
    ps_json_put_str(j, "last-reason", last_reason(t));
}

// What is to be known of a task that will not do all that it seems to; NULL: nothing.
static const char *warning_of(const struct sch_task *t, char *out, size_t size)
{
    char a[PS_ISO8601_DURATION], b[PS_ISO8601_DURATION], c[PS_ISO8601_DURATION];
    ps_ns every = t->conf.schedule.repeat, takes = t->conf.duration;

    if (every <= 0 || takes <= every)
        return NULL;
    snprintf(
        out, size,
        "a run may take %s and the task repeats each %s: what is due meanwhile is skipped, so there is a "
        "run each %s",
        ps_iso8601_put_duration(takes, a), ps_iso8601_put_duration(every, b),
        ps_iso8601_put_duration((takes + every - 1) / every * every, c));
    return out;
}

void show_warning(struct ps_json *j, const struct sch_task *t)
{
    char text[256];

    ps_json_put_str(j, "warning", warning_of(t, text, sizeof text));
}

// With the warning, for those who know no other place.
static void put_diags(struct ps_json *j, const struct task *t)
{
    char warning[256], *text;
    const char *diags = t->detail.diags;

    if (!warning_of(t->sch, warning, sizeof warning)) {
        ps_json_put_str(j, "diags", diags);
    } else if (asprintf(&text, "%s%sWarning: %s", diags, *diags ? "\n" : "", warning) >= 0) {
        ps_json_put_str(j, "diags", text);
        free(text);
    }
}

void show_task_detail(const struct show *s, struct ps_json *j, const struct task *t)
{
    const struct task_detail *d = &t->detail;

    ps_json_put_open(j, "detail", '{');
    put_engine(j, t->sch);
    show_cli(j, t);
    put_diags(j, t);
    show_warning(j, t->sch);
    put_text(s, j, "hints", d->hints);
    ps_json_put_u64(j, "participant", 0);
    put_text(s, j, "participants", d->participants);
    show_duration(j, "post", d->post);
    ps_json_put_i64(j, "priority", t->sch->conf.priority);
    show_href(s, j, "href", "/tasks/%s", t->id);
    show_href(s, j, "runs-href", "/tasks/%s/runs", t->id);
    show_href(s, j, "first-run-href", "/tasks/%s/runs/first", t->id);
    show_href(s, j, "next-run-href", "/tasks/%s/runs/next", t->id);
    ps_json_close(j, '}');
}

// --- runs

static void put_hrefs(const struct show *s, struct ps_json *j, const struct sch_run *r)
{
    const char *task = r->task->conf.id;

    show_href(s, j, "href", "/tasks/%s/runs/%s", task, r->id);
    show_href(s, j, "task-href", "/tasks/%s", task);
    show_href(s, j, "result-href", "/tasks/%s/runs/%s/result", task, r->id);
}

static void put_state(struct ps_json *j, const struct sch_run *r)
{
    ps_json_put_str(j, "state", sch_state_word(r->state));
    ps_json_put_str(j, "state-display", sch_state_display(r->state));
    ps_json_put_str(j, "errors", r->sentence[0] ? r->sentence : NULL);
    ps_json_put_str(j, "reason", r->reason == SCH_NO_REASON ? NULL : sch_reason_word(r->reason));
}

static void put_plan(struct ps_json *j, const struct sch_run *r, const struct store_texts *texts)
{
    show_time(j, "start-time", r->start);
    show_time(j, "end-time", r->end);
    show_duration(j, "duration", r->end - r->start);
    show_time(j, "due", r->due);
    show_time(j, "added", texts->added);
    ps_json_put_i64(j, "priority", r->priority);
}

// What each participant measured: one's own object, or, of several, an array of them.
static void put_results(const struct show *s, struct ps_json *j, const struct store_texts *texts)
{
    struct ps_jdoc *local = kept(texts->local);
    struct ps_jnode root = ps_jdoc_root(local);
    bool several;

    several = ps_jnode_type(root) == PS_JTYPE_ARRAY;
    put_node(s, j, "result", several ? ps_jnode_first(root) : root);
    ps_json_key(j, "result-full");
    if (!texts->merged) {
        ps_json_null(j);
    } else if (several) {
        sp_json_put(j, root, s->secrets ? 0 : SP_JSON_SANITISE);
    } else {
        ps_json_open(j, '[');
        sp_json_put(j, root, s->secrets ? 0 : SP_JSON_SANITISE);
        ps_json_close(j, ']');
    }
    put_text(s, j, "result-merged", texts->merged);
    ps_jdoc_free(local);
}

// The tool is asked for them when a run begins.
static void put_participant_data(const struct show *s, struct ps_json *j, const struct store_texts *texts)
{
    struct ps_jdoc *parts = kept(texts->parts);
    struct ps_jnode root = ps_jdoc_root(parts);

    put_node(s, j, "participant-data", ps_jnode_first(root));
    put_node(s, j, "participant-data-full", root);
    ps_jdoc_free(parts);
}

void show_run_members(const struct show *s, struct ps_json *j, const struct sch_run *r,
                      const struct store_texts *texts, unsigned what)
{
    const struct task *t = task_of(r->task);

    put_hrefs(s, j, r);
    put_plan(j, r, texts);
    put_state(j, r);
    ps_json_put_u64(j, "participant", 0);
    put_text(s, j, "participants", t->detail.participants);
    ps_json_put_str(j, "limit-diags", texts->diags);
    if (what & SHOW_RUN_RESULTS) {
        put_participant_data(s, j, texts);
        put_results(s, j, texts);
    }
    if (what & SHOW_RUN_ARCHIVINGS)
        archiving_show(s, j, r->id);
}

// --- for archives

// As it was planned, which is the same for all runs of a task: archives know what is measured by it.
static void put_schedule(struct ps_json *j, const struct sch_run *r)
{
    ps_json_put_open(j, "schedule", '{');
    show_time(j, "start", r->start);
    show_duration(j, "duration", r->task->conf.duration);
    ps_json_close(j, '}');
}

static void put_tool(struct ps_json *j, const struct task *t)
{
    ps_json_put_open(j, "tool", '{');
    ps_json_put_str(j, "name", t->tool);
    ps_json_put_str(j, "version", t->detail.tool_version);
    ps_json_close(j, '}');
}

static void put_task(const struct show *s, struct ps_json *j, const struct task *t)
{
    ps_json_put_open(j, "task", '{');
    put_members(s, j, t->doc, "archives");
    show_href(s, j, "href", "/tasks/%s", t->id);
    show_task_detail(s, j, t);
    ps_json_close(j, '}');
}

static void put_run(const struct show *s, struct ps_json *j, const struct sch_run *r,
                    const struct store_texts *texts)
{
    ps_json_put_open(j, "run", '{');
    show_run_members(s, j, r, texts, 0);
    put_text(s, j, "result-merged", texts->merged);
    ps_json_close(j, '}');
}

void show_result(const struct show *s, struct ps_json *j, const struct task *t, const struct sch_run *r,
                 const struct store_texts *texts)
{
    struct ps_jdoc *doc = NULL;
    struct ps_jnode root;

    if (ps_jdoc_parse_foreign(&doc, NULL, t->doc, strlen(t->doc), NULL))
        doc = NULL;
    root = ps_jdoc_root(doc);
    ps_json_open(j, '{');
    ps_json_put_str(j, "id", r->id);
    put_schedule(j, r);
    put_node(s, j, "test", ps_jnode_member(root, "test"));
    put_tool(j, t);
    put_run(s, j, r, texts);
    put_task(s, j, t);
    put_text(s, j, "participants", t->detail.participants);
    put_text(s, j, "result", texts->merged);
    put_node(s, j, "reference", ps_jnode_member(root, "reference"));
    ps_json_close(j, '}');
    ps_jdoc_free(doc);
}
