// SPDX-License-Identifier: Apache-2.0
// The client, against our own server and against sockets that misbehave.
#include "http_fix.h"
#include <fcntl.h>
#include "http/ps_httpc.h"
#include "loop/ps_stream.h"

struct result {
    int calls, err, status;
    char why[512], body[512], url[256], location[128];
    size_t len;
    struct ps_httpc *free_inside;
};

static struct ps_httpc *new_client(struct fix *f)
{
    const struct ps_httpc_conf conf = {.agent = "test"};
    struct ps_httpc *c;

    assert_int_equal(ps_httpc_new(f->loop, &conf, &c), 0);
    return c;
}

static void done(void *ctx, const struct ps_httpc_answer *a)
{
    struct result *r = ctx;

    r->calls++;
    r->err = a->err;
    r->status = a->status;
    r->len = a->len;
    assert_int_equal(strlen(a->body) <= a->len, 1);
    snprintf(r->why, sizeof r->why, "%s", a->why);
    snprintf(r->body, sizeof r->body, "%s", a->body);
    snprintf(r->url, sizeof r->url, "%s", a->url);
    if (!ps_httpc_header(a, "location", r->location, sizeof r->location))
        r->location[0] = '\0';
    ps_httpc_free(r->free_inside);
}

static const char *url_of(const struct fix *f, const char *path, char out[128])
{
    snprintf(out, 128, "http://127.0.0.1:%u%s", ps_addr_port(&f->addr), path);
    return out;
}

// Asks for a path of the fixture's server and waits for the end.
static void run(struct fix *f, struct ps_httpc *c, struct ps_httpc_ask ask, const char *path,
                struct result *r)
{
    char url[128];

    memset(r, 0, sizeof *r);
    if (!ask.url)
        ask.url = url_of(f, path, url);
    if (!ask.method)
        ask.method = "GET";
    assert_int_equal(ps_httpc_ask(c, &ask, done, r, NULL), 0);
    POLL_UNTIL(f, r->calls == 1);
}

static void an_answer_comes_with_its_status_and_body(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct result r;

    run(f, c, (struct ps_httpc_ask){0}, "/hello", &r);
    assert_int_equal(r.err, 0);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "hello");
    assert_string_equal(r.why, "");
    run(f, c, (struct ps_httpc_ask){0}, "/nothing", &r);
    assert_int_equal(r.err, 0);
    assert_int_equal(r.status, 404);
    run(f, c, (struct ps_httpc_ask){.method = "HEAD"}, "/hello", &r);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.len, 0);
    assert_int_equal(ps_httpc_calls(c), 0);
    ps_httpc_free(c);
}

static void bodies_are_sent_by_every_method(void **state)
{
    static const char *const methods[] = {"PUT", "POST", "DELETE"};
    static const char *const headers[] = {"Content-Type: application/json"};
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct result r;

    for (size_t i = 0; i < 3; i++) {
        run(f, c,
            (struct ps_httpc_ask){
                .method = methods[i], .body = "{\"a\":1}", .body_len = 7, .headers = headers, .nheaders = 1},
            "/echo", &r);
        assert_int_equal(r.status, 200);
        assert_string_equal(r.body, "{\"a\":1}");
    }
    run(f, c, (struct ps_httpc_ask){.method = "POST"}, "/echo", &r);
    assert_int_equal(r.status, 200);
    run(f, c, (struct ps_httpc_ask){.method = "DELETE"}, "/echo", &r);
    assert_int_equal(r.status, 200);
    ps_httpc_free(c);
}

static void a_connection_is_used_again(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct ps_httpd_stats s;
    struct result r;

    for (int i = 0; i < 5; i++)
        run(f, c, (struct ps_httpc_ask){0}, "/hello", &r);
    ps_httpd_stats(f->httpd, &s);
    assert_int_equal(s.requests, 5);
    assert_int_equal(s.conns_total, 1);
    ps_httpc_free(c);
}

static void many_requests_run_at_a_time(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct result r = {0};
    char url[128];

    for (int i = 0; i < HELD; i++)
        assert_int_equal(
            ps_httpc_ask(c, &(struct ps_httpc_ask){.method = "GET", .url = url_of(f, "/later", url)}, done,
                         &r, NULL),
            0);
    POLL_UNTIL(f, f->nheld == HELD);
    for (int i = HELD; i > 0; i--)
        ps_http_reply(f->held[i - 1], 200, NULL, "x", 1);
    POLL_UNTIL(f, r.calls == HELD);
    assert_int_equal(r.status, 200);
    ps_httpc_free(c);
}

static void a_server_that_does_not_answer_is_given_up(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct result r;

    run(f, c, (struct ps_httpc_ask){.timeout = 20 * PS_MSEC}, "/later", &r);
    assert_int_equal(r.err, PS_ETIMEOUT);
    assert_int_equal(strncmp(r.why, "http://127.0.0.1:", 17), 0);
    assert_non_null(strstr(r.why, "/later: "));
    assert_non_null(strstr(r.why, "timed out"));
    ps_httpc_free(c);
    ps_http_reply(f->held[0], 200, NULL, "x", 1);
}

static void an_answer_that_is_too_large_is_given_up(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct result r;

    f->piece = 1000;
    f->pieces = 1000000;
    run(f, c, (struct ps_httpc_ask){.answer_max = 100000}, "/stream", &r);
    assert_int_equal(r.err, PS_ELIMIT);
    assert_non_null(strstr(r.why, "the answer is larger than 100000 octets"));
    POLL_UNTIL(f, f->ends == 1);
    // Compressed it is small.
    f->pieces = 1000;
    f->done = true;
    run(f, c, (struct ps_httpc_ask){.answer_max = 100000}, "/gzip", &r);
    assert_int_equal(r.err, PS_ELIMIT);
    ps_httpc_free(c);
}

static void an_answer_that_is_cut_off_is_none(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct result r;

    f->pieces = 1;
    f->fails = PS_EMALFORMED;
    run(f, c, (struct ps_httpc_ask){0}, "/stream", &r);
    assert_int_equal(r.err, PS_ECLOSED);
    ps_httpc_free(c);
}

static void a_refused_connection_tells_url_and_cause(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct result r;

    run(f, c, (struct ps_httpc_ask){.url = "http://me:secret@127.0.0.1:1/x"}, NULL, &r);
    assert_int_equal(r.err, PS_EREFUSED);
    assert_int_equal(r.status, 0);
    assert_int_equal(strncmp(r.why, "http://127.0.0.1:1/x: ", 22), 0);
    assert_null(strstr(r.why, "secret"));
    assert_non_null(strstr(r.why, "Connection refused"));
    ps_httpc_free(c);
}

static void what_is_no_url_or_of_another_scheme_is_refused(void **state)
{
    static const char *const others[] = {"file:///etc/passwd", "gopher://127.0.0.1/x", "ftp://127.0.0.1/"};
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct result r;

    for (size_t i = 0; i < 3; i++) {
        run(f, c, (struct ps_httpc_ask){.url = others[i]}, NULL, &r);
        assert_int_equal(r.err, PS_EUNSUPPORTED);
    }
    run(f, c, (struct ps_httpc_ask){.url = "http://[::1"}, NULL, &r);
    assert_int_equal(r.err, PS_ESYNTAX);
    ps_httpc_free(c);
}

static void headers_cannot_be_smuggled(void **state)
{
    static const char *const bad[] = {"X: a\r\nY: b"};
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct ps_httpc_ask ask = {.method = "GET", .url = "http://127.0.0.1:1/", .headers = bad, .nheaders = 1};

    assert_int_equal(ps_httpc_ask(c, &ask, done, NULL, NULL), -EINVAL);
    ask.nheaders = 0;
    ask.method = "GET / HTTP/1.1\r\nX: y";
    assert_int_equal(ps_httpc_ask(c, &ask, done, NULL, NULL), -EINVAL);
    assert_int_equal(ps_httpc_calls(c), 0);
    ps_httpc_free(c);
}

// A route that sends the client to itself.
static void give_again(void *ctx, struct ps_http_req *req)
{
    struct fix *f = ctx;

    f->requests++;
    ps_http_add(req, "Location", "/again");
    ps_http_reply(req, 302, NULL, "", 0);
}

static void redirects_are_followed_so_often(void **state)
{
    const struct ps_http_route again = {
        .methods = PS_HTTP_GET, .pattern = "/again", .handler = give_again, .ctx = *state};
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct result r;

    assert_int_equal(ps_httpd_route(f->httpd, &again), 0);
    run(f, c, (struct ps_httpc_ask){0}, "/again", &r);
    assert_int_equal(r.err, 0);
    assert_int_equal(r.status, 302);
    assert_string_equal(r.location, "/again");
    f->requests = 0;
    run(f, c, (struct ps_httpc_ask){.redirects = 5}, "/again", &r);
    assert_int_equal(r.err, PS_ELIMIT);
    assert_int_equal(f->requests, 6);
    ps_httpc_free(c);
}

// What a plain socket says to whoever connects.
struct liar {
    struct ps_listener *listener;
    const char *text;
    int fds[8], n;
};

static void lie(void *ctx, int fd, const struct ps_addr *peer)
{
    struct liar *l = ctx;

    (void)peer;
    assert_true(l->n < 8);
    l->fds[l->n++] = fd;
    send(fd, l->text, strlen(l->text), MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
}

static void run_liar(struct fix *f, const char *text, struct result *r)
{
    struct liar l = {.text = text};
    struct ps_httpc *c = new_client(f);
    struct ps_addr any;
    char url[64];

    assert_int_equal(ps_addr_parse("127.0.0.1", 0, &any), 0);
    assert_int_equal(ps_listen_fd(f->loop, &any, 8, lie, &l, &l.listener), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", ps_addr_port(ps_listener_addr(l.listener)));
    run(f, c, (struct ps_httpc_ask){.url = url, .timeout = 5 * PS_SEC}, NULL, r);
    ps_httpc_free(c);
    ps_listener_close(l.listener);
    while (l.n > 0)
        close(l.fds[--l.n]);
}

static void answers_that_are_none_are_errors(void **state)
{
    struct result r;

    run_liar(*state, "", &r);
    assert_int_equal(r.err, PS_ECLOSED);
    run_liar(*state, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", &r);
    assert_int_equal(r.err, PS_ECLOSED);
    run_liar(*state, "hello\r\n", &r);
    assert_int_equal(r.err, PS_EUNSUPPORTED); // HTTP/0.9
    run_liar(*state, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", &r);
    assert_int_equal(r.err, PS_ECLOSED);
    run_liar(*state, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nabc", &r);
    assert_int_equal(r.err, PS_ECLOSED);
    run_liar(*state, "HTTP/1.1 204 No Content\r\n\r\n", &r);
    assert_int_equal(r.err, 0);
    assert_int_equal(r.status, 204);
}

static void a_body_can_go_to_a_file(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    FILE *file = tmpfile();
    struct result r;
    int full = open("/dev/full", O_WRONLY);

    f->piece = 1000;
    f->pieces = 300;
    f->done = true;
    run(f, c, (struct ps_httpc_ask){.sink = fileno(file), .answer_max = 1 << 20}, "/stream", &r);
    assert_int_equal(r.err, 0);
    assert_int_equal(r.len, 0);
    assert_int_equal(lseek(fileno(file), 0, SEEK_END), 300000);
    f->pieces = 300;
    run(f, c, (struct ps_httpc_ask){.sink = full, .answer_max = 1 << 20}, "/stream", &r);
    assert_int_equal(r.err, -ENOSPC);
    assert_non_null(strstr(r.why, "cannot be kept: No space left on device"));
    fclose(file);
    close(full);
    ps_httpc_free(c);
}

static void a_request_that_is_cancelled_tells_nothing(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct ps_httpc_call *call;
    struct result r = {0};
    char url[128];

    assert_int_equal(ps_httpc_ask(c, &(struct ps_httpc_ask){.method = "GET", .url = url_of(f, "/later", url)},
                                  done, &r, &call),
                     0);
    POLL_UNTIL(f, f->nheld == 1);
    ps_httpc_cancel(call);
    assert_int_equal(ps_httpc_calls(c), 0);
    ps_http_reply(f->held[0], 200, NULL, "x", 1);
    for (int i = 0; i < 20; i++)
        ps_loop_poll(f->loop);
    assert_int_equal(r.calls, 0);
    ps_httpc_free(c);
}

static void the_client_may_be_freed_with_requests_and_from_inside(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct result r = {.free_inside = c};
    char url[128];

    assert_int_equal(ps_httpc_ask(c, &(struct ps_httpc_ask){.method = "GET", .url = url_of(f, "/later", url)},
                                  done, &r, NULL),
                     0);
    assert_int_equal(ps_httpc_ask(c, &(struct ps_httpc_ask){.method = "GET", .url = url_of(f, "/hello", url)},
                                  done, &r, NULL),
                     0);
    POLL_UNTIL(f, r.calls == 1 && f->nheld == 1);
    assert_string_equal(r.body, "hello");
    ps_http_reply(f->held[0], 200, NULL, "x", 1);
}

static void the_source_address_can_be_chosen(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct result r;

    run(f, c, (struct ps_httpc_ask){.bind = "127.0.0.5"}, "/client", &r);
    assert_int_equal(strncmp(r.body, "[127.0.0.5]", 11), 0);
    run(f, c, (struct ps_httpc_ask){.bind = "192.0.2.1"}, "/client", &r);
    assert_int_equal(r.err, PS_EREFUSED);
    ps_httpc_free(c);
}

static void a_proxy_is_used_only_when_asked_for(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    struct result r;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    run(f, c, (struct ps_httpc_ask){0}, "/hello", &r);
    assert_int_equal(r.status, 200);
    run(f, c, (struct ps_httpc_ask){.proxy = PS_HTTPC_ENV_PROXY}, "/hello", &r);
    assert_int_equal(r.err, PS_EREFUSED);
    unsetenv("http_proxy");
    ps_httpc_free(c);
}

static void a_unix_socket_can_stand_for_the_host(void **state)
{
    struct fix *f = *state;
    struct ps_httpc *c = new_client(f);
    char dir[] = "/tmp/ps_httpc.XXXXXX", path[64];
    struct ps_fault fault;
    struct result r;

    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s", dir);
    assert_int_equal(ps_httpd_listen_unix(f->httpd, path, 0600, &fault), 0);
    run(f, c, (struct ps_httpc_ask){.url = "http://here/client", .unix_path = path}, NULL, &r);
    assert_string_equal(r.body, "[-] at http://here");
    ps_httpc_free(c);
    ps_httpd_close(f->httpd);
    f->httpd = NULL;
    assert_int_equal(access(path, F_OK), -1);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_comes_with_its_status_and_body),
        TEST(bodies_are_sent_by_every_method),
        TEST(a_connection_is_used_again),
        TEST(many_requests_run_at_a_time),
        TEST(a_server_that_does_not_answer_is_given_up),
        TEST(an_answer_that_is_too_large_is_given_up),
        TEST(an_answer_that_is_cut_off_is_none),
        TEST(a_refused_connection_tells_url_and_cause),
        TEST(what_is_no_url_or_of_another_scheme_is_refused),
        TEST(headers_cannot_be_smuggled),
        TEST(redirects_are_followed_so_often),
        TEST(answers_that_are_none_are_errors),
        TEST(a_body_can_go_to_a_file),
        TEST(a_request_that_is_cancelled_tells_nothing),
        TEST(the_client_may_be_freed_with_requests_and_from_inside),
        TEST(the_source_address_can_be_chosen),
        TEST(a_proxy_is_used_only_when_asked_for),
        TEST(a_unix_socket_can_stand_for_the_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
