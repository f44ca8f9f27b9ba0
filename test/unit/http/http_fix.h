// SPDX-License-Identifier: Apache-2.0
// A server on a free port with routes that the tests steer, and plain sockets as its clients. For the tests of
// ps_httpd.h.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "http/ps_httpd.h"

#define GUARD (60 * PS_SEC)
#define HELD 16
#define BODY_MAX 1000
#define HOST "Host: h\r\n"
#define LAST "Connection: close\r\n\r\n"

struct fix {
    struct ps_loop *loop;
    struct ps_httpd *httpd;
    struct ps_httpd_conf conf;
    struct ps_addr addr;
    int requests; // that reached a handler
    struct ps_http_req *held[HELD];
    size_t nheld;
    // the stream
    struct ps_http_req *streamed;
    size_t pieces; // that it gives before it waits
    size_t piece;  // octets of each
    bool done;     // no more pieces
    int fails;     // what pull gives when it has no more pieces; 0: it waits
    int ends;
    int pulls;
    size_t ahead; // octets that were ready at most when it was pulled from
    // what the access hook told
    int told;
    int last_status;
    uint64_t last_octets;
    bool trusting;
    bool close_inside;
};

#define POLL_UNTIL(f, condition)                          \
    do {                                                  \
        ps_ns poll_end = ps_loop_mono() + GUARD;          \
        while (!(condition) && ps_loop_mono() < poll_end) \
            ps_loop_poll((f)->loop);                      \
        assert_true(condition);                           \
    } while (0)

// handlers

static inline void give_hello(void *ctx, struct ps_http_req *req)
{
    struct fix *f = ctx;

    f->requests++;
    ps_http_reply(req, 200, "text/plain", "hello", 5);
    if (f->close_inside) {
        ps_httpd_close(f->httpd);
        f->httpd = NULL;
    }
}

static inline void give_echo(void *ctx, struct ps_http_req *req)
{
    struct fix *f = ctx;
    size_t len;
    const char *body = ps_http_body(req, &len);

    f->requests++;
    assert_int_equal(body[len], 0);
    ps_http_reply(req, 200, "text/plain", body, len);
}

static inline void give_later(void *ctx, struct ps_http_req *req)
{
    struct fix *f = ctx;

    f->requests++;
    assert_true(f->nheld < HELD);
    f->held[f->nheld++] = req;
}

static inline void give_client(void *ctx, struct ps_http_req *req)
{
    char host[PS_ADDR_STRLEN], text[200];
    struct ps_buf origin;

    (void)ctx;
    ps_buf_init(&origin, 0);
    ps_http_origin(req, &origin);
    snprintf(text, sizeof text, "[%s] at %.*s", ps_addr_host(ps_http_client(req), host),
             (int)ps_buf_len(&origin), (const char *)ps_buf_head(&origin));
    ps_buf_fini(&origin);
    ps_http_reply(req, 200, "text/plain", text, strlen(text));
}

static inline int fix_pull(void *ctx, struct ps_buf *out)
{
    struct fix *f = ctx;
    uint8_t *to;

    f->pulls++;
    if (ps_buf_len(out) > f->ahead)
        f->ahead = ps_buf_len(out);
    if (f->pieces == 0) {
        if (f->done)
            return PS_HTTP_DONE;
        return f->fails ? f->fails : PS_HTTP_WAIT;
    }
    f->pieces--;
    assert_int_equal(ps_buf_reserve(out, f->piece, &to), 0);
    memset(to, 's', f->piece);
    ps_buf_commit(out, f->piece);
    return PS_HTTP_MORE;
}

static inline void fix_end(void *ctx)
{
    struct fix *f = ctx;

    f->ends++;
    f->streamed = NULL;
}

static const struct ps_http_source fix_source = {fix_pull, fix_end};

static inline void give_stream(void *ctx, struct ps_http_req *req)
{
    struct fix *f = ctx;

    f->requests++;
    f->streamed = req;
    ps_http_reply_stream(req, 200, "text/plain", PS_HTTP_SIZE_UNKNOWN, &fix_source, f);
}

static inline bool fix_gate(void *ctx, struct ps_http_req *req)
{
    (void)ctx;
    if (ps_http_header(req, "Authorization"))
        return true;
    ps_http_reply_error(req, 401, "who are \"you\"?");
    return false;
}

static inline void fix_access(void *ctx, const struct ps_httpd_access *a)
{
    struct fix *f = ctx;

    f->told++;
    f->last_status = a->status;
    f->last_octets = a->octets;
    assert_true(a->took >= 0);
}

static inline bool fix_trusts(void *ctx, const struct ps_addr *peer)
{
    struct fix *f = ctx;
    struct ps_addr proxy;

    assert_int_equal(ps_addr_parse("192.0.2.80", 0, &proxy), 0);
    if (!f->trusting)
        return false;
    return ps_addr_same_host(peer, &f->addr) || ps_addr_same_host(peer, &proxy);
}

static inline void fix_routes(struct fix *f)
{
    const struct ps_http_route table[] = {
        {.methods = PS_HTTP_GET, .pattern = "/hello", .handler = give_hello},
        {.methods = PS_HTTP_GET, .pattern = "/client", .handler = give_client},
        {.methods = PS_HTTP_PUT | PS_HTTP_POST | PS_HTTP_DELETE,
         .pattern = "/echo",
         .handler = give_echo,
         .body_max = BODY_MAX,
         .flags = PS_HTTP_ANY_ORIGIN},
        {.methods = PS_HTTP_PUT,
         .pattern = "/gated",
         .handler = give_echo,
         .gate = fix_gate,
         .body_max = BODY_MAX},
        {.methods = PS_HTTP_GET, .pattern = "/later", .handler = give_later},
        {.methods = PS_HTTP_GET, .pattern = "/stream", .handler = give_stream},
        {.methods = PS_HTTP_GET, .pattern = "/gzip", .handler = give_stream, .flags = PS_HTTP_GZIP},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ps_http_route r = table[i];
        r.ctx = f;
        assert_int_equal(ps_httpd_route(f->httpd, &r), 0);
    }
}

// A server with f->conf, in place of the one that is there.
static inline void fix_serve(struct fix *f)
{
    struct ps_addr any;
    struct ps_fault fault;

    ps_httpd_close(f->httpd);
    assert_int_equal(ps_httpd_new(f->loop, &f->conf, &f->httpd), 0);
    fix_routes(f);
    assert_int_equal(ps_addr_parse("127.0.0.1", 0, &any), 0);
    assert_int_equal(ps_httpd_listen(f->httpd, &any, false, &f->addr, &fault), 0);
}

static inline int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_int_equal(ps_loop_new(&f->loop), 0);
    f->conf = ps_httpd_defaults;
    f->conf.access = fix_access;
    f->conf.trusts = fix_trusts;
    f->conf.ctx = f;
    f->piece = 10;
    fix_serve(f);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fix *f = *state;

    ps_httpd_close(f->httpd);
    ps_loop_free(f->loop);
    free(f);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

// clients

static inline int client(const struct fix *f)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &f->addr.sa, f->addr.len), 0);
    return fd;
}

static inline void say_n(int fd, const char *text, size_t n)
{
    assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), n);
}

static inline void say(int fd, const char *text)
{
    say_n(fd, text, strlen(text));
}

// Reads what there is, after a turn of the loop. False: the connection is over.
static inline bool hear_some(struct fix *f, int fd, struct ps_buf *in)
{
    uint8_t *to;
    ssize_t n;

    ps_loop_poll(f->loop);
    assert_int_equal(ps_buf_reserve(in, 65536, &to), 0);
    n = recv(fd, to, 65535, MSG_DONTWAIT);
    if (n > 0)
        ps_buf_commit(in, (size_t)n);
    to[n > 0 ? n : 0] = '\0';
    return n > 0 || (n < 0 && errno == EAGAIN);
}

// Reads until the connection is over.
static inline const char *hear_all(struct fix *f, int fd, struct ps_buf *in)
{
    ps_ns end = ps_loop_mono() + GUARD;

    ps_buf_init(in, 0);
    while (hear_some(f, fd, in))
        assert_true(ps_loop_mono() < end);
    close(fd);
    return ps_buf_len(in) ? (const char *)ps_buf_head(in) : "";
}

// Reads until the text has come.
static inline void hear_until(struct fix *f, int fd, struct ps_buf *in, const char *text)
{
    ps_ns end = ps_loop_mono() + GUARD;

    while (!in->data || !strstr((char *)ps_buf_head(in), text)) {
        assert_true(hear_some(f, fd, in));
        assert_true(ps_loop_mono() < end);
    }
}

// A connection of its own for one request; what came back, which has to be freed.
static inline char *ask_n(struct fix *f, const char *request, size_t n)
{
    struct ps_buf in;
    int fd = client(f);
    char *copy;

    say_n(fd, request, n);
    copy = strdup(hear_all(f, fd, &in));
    ps_buf_fini(&in);
    return copy;
}

static inline char *ask(struct fix *f, const char *request)
{
    return ask_n(f, request, strlen(request));
}

static inline int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : 0;
}

// The answer's status and a piece of text in it (NULL: whatever).
static inline void check_answer_n(struct fix *f, const char *request, size_t n, int status, const char *piece)
{
    char *answer = ask_n(f, request, n);

    if (status_of(answer) != status || (piece && !strstr(answer, piece)))
        fail_msg("asked: %s\nanswered: %s\nwanted: %d %s", request, answer, status, piece ? piece : "");
    free(answer);
}

static inline void check_answer(struct fix *f, const char *request, int status, const char *piece)
{
    check_answer_n(f, request, strlen(request), status, piece);
}
