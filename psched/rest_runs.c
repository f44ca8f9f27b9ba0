// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "psched/planner.h"
#include "psched/rest.h"
#include "psched/show.h"
#include "psched/waiters.h"
#include "psched/who.h"

#define RUNTIMES_MOST 1000
#define RUNS_MOST 100000

// --- which run

static bool shows(const struct sch_run *r)
{
    return r->state != SCH_SCHEDULING;
}

static const struct sch_run *first_run(const struct sch_task *t)
{
    for (size_t i = 0; i < t->nruns; i++)
        if (shows(sch_task_run(t, i)))
            return sch_task_run(t, i);
    return NULL;
}

// What has been preempted or missed before its start is not to come any more, and a client that asks for the next run
// after each would get it again and again.
static const struct sch_run *next_run(const struct sch_task *t, ps_ns now)
{
    for (size_t i = sch_task_find(t, now); i < t->nruns; i++)
        if (shows(sch_task_run(t, i)) && !sch_state_over(sch_task_run(t, i)->state))
            return sch_task_run(t, i);
    return NULL;
}

const struct sch_run *rest_run_of(struct site *s, const struct task *t, const char *which)
{
    const struct sch_run *r;

    if (strcmp(which, "first") == 0)
        return first_run(t->sch);
    if (strcmp(which, "next") == 0)
        return next_run(t->sch, site_now(s));
    r = sch_engine_run(planner_engine(s->planner), which);
    return r && r->task == t->sch && shows(r) ? r : NULL;
}

// One may still come: the first or the next of a task that is not over.
static bool may_come(const struct task *t, const char *which)
{
    return (strcmp(which, "first") == 0 || strcmp(which, "next") == 0) && !t->sch->mark.cancelled &&
           t->sch->mark.over == SCH_NEVER;
}

// --- lists

void rest_runtimes(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    struct task *t = rest_task_of(s, req);
    static struct sch_gap gaps[RUNTIMES_MOST];
    struct reply r;
    ps_ns now = site_now(s), from, to;
    const struct sch_task_conf *c;
    size_t n;

    if (!t || !rest_time(s, req, "start", now, &from) ||
        !rest_time(s, req, "end", from + s->settings->horizon, &to))
        return;
    reply_open(&r, req);
    c = &t->sch->conf;
    n = sch_engine_gaps(planner_engine(s->planner), c->cls, c->resource,
                        !ps_query_get(ps_http_query(req), "priority"), c->priority, c->duration, from, to,
                        gaps, RUNTIMES_MOST);
    ps_json_open(r.json, '[');
    for (size_t i = 0; i < n; i++) {
        ps_json_open(r.json, '{');
        show_time(r.json, "lower", gaps[i].from);
        show_time(r.json, "upper", gaps[i].to);
        ps_json_close(r.json, '}');
    }
    ps_json_close(r.json, ']');
    reply_send(&r);
}

static void put_urls(const struct show *s, struct ps_json *j, const struct sch_run **runs, size_t n,
                     uint64_t limit)
{
    char url[SETTINGS_HOST + 320];
    uint64_t told = 0;

    ps_json_open(j, '[');
    for (size_t i = 0; i < n && told < limit; i++) {
        if (!shows(runs[i]))
            continue;
        snprintf(url, sizeof url, "%s/pscheduler/tasks/%s/runs/%s", s->origin, runs[i]->task->conf.id,
                 runs[i]->id);
        ps_json_str(j, url);
        told++;
    }
    ps_json_close(j, ']');
}

static void list_runs(struct site *s, struct ps_http_req *req, const struct task *t, ps_ns from, ps_ns to,
                      uint64_t limit)
{
    struct show show = {.site = s};
    const struct sch_run **runs = NULL;
    struct reply r;
    size_t n = 0;

    if (sch_engine_range(planner_engine(s->planner), t->sch, from, to, RUNS_MOST, &runs, &n)) {
        reply_no_memory(req);
    } else {
        reply_open(&r, req);
        show.origin = reply_here(&r);
        put_urls(&show, r.json, runs, n, limit);
        reply_send(&r);
    }
    free(runs);
}

void rest_runs(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    struct task *t = rest_task_of(s, req);
    ps_ns from, to, least;
    uint64_t limit;

    if (!t)
        return;
    least = reply_flag(req, "upcoming", false) ? site_now(s) : INT64_MIN;
    if (rest_time(s, req, "start", least, &from) && rest_time(s, req, "end", INT64_MAX, &to) &&
        rest_count(req, "limit", 1, RUNS_MOST, RUNS_MOST, &limit))
        list_runs(s, req, t, from > least ? from : least, to, limit);
}

// --- one

static bool wants(const struct ps_http_req *req, const char *name)
{
    return reply_flag(req, name, false);
}

bool rest_texts(struct site *s, struct ps_http_req *req, const struct sch_run *run, struct store_texts *out)
{
    struct ps_fault fault = {""};
    int err = planner_unread(s->planner, store_run_texts(s->store, run->id, out));

    if (err)
        memset(out, 0, sizeof *out);
    if (!err || err == PS_ENOTFOUND)
        return true;
    store_say(s->store, err, &fault);
    reply_text(req, 500, "The run cannot be read: %s", fault.text);
    return false;
}

static void tell_run(struct site *s, struct ps_http_req *req, const struct sch_run *run, bool secrets)
{
    struct show show = {.site = s, .secrets = secrets};
    struct store_texts texts;
    struct reply r;

    if (!rest_texts(s, req, run, &texts))
        return;
    reply_open(&r, req);
    show.origin = reply_here(&r);
    ps_json_open(r.json, '{');
    show_run_members(&show, r.json, run, &texts, SHOW_RUN_RESULTS | SHOW_RUN_ARCHIVINGS);
    ps_json_close(r.json, '}');
    reply_send(&r);
    store_texts_free(&texts);
}

// There is no run to be seen: perhaps one that has no place yet.
static void tell_none(struct ps_http_req *req, const struct task *t, const char *which)
{
    const struct sch_run *r = NULL;
    char until[PS_ISO8601_TIME];
    struct ps_when when;

    for (size_t i = 0; t && may_come(t, which) && i < t->sch->nruns && !r; i++)
        if (!shows(sch_task_run(t->sch, i)) && sch_task_run(t->sch, i)->sentence[0])
            r = sch_task_run(t->sch, i);
    if (!r) {
        reply_not_found(req);
        return;
    }
    when = (struct ps_when){.at = r->due + sch_schedule_slip(&t->sch->conf.schedule, &sch_zone_local,
                                                             t->sch->mark.anchor, r->due,
                                                             t->sch->conf.duration)};
    reply_text(req, 404, "No run yet: %s (due by %s)", r->sentence, ps_iso8601_put_time(&when, until));
}

// A request for a run, again and again until it can be answered.
static bool look_run(struct site *s, struct ps_http_req *req, const char *task, bool last)
{
    const char *which = ps_http_arg(req, "run");
    const struct task *t = task_find(s->tasks, task);
    const struct sch_run *run = t ? rest_run_of(s, t, which) : NULL;
    bool wait = wants(req, "wait-local") || wants(req, "wait-merged");
    int see = t ? who_may_see(t, ps_query_get(ps_http_query(req), "key")) : 0;

    if (!run && t && may_come(t, which) && !last)
        return false;
    if (run && wait && !sch_state_over(run->state) && !last)
        return false;
    if (see < 0)
        reply_text(req, 403, "Forbidden: the key is another one");
    else if (run)
        tell_run(s, req, run, see > 0);
    else
        tell_none(req, t, which);
    return true;
}

void rest_run(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    struct task *t = rest_task_of(s, req);
    uint64_t wait;

    if (!t)
        return;
    if (wants(req, "wait-local") && wants(req, "wait-merged"))
        reply_text(req, 400, "wait-local and wait-merged exclude each other");
    else if (rest_count(req, "wait", 0, UINT32_MAX, WAITERS_PATIENCE / PS_SEC, &wait))
        waiters_add(s->waiters, req, t->id, (ps_ns)wait * PS_SEC, look_run);
}

// --- changes

static bool may_write(struct site *s, struct ps_http_req *req, const struct task *t)
{
    struct who who;

    who_asks(s, req, &who);
    if (who_may_write(&who, t, ps_query_get(ps_http_query(req), "key")))
        return true;
    reply_text(req, 403, "Forbidden: only who has made a task, or has its key, may change its runs");
    return false;
}

// {"start-time": ...}
static int read_start(struct ps_http_req *req, ps_ns *start, struct ps_fault *fault)
{
    size_t len;
    const char *body = ps_http_body(req, &len), *text;
    struct ps_jdoc *doc;
    struct ps_when when;
    int err = ps_jdoc_parse_foreign(&doc, NULL, body, len, fault);

    if (err)
        return err;
    err = ps_jnode_str(ps_jnode_member(ps_jdoc_root(doc), "start-time"), 1, 64, &text, fault);
    if (!err) {
        err = ps_iso8601_time(text, &when);
        if (err)
            ps_fault_set(fault, NULL, 0, "start-time: is no time");
        else
            *start = when.at;
    } else if (err == PS_ENOTFOUND) {
        ps_fault_set(fault, NULL, 0, "start-time: is missing");
    }
    ps_jdoc_free(doc);
    return err;
}

static void answer_booked(struct site *s, struct ps_http_req *req, const struct sch_run *run, int err,
                          const struct ps_fault *fault)
{
    char url[SETTINGS_HOST + 320];
    struct ps_buf origin;

    if (err) {
        reply_text(req,
                   err == PS_ESTATE ? 409
                   : err == -ENOMEM ? 500
                                    : 400,
                   "%s", fault->text[0] ? fault->text : ps_strerror(err));
        return;
    }
    ps_buf_init(&origin, 0);
    if (planner_flush(s->planner) || reply_origin(req, &origin)) {
        reply_text(req, 500, "The run cannot be written down");
    } else {
        snprintf(url, sizeof url, "%s/pscheduler/tasks/%s/runs/%s", (const char *)ps_buf_head(&origin),
                 run->task->conf.id, run->id);
        reply_json_string(req, url);
    }
    ps_buf_fini(&origin);
}

static void book(struct site *s, struct ps_http_req *req, const struct task *t, const char *id)
{
    const struct sch_run *run = NULL;
    struct ps_fault fault = {""};
    ps_ns start = 0;
    int err = read_start(req, &start, &fault);

    if (err) {
        reply_text(req, 400, "%s", fault.text);
        return;
    }
    err = sch_engine_book(planner_engine(s->planner), t->sch, id, start, site_now(s), &run, &fault);
    answer_booked(s, req, run, err, &fault);
}

void rest_run_add(void *site, struct ps_http_req *req)
{
    struct task *t = rest_task_of(site, req);

    if (t && may_write(site, req, t))
        book(site, req, t, NULL);
}

// A run that is not known is made; of one that is, others' data are of no use to a host that measures alone.
void rest_run_put(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    struct task *t = rest_task_of(s, req);
    const char *id = ps_http_arg(req, "run");
    struct sch_key key;

    if (!t || !may_write(s, req, t))
        return;
    if (sch_id_read(id, &key))
        reply_text(req, 400, "'%.60s' is no UUID", id);
    else if (sch_engine_run(planner_engine(s->planner), id))
        reply_ok(req);
    else
        book(s, req, t, id);
}

void rest_run_delete(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    struct task *t = rest_task_of(s, req);
    const struct sch_run *run;

    if (!t || !may_write(s, req, t))
        return;
    run = sch_engine_run(planner_engine(s->planner), ps_http_arg(req, "run"));
    if (!run || run->task != t->sch) {
        reply_not_found(req);
        return;
    }
    (void)sch_engine_delete_run(planner_engine(s->planner), run->id, site_now(s));
    (void)planner_flush(s->planner);
    reply_ok(req);
}
