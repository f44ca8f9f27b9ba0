// SPDX-License-Identifier: Apache-2.0
// What is asked of the host as a whole.
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "psched/allow.h"
#include "psched/archiving.h"
#include "psched/health.h"
#include "psched/planner.h"
#include "psched/rest.h"
#include "psched/runner.h"
#include "psched/show.h"
#include "psched/who.h"

void rest_root(void *site, struct ps_http_req *req)
{
    const struct site *s = site;
    char text[SETTINGS_HOST + 64];

    snprintf(text, sizeof text, "This is the pScheduler API server on %s (psched).", s->name);
    reply_json_string(req, text);
}

void rest_api(void *site, struct ps_http_req *req)
{
    char text[16];

    (void)site;
    reply_json(req, text, (size_t)snprintf(text, sizeof text, "%d", REPLY_API));
}

void rest_hostname(void *site, struct ps_http_req *req)
{
    reply_json_string(req, ((const struct site *)site)->name);
}

void rest_horizon(void *site, struct ps_http_req *req)
{
    char text[PS_ISO8601_DURATION];

    reply_json_string(req, ps_iso8601_put_duration(((const struct site *)site)->settings->horizon, text));
}

// --- the clock

static const char *source_name(const struct ps_source *source)
{
    if (!source->name)
        return "unknown";
    if (strstr(source->name, "chrony"))
        return "chrony";
    return strstr(source->name, "ntp") ? "ntp" : source->name;
}

// "2026-11-26T12:00:00.123456+00:00"
static const char *precise_time(ps_ns now, char out[64])
{
    char whole[PS_ISO8601_TIME];
    size_t len;

    ps_iso8601_put_utc(now - now % PS_SEC, whole);
    len = strcspn(whole, "Z");
    snprintf(out, 64, "%.*s.%06lld+00:00", (int)len, whole, (long long)(now % PS_SEC / PS_USEC));
    return out;
}

void rest_clock(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    const struct ps_source *source = ps_clock_source(s->clock);
    struct ps_clock_state st;
    char words[PS_CLOCKSOURCE_TEXT], time[64];
    struct reply r;

    ps_clocksource_look(s->source);
    ps_clock_refresh(s->clock);
    ps_clock_get(s->clock, &st);
    reply_open(&r, req);
    ps_json_open(r.json, '{');
    ps_json_put_str(r.json, "time", precise_time(site_now(s), time));
    ps_json_put_bool(r.json, "synchronized", st.synced);
    ps_json_put_str(r.json, "source", source_name(source));
    if (source->name)
        ps_json_put_str(r.json, "reference", ps_clocksource_text(source, words));
    ps_json_put_double(r.json, "offset", (double)(st.synced ? st.error : 0) / 1e9);
    if (!st.synced)
        ps_json_put_str(r.json, "error", "The clock is not synchronized: no daemon disciplines it");
    ps_json_close(r.json, '}');
    reply_send(&r);
}

// --- status

static void put_limits(struct site *s, struct ps_json *j, bool ok, const char *why)
{
    (void)s;
    ps_json_put_open(j, "limits", '{');
    ps_json_put_bool(j, "ok", ok);
    if (!ok)
        ps_json_put_str(j, "error", why);
    ps_json_close(j, '}');
}

// pScheduler's daemons are parts of this one, so that they live as long as it answers; without its state nothing is
// planned or started.
static void put_service(struct site *s, struct ps_json *j, const char *name)
{
    struct planner_state st;
    char uptime[PS_ISO8601_DURATION];
    ps_ns now = site_now(s);

    ps_json_put_open(j, name, '{');
    ps_json_put_str(j, "uptime", ps_iso8601_put_duration((now - s->started) / PS_SEC * PS_SEC, uptime));
    ps_json_put_u64(j, "updates", 1);
    show_time(j, "last", now);
    show_time(j, "next_time", now);
    show_time(j, "expected", now);
    planner_look(s->planner, &st);
    show_duration(j, "overdue", st.trouble ? (now - st.since) / PS_SEC * PS_SEC : -1);
    ps_json_close(j, '}');
}

struct last {
    ps_ns finished, scheduled; // SCH_NEVER: none
};

static void later(ps_ns *last, ps_ns t)
{
    if (*last == SCH_NEVER || t > *last)
        *last = t;
}

// Runs are in order of time, so that the ends of the past and of the future are near.
static void look_at_task(const struct sch_task *t, ps_ns now, struct last *last)
{
    size_t past = sch_task_find(t, now);

    while (past > 0 && sch_task_run(t, past - 1)->state != SCH_FINISHED)
        past--;
    if (past > 0)
        later(&last->finished, sch_task_run(t, past - 1)->end);
    if (t->nruns > 0 && !sch_state_over(sch_task_run(t, t->nruns - 1)->state))
        later(&last->scheduled, sch_task_run(t, t->nruns - 1)->start);
}

static void put_runs(struct site *s, struct ps_json *j)
{
    struct last last = {SCH_NEVER, SCH_NEVER};
    const struct sch_task *t;
    ps_ns now = site_now(s);
    size_t pos = 0;

    while ((t = sch_engine_each(planner_engine(s->planner), &pos)))
        look_at_task(t, now, &last);
    ps_json_put_open(j, "runs", '{');
    show_time(j, "last-finished", last.finished);
    show_time(j, "last-scheduled", last.scheduled);
    ps_json_close(j, '}');
}

static void put_own(struct site *s, struct ps_json *j)
{
    struct planner_state st;
    char words[2048];

    planner_look(s->planner, &st);
    health_words(s, words, sizeof words);
    ps_json_put_open(j, "psched", '{');
    ps_json_put_str(j, "version", PACKAGE_VERSION);
    ps_json_put_u64(j, "tasks", tasks_count(s->tasks));
    ps_json_put_u64(j, "running", runner_count(s));
    ps_json_put_str(j, "trouble", words[0] ? words : NULL);
    ps_json_put_u64(j, "started", st.started);
    ps_json_put_u64(j, "finished", st.finished);
    ps_json_put_u64(j, "failed", st.failed);
    ps_json_put_u64(j, "missed", st.missed);
    ps_json_put_u64(j, "nonstart", st.nonstart);
    ps_json_put_u64(j, "preempted", st.preempted);
    ps_json_close(j, '}');
}

struct asked_status {
    struct site *site;
    struct ps_http_req *req;
};

static void tell_status(struct site *s, struct ps_http_req *req, bool ok, const char *why)
{
    static const char *const services[] = {"ticker", "scheduler", "runner", "archiver"};
    struct reply r;

    planner_inspect(s->planner);
    reply_open(&r, req);
    ps_json_open(r.json, '{');
    show_time(r.json, "time", site_now(s));
    put_limits(s, r.json, ok, why);
    ps_json_put_open(r.json, "services", '{');
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        put_service(s, r.json, services[i]);
    ps_json_close(r.json, '}');
    put_runs(s, r.json);
    put_own(s, r.json);
    ps_json_close(r.json, '}');
    reply_send(&r);
}

static void limits_answered(void *ctx, int err, const char *reply, size_t len, const char *why)
{
    struct asked_status *a = ctx;
    struct ps_jdoc *doc = NULL;
    struct ps_jnode rules;
    const char *fault = NULL;
    bool stale = false;

    if (!err && ps_jdoc_parse_foreign(&doc, NULL, reply, len, NULL))
        doc = NULL;
    rules = ps_jnode_member(ps_jdoc_root(doc), "rules");
    (void)ps_jnode_bool(ps_jnode_member(rules, "stale"), &stale, NULL);
    (void)ps_jnode_str(ps_jnode_member(rules, "fault"), 1, SIZE_MAX, &fault, NULL);
    tell_status(a->site, a->req, !err && doc && !stale,
                err     ? why
                : fault ? fault
                        : "their answer is no JSON");
    ps_jdoc_free(doc);
    free(a);
}

void rest_status(void *site, struct ps_http_req *req)
{
    static const char ask[] = "{\"verb\":\"status\"}";
    struct site *s = site;
    struct asked_status *a = s->limits ? malloc(sizeof *a) : NULL;

    if (a)
        *a = (struct asked_status){s, req};
    if (a && ps_ctl_ask(s->limits, ask, sizeof ask - 1, 5 * PS_SEC, limits_answered, a, NULL) == 0)
        return;
    free(a);
    tell_status(s, req, !s->limits, ps_strerror(PS_ELIMIT));
}

// --- limits

static void proposal_judged(void *ctx, const struct allow_answer *a)
{
    struct ps_http_req *req = ctx;
    struct reply r;

    if (a->err) {
        reply_text(req, 422, "%s", a->why);
        return;
    }
    reply_open(&r, req);
    ps_json_open(r.json, '{');
    ps_json_put_bool(r.json, "passed", a->passed);
    ps_json_put_str(r.json, "diags", a->diags[0] ? a->diags : a->why);
    ps_json_close(r.json, '}');
    reply_send(&r);
}

static void judge_proposal(struct site *s, struct ps_http_req *req, const struct ps_jdoc *doc)
{
    struct allow_ask q = {NULL, NULL, 0, 0};
    struct who who;
    char *copy = ps_jnode_copy(ps_jdoc_root(doc)), *hints;
    int err;

    who_asks(s, req, &who);
    hints = who_hints(&who);
    q.hints = hints;
    q.task = copy;
    err = copy && hints ? allow_ask(s, &q, proposal_judged, req) : 0;
    if (!copy || !hints)
        reply_no_memory(req);
    else if (err)
        reply_text(req, 422, "The limits cannot be asked: %s", ps_strerror(err));
    free(copy);
    free(hints);
}

void rest_limits(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    struct ps_jdoc *doc;

    if (!s->limits) {
        reply_text(req, 422, "No limits are in force: everything is allowed");
        return;
    }
    doc = rest_document(req, "proposal", true);
    if (doc)
        judge_proposal(s, req, doc);
    ps_jdoc_free(doc);
}
