// SPDX-License-Identifier: Apache-2.0
// When could such a test run? Also whether packets of full size reach a host.
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_out.h"
#include "psched/admit.h"
#include "psched/planner.h"
#include "psched/rest.h"
#include "psched/show.h"
#include "psched/task.h"
#include "spec/sp_json.h"

#define GAPS_MOST 1000

// --- free time

static void put_gaps(const struct admission *a, struct ps_json *j, ps_ns from, ps_ns to)
{
    static struct sch_gap gaps[GAPS_MOST];
    const char *resource = a->detail.resource[0] ? a->detail.resource : NULL;
    size_t n = sch_engine_gaps(planner_engine(a->site->planner), a->detail.cls, resource, true, 0,
                               a->detail.duration, from, to, gaps, GAPS_MOST);

    ps_json_put_open(j, "free", '[');
    for (size_t i = 0; i < n; i++) {
        ps_json_open(j, '{');
        show_time(j, "lower", gaps[i].from);
        show_time(j, "upper", gaps[i].to);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
}

// Why there can be none, however little is on the schedule; NULL: there can be.
static const char *too_short(const struct admission *a, ps_ns looked_at, char *out, size_t size)
{
    char takes[PS_ISO8601_DURATION], is[PS_ISO8601_DURATION];

    if (a->detail.duration <= looked_at)
        return NULL;
    snprintf(out, size, "It takes %s, but only %s are looked at%s: name a later end",
             ps_iso8601_put_duration(a->detail.duration, takes), ps_iso8601_put_duration(looked_at, is),
             ps_query_get(ps_http_query(a->req), "end") ? "" : ", as far as the schedule reaches");
    return out;
}

static void tell(struct admission *a, ps_ns from, ps_ns to)
{
    char why[200];
    struct reply r;

    reply_open(&r, a->req);
    ps_json_open(r.json, '{');
    ps_json_put_str(r.json, "tool", a->tool);
    show_duration(r.json, "duration", a->detail.duration);
    ps_json_put_str(r.json, "class", sch_class_word(a->detail.cls));
    ps_json_put_str(r.json, "errors", too_short(a, to - from, why, sizeof why));
    put_gaps(a, r.json, from, to);
    ps_json_close(r.json, '}');
    reply_send(&r);
}

enum admit_step admit_tell_free(struct admission *a)
{
    struct site *s = a->site;
    struct sch_schedule schedule;
    struct ps_fault fault = {""};
    ps_ns from, to;
    int err = sch_schedule_read(&schedule, a->task.schedule, &fault);

    if (!err)
        err = sch_schedule_anchor(&schedule, &sch_zone_local, site_now(s), 0, &from, &fault);
    if (err)
        return admit_refuse(a, 400, "%s", fault.text[0] ? fault.text : ps_strerror(err));
    if (!rest_time(s, a->req, "end", from + s->settings->horizon, &to))
        return admit_end(a);
    if (to <= from)
        return admit_refuse(a, 400, "end: wants a time behind the start");
    tell(a, from, to);
    return admit_end(a);
}

// A task of that test, which may start when the query says.
static int task_of_query(struct ps_http_req *req, struct ps_jnode test, struct ps_jdoc **out,
                         struct ps_fault *fault)
{
    const char *start = ps_query_get(ps_http_query(req), "start");
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    ps_json_key(j, "test");
    sp_json_put(j, test, SP_JSON_UNCOMMENT);
    if (start) {
        ps_json_put_open(j, "schedule", '{');
        ps_json_put_str(j, "start", start);
        ps_json_close(j, '}');
    }
    ps_json_close(j, '}');
    return ps_jdoc_parse_text(out, &t, fault);
}

void rest_free(void *site, struct ps_http_req *req)
{
    struct ps_jdoc *test = rest_document(req, "test", true), *task;
    struct ps_fault fault = {""};
    int err;

    if (!test)
        return;
    err = task_of_query(req, ps_jdoc_root(test), &task, &fault);
    ps_jdoc_free(test);
    if (err == -ENOMEM)
        reply_no_memory(req);
    else if (err)
        reply_text(req, 400, "test: %s", fault.text);
    else
        admit_ask_free(site, req, task);
}

// --- is the way good for full packets?

#define SAFE_MTU 1500
#define SAFE_PATIENCE (10 * PS_SEC)

struct path_asked {
    struct site *site;
    struct ps_http_req *req; // NULL: answered
    char dest[256];
};

static void tell_safe(struct path_asked *a, bool safe, const char *message)
{
    struct reply r;

    if (!a->req)
        return;
    reply_open(&r, a->req);
    a->req = NULL;
    ps_json_open(r.json, '{');
    ps_json_put_bool(r.json, "safe", safe);
    ps_json_put_str(r.json, "message", message);
    ps_json_close(r.json, '}');
    reply_send(&r);
}

static void path_result(void *ctx, const struct tl_result *result)
{
    struct path_asked *a = ctx;
    struct ps_jdoc *doc = NULL;
    char text[400];
    uint64_t mtu = 0;

    if (result->merged && ps_jdoc_parse_foreign(&doc, NULL, result->merged, result->merged_len, NULL))
        doc = NULL;
    if (!result->succeeded || ps_jnode_u64(ps_jnode_member(ps_jdoc_root(doc), "mtu"), 1, 1 << 20, &mtu, NULL))
        snprintf(text, sizeof text, "%.200s: %.150s", a->dest,
                 result->error ? result->error : "no MTU could be found");
    else
        snprintf(text, sizeof text, "%.200s: packets of %llu octets reach it", a->dest,
                 (unsigned long long)mtu);
    tell_safe(a, mtu >= SAFE_MTU, text);
    ps_jdoc_free(doc);
}

static void path_ended(void *ctx, enum tl_run_end how)
{
    struct path_asked *a = ctx;

    (void)how;
    tell_safe(a, false, "the path could not be looked at");
    free(a);
}

static int ask_path(struct path_asked *a, const char *id, struct ps_fault *fault)
{
    static const struct tl_run_ops ops = {.result = path_result, .ended = path_ended};
    struct tl_run_ask ask = {
        .tool = "fwmtu", .run = id, .task = id, .type = "mtu", .duration = SAFE_PATIENCE};
    struct tl_run *run;
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    char *spec;
    int err;

    ps_json_open(j, '{');
    ps_json_put_str(j, "dest", a->dest);
    ps_json_close(j, '}');
    ask.spec = spec = ps_text_close(&t, &ask.spec_len);
    ask.start = site_now(a->site);
    err = spec ? tl_run_start(a->site->runner, &ask, &ops, a, &run, fault) : -ENOMEM;
    free(spec);
    return err;
}

void rest_mtu_safe(void *site, struct ps_http_req *req)
{
    const char *dest = ps_query_get(ps_http_query(req), "dest");
    struct path_asked *a = dest && *dest && strlen(dest) < 256 ? calloc(1, sizeof *a) : NULL;
    struct ps_fault fault = {""};
    char id[SCH_ID];
    int err;

    if (!a) {
        reply_text(req, 400, "dest: wants a host");
        return;
    }
    a->site = site;
    a->req = req;
    snprintf(a->dest, sizeof a->dest, "%s", dest);
    err = task_make_id(id);
    if (!err)
        err = ask_path(a, id, &fault);
    if (err) {
        free(a);
        reply_text(req, 500, "The path cannot be looked at: %s",
                   fault.text[0] ? fault.text : ps_strerror(err));
    }
}
