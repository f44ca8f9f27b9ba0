// SPDX-License-Identifier: Apache-2.0
// A server whose routes do what tests and benches ask a server for. It tells its ports on standard output, one
// line each ("http 127.0.0.1:PORT"), reloads its certificate on SIGHUP, and ends with standard input or SIGTERM.
//
// Usage: httpd_demo [NAME=VALUE...]: cert=FILE key=FILE unix=PATH files=FOLDER trust=ADDRESS, and the bounds conns, net, rate,
// burst, head, idle_ms, head_ms, grace_ms, slow.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "http/ps_httpd.h"
#include "loop/ps_watch.h"

struct demo {
    struct ps_loop *loop;
    struct ps_httpd *httpd;
    struct ps_httpd_conf conf;
    const char *cert, *key, *unix_path, *files;
    struct ps_addr trusted;
    struct ps_watch *input;
    unsigned ended; // streams
    bool stopping;
};

// Answers that come later, and streams.
struct job {
    struct demo *demo;
    struct ps_http_req *req;
    struct ps_timer *timer;
    uint64_t left; // octets
    ps_ns every;   // 0: as fast as it can
    bool due;
};

static uint64_t number(const struct ps_http_req *req, const char *name, uint64_t otherwise)
{
    const char *text = ps_query_get(ps_http_query(req), name);
    uint64_t v = otherwise;

    if (text && ps_num_u64(text, 10, 0, UINT64_MAX, &v))
        v = otherwise;
    return v;
}

static void hello(void *ctx, struct ps_http_req *req)
{
    (void)ctx;
    ps_http_reply(req, 200, "text/plain", "hello\n", 6);
}

static void small(void *ctx, struct ps_http_req *req)
{
    static const char json[] = "{\"source\":\"192.0.2.1\",\"delay\":0.001234,\"loss\":0,\"n\":600}\n";

    (void)ctx;
    ps_http_reply(req, 200, "application/json", json, sizeof json - 1);
}

// What the request was, in words.
static void echo(void *ctx, struct ps_http_req *req)
{
    const struct ps_query *q = ps_http_query(req);
    char text[PS_ADDR_STRLEN];
    struct ps_buf out;
    const char *body;
    size_t len;

    (void)ctx;
    ps_buf_init(&out, 0);
    ps_buf_printf(&out, "%s %s\n", ps_http_method_of(req), ps_http_path(req));
    if (ps_http_arg(req, "key"))
        ps_buf_printf(&out, "key %s\n", ps_http_arg(req, "key"));
    for (size_t i = 0; i < q->n; i++)
        ps_buf_printf(&out, "%s = %s\n", q->params[i].name, q->params[i].value);
    ps_buf_printf(&out, "from %s\n",
                  ps_http_client(req)->len ? ps_addr_host(ps_http_client(req), text) : "here");
    ps_buf_printf(&out, "at ");
    ps_http_origin(req, &out);
    body = ps_http_body(req, &len);
    ps_buf_printf(&out, "\nbody %zu ", len);
    ps_buf_append(&out, body, len);
    ps_buf_append(&out, "\n", 1);
    ps_http_reply(req, 200, "text/plain", ps_buf_head(&out), ps_buf_len(&out));
    ps_buf_fini(&out);
}

static bool wants_token(void *ctx, struct ps_http_req *req)
{
    const char *token = ps_http_header(req, "Authorization");

    (void)ctx;
    if (token && strcmp(token, "Token sesame") == 0)
        return true;
    ps_http_add(req, "WWW-Authenticate", "Token");
    ps_http_reply_error(req, 401, "this needs a token");
    return false;
}

// later: ?ms=N

static void answer(void *ctx)
{
    struct job *j = ctx;

    ps_http_reply(j->req, 200, "text/plain", "later\n", 6);
    ps_timer_free(j->timer);
    free(j);
}

static struct job *new_job(struct demo *d, struct ps_http_req *req, ps_timer_cb cb)
{
    struct job *j = calloc(1, sizeof *j);

    if (!j || ps_timer_new(d->loop, &j->timer, cb, j)) {
        fputs("out of memory\n", stderr);
        exit(4);
    }
    j->demo = d;
    j->req = req;
    return j;
}

static void later(void *ctx, struct ps_http_req *req)
{
    struct job *j = new_job(ctx, req, answer);

    ps_timer_start(j->timer, (ps_ns)number(req, "ms", 10) * PS_MSEC);
}

// stream: ?octets=N&ms=M, a piece each M ms

static void piece_due(void *ctx)
{
    struct job *j = ctx;

    j->due = true;
    ps_http_wake(j->req);
}

static int pull(void *ctx, struct ps_buf *out)
{
    static char piece[PS_HTTP_PIECE];
    struct job *j = ctx;
    size_t n = j->left < sizeof piece ? (size_t)j->left : sizeof piece;

    memset(piece, 'x', sizeof piece);
    if (j->every && !j->due) {
        ps_timer_start(j->timer, j->every);
        return PS_HTTP_WAIT;
    }
    j->due = false;
    if (ps_buf_append(out, piece, n))
        return PS_ELIMIT;
    j->left -= n;
    return j->left ? PS_HTTP_MORE : PS_HTTP_DONE;
}

static int pull_broken(void *ctx, struct ps_buf *out)
{
    struct job *j = ctx;

    if (j->left == 0)
        return PS_EMALFORMED;
    return pull(ctx, out) < 0 ? PS_ELIMIT : PS_HTTP_MORE;
}

static void ended(void *ctx)
{
    struct job *j = ctx;

    j->demo->ended++;
    ps_timer_free(j->timer);
    free(j);
}

static void stream(void *ctx, struct ps_http_req *req)
{
    static const struct ps_http_source whole = {pull, ended}, broken = {pull_broken, ended};
    struct job *j = new_job(ctx, req, piece_due);

    j->left = number(req, "octets", 1 << 20);
    j->every = (ps_ns)number(req, "ms", 0) * PS_MSEC;
    ps_http_reply_stream(req, 200, "text/plain", PS_HTTP_SIZE_UNKNOWN,
                         ps_query_flag(ps_http_query(req), "broken") ? &broken : &whole, j);
}

static void buffer(void *ctx, struct ps_http_req *req)
{
    size_t n = (size_t)number(req, "octets", 1 << 20);
    char *data = malloc(n ? n : 1);

    (void)ctx;
    if (data)
        memset(data, 'b', n);
    ps_http_reply_own(req, 200, "text/plain", data, data ? n : 0);
}

static void stats(void *ctx, struct ps_http_req *req)
{
    struct demo *d = ctx;
    struct ps_httpd_stats s;
    char text[512];

    ps_httpd_stats(d->httpd, &s);
    snprintf(text, sizeof text,
             "conns %llu\nconns_total %llu\nrefused %llu\ndropped %llu\nrequests %llu\nok %llu\nclient %llu\n"
             "given_up %llu\nin %llu\nheld %llu\nended %u\n",
             (unsigned long long)s.conns, (unsigned long long)s.conns_total,
             (unsigned long long)s.conns_refused, (unsigned long long)s.conns_dropped,
             (unsigned long long)s.requests, (unsigned long long)s.status[2], (unsigned long long)s.status[4],
             (unsigned long long)s.status[0], (unsigned long long)s.octets_in,
             (unsigned long long)s.body_octets, d->ended);
    ps_http_reply(req, 200, "text/plain", text, strlen(text));
}

static void stop(struct demo *d)
{
    if (d->stopping)
        return;
    d->stopping = true;
    ps_httpd_close(d->httpd);
    ps_watch_free(d->input);
    ps_loop_stop(d->loop);
}

static void quit(void *ctx, struct ps_http_req *req)
{
    ps_http_reply(req, 200, "text/plain", "bye\n", 4);
    stop(ctx);
}

static const char script[] = "function answer() { return 42; }\n";
static const struct ps_http_asset assets[] = {
    {.path = "", .type = "text/html", .data = "<p>page</p>\n", .len = 12},
    {.path = "app.js", .data = script, .len = sizeof script - 1, .immutable = true},
};

static int routes(struct demo *d)
{
    const struct ps_http_route table[] = {
        {.methods = PS_HTTP_GET, .pattern = "/", .handler = hello},
        {.methods = PS_HTTP_GET, .pattern = "/small", .handler = small},
        {.methods = PS_HTTP_GET | PS_HTTP_PUT | PS_HTTP_POST | PS_HTTP_DELETE,
         .pattern = "/echo",
         .handler = echo,
         .body_max = 1 << 20,
         .flags = PS_HTTP_ANY_ORIGIN},
        {.methods = PS_HTTP_GET, .pattern = "/echo/{key}/base", .handler = echo},
        {.methods = PS_HTTP_PUT,
         .pattern = "/secret",
         .handler = echo,
         .gate = wants_token,
         .body_max = 1 << 20},
        {.methods = PS_HTTP_GET, .pattern = "/later", .handler = later},
        {.methods = PS_HTTP_GET, .pattern = "/stream", .handler = stream, .flags = PS_HTTP_GZIP},
        {.methods = PS_HTTP_GET, .pattern = "/buffer", .handler = buffer, .flags = PS_HTTP_GZIP},
        {.methods = PS_HTTP_GET, .pattern = "/stats", .handler = stats},
        {.methods = PS_HTTP_POST, .pattern = "/quit", .handler = quit, .body_max = 16},
    };
    int err = 0;

    for (size_t i = 0; !err && i < sizeof table / sizeof table[0]; i++) {
        struct ps_http_route r = table[i];
        r.ctx = d;
        err = ps_httpd_route(d->httpd, &r);
    }
    return err;
}

// starting

static bool trusts(void *ctx, const struct ps_addr *peer)
{
    struct demo *d = ctx;

    return d->trusted.len && peer->len && ps_addr_same_host(&d->trusted, peer);
}

static bool set_number(struct demo *d, const char *name, uint64_t v)
{
    struct ps_httpd_conf *c = &d->conf;
    const struct {
        const char *name;
        unsigned *to;
    } counts[] = {{"conns", &c->conns_max},
                  {"net", &c->conns_per_net},
                  {"rate", &c->rate},
                  {"burst", &c->burst},
                  {"slow", &c->slow}};
    const struct {
        const char *name;
        ps_ns *to;
    } times[] = {{"idle_ms", &c->idle}, {"head_ms", &c->head_timeout}, {"grace_ms", &c->grace}};

    if (strcmp(name, "head") == 0)
        return c->head_max = v, true;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (strcmp(name, counts[i].name) == 0)
            return *counts[i].to = (unsigned)v, true;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (strcmp(name, times[i].name) == 0)
            return *times[i].to = (ps_ns)v * PS_MSEC, true;
    return false;
}

static bool set(struct demo *d, char *arg)
{
    char *value = strchr(arg, '=');
    uint64_t v;

    if (!value)
        return false;
    *value++ = '\0';
    if (strcmp(arg, "cert") == 0)
        d->cert = value;
    else if (strcmp(arg, "key") == 0)
        d->key = value;
    else if (strcmp(arg, "unix") == 0)
        d->unix_path = value;
    else if (strcmp(arg, "files") == 0)
        d->files = value;
    else if (strcmp(arg, "trust") == 0)
        return ps_addr_parse(value, 0, &d->trusted) == 0;
    else
        return ps_num_u64(value, 10, 0, UINT32_MAX, &v) == 0 && set_number(d, arg, v);
    return true;
}

static int listen_at(struct demo *d, const char *host, bool tls, struct ps_fault *fault)
{
    char text[PS_ADDR_STRLEN];
    struct ps_addr addr, bound;
    int err = ps_addr_parse(host, 0, &addr);

    if (!err)
        err = ps_httpd_listen(d->httpd, &addr, tls, &bound, fault);
    if (!err)
        printf("%s %s\n", tls ? "https" : "http", ps_addr_text(&bound, text));
    return err;
}

static int listen_all(struct demo *d, struct ps_fault *fault)
{
    int err = listen_at(d, "127.0.0.1", false, fault);

    if (!err)
        (void)listen_at(d, "::1", false, fault); // a host may be without IPv6
    if (!err && d->cert)
        err = ps_httpd_tls(d->httpd, d->cert, d->key, fault);
    if (!err && d->cert)
        err = listen_at(d, "127.0.0.1", true, fault);
    if (!err && d->unix_path)
        err = ps_httpd_listen_unix(d->httpd, d->unix_path, 0600, fault);
    puts("ready");
    fflush(stdout);
    return err;
}

static void signalled(void *ctx, int signum)
{
    struct demo *d = ctx;
    struct ps_fault fault;

    if (signum == SIGTERM)
        stop(d);
    else if (d->cert && ps_httpd_tls(d->httpd, d->cert, d->key, &fault))
        printf("kept: %s\n", fault.text);
    else
        puts("reloaded");
    fflush(stdout);
}

static void input_came(void *ctx, int bits)
{
    char c[64];

    (void)bits;
    if (read(STDIN_FILENO, c, sizeof c) == 0)
        stop(ctx);
}

static int start(struct demo *d, struct ps_fault *fault)
{
    int err = ps_httpd_new(d->loop, &d->conf, &d->httpd);

    if (!err)
        err = routes(d);
    if (!err)
        err = ps_httpd_assets(d->httpd, "/page", assets, sizeof assets / sizeof assets[0]);
    if (!err && d->files)
        err = ps_httpd_files(d->httpd, "/files", d->files, fault);
    if (!err)
        err = listen_all(d, fault);
    if (!err && ps_watch_new(d->loop, STDIN_FILENO, input_came, d, &d->input) == 0)
        ps_watch_set(d->input, PS_WATCH_READ);
    ps_signal_add(d->loop, SIGTERM, signalled, d);
    ps_signal_add(d->loop, SIGHUP, signalled, d);
    return err;
}

int main(int argc, char **argv)
{
    struct demo d = {.conf = ps_httpd_defaults};
    struct ps_fault fault = {""};

    d.conf.trusts = trusts;
    d.conf.ctx = &d;
    for (int i = 1; i < argc; i++) {
        if (!set(&d, argv[i])) {
            fprintf(stderr, "httpd_demo: not known: %s\n", argv[i]);
            return 2;
        }
    }
    if (ps_loop_new(&d.loop))
        return 4;
    if (start(&d, &fault)) {
        fprintf(stderr, "httpd_demo: %s\n", fault.text);
        return 4;
    }
    ps_loop_run(d.loop);
    ps_loop_free(d.loop);
    printf("ended %u streams\n", d.ended);
    return 0;
}
