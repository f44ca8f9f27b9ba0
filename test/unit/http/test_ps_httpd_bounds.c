// SPDX-License-Identifier: Apache-2.0
// How many, how fast, and for how long.
#include "http_fix.h"

static struct ps_httpd_stats stats(const struct fix *f)
{
    struct ps_httpd_stats s;

    ps_httpd_stats(f->httpd, &s);
    return s;
}

static bool is_over(struct fix *f, int fd)
{
    char c;

    ps_loop_poll(f->loop);
    return recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) == 0 ||
           (recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno != EAGAIN);
}

static void the_one_idle_for_longest_makes_room(void **state)
{
    struct fix *f = *state;
    int fds[4];

    f->conf.conns_max = 3;
    fix_serve(f);
    for (int i = 0; i < 4; i++) {
        fds[i] = client(f);
        POLL_UNTIL(f, stats(f).conns_total == (uint64_t)i + 1);
    }
    POLL_UNTIL(f, is_over(f, fds[0]));
    for (int i = 1; i < 4; i++)
        assert_false(is_over(f, fds[i]));
    POLL_UNTIL(f, stats(f).conns == 3);
    assert_int_equal(stats(f).conns_dropped, 1);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}

static void turn_away(struct fix *f, const char *answer)
{
    struct ps_buf in;
    int fds[2], fd;

    f->conf.conns_max = 2;
    fix_serve(f);
    for (int i = 0; i < 2; i++) {
        fds[i] = client(f);
        say(fds[i], "GET /later HTTP/1.1\r\n" HOST LAST);
        POLL_UNTIL(f, f->nheld == (size_t)i + 1);
    }
    fd = client(f);
    assert_int_equal(status_of(hear_all(f, fd, &in)), 503);
    assert_string_equal(strstr((char *)ps_buf_head(&in), "\r\n\r\n"), answer);
    ps_buf_fini(&in);
    assert_int_equal(stats(f).conns_refused, 1);
    for (int i = 0; i < 2; i++) {
        ps_http_reply(f->held[i], 200, NULL, "x", 1);
        assert_int_equal(status_of(hear_all(f, fds[i], &in)), 200);
        ps_buf_fini(&in);
    }
}

static void when_none_is_idle_the_newcomer_is_turned_away(void **state)
{
    turn_away(*state, "\r\n\r\n{\"detail\":\"there are too many connections\"}\n");
}

static void in_words_where_errors_are_text(void **state)
{
    struct fix *f = *state;

    f->conf.text_errors = true;
    turn_away(f, "\r\n\r\nthere are too many connections\n");
}

static void one_net_has_so_many_connections(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int fds[3];

    f->conf.conns_per_net = 2;
    fix_serve(f);
    for (int i = 0; i < 3; i++)
        fds[i] = client(f);
    assert_int_equal(status_of(hear_all(f, fds[2], &in)), 503);
    ps_buf_fini(&in);
    close(fds[1]);
    POLL_UNTIL(f, stats(f).conns == 1);
    check_answer(f, "GET /hello HTTP/1.1\r\n" HOST LAST, 200, NULL);
    close(fds[0]);
}

static void a_trusted_proxy_is_no_net(void **state)
{
    struct fix *f = *state;
    int fds[4];

    f->conf.conns_per_net = 2;
    f->trusting = true;
    fix_serve(f);
    for (int i = 0; i < 4; i++)
        fds[i] = client(f);
    POLL_UNTIL(f, stats(f).conns == 4);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}

static void requests_past_the_rate_are_429(void **state)
{
    struct fix *f = *state;

    f->conf.rate = 1;
    f->conf.burst = 3;
    f->trusting = true;
    fix_serve(f);
    for (int i = 0; i < 3; i++)
        check_answer(f, "GET /hello HTTP/1.1\r\n" HOST "X-Forwarded-For: 192.0.2.1\r\n" LAST, 200, NULL);
    check_answer(f, "GET /hello HTTP/1.1\r\n" HOST "X-Forwarded-For: 192.0.2.1\r\n" LAST, 429,
                 "Retry-After: 1\r\n");
    check_answer(f, "GET /hello HTTP/1.1\r\n" HOST "X-Forwarded-For: 192.0.2.2\r\n" LAST, 200, NULL);
    // The addresses of an IPv6 /64 are one host's.
    for (int i = 0; i < 3; i++)
        check_answer(f, "GET /hello HTTP/1.1\r\n" HOST "X-Forwarded-For: 2001:db8::1\r\n" LAST, 200, NULL);
    check_answer(f, "GET /hello HTTP/1.1\r\n" HOST "X-Forwarded-For: 2001:db8::2\r\n" LAST, 429, NULL);
    check_answer(f, "GET /hello HTTP/1.1\r\n" HOST "X-Forwarded-For: 2001:db8:0:1::2\r\n" LAST, 200, NULL);
}

static void a_connection_that_asks_nothing_is_closed(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int silent, half, idle;

    f->conf.head_timeout = f->conf.idle = 10 * PS_MSEC;
    fix_serve(f);
    silent = client(f);
    half = client(f);
    idle = client(f);
    say(half, "GET /hello HTTP/1.1\r\nHost:");
    say(idle, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    assert_string_equal(hear_all(f, silent, &in), "");
    ps_buf_fini(&in);
    assert_string_equal(hear_all(f, half, &in), "");
    ps_buf_fini(&in);
    assert_non_null(strstr(hear_all(f, idle, &in), "hello"));
    ps_buf_fini(&in);
    assert_int_equal(stats(f).conns_dropped, 3);
}

static void a_body_that_comes_too_slowly_is_given_up(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int fd;

    f->conf.grace = 10 * PS_MSEC;
    fix_serve(f);
    fd = client(f);
    say(fd, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nabc");
    assert_string_equal(hear_all(f, fd, &in), "");
    ps_buf_fini(&in);
    POLL_UNTIL(f, f->told == 1);
    assert_int_equal(f->last_status, 0);
    assert_int_equal(stats(f).status[0], 1);
}

static void an_answer_that_is_not_taken_is_given_up(void **state)
{
    struct fix *f = *state;
    int fd, small = 4096;

    f->conf.grace = 10 * PS_MSEC;
    f->conf.slow = UINT32_MAX;
    fix_serve(f);
    fd = client(f);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    f->piece = 30000;
    f->pieces = 1000000;
    say(fd, "GET /stream HTTP/1.1\r\n" HOST LAST);
    POLL_UNTIL(f, f->ends == 1);
    close(fd);
}

static void neither_a_handler_nor_a_source_is_hurried(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int later, stream, silent;

    f->conf.grace = f->conf.head_timeout = 10 * PS_MSEC;
    fix_serve(f);
    later = client(f);
    stream = client(f);
    say(later, "GET /later HTTP/1.1\r\n" HOST LAST);
    say(stream, "GET /stream HTTP/1.1\r\n" HOST LAST);
    POLL_UNTIL(f, f->nheld == 1 && f->streamed);
    silent = client(f); // when it is closed the bounds have been looked at
    hear_all(f, silent, &in);
    ps_buf_fini(&in);
    f->done = true;
    ps_http_wake(f->streamed);
    ps_http_reply(f->held[0], 200, NULL, "x", 1);
    assert_int_equal(status_of(hear_all(f, later, &in)), 200);
    ps_buf_fini(&in);
    assert_non_null(strstr(hear_all(f, stream, &in), "\r\n0\r\n\r\n"));
    ps_buf_fini(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_one_idle_for_longest_makes_room),
        TEST(when_none_is_idle_the_newcomer_is_turned_away),
        TEST(in_words_where_errors_are_text),
        TEST(one_net_has_so_many_connections),
        TEST(a_trusted_proxy_is_no_net),
        TEST(requests_past_the_rate_are_429),
        TEST(a_connection_that_asks_nothing_is_closed),
        TEST(a_body_that_comes_too_slowly_is_given_up),
        TEST(an_answer_that_is_not_taken_is_given_up),
        TEST(neither_a_handler_nor_a_source_is_hurried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
