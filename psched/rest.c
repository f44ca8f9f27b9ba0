// SPDX-License-Identifier: Apache-2.0
#include "psched/rest.h"
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "psched/task.h"
#include "psched/when.h"

#define ROOT "/pscheduler"
#define TASK_MAX ((size_t)1 << 20) // octets of a task
#define RUN_MAX ((size_t)16 << 20) // octets of what is put into a run

// --- routes

struct entry {
    unsigned methods;
    const char *behind; // the root
    ps_http_handler handler;
};

static const struct entry entries[] = {
    {PS_HTTP_GET, "", rest_root},
    {PS_HTTP_GET, "/api", rest_api},
    {PS_HTTP_GET, "/hostname", rest_hostname},
    {PS_HTTP_GET, "/schedule-horizon", rest_horizon},
    {PS_HTTP_GET, "/clock", rest_clock},
    {PS_HTTP_GET, "/mtu-safe", rest_mtu_safe},
    {PS_HTTP_GET, "/free", rest_free},
    {PS_HTTP_GET, "/status", rest_status},
    {PS_HTTP_GET, "/limits", rest_limits},
    {PS_HTTP_GET, "/tests", rest_tests},
    {PS_HTTP_GET, "/tests/{test}", rest_test},
    {PS_HTTP_GET, "/tests/{test}/spec", rest_test_spec},
    {PS_HTTP_GET, "/tests/{test}/spec/is-valid", rest_test_valid},
    {PS_HTTP_GET, "/tests/{test}/participants", rest_test_participants},
    {PS_HTTP_GET, "/tests/{test}/tools", rest_test_tools},
    {PS_HTTP_GET, "/tools", rest_tools},
    {PS_HTTP_GET, "/tools/{tool}", rest_tool},
    {PS_HTTP_GET, "/archivers", rest_archivers},
    {PS_HTTP_GET, "/archivers/{archiver}", rest_archiver},
    {PS_HTTP_GET, "/archivers/{archiver}/data-is-valid", rest_archiver_valid},
    {PS_HTTP_GET, "/contexts", rest_contexts},
    {PS_HTTP_GET, "/contexts/{context}", rest_context},
    {PS_HTTP_GET, "/tasks", rest_tasks},
    {PS_HTTP_POST, "/tasks", rest_task_add},
    {PS_HTTP_GET, "/tasks/{task}", rest_task},
    {PS_HTTP_DELETE, "/tasks/{task}", rest_task_cancel},
    {PS_HTTP_GET, "/tasks/{task}/cli", rest_task_cli},
    {PS_HTTP_GET, "/tasks/{task}/skipped", rest_task_skips},
    {PS_HTTP_GET, "/tasks/{task}/runtimes", rest_runtimes},
    {PS_HTTP_GET, "/tasks/{task}/runs", rest_runs},
    {PS_HTTP_POST, "/tasks/{task}/runs", rest_run_add},
    {PS_HTTP_GET, "/tasks/{task}/runs/{run}", rest_run},
    {PS_HTTP_PUT, "/tasks/{task}/runs/{run}", rest_run_put},
    {PS_HTTP_DELETE, "/tasks/{task}/runs/{run}", rest_run_delete},
    {PS_HTTP_GET, "/tasks/{task}/runs/{run}/result", rest_run_result},
    {PS_HTTP_GET, "/schedule", rest_schedule},
    {PS_HTTP_GET, "/monitor", rest_monitor},
    {PS_HTTP_GET, "/stat/control/pause", rest_stat_pause},
    {PS_HTTP_GET, "/stat/archiving/{what}", rest_stat_archiving},
    {PS_HTTP_GET, "/stat/http-queue/{what}", rest_stat_queue},
    {PS_HTTP_GET, "/stat/runs/{state}", rest_stat_runs},
};

// A page of another site that a browser shows here: what it sends would count as this host's.
static bool is_foreign(const struct ps_http_req *req)
{
    const char *origin = ps_http_header(req, "Origin");
    struct ps_buf own;
    bool same;

    if (!origin || strcmp(ps_http_method_of(req), "GET") == 0)
        return false;
    ps_buf_init(&own, 0);
    same = ps_http_origin(req, &own) == 0 && ps_buf_len(&own) == strlen(origin) &&
           memcmp(ps_buf_head(&own), origin, strlen(origin)) == 0;
    ps_buf_fini(&own);
    return !same;
}

// Some requests say which level of the API they mean.
static bool gate(void *site, struct ps_http_req *req)
{
    (void)site;
    if (!is_foreign(req))
        return reply_level(req);
    reply_text(req, 403, "Forbidden: a page of another site (Origin) may change nothing here");
    return false;
}

static size_t body_of(const struct entry *e)
{
    if (e->methods == PS_HTTP_PUT)
        return RUN_MAX;
    return e->methods == PS_HTTP_POST ? TASK_MAX : 0;
}

int rest_routes(struct site *s)
{
    int err = 0;

    for (size_t i = 0; !err && i < sizeof entries / sizeof entries[0]; i++) {
        const struct entry *e = &entries[i];
        char pattern[128];
        struct ps_http_route r = {
            .methods = e->methods,
            .pattern = pattern,
            .handler = e->handler,
            .gate = gate,
            .ctx = s,
            .body_max = body_of(e),
            .flags = e->methods == PS_HTTP_GET ? PS_HTTP_GZIP : 0,
        };

        snprintf(pattern, sizeof pattern, "%s%s", ROOT, e->behind);
        err = ps_httpd_route(s->httpd, &r);
    }
    return err;
}

// --- what handlers share

struct task *rest_task_of(struct site *s, struct ps_http_req *req)
{
    struct task *t = task_find(s->tasks, ps_http_arg(req, "task"));

    if (!t)
        reply_not_found(req);
    return t;
}

bool rest_time(struct site *s, struct ps_http_req *req, const char *name, ps_ns otherwise, ps_ns *out)
{
    const char *text = ps_query_get(ps_http_query(req), name);

    *out = otherwise;
    if (!text || when_read(text, site_now(s), out) == 0)
        return true;
    reply_text(req, 400, "%s: " WHEN_WANTS "; got '%.60s'", name, text);
    return false;
}

bool rest_count(struct ps_http_req *req, const char *name, uint64_t min, uint64_t max, uint64_t otherwise,
                uint64_t *out)
{
    const char *text = ps_query_get(ps_http_query(req), name);

    *out = otherwise;
    if (!text || ps_num_u64(text, 10, min, max, out) == 0)
        return true;
    reply_text(req, 400, "%s: wants a whole number, %llu to %llu; got '%.60s'", name, (unsigned long long)min,
               (unsigned long long)max, text);
    return false;
}

struct ps_jdoc *rest_document(struct ps_http_req *req, const char *name, bool need)
{
    const char *text = ps_query_get(ps_http_query(req), name);
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault = {""};

    if (!text && need)
        reply_text(req, 400, "%s: is missing", name);
    if (text && ps_jdoc_parse_foreign(&doc, NULL, text, strlen(text), &fault)) {
        reply_text(req, 400, "%s: %s", name, fault.text);
        doc = NULL;
    }
    return doc;
}
