// SPDX-License-Identifier: Apache-2.0
// Requests and answers.
#include "http_fix.h"
#include <zlib.h>

static void a_route_is_served(void **state)
{
    struct fix *f = *state;

    check_answer(f, "GET /hello HTTP/1.1\r\n" HOST LAST, 200, "\r\n\r\nhello");
    check_answer(f, "GET /hello/ HTTP/1.1\r\n" HOST LAST, 200, "hello");
    check_answer(f, "GET /hello?x HTTP/1.0\r\n\r\n", 200, "hello");
    check_answer(f, "GET http://h/hello HTTP/1.1\r\n" HOST LAST, 200, "hello");
    assert_int_equal(f->requests, 4);
}

static void what_is_not_there_is_404_and_what_is_not_allowed_405(void **state)
{
    struct fix *f = *state;

    check_answer(f, "GET /x HTTP/1.1\r\n" HOST LAST, 404, "{\"detail\":\"there is nothing at this path\"}");
    check_answer(f, "DELETE /hello HTTP/1.1\r\n" HOST LAST, 405, "Allow: GET, HEAD, OPTIONS\r\n");
    check_answer(f, "BREW /hello HTTP/1.1\r\n" HOST LAST, 405, "{\"detail\":");
    check_answer(f, "GET /%2e%2e/x HTTP/1.1\r\n" HOST LAST, 400, "{\"detail\":");
    check_answer(f, "GET /hello?%zz HTTP/1.1\r\n" HOST LAST, 400, "{\"detail\":");
    assert_int_equal(f->requests, 0);
}

static void options_tells_the_methods(void **state)
{
    struct fix *f = *state;

    check_answer(f, "OPTIONS /echo HTTP/1.1\r\n" HOST LAST, 204, "Allow: PUT, POST, DELETE, OPTIONS\r\n");
    check_answer(f, "OPTIONS /echo HTTP/1.1\r\n" HOST LAST, 204, "Access-Control-Allow-Origin: *\r\n");
    check_answer(f, "OPTIONS * HTTP/1.1\r\n" HOST LAST, 204, "Allow: OPTIONS\r\n");
    check_answer(f, "OPTIONS /x HTTP/1.1\r\n" HOST LAST, 404, NULL);
}

static void a_head_has_no_body(void **state)
{
    struct fix *f = *state;
    char *answer = ask(f, "HEAD /hello HTTP/1.1\r\n" HOST LAST);

    assert_non_null(strstr(answer, "Content-Length: 5\r\n"));
    assert_null(strstr(answer, "hello"));
    free(answer);
    f->done = true;
    answer = ask(f, "HEAD /stream HTTP/1.1\r\n" HOST LAST);
    assert_int_equal(status_of(answer), 200);
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    free(answer);
    assert_int_equal(f->pulls, 0);
    POLL_UNTIL(f, f->ends == 1);
}

static void requests_of_a_connection_are_answered_in_their_order(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int fd = client(f);
    const char *text;

    say(fd, "GET /later HTTP/1.1\r\n" HOST "\r\nGET /hello HTTP/1.1\r\n" HOST LAST);
    POLL_UNTIL(f, f->nheld == 1);
    ps_loop_poll(f->loop);
    assert_int_equal(f->requests, 1);
    ps_http_reply(f->held[0], 200, NULL, "first", 5);
    text = hear_all(f, fd, &in);
    assert_true(strstr(text, "first") < strstr(text, "hello"));
    ps_buf_fini(&in);
    assert_int_equal(f->told, 2);
}

static void a_body_may_come_with_a_length_or_in_chunks(void **state)
{
    struct fix *f = *state;

    check_answer(f, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" LAST "abc", 200, "\r\n\r\nabc");
    check_answer(f,
                 "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" LAST
                 "3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nT: 1\r\n\r\n",
                 200, "\r\n\r\nabcd");
    check_answer(f, "DELETE /echo HTTP/1.1\r\n" HOST LAST, 200, "\r\n\r\n");
}

static void a_body_is_asked_for_when_its_client_waits_for_that(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int fd = client(f);

    ps_buf_init(&in, 0);
    say(fd, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n" LAST);
    hear_until(f, fd, &in, "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, "abc");
    hear_until(f, fd, &in, "\r\n\r\nabc");
    ps_buf_fini(&in);
    close(fd);
    check_answer(f, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 3000\r\nExpect: 100-continue\r\n\r\n", 413,
                 NULL);
    check_answer(f, "PUT /gated HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n", 401,
                 NULL);
}

// Chunk after chunk, without an end.
static void a_body_without_an_end_is_413_and_the_end_of_the_connection(void **state)
{
    static const char chunk[] = "10\r\n0123456789abcdef\r\n";
    struct fix *f = *state;
    size_t chunks = 100000, head, n = sizeof chunk - 1;
    char *request = malloc(300 + chunks * n);

    assert_non_null(request);
    head = (size_t)sprintf(request, "PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i < chunks; i++)
        memcpy(request + head + i * n, chunk, n);
    check_answer_n(f, request, head + chunks * n, 413, "Connection: close");
    free(request);
    assert_int_equal(f->requests, 0);
}

static void a_body_that_is_too_large_is_413_and_the_connection_lives(void **state)
{
    struct fix *f = *state;
    char request[2200];
    int n;

    n = snprintf(request, sizeof request,
                 "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n%0*d"
                 "GET /hello HTTP/1.1\r\n" HOST LAST,
                 BODY_MAX + 1, BODY_MAX + 1, 0);
    check_answer_n(f, request, (size_t)n, 413, "hello");
    n = snprintf(request, sizeof request,
                 "PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n%x\r\n%0*d\r\n0\r\n\r\n"
                 "GET /hello HTTP/1.1\r\n" HOST LAST,
                 BODY_MAX + 1, BODY_MAX + 1, 0);
    check_answer_n(f, request, (size_t)n, 413, "hello");
    n = snprintf(request, sizeof request, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: %d\r\n" LAST "%0*d",
                 BODY_MAX, BODY_MAX, 0);
    check_answer_n(f, request, (size_t)n, 200, NULL);
    check_answer(f, "GET /hello HTTP/1.1\r\n" HOST "Content-Length: 1\r\n" LAST "x", 413, "no body is taken");
    assert_int_equal(f->requests, 3);
}

static void bodies_that_are_held_are_bounded_in_all(void **state)
{
    struct fix *f = *state;
    struct ps_httpd_stats s;
    int fd;

    f->conf.body_total = 500;
    fix_serve(f);
    fd = client(f);
    say(fd, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 401\r\n\r\n");
    for (int i = 0; i < 40; i++)
        say(fd, "0123456789");
    POLL_UNTIL(f, (ps_httpd_stats(f->httpd, &s), s.body_octets == 400));
    check_answer(f,
                 "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 101\r\n" LAST
                 "01234567890123456789012345678901234567890123456789"
                 "012345678901234567890123456789012345678901234567890",
                 503, "{\"detail\":");
    close(fd);
    POLL_UNTIL(f, (ps_httpd_stats(f->httpd, &s), s.body_octets == 0));
    check_answer(f, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" LAST "abc", 200, "abc");
}

static void put_gzip(struct ps_buf *request, const char *body, size_t len)
{
    uint8_t packed[2048];
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)body, .avail_in = (unsigned)len};

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = packed;
    z.avail_out = sizeof packed;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    ps_buf_printf(request,
                  "PUT /echo HTTP/1.1\r\n" HOST "Content-Encoding: gzip\r\nContent-Length: %lu\r\n" LAST,
                  z.total_out);
    assert_int_equal(ps_buf_append(request, packed, z.total_out), 0);
    deflateEnd(&z);
}

static void check_gzip(struct fix *f, const char *body, size_t len, int status, const char *piece)
{
    struct ps_buf request;

    ps_buf_init(&request, 0);
    put_gzip(&request, body, len);
    check_answer_n(f, (char *)ps_buf_head(&request), ps_buf_len(&request), status, piece);
    ps_buf_fini(&request);
}

static void a_compressed_body_is_decompressed_within_its_bound(void **state)
{
    struct fix *f = *state;
    char *large = calloc(1, 1 << 20);

    check_gzip(f, "some words", 10, 200, "\r\n\r\nsome words");
    check_gzip(f, "", 0, 200, NULL);
    check_gzip(f, large, BODY_MAX, 200, NULL);
    check_gzip(f, large, BODY_MAX + 1, 413, "{\"detail\":");
    check_gzip(f, large, 1 << 19, 413, NULL);
    free(large);
    check_answer(f,
                 "PUT /echo HTTP/1.1\r\n" HOST "Content-Encoding: gzip\r\nContent-Length: 3\r\n" LAST "abc",
                 400, "gzip");
    check_answer(f, "PUT /echo HTTP/1.1\r\n" HOST "Content-Encoding: br\r\nContent-Length: 3\r\n" LAST "abc",
                 415, NULL);
}

static void a_gate_is_asked_before_the_body_has_come(void **state)
{
    struct fix *f = *state;
    int fd = client(f);

    check_answer(f, "PUT /gated HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" LAST "abc", 401,
                 "{\"detail\":\"who are \\\"you\\\"?\"}");
    assert_int_equal(f->requests, 0);
    check_answer(f, "PUT /gated HTTP/1.1\r\n" HOST "Authorization: x\r\nContent-Length: 3\r\n" LAST "abc",
                 200, "abc");
    close(fd);
}

static void an_answer_may_come_later(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int a = client(f), b = client(f);

    say(a, "GET /later?a HTTP/1.1\r\n" HOST LAST);
    POLL_UNTIL(f, f->nheld == 1);
    say(b, "GET /later?b HTTP/1.1\r\n" HOST LAST);
    POLL_UNTIL(f, f->nheld == 2);
    assert_string_equal(ps_query_get(ps_http_query(f->held[1]), "b"), "");
    ps_http_reply(f->held[1], 200, NULL, "bbb", 3);
    assert_non_null(strstr(hear_all(f, b, &in), "bbb"));
    ps_buf_fini(&in);
    ps_http_add(f->held[0], "X-Extra", "yes");
    ps_http_add(f->held[0], "X-Bad", "a\r\nX-Split: yes");
    ps_http_reply_error(f->held[0], 409, "%s", "no");
    assert_non_null(strstr(hear_all(f, a, &in), "X-Extra: yes\r\n"));
    assert_null(strstr((char *)ps_buf_head(&in), "X-Split"));
    assert_non_null(strstr((char *)ps_buf_head(&in), "{\"detail\":\"no\"}"));
    ps_buf_fini(&in);
}

static void an_answer_to_a_client_that_has_gone_comes_to_nothing(void **state)
{
    struct fix *f = *state;
    struct ps_httpd_stats s;
    int fd = client(f);

    say(fd, "GET /later HTTP/1.1\r\n" HOST LAST);
    POLL_UNTIL(f, f->nheld == 1);
    close(fd);
    ps_loop_poll(f->loop);
    ps_http_reply(f->held[0], 200, NULL, "x", 1);
    POLL_UNTIL(f, (ps_httpd_stats(f->httpd, &s), s.conns == 0));
}

static void an_answer_after_the_server_was_closed_comes_to_nothing(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int fd = client(f), fd2 = client(f);

    say(fd, "GET /later?x=%41 HTTP/1.1\r\n" HOST "X-Word: w\r\n" LAST);
    POLL_UNTIL(f, f->nheld == 1);
    say(fd2, "GET /later HTTP/1.1\r\n" HOST LAST);
    POLL_UNTIL(f, f->nheld == 2);
    ps_httpd_close(f->httpd);
    f->httpd = NULL;
    assert_string_equal(hear_all(f, fd, &in), "");
    ps_buf_fini(&in);
    assert_string_equal(ps_query_get(ps_http_query(f->held[0]), "x"), "A");
    assert_string_equal(ps_http_header(f->held[0], "x-word"), "w");
    ps_http_reply(f->held[0], 200, NULL, "x", 1);
    ps_http_reply_stream(f->held[1], 200, NULL, 3, &fix_source, f);
    assert_int_equal(f->ends, 1);
    close(fd2);
}

static void an_answer_that_the_close_overtakes_comes_to_nothing(void **state)
{
    struct fix *f = *state;
    int fds[2] = {client(f), client(f)};

    for (int i = 0; i < 2; i++)
        say(fds[i], "GET /later HTTP/1.1\r\n" HOST LAST);
    POLL_UNTIL(f, f->nheld == 2);
    ps_http_reply(f->held[0], 200, NULL, "x", 1);
    ps_http_reply_stream(f->held[1], 200, NULL, 3, &fix_source, f);
    ps_httpd_close(f->httpd);
    f->httpd = NULL;
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->pulls, 0);
    close(fds[0]);
    close(fds[1]);
}

static void a_handler_may_close_the_server(void **state)
{
    struct fix *f = *state;
    char *answer;

    f->close_inside = true;
    answer = ask(f, "GET /hello HTTP/1.1\r\n" HOST LAST);
    assert_null(f->httpd);
    free(answer);
}

static void a_client_behind_a_trusted_proxy_is_known(void **state)
{
    struct fix *f = *state;

    check_answer(f, "GET /client HTTP/1.1\r\n" HOST "X-Forwarded-For: 192.0.2.1\r\n" LAST, 200,
                 "[127.0.0.1] at http://h");
    f->trusting = true;
    check_answer(f, "GET /client HTTP/1.1\r\n" HOST LAST, 200, "[127.0.0.1] at http://h");
    check_answer(f,
                 "GET /client HTTP/1.1\r\n" HOST "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"
                 "X-Forwarded-Host: out.example:8443\r\n" LAST,
                 200, "[192.0.2.1] at https://out.example:8443");
    // What stands before the last one that is not trusted anybody can have written.
    check_answer(
        f, "GET /client HTTP/1.1\r\n" HOST "X-Forwarded-For: 10.0.0.1, 198.51.100.7,192.0.2.80\r\n" LAST, 200,
        "[198.51.100.7]");
    check_answer(f,
                 "GET /client HTTP/1.1\r\n" HOST
                 "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: [2001:db8::1]:99\r\n" LAST,
                 200, "[2001:db8::1]");
    check_answer(f, "GET /client HTTP/1.1\r\n" HOST "X-Forwarded-For: nobody\r\n" LAST, 200, "[127.0.0.1]");
}

static void requests_are_counted(void **state)
{
    struct fix *f = *state;
    struct ps_httpd_stats s;

    check_answer(f, "GET /hello HTTP/1.1\r\n" HOST LAST, 200, NULL);
    assert_int_equal(f->last_status, 200);
    assert_int_equal(f->last_octets, 5);
    check_answer(f, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" LAST "abc", 200, NULL);
    check_answer(f, "GET /x HTTP/1.1\r\n" HOST LAST, 404, NULL);
    assert_int_equal(f->last_status, 404);
    ps_httpd_stats(f->httpd, &s);
    assert_int_equal(s.requests, 3);
    assert_int_equal(s.status[2], 2);
    assert_int_equal(s.status[4], 1);
    assert_int_equal(s.octets_in, 3);
    assert_int_equal(s.conns_total, 3);
    assert_int_equal(f->told, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_route_is_served),
        TEST(what_is_not_there_is_404_and_what_is_not_allowed_405),
        TEST(options_tells_the_methods),
        TEST(a_head_has_no_body),
        TEST(requests_of_a_connection_are_answered_in_their_order),
        TEST(a_body_may_come_with_a_length_or_in_chunks),
        TEST(a_body_is_asked_for_when_its_client_waits_for_that),
        TEST(a_body_that_is_too_large_is_413_and_the_connection_lives),
        TEST(a_body_without_an_end_is_413_and_the_end_of_the_connection),
        TEST(bodies_that_are_held_are_bounded_in_all),
        TEST(a_compressed_body_is_decompressed_within_its_bound),
        TEST(a_gate_is_asked_before_the_body_has_come),
        TEST(an_answer_may_come_later),
        TEST(an_answer_to_a_client_that_has_gone_comes_to_nothing),
        TEST(an_answer_after_the_server_was_closed_comes_to_nothing),
        TEST(an_answer_that_the_close_overtakes_comes_to_nothing),
        TEST(a_handler_may_close_the_server),
        TEST(a_client_behind_a_trusted_proxy_is_known),
        TEST(requests_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
