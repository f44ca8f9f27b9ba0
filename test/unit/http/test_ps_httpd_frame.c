// SPDX-License-Identifier: Apache-2.0
// What RFC 9112 wants refused never reaches a handler, and neither does what follows it on the connection.
#include "http_fix.h"

#define NEXT "GET /hello HTTP/1.1\r\n" HOST LAST

// Refused with 400 and words; nothing was handed on.
static void check_refused_n(struct fix *f, const char *request, size_t n, int status, const char *piece)
{
    char *answer = ask_n(f, request, n);

    if (status_of(answer) != status || (piece && !strstr(answer, piece)) || f->requests > 0)
        fail_msg("asked: %s\nanswered: %s\nrequests %d", request, answer, f->requests);
    assert_null(strstr(answer, "hello"));
    free(answer);
}

static void check_refused(struct fix *f, const char *request, int status)
{
    check_refused_n(f, request, strlen(request), status, "{\"detail\":");
}

static void no_host(void **state)
{
    check_refused(*state, "GET /hello HTTP/1.1\r\n\r\n" NEXT, 400);
    check_refused(*state, "GET /hello HTTP/1.1\r\nX: y\r\n\r\n" NEXT, 400);
    check_refused(*state, "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" NEXT, 400);
    check_refused(*state, "GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n" NEXT, 400);
}

static void two_lengths(void **state)
{
    check_refused(
        *state, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd" NEXT, 400);
    check_refused(
        *state, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" NEXT, 400);
    check_refused(*state,
                  "GET /hello HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-Length: 4\r\n\r\nabcd" NEXT,
                  400);
}

static void length_and_chunks(void **state)
{
    check_refused(*state,
                  "PUT /echo HTTP/1.1\r\n" HOST
                  "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT,
                  400);
    check_refused(*state,
                  "PUT /echo HTTP/1.1\r\n" HOST
                  "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" NEXT,
                  400);
    check_refused(*state, "PUT /echo HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT,
                  400);
    check_refused(*state, "PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" NEXT,
                  501);
    check_refused(
        *state, "PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" NEXT, 501);
}

static void a_blank_before_the_colon(void **state)
{
    check_refused(*state, "GET /hello HTTP/1.1\r\n" HOST "X : y\r\n\r\n" NEXT, 400);
    check_refused(*state, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length : 3\r\n\r\nabc" NEXT, 400);
    check_refused(*state, "PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n" NEXT,
                  400);
    check_refused(*state, "GET /hello HTTP/1.1\r\n X: y\r\n" HOST "\r\n" NEXT, 400);
}

static void a_header_that_goes_on_in_a_second_line(void **state)
{
    check_refused(*state, "GET /hello HTTP/1.1\r\n" HOST "X: y\r\n z\r\n\r\n" NEXT, 400);
    check_refused(*state, "GET /hello HTTP/1.1\r\n" HOST "X: y\r\n\tz\r\nY: y\r\n\r\n" NEXT, 400);
    // Which the library would take for a header of another name.
    check_refused(*state, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n 0\r\n\r\nabc" NEXT, 400);
    check_refused(*state, "PUT /echo HTTP/1.1\nHost: h\nContent-Length: 3\n 0\n\nabc" NEXT, 400);
    check_refused(*state, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n \r\n\r\nabc" NEXT, 400);
}

static void nul_and_bare_cr(void **state)
{
    static const char nul[] = "GET /hello HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n" NEXT;
    static const char name[] = "PUT /echo HTTP/1.1\r\n" HOST "Content\0-Length: 3\r\n\r\nabc" NEXT;
    static const char cut[] = "PUT /echo HTTP/1.1\r\n" HOST "X: a\0Content-Length: 3\r\n\r\nabc" NEXT;

    check_refused_n(*state, nul, sizeof nul - 1, 400, "{\"detail\":");
    check_refused_n(*state, name, sizeof name - 1, 400, NULL);
    check_refused_n(*state, cut, sizeof cut - 1, 400, "{\"detail\":");
    check_refused(*state, "GET /hello HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n" NEXT, 400);
    check_refused(*state, "GET /hello HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n" NEXT, 400);
}

static void a_request_line_that_is_none(void **state)
{
    static const char nul[] = "GET /hel\0lo HTTP/1.1\r\n" HOST "\r\n" NEXT;

    check_refused(*state, "GET /a b HTTP/1.1\r\n" HOST "\r\n" NEXT, 400);
    check_refused(*state, "GET /\x01 HTTP/1.1\r\n" HOST "\r\n" NEXT, 400);
    check_refused(*state, "G(T /hello HTTP/1.1\r\n" HOST "\r\n" NEXT, 400);
    check_refused(*state, "GET hello HTTP/1.1\r\n" HOST "\r\n" NEXT, 400);
    check_refused_n(*state, nul, sizeof nul - 1, 400, NULL);
}

// These the library refuses before it tells of them, or by closing the connection.
static void what_the_library_itself_refuses(void **state)
{
    static const char *const closed[] = {"garbage\r\n\r\n" NEXT, "\r\n\r\ngarbage\r\n" NEXT};
    static const char *const bad[] = {
        "GET /hello HTTP/9.9x\r\n" HOST "\r\n" NEXT,
        "GET /hello\r\n" HOST "\r\n" NEXT,
        "GET /hello HTTP/1.1\r\n" HOST "no colon\r\n\r\n" NEXT,
        "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc" NEXT,
        "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\nabc" NEXT,
        "PUT /echo HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\nabc" NEXT,
        "PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n" NEXT,
        "PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n" NEXT,
        "PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n" NEXT,
        "PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n" NEXT,
    };
    struct fix *f = *state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        check_refused(f, bad[i], 400);
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
        check_refused_n(f, closed[i], strlen(closed[i]), 0, NULL);
    check_refused(f, "GET / HTTP/2.0\r\n\r\n", 505);
    check_refused(f, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\nabc" NEXT,
                  413);
}

static void a_head_that_is_too_large(void **state)
{
    char *text = malloc(70000), *answer;

    memset(text, 'a', 70000);
    memcpy(text, "GET /", 5);
    check_refused_n(*state, text, 65536, 414, "application/json");
    memcpy(text, "GET /hello HTTP/1.1\r\nX: ", 24);
    check_refused_n(*state, text, 65536, 431, "{\"detail\":\"Request too big\"}");
    free(text);
    // Many small ones.
    text = calloc(1, 3000);
    strcpy(text, "GET /hello HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 300; i++)
        strcat(text, "X: y\r\n");
    strcat(text, "\r\n");
    answer = ask(*state, text);
    assert_int_equal(status_of(answer), 431);
    free(answer);
    free(text);
}

static void a_head_may_fill_its_memory(void **state)
{
    char *text = malloc(40000);
    int n = sprintf(text, "GET /hello?");

    for (int i = 0; i < 60; i++, n += 500) {
        memset(text + n, 'a', 499);
        text[n + 499] = '&';
    }
    sprintf(text + n, " HTTP/1.1\r\n" HOST LAST);
    check_answer(*state, text, 200, "hello");
    free(text);
}

// More than the library's memory would hold.
static void too_many_parameters_are_refused(void **state)
{
    static const char *const each[] = {"a=b&", "a&", "&"};

    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        char *text = calloc(1, 8000), *to = text + sprintf(text, "GET /hello?");
        for (int k = 0; k < 1500; k++)
            to += sprintf(to, "%s", each[i]);
        sprintf(to, " HTTP/1.1\r\n" HOST LAST);
        check_answer(*state, text, 400, "{\"detail\":\"there are too many parameters\"}");
        free(text);
    }
}

// A piece at a time, so that every state of the library sees the end of what it has.
static void a_request_may_come_octet_by_octet(void **state)
{
    static const char request[] =
        "\r\nPUT /echo HTTP/1.1\r\n" HOST "X:y\r\nTransfer-Encoding: chunked\r\n" LAST
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    struct fix *f = *state;
    struct ps_buf in;
    int fd = client(f);

    for (size_t i = 0; i < sizeof request - 1; i++) {
        say_n(fd, request + i, 1);
        ps_loop_poll(f->loop);
    }
    assert_non_null(strstr(hear_all(f, fd, &in), "\r\n\r\nabcde"));
    ps_buf_fini(&in);
}

static void lines_may_end_without_cr(void **state)
{
    check_answer(*state, "GET /hello HTTP/1.1\nHost: h\nX: y\nConnection: close\n\n", 200, "hello");
    check_answer(*state, "GET /hello HTTP/1.1\nHost: h\r\nX:\nConnection: close\r\n\n", 200, "hello");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_host),
        TEST(two_lengths),
        TEST(length_and_chunks),
        TEST(a_blank_before_the_colon),
        TEST(a_header_that_goes_on_in_a_second_line),
        TEST(nul_and_bare_cr),
        TEST(a_request_line_that_is_none),
        TEST(what_the_library_itself_refuses),
        TEST(a_head_that_is_too_large),
        TEST(a_head_may_fill_its_memory),
        TEST(too_many_parameters_are_refused),
        TEST(a_request_may_come_octet_by_octet),
        TEST(lines_may_end_without_cr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
