// SPDX-License-Identifier: Apache-2.0
#include "psched/cli_link.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "http/ps_httpc.h"
#include "http/ps_url.h"

#define REDIRECTS 10
#define ANSWER_MAX ((size_t)256 << 20)
#define BODY_SHOWN 2000
#define ROOT "/pscheduler"
#define UUID_LEN 36

struct cli_link {
    const char *verb;
    struct cli_where where;
    struct ps_loop *loop;
    struct ps_httpc *http;
    struct ps_buf root;   // ends with a NUL
    const char *socket;   // NULL: there is none
    bool by_socket;       // goes the request that is on its way
    struct cli_answer *a; // of it
    struct ps_timer *timer;
    void (*tick)(void *ctx); // NULL: none
    void *tick_ctx;
    ps_ns patience; // with a scheduler that has gone
};

bool cli_where_option(struct cli_where *w, int letter, const char *value)
{
    switch (letter) {
    case CLI_OPT_HOST:
        w->host = value;
        return true;
    case CLI_OPT_SOCKET:
        w->socket = value;
        return true;
    case CLI_OPT_BIND:
        w->bind = value;
        return true;
    case CLI_OPT_CA:
        w->ca = value;
        w->verify = true;
        return true;
    case CLI_OPT_VERIFY:
        w->verify = true;
        return true;
    default:
        return false;
    }
}

int cli_fail(const struct cli_link *l, int status, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "psched %s: ", l->verb);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    putc('\n', stderr);
    return status;
}

int cli_host_root(const char *host, struct ps_buf *out)
{
    bool url = strncmp(host, "http://", 7) == 0 || strncmp(host, "https://", 8) == 0;
    struct ps_hostport hp;
    size_t len = strlen(host);

    if (url) {
        while (len > 0 && host[len - 1] == '/')
            len--;
        bool rooted = len >= strlen(ROOT) && strncmp(host + len - strlen(ROOT), ROOT, strlen(ROOT)) == 0;
        return ps_buf_printf(out, "%.*s%s", (int)len, host, rooted ? "" : ROOT);
    }
    int err = ps_hostport_parse(host, 0, false, &hp);
    if (err)
        return err;
    err = ps_buf_printf(out, strchr(hp.host, ':') ? "https://[%s]" : "https://%s", hp.host);
    if (!err && hp.has_port)
        err = ps_buf_printf(out, ":%u", hp.port);
    return err ? err : ps_buf_printf(out, ROOT);
}

// By its socket this host is the same as in the URLs that it gives.
static int set_root(struct cli_link *l)
{
    const char *host = l->where.host ? l->where.host : l->socket ? "http://" CLI_LOCAL : CLI_LOCAL;

    int err = cli_host_root(host, &l->root);
    if (err == PS_ESYNTAX || err == PS_ERANGE)
        return cli_fail(l, CLI_USAGE, "'%s' is not a host; wants NAME, NAME:PORT, [ADDRESS]:PORT or a URL",
                        host);
    if (!err)
        err = ps_buf_append(&l->root, "", 1);
    return err ? cli_fail(l, CLI_SYSTEM, "%s", ps_strerror(err)) : 0;
}

// One that is named is used in any case, so that it can be told that nothing is there.
static const char *socket_of(const struct cli_where *w)
{
    const char *env = getenv(CLI_SOCKET_ENV), *named = w->socket ? w->socket : env && *env ? env : NULL;

    if (named)
        return named;
    return access(CLI_SOCKET, F_OK) == 0 ? CLI_SOCKET : NULL;
}

static void ticked(void *ctx)
{
    struct cli_link *l = ctx;

    if (l->tick)
        l->tick(l->tick_ctx);
    else
        ps_loop_stop(l->loop); // of cli_link_wait
}

void cli_link_wait(struct cli_link *l, ps_ns d)
{
    void (*tick)(void *) = l->tick;

    l->tick = NULL;
    ps_timer_start(l->timer, d);
    (void)ps_loop_run(l->loop);
    l->tick = tick;
}

void cli_link_patience(struct cli_link *l, ps_ns patience)
{
    l->patience = patience;
}

void cli_link_tick(struct cli_link *l, void (*tick)(void *ctx), void *ctx)
{
    l->tick = tick;
    l->tick_ctx = ctx;
}

int cli_link_new(struct cli_link **out, const char *verb, const struct cli_where *w)
{
    static const struct ps_httpc_conf conf = {4, 4, "psched/" PACKAGE_VERSION};
    struct cli_link *l = calloc(1, sizeof *l);

    *out = l;
    if (!l)
        return CLI_SYSTEM;
    *l = (struct cli_link){.verb = verb, .where = *w, .socket = socket_of(w)};
    ps_buf_init(&l->root, 0);
    int err = ps_loop_new(&l->loop);
    if (!err)
        err = ps_timer_new(l->loop, &l->timer, ticked, l);
    if (!err)
        err = ps_httpc_new(l->loop, &conf, &l->http);
    int status = err ? cli_fail(l, CLI_SYSTEM, "%s", ps_strerror(err)) : set_root(l);
    if (status) {
        cli_link_free(l);
        *out = NULL;
    }
    return status;
}

void cli_link_free(struct cli_link *l)
{
    if (!l)
        return;
    ps_httpc_free(l->http);
    ps_timer_free(l->timer);
    if (l->loop)
        ps_loop_free(l->loop);
    ps_buf_fini(&l->root);
    free(l);
}

const char *cli_link_root(const struct cli_link *l)
{
    return (const char *)ps_buf_head(&l->root);
}

void cli_answer_fini(struct cli_answer *a)
{
    free(a->body);
    a->body = NULL;
}

// the request

// The URL says nothing to who does not know that it is asked for by a socket.
static void tell_socket(const char *path, struct cli_answer *a)
{
    const char *why = access(path, W_OK) == 0 ? "nobody listens there" : strerror(errno);
    bool shut = strcmp(why, strerror(EACCES)) == 0;

    snprintf(
        a->why, sizeof a->why, "%.160s: %s%s", path, why,
        shut ? "; the socket's mode and group say who may ask; others name the host with its port, for HTTPS"
             : ": is psched serve running?");
}

static void answered(void *ctx, const struct ps_httpc_answer *got)
{
    struct cli_link *l = ctx;
    struct cli_answer *a = l->a;

    a->err = got->err;
    a->status = got->status;
    snprintf(a->why, sizeof a->why, "%s", got->err ? got->why : "");
    if (got->err == PS_EREFUSED && l->by_socket)
        tell_socket(l->socket, a);
    if (!got->err) {
        (void)ps_httpc_header(got, "Content-Type", a->type, sizeof a->type);
        a->body = malloc(got->len + 1);
        if (a->body) {
            memcpy(a->body, got->body, got->len + 1);
            a->len = got->len;
        } else {
            a->err = -ENOMEM;
            snprintf(a->why, sizeof a->why, "%s", ps_strerror(-ENOMEM));
        }
    }
    ps_loop_stop(l->loop);
}

// This host, without a port: what its socket leads to. The path begins where *path is set to.
static bool is_local(const char *url, const char **path)
{
    const char *at = strstr(url, "://");

    at = at ? at + 3 : url;
    size_t n = strcspn(at, "/?#");
    *path = at + n;
    return n == strlen(CLI_LOCAL) && strncmp(at, CLI_LOCAL, n) == 0;
}

static int send_ask(struct cli_link *l, const char *method, const char *url, const char *body, ps_ns timeout)
{
    static const char *const headers[] = {"Content-Type: application/json"};
    struct ps_httpc_ask ask = {
        .method = method,
        .url = url,
        .headers = headers,
        .nheaders = body ? 1 : 0,
        .body = body,
        .body_len = body ? strlen(body) : 0,
        .timeout = timeout ? timeout : CLI_TIMEOUT,
        .answer_max = ANSWER_MAX,
        .redirects = REDIRECTS,
        .insecure = !l->where.verify,
        .ca_file = l->where.ca,
        .bind = l->where.bind,
    };
    const char *path;
    struct ps_buf local;

    ps_buf_init(&local, 0);
    int err = 0;
    l->by_socket = l->socket && is_local(url, &path);
    if (l->by_socket) {
        ask.unix_path = l->socket;
        ask.bind = NULL;
        err = ps_buf_printf(&local, "http://" CLI_LOCAL "%s", path);
        if (!err)
            err = ps_buf_append(&local, "", 1);
        ask.url = (const char *)ps_buf_head(&local);
    }
    if (!err)
        err = ps_httpc_ask(l->http, &ask, answered, l, NULL);
    ps_buf_fini(&local);
    return err;
}

static void ask_once(struct cli_link *l, const char *method, const char *url, const char *body, ps_ns timeout,
                     struct cli_answer *a)
{
    struct ps_buf whole;

    *a = (struct cli_answer){.status = 0};
    l->a = a;
    ps_buf_init(&whole, PS_URL_MAX);
    int err = ps_buf_printf(&whole, "%s%s", *url == '/' ? cli_link_root(l) : "", url);
    if (!err)
        err = ps_buf_append(&whole, "", 1);
    if (!err)
        err = send_ask(l, method, (const char *)ps_buf_head(&whole), body, timeout);
    if (err) {
        a->err = err;
        snprintf(a->why, sizeof a->why, "%.200s: %s", url, ps_strerror(err));
    } else {
        if (l->tick)
            ps_timer_repeat(l->timer, PS_SEC);
        (void)ps_loop_run(l->loop);
        ps_timer_stop(l->timer);
    }
    ps_buf_fini(&whole);
}

// What only asks may be asked again.
static bool has_gone(const struct cli_link *l, const char *method, const struct cli_answer *a)
{
    return l->patience > 0 && strcmp(method, "GET") == 0 && (a->err == PS_EREFUSED || a->err == PS_ECLOSED);
}

void cli_ask(struct cli_link *l, const char *method, const char *url, const char *body, ps_ns timeout,
             struct cli_answer *a)
{
    ps_ns until = ps_loop_mono() + l->patience;
    bool told = false;

    ask_once(l, method, url, body, timeout, a);
    while (has_gone(l, method, a) && ps_loop_mono() < until) {
        if (!told)
            (void)cli_fail(l, 0, "%s; it is waited for", a->why);
        told = true;
        cli_answer_fini(a);
        cli_link_wait(l, PS_SEC);
        ask_once(l, method, url, body, timeout, a);
    }
}

// Text of a server for this terminal.
static void clean(char *text)
{
    for (char *p = text; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f)
            *p = '?';
    for (size_t n = strlen(text); n > 0 && text[n - 1] == '\n'; n--)
        text[n - 1] = '\0';
}

// A task or run that is not there.
static int tell_missing(const struct cli_link *l, const char *url, const char *said)
{
    const char *task = strstr(url, "task=");
    bool unknown = strncmp(said, "Resource not found", 18) == 0;

    if (unknown && (task || strstr(url, "/tasks/")))
        return cli_fail(l, CLI_NO, "%s: there is no such task or run, or not any more",
                        task ? task + strlen("task=") : url);
    return cli_fail(l, CLI_NO, "%s: %s", url, *said ? said : "not found");
}

int cli_tell(const struct cli_link *l, const char *url, const struct cli_answer *a)
{
    const char *hint = !l->socket && !l->where.host ? " (is psched serve running here?)" : "";
    char said[BODY_SHOWN];

    snprintf(said, sizeof said, "%s", a->err ? a->why : a->body);
    clean(said);
    if (a->err)
        return cli_fail(l, CLI_PEER, "%s%s", said, hint);
    if (a->status == 200)
        return cli_fail(l, CLI_PEER, "%s: the answer is not the JSON of a pScheduler", url);
    if (a->status == 404)
        return tell_missing(l, url, said);
    if (a->status / 100 == 4 || a->status == 503) // it has as much as may be
        return cli_fail(l, CLI_NO, "%s", *said ? said : "refused without a reason");
    return cli_fail(l, CLI_PEER, "%s: HTTP status %d: %s", url, a->status, said);
}

static int get(struct cli_link *l, const char *url, ps_ns timeout, bool maybe, struct ps_jdoc **out)
{
    struct cli_answer a;
    int status = 0;

    *out = NULL;
    cli_ask(l, "GET", url, NULL, timeout, &a);
    if (!a.err && a.status == 404 && maybe)
        status = 0;
    else if (a.err || a.status != 200 || ps_jdoc_parse_foreign(out, NULL, a.body, a.len, NULL) != 0)
        status = cli_tell(l, url, &a);
    cli_answer_fini(&a);
    return status;
}

int cli_get(struct cli_link *l, const char *url, ps_ns timeout, struct ps_jdoc **out)
{
    return get(l, url, timeout, false, out);
}

int cli_get_maybe(struct cli_link *l, const char *url, ps_ns timeout, struct ps_jdoc **out)
{
    return get(l, url, timeout, true, out);
}

int cli_link_place(const struct cli_link *l, const char *text, struct ps_buf *out)
{
    bool uuid = strlen(text) == UUID_LEN && strspn(text, "0123456789abcdefABCDEF-") == UUID_LEN;
    struct ps_url u;
    int err;

    if (uuid) {
        err = ps_buf_printf(out, "%s/tasks/%s", cli_link_root(l), text);
    } else if (ps_url_parse(&u, text, strlen(text)) == 0) {
        ps_url_fini(&u);
        err = ps_buf_append(out, text, strlen(text));
    } else {
        return cli_fail(l, CLI_USAGE, "'%s' is neither a URL nor the UUID of a task", text);
    }
    if (!err)
        err = ps_buf_append(out, "", 1);
    return err ? cli_fail(l, CLI_SYSTEM, "%s", ps_strerror(err)) : 0;
}

int cli_escape(struct ps_buf *out, const char *text)
{
    return ps_url_escape(out, text, strlen(text));
}
