// SPDX-License-Identifier: Apache-2.0
// A request on its way from the head to the handler.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include "base/ps_err.h"
#include "http/ps_httpd_impl.h"

// Of a body that is refused so much is read and thrown away, so that the client gets to read the answer.
#define DISCARD_MAX ((uint64_t)256 << 20)
// Of one whose length nobody has said less: behind the first it is answered all the same, behind the second cut off.
#define CHUNKED_ANSWER ((uint64_t)1 << 20)
#define CHUNKED_MAX ((uint64_t)16 << 20)

struct ps_http_req *httpd_req_new(struct httpd_conn *c, const char *target)
{
    struct ps_http_req *req = calloc(1, sizeof *req);

    if (!req)
        return NULL;
    req->target = strdup(target);
    if (!req->target) {
        free(req);
        return NULL;
    }
    req->refs = 1;
    req->h = c->e->h;
    req->conn = c;
    req->client = c->peer;
    req->tls = c->e->tls;
    req->began = req->turned = ps_loop_mono();
    c->req = req;
    c->fresh = false;
    return req;
}

static void drop_body(struct ps_http_req *req)
{
    if (req->h)
        req->h->stats.body_octets -= req->charged;
    req->charged = 0;
    ps_buf_fini(&req->body);
}

void httpd_req_unref(struct ps_http_req *req)
{
    if (--req->refs > 0)
        return;
    httpd_reply_fini(req);
    drop_body(req);
    ps_query_fini(&req->query);
    free(req->head_memory);
    free(req->target);
    free(req->path);
    free(req);
}

static void turn(struct ps_http_req *req, enum httpd_phase phase)
{
    req->phase = phase;
    req->turned = ps_loop_mono();
}

static void refuse(struct ps_http_req *req, int status, const char *why)
{
    if (req->verdict)
        return;
    req->verdict = status;
    req->why = why;
    drop_body(req);
}

// whose it is

static bool believes(const struct ps_http_req *req)
{
    const struct ps_httpd_conf *conf = &req->h->conf;

    return conf->trusts && conf->trusts(conf->ctx, &req->conn->peer);
}

// The last address of the list, cut off it: 0, or there is none (any more).
static int last_hop(char *list, struct ps_addr *out)
{
    char *comma = strrchr(list, ','), *text = comma ? comma + 1 : list;
    struct ps_hostport hp;
    int err;

    text += strspn(text, " \t");
    text[strcspn(text, " \t")] = '\0';
    err = ps_addr_parse(text, 0, out);
    if (err && ps_hostport_parse(text, 0, false, &hp) == 0)
        err = ps_addr_parse(hp.host, hp.port, out);
    if (!err)
        ps_addr_unmap(out);
    *(comma ? comma : list) = '\0';
    return err;
}

// Proxies write who came to them at the end; what stands in front of the first one that is not trusted anybody
// can have written.
static void find_client(struct ps_http_req *req)
{
    const struct ps_httpd_conf *conf = &req->h->conf;
    const char *value;
    struct ps_addr hop;
    struct ps_buf list;

    req->proxied = believes(req);
    if (!req->proxied)
        return;
    ps_buf_init(&list, 0);
    for (size_t i = 0; (value = ps_http_head_field(&req->head, "X-Forwarded-For", i)); i++)
        if (ps_buf_printf(&list, i ? ",%s" : "%s", value))
            break;
    if (ps_buf_append(&list, "", 1) == 0) {
        char *text = (char *)ps_buf_head(&list);
        while (*text && last_hop(text, &hop) == 0) {
            req->client = hop;
            if (!conf->trusts(conf->ctx, &hop))
                break;
        }
    }
    ps_buf_fini(&list);
}

static void trim_values(struct ps_http_req *req)
{
    for (size_t i = 0; i < req->head.nfields; i++) {
        char *value = (char *)(uintptr_t)req->head.fields[i].value; // ours: see copy_head
        size_t n = strlen(value);
        while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
            n--;
        value[n] = '\0';
    }
}

static int read_target(struct ps_http_req *req)
{
    const struct ps_http_head *head = &req->head;
    size_t n = head->path_len;

    req->path = malloc(2 * n + 2); // and the scratch of the arguments
    if (!req->path)
        return -ENOMEM;
    memcpy(req->path, head->path, n);
    req->path[n] = '\0';
    return head->query ? ps_query_parse(&req->query, head->query, strlen(head->query)) : 0;
}

static void find_route(struct ps_http_req *req)
{
    const struct ps_http_head *head = &req->head;
    struct httpd_kept *kept;
    int err;

    if (strcmp(req->path, "*") == 0)
        return;
    err = ps_routes_find(req->h->routes, ps_http_method(head->method), req->path, head->path_len,
                         req->path + head->path_len + 1, &req->hit);
    kept = req->hit.value;
    req->route = kept ? &kept->route : NULL;
    if (err == PS_EMALFORMED)
        refuse(req, 400, "the path holds a bad escape, or . or .. as a segment");
    else if (err == PS_ENOTFOUND)
        refuse(req, 404, "there is nothing at this path");
    else if (err == PS_EUNSUPPORTED && strcmp(head->method, "OPTIONS") != 0)
        refuse(req, 405, "this method is not for this path; see the Allow header");
}

static void judge_body(struct ps_http_req *req)
{
    const char *coding = ps_http_head_field(&req->head, "Content-Encoding", 0);
    size_t max = req->route ? req->route->body_max : 0;

    req->gzipped = coding && strcasecmp(coding, "gzip") == 0;
    if (coding && !req->gzipped && strcasecmp(coding, "identity") != 0)
        refuse(req, 415, "a body may be compressed with gzip, and with nothing else");
    if (req->head.length > max || (max == 0 && req->head.chunked))
        refuse(req, 413, max ? "the body is too large" : "no body is taken here");
    ps_buf_init(&req->body, max);
}

static bool has_body(const struct ps_http_req *req)
{
    return req->head.chunked || req->head.length > 0;
}

static void judge(struct ps_http_req *req)
{
    int err = read_target(req);

    if (err == -ENOMEM)
        refuse(req, 503, "out of memory");
    else if (err)
        refuse(req, 400, err == PS_ELIMIT ? "there are too many parameters" : "the query holds a bad escape");
    find_client(req);
    if (!httpd_net_pass(req->h, &req->client, req->began))
        refuse(req, 429, "too many requests; try again in a moment");
    if (!req->verdict)
        find_route(req);
    judge_body(req);
}

static void ask_gate(struct ps_http_req *req)
{
    const struct ps_http_route *route = req->route;

    if (req->verdict || !route || !route->gate || !(ps_http_method(req->head.method) & route->methods))
        return;
    if (!route->gate(route->ctx, req))
        refuse(req, 403, "this is not for you");
}

void httpd_req_head(struct ps_http_req *req)
{
    const char *why = req->why;
    int status = req->verdict ? req->verdict : ps_http_head_check(&req->head, &why);

    turn(req, HTTPD_BODY);
    httpd_conn_busy(req->conn);
    if (status) {
        req->broken = true;
        refuse(req, status, why);
        req->why = why;
        return;
    }
    trim_values(req);
    judge(req);
    ask_gate(req);
}

bool httpd_req_is_early(const struct ps_http_req *req)
{
    if (req->broken)
        return true;
    return req->verdict && has_body(req) && (req->head.expects || req->head.length > DISCARD_MAX);
}

// the body

static void keep(struct ps_http_req *req, const char *data, size_t len)
{
    struct ps_httpd *h = req->h;
    int err;

    if (h->stats.body_octets + len > h->conf.body_total) {
        refuse(req, 503, "too many bodies are on their way; try again in a moment");
        return;
    }
    err = ps_buf_append(&req->body, data, len);
    if (err) {
        refuse(req, err == PS_ELIMIT ? 413 : 503,
               err == PS_ELIMIT ? "the body is too large" : "out of memory");
        return;
    }
    h->stats.body_octets += len;
    req->charged += len;
}

// The library takes an answer only when the body is over. Where no TLS is between it goes past the library; the
// connection has come to its end with it.
static void answer_past_it(struct ps_http_req *req)
{
    size_t len;
    char head[200], *text = req->tls || req->cut ? NULL : httpd_reply_words(req->h, req->why, &len);
    int n;

    req->cut = true;
    if (!text)
        return;
    n = snprintf(head, sizeof head,
                 "HTTP/1.1 %d Refused\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                 "Connection: close\r\n\r\n",
                 req->verdict, httpd_words_type(req->h), len);
    if (send(req->conn->fd, head, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE) == n)
        (void)!send(req->conn->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)shutdown(req->conn->fd, SHUT_WR);
    free(text);
}

static void discard(struct ps_http_req *req)
{
    uint64_t over = req->received - (req->route ? req->route->body_max : 0);

    if (req->received > DISCARD_MAX || (req->head.chunked && over > CHUNKED_MAX))
        req->verdict = HTTPD_GIVE_UP;
    else if (req->head.chunked && over > CHUNKED_ANSWER)
        answer_past_it(req);
}

void httpd_req_data(struct ps_http_req *req, const char *data, size_t len)
{
    req->received += len;
    req->h->stats.octets_in += len;
    if (!req->verdict)
        keep(req, data, len);
    else
        discard(req);
}

static void inflate_body(struct ps_http_req *req)
{
    struct ps_httpd *h = req->h;
    size_t most = req->route->body_max, left = h->conf.body_total - h->stats.body_octets;
    struct ps_buf plain;
    int err;

    ps_buf_init(&plain, most < left ? most : left);
    err = httpd_gunzip(ps_buf_head(&req->body), ps_buf_len(&req->body), &plain);
    drop_body(req);
    if (!err) {
        req->body = plain;
        req->charged = ps_buf_len(&plain);
        h->stats.body_octets += req->charged;
        return;
    }
    ps_buf_fini(&plain);
    if (err == PS_ELIMIT)
        refuse(req, 413, "the body is too large when decompressed");
    else
        refuse(req, err == -ENOMEM ? 503 : 400,
               err == -ENOMEM ? "out of memory" : "the body is no gzip data");
}

// For those who take it for a string.
static void end_body(struct ps_http_req *req)
{
    uint8_t *end;

    req->body.max = 0;
    if (ps_buf_reserve(&req->body, 1, &end) == 0)
        *end = '\0';
    else
        refuse(req, 503, "out of memory");
}

static void hand_over(struct ps_http_req *req)
{
    const struct ps_http_route *route = req->route;

    turn(req, HTTPD_HANDED);
    req->owed = true;
    req->refs++;
    route->handler(route->ctx, req);
}

void httpd_req_whole(struct ps_http_req *req)
{
    if (!req->verdict && req->gzipped && has_body(req))
        inflate_body(req);
    if (!req->verdict)
        end_body(req);
    if (req->verdict || strcmp(req->head.method, "OPTIONS") == 0)
        httpd_reply_verdict(req);
    else
        hand_over(req);
}

// the end

static void tell(const struct ps_http_req *req)
{
    const struct ps_httpd_conf *conf = &req->h->conf;
    struct ps_httpd_access a = {.client = &req->client,
                                .method = req->head.method ? req->head.method : "",
                                .target = req->target,
                                .status = req->queued ? req->status : 0,
                                .octets = req->sent,
                                .took = ps_loop_mono() - req->began};

    if (conf->access)
        conf->access(conf->ctx, &a);
}

void httpd_req_over(struct ps_http_req *req, bool complete)
{
    struct ps_httpd *h = req->h;

    if (req->queued && complete)
        req->sent += req->fixed;
    h->stats.requests++;
    h->stats
        .status[req->queued && complete && req->status >= 100 && req->status < 600 ? req->status / 100 : 0]++;
    h->stats.octets_out += req->sent;
    tell(req);
    httpd_conn_idle(req->conn);
    drop_body(req);
    h->ahead -= req->ahead;
    h->gzips -= req->gzip != NULL;
    req->conn = NULL;
    req->h = NULL;
    req->phase = HTTPD_OVER;
    httpd_reply_drop(req);
    httpd_req_unref(req);
}

// what handlers ask

const char *ps_http_method_of(const struct ps_http_req *req)
{
    return strcmp(req->head.method, "HEAD") == 0 ? "GET" : req->head.method;
}

const char *ps_http_path(const struct ps_http_req *req)
{
    return req->path;
}

const char *ps_http_arg(const struct ps_http_req *req, const char *name)
{
    for (size_t i = 0; i < req->hit.nargs; i++)
        if (strcmp(req->hit.args[i].name, name) == 0)
            return req->hit.args[i].value;
    return NULL;
}

const struct ps_query *ps_http_query(const struct ps_http_req *req)
{
    return &req->query;
}

const char *ps_http_header(const struct ps_http_req *req, const char *name)
{
    return ps_http_head_field(&req->head, name, 0);
}

const char *ps_http_header_at(const struct ps_http_req *req, const char *name, size_t i)
{
    return ps_http_head_field(&req->head, name, i);
}

const char *ps_http_body(const struct ps_http_req *req, size_t *len)
{
    *len = ps_buf_len(&req->body);
    return *len ? (const char *)ps_buf_head(&req->body) : "";
}

const struct ps_addr *ps_http_client(const struct ps_http_req *req)
{
    return &req->client;
}

void ps_http_server(const struct ps_http_req *req, struct ps_addr *out)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;

    memset(out, 0, sizeof *out);
    if (!req->conn || getsockname(req->conn->fd, (struct sockaddr *)&sa, &len) < 0)
        return;
    if (ps_addr_from_sockaddr((struct sockaddr *)&sa, len, out))
        out->len = 0;
    else
        ps_addr_unmap(out);
}

bool ps_http_is_tls(const struct ps_http_req *req)
{
    return req->tls;
}

int ps_http_origin(const struct ps_http_req *req, struct ps_buf *out)
{
    const char *host = req->head.host, *scheme = req->tls ? "https" : "http";

    if (req->proxied) {
        const char *proto = ps_http_header(req, "X-Forwarded-Proto");
        const char *named = ps_http_header(req, "X-Forwarded-Host");
        if (proto && (strcmp(proto, "http") == 0 || strcmp(proto, "https") == 0))
            scheme = proto;
        if (named && ps_http_is_host(named))
            host = named;
    }
    return ps_buf_printf(out, "%s://%s", scheme, host && *host ? host : "localhost");
}
