// SPDX-License-Identifier: Apache-2.0
// Counts, as pScheduler's /stat gives them.
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psched/archiving.h"
#include "psched/planner.h"
#include "psched/rest.h"
#include "psched/show.h"

static void reply_number(struct ps_http_req *req, uint64_t n)
{
    char text[32];

    reply_json(req, text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)n));
}

void rest_stat_pause(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    ps_ns now = site_now(s), until = 0;
    bool paused = sch_engine_paused(planner_engine(s->planner), now, &until);
    struct reply r;

    reply_open(&r, req);
    ps_json_open(r.json, '{');
    ps_json_put_bool(r.json, "is_paused", paused);
    if (paused)
        ps_json_put_bool(r.json, "infinite", until == SCH_NEVER);
    if (paused && until != SCH_NEVER)
        show_duration(r.json, "remaining", until > now ? (until - now) / PS_SEC * PS_SEC : 0);
    ps_json_close(r.json, '}');
    reply_send(&r);
}

void rest_stat_archiving(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    const char *what = ps_http_arg(req, "what");
    bool upcoming = strcmp(what, "upcoming") == 0;
    int64_t n;
    int err;

    if (!upcoming && strcmp(what, "backlog") != 0) {
        reply_not_found(req);
        return;
    }
    err = archiving_backlog(s->archiving, upcoming, &n);
    if (err)
        reply_text(req, 500, "The archivings cannot be counted: %s", ps_strerror(err));
    else
        reply_number(req, (uint64_t)n);
}

// There is no queue of requests to other hosts.
void rest_stat_queue(void *site, struct ps_http_req *req)
{
    const char *what = ps_http_arg(req, "what");

    (void)site;
    if (strcmp(what, "backlog") == 0 || strcmp(what, "length") == 0)
        reply_number(req, 0);
    else
        reply_not_found(req);
}

void rest_stat_runs(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    const struct sch_run **runs = NULL;
    enum sch_state state;
    ps_ns from, to;
    uint64_t told = 0;
    size_t n = 0;

    if (sch_state_from_word(ps_http_arg(req, "state"), &state)) {
        reply_not_found(req);
        return;
    }
    if (!rest_time(s, req, "start", INT64_MIN, &from) || !rest_time(s, req, "end", INT64_MAX, &to))
        return;
    if (from == INT64_MIN && to == INT64_MAX) {
        reply_number(req, sch_engine_count(planner_engine(s->planner), state));
        return;
    }
    if (sch_engine_range(planner_engine(s->planner), NULL, from, to, SIZE_MAX, &runs, &n)) {
        reply_no_memory(req);
        return;
    }
    for (size_t i = 0; i < n; i++)
        told += runs[i]->state == state;
    free(runs);
    reply_number(req, told);
}
