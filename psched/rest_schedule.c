// SPDX-License-Identifier: Apache-2.0
// The schedule of the host: runs in a range of time, and those around now.
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psched/planner.h"
#include "psched/rest.h"
#include "psched/show.h"
#include "spec/sp_test.h"

#define ENTRIES_MOST 20000
#define HOUR (3600 * PS_SEC)

static void put_test(struct ps_json *j, const struct task *t)
{
    const struct sp_test *test = sp_test_find(t->type);

    ps_json_key(j, "test");
    if (test) {
        sp_test_enumerate(test, NULL, j);
        return;
    }
    ps_json_open(j, '{');
    ps_json_put_str(j, "name", t->type);
    ps_json_close(j, '}');
}

static void put_tool(struct ps_json *j, const struct task *t)
{
    const struct tl_tool *tool = tl_tool_find(t->tool);

    ps_json_key(j, "tool");
    if (tool) {
        tl_tool_enumerate(tool, j);
    } else {
        ps_json_open(j, '{');
        ps_json_put_str(j, "name", t->tool);
    }
    ps_json_close(j, '}');
}

// ppf: -1 past, 0 present, 1 future; 2: not to be told.
static void put_entry(const struct show *s, struct ps_json *j, const struct sch_run *r, int ppf)
{
    const struct task *t = task_of(r->task);

    ps_json_open(j, '{');
    show_time(j, "start-time", r->start);
    show_time(j, "end-time", r->end);
    show_href(s, j, "href", "/tasks/%s/runs/%s", t->id, r->id);
    show_href(s, j, "result-href", "/tasks/%s/runs/%s/result", t->id, r->id);
    ps_json_put_str(j, "state", sch_state_word(r->state));
    ps_json_put_str(j, "state-display", sch_state_display(r->state));
    ps_json_put_open(j, "task", '{');
    show_task_members(s, j, t);
    ps_json_close(j, '}');
    show_cli(j, t);
    put_test(j, t);
    put_tool(j, t);
    ps_json_put_str(j, "errors", r->sentence[0] ? r->sentence : NULL);
    ps_json_put_str(j, "reason", r->reason == SCH_NO_REASON ? NULL : sch_reason_word(r->reason));
    show_warning(j, r->task);
    ps_json_put_i64(j, "priority", r->priority);
    if (ppf != 2)
        ps_json_put_i64(j, "ppf", ppf);
    ps_json_close(j, '}');
}

// --- a list that is sent in pieces

struct list {
    struct show show;
    struct ps_buf origin;
    struct ps_http_req *req;
    char (*ids)[SCH_ID];
    int8_t *ppf; // NULL: not told
    size_t n, at;
    bool begun;
};

static void list_free(void *ctx)
{
    struct list *l = ctx;

    ps_buf_fini(&l->origin);
    free(l->ids);
    free(l->ppf);
    free(l);
}

static int append_entry(struct list *l, const struct sch_run *r, struct ps_buf *out)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_raw(j, l->begun ? "," : "[", 1);
    put_entry(&l->show, j, r, l->ppf ? l->ppf[l->at - 1] : 2);
    l->begun = true;
    return ps_text_append(&t, out);
}

// A run that has gone meanwhile is passed over.
static int list_pull(void *ctx, struct ps_buf *out)
{
    struct list *l = ctx;
    size_t enough = ps_buf_len(out) + PS_HTTP_PIECE;
    int err = 0;

    while (!err && l->at < l->n && ps_buf_len(out) < enough) {
        const struct sch_run *r = sch_engine_run(planner_engine(l->show.site->planner), l->ids[l->at++]);

        if (r)
            err = append_entry(l, r, out);
    }
    if (err || l->at < l->n)
        return err ? err : PS_HTTP_MORE;
    err = ps_buf_append(out, l->begun ? "]\n" : "[]\n", l->begun ? 2 : 3);
    return err ? err : PS_HTTP_DONE;
}

static struct list *list_new(struct site *s, struct ps_http_req *req, size_t most)
{
    struct list *l = calloc(1, sizeof *l);

    if (!l)
        return NULL;
    ps_buf_init(&l->origin, 0);
    l->ids = malloc((most + 1) * sizeof *l->ids);
    l->req = req;
    l->show.site = s;
    if (!l->ids || reply_origin(req, &l->origin)) {
        list_free(l);
        return NULL;
    }
    l->show.origin = (const char *)ps_buf_head(&l->origin);
    return l;
}

static void list_add(struct list *l, const struct sch_run *r)
{
    if (r->state != SCH_SCHEDULING)
        memcpy(l->ids[l->n++], r->id, SCH_ID);
}

static void list_send(struct list *l)
{
    static const struct ps_http_source source = {list_pull, list_free};

    ps_http_reply_stream(l->req, 200, "application/json", PS_HTTP_SIZE_UNKNOWN, &source, l);
}

// --- a range

static void send_range(struct site *s, struct ps_http_req *req, const struct sch_task *task, ps_ns from,
                       ps_ns to)
{
    const struct sch_run **runs = NULL;
    struct list *l = NULL;
    size_t n = 0;

    if (sch_engine_range(planner_engine(s->planner), task, from, to, ENTRIES_MOST, &runs, &n) == 0)
        l = list_new(s, req, n);
    for (size_t i = 0; l && i < n; i++)
        list_add(l, runs[i]);
    free(runs);
    if (l)
        list_send(l);
    else
        reply_no_memory(req);
}

void rest_schedule(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    const char *id = ps_query_get(ps_http_query(req), "task"),
               *format = ps_query_get(ps_http_query(req), "format");
    const struct task *t = id ? task_find(s->tasks, id) : NULL;
    ps_ns from, to, now = site_now(s);

    if (format && strcmp(format, "json") != 0)
        reply_text(req, 400, "format: '%.20s' cannot be had here, only json", format);
    else if (id && !t)
        reply_not_found(req);
    else if (rest_time(s, req, "start", t ? INT64_MIN : now, &from) &&
             rest_time(s, req, "end", t ? INT64_MAX : from + HOUR, &to))
        send_range(s, req, t ? t->sch : NULL, from, to);
}

// --- around now

static int ppf_of(const struct sch_run *r)
{
    if (sch_state_over(r->state))
        return -1;
    return r->state == SCH_RUNNING || r->state == SCH_CLEANUP || r->state == SCH_ON_DECK ? 0 : 1;
}

// The newest of the past, all of the present, the first of the future.
static void choose(struct list *l, const struct sch_run **runs, size_t n, size_t window)
{
    size_t past = 0, future = 0, skip;

    for (size_t i = 0; i < n; i++)
        past += ppf_of(runs[i]) < 0 && runs[i]->state != SCH_SCHEDULING;
    skip = past > window ? past - window : 0;
    for (size_t i = 0; i < n; i++) {
        int ppf = ppf_of(runs[i]);

        if (runs[i]->state == SCH_SCHEDULING || (ppf > 0 && future++ >= window))
            continue;
        if (ppf < 0 && skip > 0) {
            skip--;
            continue;
        }
        l->ppf[l->n] = (int8_t)ppf;
        list_add(l, runs[i]);
    }
}

void rest_monitor(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    const struct sch_run **runs = NULL;
    struct list *l = NULL;
    uint64_t window;
    size_t n = 0;

    if (!rest_count(req, "window", 0, 10000, 10, &window))
        return;
    if (sch_engine_range(planner_engine(s->planner), NULL, INT64_MIN, INT64_MAX, SIZE_MAX, &runs, &n) == 0)
        l = list_new(s, req, n);
    if (l)
        l->ppf = malloc(n + 1);
    if (l && l->ppf) {
        choose(l, runs, n, (size_t)window);
        list_send(l);
    } else {
        if (l)
            list_free(l);
        reply_no_memory(req);
    }
    free(runs);
}
