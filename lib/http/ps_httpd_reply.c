// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "http/ps_httpd_impl.h"

#define GZIP_MIN 1024 // octets of an answer that is worth it
#define ENOUGH ((size_t)PS_HTTP_PIECE / 2)
#define GOAL_MAX ((size_t)PS_HTTP_PIECE * 8)
#define AHEAD_MAX ((size_t)2 << 20) // octets, of all streams together
#define PROMPTLY (20 * PS_MSEC)     // a client takes what was ready
#define TURN PS_MSEC
#define GZIPS_MAX 64     // streams that are compressed at a time: it takes the loop's time
#define PULLS_MAX 100000 // for one write: the source is broken

// headers

static bool is_value(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' && *s != '\t')
            return false;
    return true;
}

void ps_http_add(struct ps_http_req *req, const char *name, const char *value)
{
    size_t n = strlen(name) + 1, size = strlen(value) + 1;
    struct httpd_header *header = is_value(value) ? malloc(sizeof *header + n + size) : NULL;

    if (!header)
        return;
    memcpy(header->name, name, n);
    header->value = memcpy(header->name + n, value, size);
    header->next = req->headers;
    req->headers = header;
}

static bool has_header(const struct ps_http_req *req, const char *name)
{
    const struct httpd_header *h = req->headers;

    while (h && strcasecmp(h->name, name) != 0)
        h = h->next;
    return h != NULL;
}

static void put_headers(struct ps_http_req *req, struct MHD_Response *r, const char *type)
{
    unsigned flags = req->route ? req->route->flags : 0;

    if (type)
        MHD_add_response_header(r, "Content-Type", type);
    if (flags & PS_HTTP_ANY_ORIGIN)
        MHD_add_response_header(r, "Access-Control-Allow-Origin", "*");
    if (flags & PS_HTTP_GZIP)
        MHD_add_response_header(r, "Vary", "Accept-Encoding");
    if (req->gzip)
        MHD_add_response_header(r, "Content-Encoding", "gzip");
    for (const struct httpd_header *h = req->headers; h; h = h->next)
        MHD_add_response_header(r, h->name, h->value);
}

// giving

static void end_source(struct ps_http_req *req)
{
    if (!req->sourced)
        return;
    req->sourced = false;
    if (req->source.end)
        req->source.end(req->source_ctx);
}

static void settle(struct ps_http_req *req)
{
    if (!req->owed)
        return;
    req->owed = false;
    httpd_req_unref(req);
}

// r: NULL when memory is short: the connection is closed then.
static void give(struct ps_http_req *req, int status, const char *type, struct MHD_Response *r)
{
    req->response = r;
    req->status = r ? status : 0;
    req->phase = HTTPD_ANSWERED;
    req->turned = ps_loop_mono();
    if (r)
        put_headers(req, r, type);
    httpd_resume(req);
    settle(req);
}

// The client has gone, or the server; or, which no caller of ours may do, it was answered before.
static bool is_void(const struct ps_http_req *req)
{
    assert(req->phase != HTTPD_ANSWERED);
    return req->phase == HTTPD_OVER;
}

bool httpd_reply_queue(struct ps_http_req *req)
{
    struct MHD_Response *r = req->response;
    enum MHD_Result queued;

    if (!r)
        return false;
    queued = MHD_queue_response(req->conn->mhd, (unsigned)req->status, r);
    req->queued = queued == MHD_YES;
    req->response = NULL;
    MHD_destroy_response(r); // the library has its own hold of it
    return req->queued;
}

void httpd_reply_drop(struct ps_http_req *req)
{
    struct MHD_Response *r = req->response;

    req->response = NULL;
    if (r)
        MHD_destroy_response(r); // which ends a stream
}

void httpd_reply_fini(struct ps_http_req *req)
{
    struct httpd_header *next;

    assert(!req->response && !req->sourced);
    for (struct httpd_header *h = req->headers; h; h = next) {
        next = h->next;
        free(h);
    }
    ps_buf_fini(&req->out);
    httpd_gzip_free(req->gzip);
}

// streams

static int gzip(struct ps_http_req *req, struct ps_buf *raw, int what)
{
    enum httpd_flush flush = what == PS_HTTP_MORE ? HTTPD_GO_ON : HTTPD_FLUSH;

    return httpd_gzip_put(req->gzip, raw, what == PS_HTTP_DONE ? HTTPD_FINISH : flush, &req->out);
}

// What the source gives next, in req->out; what it said, or an error.
static int pull(struct ps_http_req *req)
{
    struct ps_buf raw;
    int what, err = 0;

    if (!req->gzip)
        return req->source.pull(req->source_ctx, &req->out);
    ps_buf_init(&raw, PS_HTTP_PIECE_MAX);
    what = req->source.pull(req->source_ctx, &raw);
    if (what >= 0)
        err = gzip(req, &raw, what);
    ps_buf_fini(&raw);
    return err ? err : what;
}

static void set_goal(struct ps_http_req *req, size_t goal)
{
    struct ps_httpd *h = req->h;

    h->ahead -= req->ahead;
    req->ahead = h->ahead + goal - ENOUGH <= AHEAD_MAX ? goal - ENOUGH : 0;
    h->ahead += req->ahead;
}

// For a client that takes whatever there is, more is made at a time: it then need not be woken for each write.
static void adapt_goal(struct ps_http_req *req)
{
    bool promptly = req->filled && ps_loop_mono() - req->filled < PROMPTLY;
    size_t twice = 2 * (ENOUGH + req->ahead);

    set_goal(req, !promptly ? ENOUGH : twice < GOAL_MAX ? twice : GOAL_MAX);
}

// Whether the source is asked for more now. What it does ahead must not take long: others wait.
static bool wants_more(const struct ps_http_req *req, ps_ns began)
{
    size_t n = ps_buf_len(&req->out);

    if (req->done || req->waiting)
        return false;
    return n < ENOUGH || (n < ENOUGH + req->ahead && ps_loop_mono() - began < TURN);
}

// Until there is enough for the next writes, or nothing more for now. 0 or an error.
static int fill(struct ps_http_req *req)
{
    int pulls = 0, what;
    ps_ns began;

    if (req->done || req->waiting || ps_buf_len(&req->out) >= ENOUGH)
        return 0;
    adapt_goal(req);
    began = ps_loop_mono();
    while (wants_more(req, began)) {
        what = pull(req);
        if (what < 0 || ++pulls > PULLS_MAX)
            return what < 0 ? what : PS_EPROTO;
        req->done = what == PS_HTTP_DONE;
        req->waiting = what == PS_HTTP_WAIT && !req->woken;
        req->woken = false;
    }
    req->filled = ps_loop_mono();
    return 0;
}

static void wait_for_more(struct ps_http_req *req)
{
    req->suspended = true;
    req->paused = ps_loop_mono();
    MHD_suspend_connection(req->conn->mhd);
}

static ssize_t next_piece(void *cls, uint64_t pos, char *to, size_t max)
{
    struct ps_http_req *req = cls;
    size_t n;

    (void)pos;
    req->conn->e->acts++;
    if (fill(req))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    n = ps_buf_len(&req->out) < max ? ps_buf_len(&req->out) : max;
    if (n == 0 && req->done)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (n == 0) {
        wait_for_more(req);
        return 0;
    }
    memcpy(to, ps_buf_head(&req->out), n);
    ps_buf_consume(&req->out, n);
    req->sent += n;
    return (ssize_t)n;
}

static void stream_over(void *cls)
{
    struct ps_http_req *req = cls;

    end_source(req);
    httpd_req_unref(req);
}

void ps_http_wake(struct ps_http_req *req)
{
    req->woken = !req->waiting; // before the source has said that it has nothing
    req->waiting = false;
    if (req->suspended)
        req->turned += ps_loop_mono() - req->paused;
    httpd_resume(req);
}

static bool is_text(const char *type)
{
    return strncmp(type, "text/", 5) == 0 || strstr(type, "json") || strstr(type, "javascript") ||
           strstr(type, "xml");
}

static bool wants_gzip(const struct ps_http_req *req, int status, const char *type)
{
    const char *accepted = ps_http_header(req, "Accept-Encoding");

    return req->route && (req->route->flags & PS_HTTP_GZIP) && accepted &&
           ps_http_list_has(accepted, "gzip") && status == 200 && type && is_text(type) &&
           !has_header(req, "Content-Encoding");
}

static int start_gzip(struct ps_http_req *req)
{
    int err = httpd_gzip_new(&req->gzip);

    req->h->gzips += !err;
    return err;
}

// size: UINT64_MAX when it is not known.
static void stream(struct ps_http_req *req, int status, const char *type, uint64_t size,
                   const struct ps_http_source *source, void *ctx)
{
    struct MHD_Response *r = NULL;

    req->source = *source;
    req->source_ctx = ctx;
    req->sourced = true;
    ps_buf_init(&req->out, PS_HTTP_PIECE_MAX);
    req->refs++; // the response's
    if (!wants_gzip(req, status, type) || req->h->gzips >= GZIPS_MAX || start_gzip(req) == 0)
        r = MHD_create_response_from_callback(req->gzip ? MHD_SIZE_UNKNOWN : size, PS_HTTP_PIECE, next_piece,
                                              req, stream_over);
    // To a HEAD the library would send the end of the chunks.
    if (r && (req->gzip || size == PS_HTTP_SIZE_UNKNOWN) && strcmp(req->head.method, "HEAD") == 0)
        MHD_set_response_options(r, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    if (r) {
        give(req, status, type, r);
        return;
    }
    end_source(req);
    req->refs--; // not the last: the debt is still there
    give(req, status, type, NULL);
}

void ps_http_reply_stream(struct ps_http_req *req, int status, const char *type, uint64_t size,
                          const struct ps_http_source *source, void *ctx)
{
    if (!is_void(req)) {
        stream(req, status, type, size, source, ctx);
        return;
    }
    if (source->end)
        source->end(ctx);
    settle(req);
}

// buffers

struct memory {
    char *data;
    size_t len, at;
};

static int memory_pull(void *ctx, struct ps_buf *out)
{
    struct memory *m = ctx;
    size_t n = m->len - m->at < PS_HTTP_PIECE ? m->len - m->at : PS_HTTP_PIECE;
    int err = ps_buf_append(out, m->data + m->at, n);

    m->at += n;
    return err ? err : m->at < m->len ? PS_HTTP_MORE : PS_HTTP_DONE;
}

static void memory_end(void *ctx)
{
    struct memory *m = ctx;

    free(m->data);
    free(m);
}

static const struct ps_http_source memory_source = {memory_pull, memory_end};

// In pieces, so that it is seen how fast the client takes it.
static void reply_large(struct ps_http_req *req, int status, const char *type, char *data, size_t len)
{
    struct memory *m = malloc(sizeof *m);

    if (!m) {
        free(data);
        give(req, status, type, NULL);
        return;
    }
    *m = (struct memory){data, len, 0};
    stream(req, status, type, len, &memory_source, m);
}

static void reply_small(struct ps_http_req *req, int status, const char *type, char *data, size_t len)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(len, data, MHD_RESPMEM_MUST_FREE);

    if (!r)
        free(data);
    req->fixed = strcmp(req->head.method, "HEAD") == 0 ? 0 : len;
    give(req, status, type, r);
}

void ps_http_reply_own(struct ps_http_req *req, int status, const char *type, void *data, size_t len)
{
    if (is_void(req)) {
        free(data);
        settle(req);
    } else if (len > PS_HTTP_PIECE || (len >= GZIP_MIN && wants_gzip(req, status, type))) {
        reply_large(req, status, type, data, len);
    } else {
        reply_small(req, status, type, data, len);
    }
}

void ps_http_reply(struct ps_http_req *req, int status, const char *type, const void *data, size_t len)
{
    char *copy = malloc(len ? len : 1);

    if (copy && len)
        memcpy(copy, data, len);
    if (copy)
        ps_http_reply_own(req, status, type, copy, len);
    else if (is_void(req))
        settle(req);
    else
        give(req, status, type, NULL);
}

// etags

// Of a list like W/"a", "b".
static bool lists_etag(const char *list, const char *etag)
{
    size_t n = strlen(etag);

    for (const char *p = list; (p = strstr(p, etag)); p += n)
        if (p[n] == '\0' || strchr(", \t", p[n]))
            return true;
    return strcmp(list, "*") == 0;
}

bool ps_http_unchanged(struct ps_http_req *req, const char *etag)
{
    const char *known = ps_http_header(req, "If-None-Match");

    ps_http_add(req, "ETag", etag);
    if (!known || !lists_etag(known, etag))
        return false;
    ps_http_reply(req, 304, NULL, "", 0);
    return true;
}

// errors

char *httpd_reply_text(const char *detail, size_t *len)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    ps_json_put_str(j, "detail", detail);
    ps_json_close(j, '}');
    (void)ps_json_end(j);
    return ps_text_close(&t, len);
}

const char *httpd_words_type(const struct ps_httpd *h)
{
    return h->conf.text_errors ? "text/plain; charset=utf-8" : "application/json";
}

char *httpd_reply_words(const struct ps_httpd *h, const char *words, size_t *len)
{
    char *line = NULL;
    int n;

    if (!h->conf.text_errors)
        return httpd_reply_text(words, len);
    n = asprintf(&line, "%s\n", words);
    *len = n < 0 ? 0 : (size_t)n;
    return n < 0 ? NULL : line;
}

static void reply_detail(struct ps_http_req *req, int status, const char *detail)
{
    size_t len;
    char *text = httpd_reply_words(req->h, detail, &len);

    ps_http_reply_own(req, status, httpd_words_type(req->h), text, len);
}

void ps_http_reply_error(struct ps_http_req *req, int status, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    reply_detail(req, status, text);
}

static void add_preflight(struct ps_http_req *req, const char *allow)
{
    if (!req->route || !(req->route->flags & PS_HTTP_ANY_ORIGIN))
        return;
    ps_http_add(req, "Access-Control-Allow-Methods", allow);
    ps_http_add(req, "Access-Control-Allow-Headers", "Authorization, Content-Type");
    ps_http_add(req, "Access-Control-Max-Age", "86400");
}

void httpd_reply_verdict(struct ps_http_req *req)
{
    char allow[PS_HTTP_ALLOW];

    if (req->verdict != 0 && req->verdict != 405) {
        if (req->verdict == 429)
            ps_http_add(req, "Retry-After", "1");
        ps_http_reply_error(req, req->verdict, "%s", req->why);
        return;
    }
    ps_http_allow(req->hit.allowed, allow);
    ps_http_add(req, "Allow", allow);
    if (req->verdict == 405) {
        ps_http_reply_error(req, 405, "%s", req->why);
        return;
    }
    add_preflight(req, allow);
    ps_http_reply(req, 204, NULL, "", 0);
}
