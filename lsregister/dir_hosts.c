// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_hosts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "http/ps_httpc.h"
#include "lsregister/dir_rest.h"

#define PATIENCE (5 * PS_SEC)

enum status { UNKNOWN, ALIVE, UNREACHABLE };
static const char *const words[] = {[UNKNOWN] = "unknown", [ALIVE] = "alive", [UNREACHABLE] = "unreachable"};

struct host {
    struct dir_hosts *of;
    struct dir_host_conf conf;
    enum status status;
    int64_t updated_ms;
    struct ps_httpc_call *call;
};

struct dir_hosts {
    struct dir_site *site;
    struct ps_httpc *client;
    struct ps_timer *timer;
    struct host hosts[DIR_HOSTS];
    size_t n;
};

// --- asking

static void answered(void *ctx, const struct ps_httpc_answer *a)
{
    struct host *h = ctx;
    enum status was = h->status;

    h->call = NULL;
    h->status = !a->err && a->status == 200 ? ALIVE : UNREACHABLE;
    h->updated_ms = dir_now_ms();
    if (h->status == UNREACHABLE && was != UNREACHABLE)
        ps_log(h->of->site->log, PS_LOG_WARN, "hosts", "%s does not answer: %s", h->conf.locator,
               a->err ? a->why : "another status than 200");
}

// A query that finds nothing is the least that a server can be asked.
static void ask(struct host *h)
{
    char url[DIR_LOCATOR_MAX + 32];
    struct ps_httpc_ask what = {.method = "GET", .url = url, .timeout = PATIENCE, .redirects = 3};

    if (h->call)
        return;
    snprintf(url, sizeof url, "%s?type=none", h->conf.locator);
    if (ps_httpc_ask(h->of->client, &what, answered, h, &h->call))
        h->status = UNKNOWN;
}

static void due(void *ctx)
{
    struct dir_hosts *h = ctx;

    for (size_t i = 0; i < h->n; i++)
        ask(&h->hosts[i]);
    ps_timer_start(h->timer, h->site->settings->probe_every_s * PS_SEC);
}

// --- the list

static void put_host(struct ps_json *j, const char *locator, const char *status, unsigned priority,
                     int64_t updated_ms)
{
    char at[DIR_TIME_TEXT];

    ps_json_open(j, '{');
    ps_json_put_str(j, "locator", locator);
    ps_json_put_str(j, "status", status);
    ps_json_put_u64(j, "priority", priority);
    ps_json_put_str(j, "lastupdated", dir_lease_time(updated_ms, at));
    ps_json_close(j, '}');
}

static void put_this(struct ps_json *j, struct ps_http_req *req)
{
    struct ps_buf url;

    ps_buf_init(&url, 4096);
    if (ps_http_origin(req, &url) == 0 &&
        ps_buf_append(&url, "/lookup/records", sizeof "/lookup/records") == 0)
        put_host(j, (const char *)ps_buf_head(&url), words[ALIVE], 100, dir_now_ms());
    ps_buf_fini(&url);
}

static void list(void *ctx, struct ps_http_req *req)
{
    const struct dir_hosts *h = ctx;
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    ps_json_put_open(j, "hosts", '[');
    for (size_t i = 0; i < h->n; i++)
        put_host(j, h->hosts[i].conf.locator, words[h->hosts[i].status], h->hosts[i].conf.priority,
                 h->hosts[i].updated_ms);
    if (!h->n)
        put_this(j, req);
    ps_json_close(j, ']');
    ps_json_close(j, '}');
    dir_answer(req, &t);
}

// The Perl client asks for "//lookup/activehosts.json".
static void other(void *ctx, struct ps_http_req *req)
{
    const char *path = ps_http_arg(req, "path");

    if (strcmp(path + strspn(path, "/"), "lookup/activehosts.json") == 0)
        list(ctx, req);
    else
        dir_refuse(req, 404, "There is nothing here: see lookup/records and lookup/activehosts.json");
}

// --- its life

void dir_hosts_reload(struct dir_hosts *h)
{
    const struct dir_settings *c = h->site->settings;

    for (size_t i = 0; i < h->n; i++)
        ps_httpc_cancel(h->hosts[i].call);
    h->n = c->nhosts;
    for (size_t i = 0; i < h->n; i++)
        h->hosts[i] = (struct host){.of = h, .conf = c->hosts[i], .updated_ms = dir_now_ms()};
    if (h->n)
        ps_timer_start(h->timer, 0);
    else
        ps_timer_stop(h->timer);
}

int dir_hosts_start(struct dir_hosts **out, struct dir_site *s)
{
    static const struct ps_httpc_conf conf = {.conns_max = 16, .conns_per_host = 1, .agent = "lsregister"};
    struct dir_hosts *h = calloc(1, sizeof *h);
    const struct ps_http_route at = {PS_HTTP_GET, "/lookup/activehosts.json", list, NULL, h,
                                     0,           PS_HTTP_ANY_ORIGIN},
                               else_where = {PS_HTTP_GET, "/{path...}",      other, NULL, h,
                                             0,           PS_HTTP_ANY_ORIGIN};
    int err = h ? ps_httpc_new(s->loop, &conf, &h->client) : -ENOMEM;

    if (!err)
        err = ps_timer_new(s->loop, &h->timer, due, h);
    if (!err)
        err = ps_httpd_route(s->httpd, &at);
    if (!err)
        err = ps_httpd_route(s->httpd, &else_where);
    if (err) {
        dir_hosts_stop(h);
        return err;
    }
    h->site = s;
    dir_hosts_reload(h);
    *out = h;
    return 0;
}

void dir_hosts_stop(struct dir_hosts *h)
{
    if (!h)
        return;
    ps_timer_free(h->timer);
    ps_httpc_free(h->client);
    free(h);
}
