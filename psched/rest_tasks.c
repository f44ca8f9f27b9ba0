// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psched/planner.h"
#include "psched/rest.h"
#include "psched/show.h"
#include "psched/store.h"
#include "psched/who.h"
#include "spec/sp_json.h"

// --- one

static void put_task(const struct show *s, struct ps_json *j, const struct task *t, bool detail)
{
    ps_json_open(j, '{');
    show_task_members(s, j, t);
    if (detail)
        show_task_detail(s, j, t);
    ps_json_close(j, '}');
}

void rest_task(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    struct task *t = rest_task_of(s, req);
    struct show show = {.site = s};
    struct reply r;
    int see;

    if (!t)
        return;
    see = who_may_see(t, ps_query_get(ps_http_query(req), "key"));
    if (see < 0) {
        reply_text(req, 403, "Forbidden: the key is another one");
        return;
    }
    reply_open(&r, req);
    show.origin = reply_here(&r);
    show.secrets = see > 0;
    put_task(&show, r.json, t, reply_flag(req, "detail", false));
    reply_send(&r);
}

void rest_task_cli(void *site, struct ps_http_req *req)
{
    struct task *t = rest_task_of(site, req);

    if (t)
        reply_json(req, t->detail.cli, strlen(t->detail.cli));
}

static void tell_unkept(struct site *s, struct ps_http_req *req)
{
    struct planner_state st;

    planner_look(s->planner, &st);
    reply_text(req, 500, "The task is cancelled, but that cannot be written down: %s", st.words);
}

void rest_task_cancel(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    struct task *t = rest_task_of(s, req);
    struct who who;

    if (!t)
        return;
    who_asks(s, req, &who);
    if (!who_may_write(&who, t, ps_query_get(ps_http_query(req), "key"))) {
        reply_text(req, 403, "Forbidden: only who has made a task, or has its key, may cancel it");
        return;
    }
    (void)sch_engine_cancel(planner_engine(s->planner), t->id, site_now(s));
    if (planner_flush(s->planner))
        tell_unkept(s, req);
    else
        reply_ok(req);
}

// --- why there was no run

struct skips {
    struct ps_json *j;
    const struct sch_task *task;
    ps_ns now;
};

static uint64_t due_in(const struct skips *s, ps_ns from, ps_ns to, ps_ns *last)
{
    return sch_schedule_count(&s->task->conf.schedule, &sch_zone_local, s->task->mark.anchor, from, to,
                              UINT32_MAX, last);
}

// What is passed over is known as far ahead as runs are planned; here only what has passed counts. The runs between are
// known: they are not older than the horizon.
static bool cut_skip(const struct skips *s, struct sch_skip *skip)
{
    uint64_t runs = 0;

    if (skip->first > s->now)
        return false;
    if (skip->last <= s->now)
        return true;
    for (size_t i = 0; i < s->task->nruns; i++) {
        const struct sch_run *r = sch_task_run(s->task, i);

        runs += !r->record && r->due >= skip->first && r->due <= s->now;
    }
    skip->count = due_in(s, skip->first, s->now + 1, &skip->last);
    skip->count = skip->count > runs ? skip->count - runs : 1;
    return true;
}

static int put_skip(void *ctx, const struct sch_skip *skip)
{
    const struct skips *s = ctx;
    struct sch_skip cut = *skip;
    struct ps_json *j = s->j;
    ps_ns last;

    if (!cut_skip(s, &cut))
        return 0;
    ps_json_open(j, '{');
    show_time(j, "first", cut.first);
    show_time(j, "last", cut.last);
    ps_json_put_u64(j, "count", cut.count);
    ps_json_put_u64(j, "due", due_in(s, cut.first, cut.last + 1, &last));
    ps_json_put_str(j, "reason", sch_reason_word(cut.reason));
    ps_json_put_str(j, "errors", cut.sentence);
    ps_json_close(j, '}');
    return 0;
}

void rest_task_skips(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    struct task *t = rest_task_of(s, req);
    struct reply r;
    struct skips skips = {.now = site_now(s)};

    if (!t)
        return;
    skips.j = reply_open(&r, req);
    skips.task = t->sch;
    ps_json_open(r.json, '[');
    (void)store_skips(s->store, t->id, put_skip, &skips);
    ps_json_close(r.json, ']');
    reply_send(&r);
}

// --- all

// The task with its detail as a document, to be held against a pattern.
static struct ps_jdoc *task_document(const struct show *s, const struct task *t)
{
    struct ps_jdoc *doc;
    struct ps_text out;

    put_task(s, ps_text_open(&out), t, true);
    (void)ps_jdoc_parse_text(&doc, &out, NULL);
    return doc;
}

static bool fits(const struct show *s, const struct task *t, const struct ps_jdoc *pattern)
{
    struct ps_jdoc *doc;
    bool yes;

    if (!pattern)
        return true;
    doc = task_document(s, t);
    yes = doc && sp_json_contains(ps_jdoc_root(doc), ps_jdoc_root(pattern));
    ps_jdoc_free(doc);
    return yes;
}

static void put_url(const struct show *s, struct ps_json *j, const struct task *t)
{
    char url[SETTINGS_HOST + 320];

    snprintf(url, sizeof url, "%s/pscheduler/tasks/%s", s->origin, t->id);
    ps_json_str(j, url);
}

static void put_all(const struct show *s, struct ps_http_req *req, struct ps_json *j,
                    const struct ps_jdoc *pattern)
{
    bool detail = reply_flag(req, "detail", false), expanded = detail || reply_flag(req, "expanded", false);
    struct task **all = NULL;
    size_t n = 0;

    ps_json_open(j, '[');
    (void)tasks_all(s->site->tasks, &all, &n);
    for (size_t i = 0; i < n; i++) {
        if (!fits(s, all[i], pattern))
            continue;
        if (expanded)
            put_task(s, j, all[i], detail);
        else
            put_url(s, j, all[i]);
    }
    ps_json_close(j, ']');
    free(all);
}

void rest_tasks(void *site, struct ps_http_req *req)
{
    struct ps_jdoc *pattern = rest_document(req, "json", false);
    struct show show = {.site = site};
    struct reply r;

    if (!pattern && ps_query_get(ps_http_query(req), "json"))
        return;
    reply_open(&r, req);
    show.origin = reply_here(&r);
    put_all(&show, req, r.json, pattern);
    reply_send(&r);
    ps_jdoc_free(pattern);
}
