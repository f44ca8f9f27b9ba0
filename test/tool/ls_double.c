// SPDX-License-Identifier: Apache-2.0
// A lookup server as upstream's behaves (test/sim/lsdouble.h), on a free port of the address that is its argument
// (127.0.0.1). Prints its port, and runs until it is killed. Beside the protocol it takes PUT /quirks/NUMBER,
// PUT /wipe, PUT /hosts with what GET /lookup/activehosts.json is to answer, and tells at /counts.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "http/ps_httpd.h"
#include "http/ps_url.h"
#include "test/sim/lsdouble.h"

struct server {
    struct ps_loop *loop;
    struct ps_httpd *httpd;
    struct lsdouble d;
    char *hosts;
};

static int cut(void *ctx, struct ps_buf *out)
{
    (void)ctx;
    (void)out;
    return -1;
}

// The path and the query as the double wants them.
static void put_target(struct ps_http_req *req, struct ps_buf *out)
{
    const struct ps_query *q = ps_http_query(req);
    const char *path = ps_http_path(req) + 1;
    ps_buf_append(out, path, strlen(path));
    for (size_t i = 0; q && i < q->n; i++) {
        ps_buf_printf(out, "%c%s=", i ? '&' : '?', q->params[i].name);
        ps_url_escape(out, q->params[i].value, strlen(q->params[i].value));
    }
    ps_buf_append(out, "", 1);
}

static void lookup(void *ctx, struct ps_http_req *req)
{
    static const struct ps_http_source nothing = {cut, NULL};
    struct server *s = ctx;
    struct ps_buf target, body;
    size_t len;
    const char *text = ps_http_body(req, &len);
    ps_buf_init(&target, 0);
    ps_buf_init(&body, 0);
    put_target(req, &target);
    lsdouble_tick(&s->d, (ps_ns)time(NULL) * PS_SEC);
    int status =
        lsdouble_ask(&s->d, ps_http_method_of(req), (const char *)ps_buf_head(&target), text, len, &body);
    if (status <= 0)
        ps_http_reply_stream(req, 200, "application/json", PS_HTTP_SIZE_UNKNOWN, &nothing, s);
    else
        ps_http_reply(req, status, status == 200 ? "application/json" : "text/plain", ps_buf_head(&body),
                      ps_buf_len(&body));
    ps_buf_fini(&target);
    ps_buf_fini(&body);
}

static void hosts(void *ctx, struct ps_http_req *req)
{
    const struct server *s = ctx;
    if (s->hosts)
        ps_http_reply(req, 200, "application/json", s->hosts, strlen(s->hosts));
    else
        ps_http_reply(req, 404, "text/plain", "none", 4);
}

static void set_hosts(void *ctx, struct ps_http_req *req)
{
    struct server *s = ctx;
    size_t len;
    const char *text = ps_http_body(req, &len);
    free(s->hosts);
    s->hosts = strndup(text, len);
    ps_http_reply(req, 200, NULL, "", 0);
}

static void quirks(void *ctx, struct ps_http_req *req)
{
    struct server *s = ctx;
    s->d.quirks = (unsigned)strtoul(ps_http_arg(req, "quirks"), NULL, 10);
    ps_http_reply(req, 200, NULL, "", 0);
}

static void wipe(void *ctx, struct ps_http_req *req)
{
    struct server *s = ctx;
    lsdouble_wipe(&s->d);
    ps_http_reply(req, 200, NULL, "", 0);
}

static void counts(void *ctx, struct ps_http_req *req)
{
    const struct server *s = ctx;
    char text[200];
    int n = snprintf(text, sizeof text, "live %zu registered %u deleted %u duplicates %u bulk %u single %u\n",
                     lsdouble_live(&s->d), s->d.registered, s->d.deleted, s->d.duplicates, s->d.bulk,
                     s->d.single);
    ps_http_reply(req, 200, "text/plain", text, (size_t)n);
}

static int open_all(struct server *s, const char *address)
{
    const unsigned all = PS_HTTP_GET | PS_HTTP_PUT | PS_HTTP_POST | PS_HTTP_DELETE;
    const struct ps_http_route routes[] = {
        {all, "/lookup/{rest...}", lookup, NULL, s, 1 << 20, 0},
        {PS_HTTP_GET, "/lookup/activehosts.json", hosts, NULL, s, 0, 0},
        {PS_HTTP_PUT, "/hosts", set_hosts, NULL, s, 1 << 20, 0},
        {PS_HTTP_PUT, "/quirks/{quirks}", quirks, NULL, s, 0, 0},
        {PS_HTTP_PUT, "/wipe", wipe, NULL, s, 0, 0},
        {PS_HTTP_GET, "/counts", counts, NULL, s, 0, 0},
    };
    struct ps_fault fault = {""};
    struct ps_addr addr, bound;
    int err = ps_addr_parse(address, 0, &addr);
    if (!err)
        err = ps_httpd_new(s->loop, &ps_httpd_defaults, &s->httpd);
    for (size_t i = 0; i < sizeof routes / sizeof *routes && !err; i++)
        err = ps_httpd_route(s->httpd, &routes[i]);
    if (!err)
        err = ps_httpd_listen(s->httpd, &addr, false, &bound, &fault);
    if (err) {
        fprintf(stderr, "ls_double: %s\n", fault.text[0] ? fault.text : "it cannot serve");
        return 1;
    }
    printf("%u\n", (unsigned)ps_addr_port(&bound));
    return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct server s = {0};
    lsdouble_init(&s.d);
    if (ps_loop_new(&s.loop) != 0 || open_all(&s, argc > 1 ? argv[1] : "127.0.0.1") != 0)
        return 1;
    ps_loop_run(s.loop);
    return 0;
}
