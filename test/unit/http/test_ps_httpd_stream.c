// SPDX-License-Identifier: Apache-2.0
// Answers that come in pieces.
#include "http_fix.h"
#include <zlib.h>
#include "http/ps_httpd_impl.h"

static int start(struct fix *f, const char *path)
{
    char request[200];
    int fd = client(f);

    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n" LAST, path);
    say(fd, request);
    return fd;
}

static void pieces_come_as_chunks(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int fd = start(f, "/stream");

    f->pieces = 3;
    f->done = true;
    assert_non_null(strstr(hear_all(f, fd, &in), "\r\n\r\n1E\r\nssssssssss"));
    assert_non_null(strstr((char *)ps_buf_head(&in), "ssssssssss\r\n0\r\n\r\n"));
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->last_octets, 30);
    ps_buf_fini(&in);
}

static void an_http_1_0_client_gets_them_without_chunks(void **state)
{
    struct fix *f = *state;

    f->pieces = 2;
    f->done = true;
    check_answer(f, "GET /stream HTTP/1.0\r\n\r\n", 200, "\r\n\r\nssssssssssssssssssss");
}

static void a_source_may_have_nothing_for_now(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int fd = start(f, "/stream"), pulls;

    ps_buf_init(&in, 0);
    f->pieces = 1;
    hear_until(f, fd, &in, "ssssssssss");
    POLL_UNTIL(f, f->pulls >= 2);
    pulls = f->pulls;
    for (int i = 0; i < 50; i++)
        ps_loop_poll(f->loop);
    assert_int_equal(f->pulls, pulls); // it is not asked again and again
    f->pieces = 1;
    f->done = true;
    ps_http_wake(f->streamed);
    hear_until(f, fd, &in, "\r\n0\r\n\r\n");
    ps_buf_fini(&in);
    close(fd);
}

static void a_source_that_fails_cuts_the_connection(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int fd = start(f, "/stream");

    f->pieces = 1;
    f->fails = PS_EMALFORMED;
    hear_all(f, fd, &in);
    assert_null(strstr((char *)ps_buf_head(&in), "0\r\n\r\n"));
    assert_int_equal(f->ends, 1);
    ps_buf_fini(&in);
}

static void a_source_that_promises_and_never_gives_fails(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int fd = start(f, "/stream");

    f->piece = 0;
    f->pieces = SIZE_MAX;
    hear_all(f, fd, &in);
    assert_null(strstr((char *)ps_buf_head(&in), "0\r\n\r\n"));
    assert_int_equal(f->ends, 1);
    ps_buf_fini(&in);
}

static void a_client_that_goes_ends_the_stream(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int fd = start(f, "/stream");

    ps_buf_init(&in, 0);
    f->piece = 30000;
    f->pieces = 100000;
    hear_until(f, fd, &in, "ssss");
    close(fd);
    POLL_UNTIL(f, f->ends == 1);
    ps_buf_fini(&in);
}

static void a_client_that_goes_while_nothing_comes_is_noticed_at_the_next_piece(void **state)
{
    struct fix *f = *state;
    int fd = start(f, "/stream");

    POLL_UNTIL(f, f->pulls == 1);
    close(fd);
    ps_loop_poll(f->loop);
    f->pieces = 1000;
    ps_http_wake(f->streamed);
    POLL_UNTIL(f, f->ends == 1);
}

static void a_server_that_is_closed_ends_its_streams(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int running = start(f, "/stream"), waiting;

    ps_buf_init(&in, 0);
    f->piece = 30000;
    f->pieces = 100000;
    hear_until(f, running, &in, "ssss");
    f->pieces = 0;
    waiting = start(f, "/stream");
    POLL_UNTIL(f, f->requests == 2);
    for (int i = 0; i < 10; i++)
        ps_loop_poll(f->loop);
    ps_httpd_close(f->httpd);
    f->httpd = NULL;
    assert_int_equal(f->ends, 2);
    ps_buf_fini(&in);
    hear_all(f, running, &in);
    assert_null(in.data ? strstr((char *)ps_buf_head(&in), "\r\n0\r\n\r\n") : NULL);
    ps_buf_fini(&in);
    close(waiting);
}

static void a_reader_that_is_slow_is_not_pulled_for(void **state)
{
    struct fix *f = *state;
    int fd = client(f), small = 4096, pulls;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    f->piece = 30000;
    f->pieces = 100000;
    say(fd, "GET /stream HTTP/1.1\r\n" HOST LAST);
    do {
        pulls = f->pulls;
        for (int i = 0; i < 100; i++)
            ps_loop_poll(f->loop);
    } while (f->pulls > pulls);
    assert_true(f->pulls < 1000); // as much as the kernel takes
    check_answer(f, "GET /hello HTTP/1.1\r\n" HOST LAST, 200, "hello");
    close(fd);
}

static void a_client_that_takes_it_promptly_has_more_made_at_a_time(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    int fd = start(f, "/stream");

    f->piece = 10000;
    f->pieces = 1000;
    f->done = true;
    hear_all(f, fd, &in);
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->last_octets, 10000000);
    assert_true(f->ahead > PS_HTTP_PIECE);
    assert_true(f->ahead < (size_t)8 * PS_HTTP_PIECE);
    assert_int_equal(f->httpd->ahead, 0);
    ps_buf_fini(&in);
}

// Of clients that stop taking it, each holds what is made ahead, until that is enough for all of them.
static void what_is_made_ahead_has_a_bound(void **state)
{
    enum { CLIENTS = 20 };
    struct fix *f = *state;
    int fds[CLIENTS];
    char some[30000];
    size_t most = 0;

    f->piece = 10000;
    f->pieces = SIZE_MAX;
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = start(f, "/stream");
    for (int turn = 0; turn < 100; turn++) {
        for (int i = 0; i < CLIENTS; i++)
            while (recv(fds[i], some, sizeof some, MSG_DONTWAIT) > 0)
                ;
        ps_loop_poll(f->loop);
        most = f->httpd->ahead > most ? f->httpd->ahead : most;
    }
    assert_true(most > 0 && most <= (size_t)2 << 20);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    POLL_UNTIL(f, f->ends == CLIENTS);
    assert_int_equal(f->httpd->ahead, 0);
}

static size_t gunzip(const char *data, size_t len, char *out, size_t size)
{
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)data,
                  .avail_in = (unsigned)len,
                  .next_out = (Bytef *)out,
                  .avail_out = (unsigned)size};

    assert_int_equal(inflateInit2(&z, 31), Z_OK);
    inflate(&z, Z_SYNC_FLUSH);
    inflateEnd(&z);
    return z.total_out;
}

static void a_stream_is_compressed_for_those_who_accept_it(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    char *body, *end, out[65536];
    unsigned long chunk;
    int fd = start(f, "/gzip");

    f->piece = 1000;
    f->pieces = 50;
    f->done = true;
    hear_all(f, fd, &in);
    assert_non_null(strstr((char *)ps_buf_head(&in), "Content-Encoding: gzip\r\n"));
    assert_non_null(strstr((char *)ps_buf_head(&in), "Vary: Accept-Encoding\r\n"));
    assert_true(ps_buf_len(&in) < 1000);
    body = strstr((char *)ps_buf_head(&in), "\r\n\r\n") + 4;
    chunk = strtoul(body, &end, 16);
    assert_int_equal(gunzip(end + 2, chunk, out, sizeof out), 50000);
    ps_buf_fini(&in);
    f->pieces = 1;
    check_answer(f, "GET /gzip HTTP/1.1\r\n" HOST LAST, 200, "sssss");
    f->pieces = 1;
    check_answer(f, "GET /gzip HTTP/1.1\r\n" HOST "Accept-Encoding: gzip;q=0\r\n" LAST, 200, "sssss");
}

static void so_many_are_compressed_at_a_time_and_no_more(void **state)
{
    enum { CLIENTS = 65 };
    struct fix *f = *state;
    int fds[CLIENTS];

    f->httpd->conf.conns_per_net = 0;
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = start(f, "/gzip");
    POLL_UNTIL(f, f->requests == CLIENTS);
    assert_int_equal(f->httpd->gzips, CLIENTS - 1);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    f->pieces = 1;
    f->done = true;
    ps_httpd_close(f->httpd);
    f->httpd = NULL;
}

// What was given so far reaches the client while the source has nothing.
static void a_compressed_stream_that_waits_holds_nothing_back(void **state)
{
    struct fix *f = *state;
    struct ps_buf in;
    char out[100], *body, *end;
    int fd = start(f, "/gzip");

    ps_buf_init(&in, 0);
    f->pieces = 1;
    hear_until(f, fd, &in, "\r\n\r\n");
    POLL_UNTIL(f, f->pulls >= 2);
    for (int i = 0; i < 20; i++)
        hear_some(f, fd, &in);
    body = strstr((char *)ps_buf_head(&in), "\r\n\r\n") + 4;
    strtoul(body, &end, 16);
    assert_int_equal(
        gunzip(end + 2, ps_buf_len(&in) - (size_t)(end + 2 - (char *)ps_buf_head(&in)), out, sizeof out), 10);
    ps_buf_fini(&in);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pieces_come_as_chunks),
        TEST(an_http_1_0_client_gets_them_without_chunks),
        TEST(a_source_may_have_nothing_for_now),
        TEST(a_source_that_fails_cuts_the_connection),
        TEST(a_source_that_promises_and_never_gives_fails),
        TEST(a_client_that_goes_ends_the_stream),
        TEST(a_client_that_goes_while_nothing_comes_is_noticed_at_the_next_piece),
        TEST(a_server_that_is_closed_ends_its_streams),
        TEST(a_reader_that_is_slow_is_not_pulled_for),
        TEST(a_client_that_takes_it_promptly_has_more_made_at_a_time),
        TEST(what_is_made_ahead_has_a_bound),
        TEST(a_stream_is_compressed_for_those_who_accept_it),
        TEST(a_compressed_stream_that_waits_holds_nothing_back),
        TEST(so_many_are_compressed_at_a_time_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
