// SPDX-License-Identifier: Apache-2.0
#include "stream_fix.h"
#include <malloc.h>

#define BIG ((size_t)8 << 20)

static void send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

// Reads what has come: > 0 octets, 0 at the end, -errno (-EAGAIN: nothing yet).
static ssize_t read_some(int fd, void *out, size_t n)
{
    ssize_t got = recv(fd, out, n, MSG_DONTWAIT);

    return got < 0 ? -errno : got;
}

struct sink {
    int fd;
    size_t got;
    ssize_t last;
    uint8_t first[64];
    bool pattern; // each octet has to be its place's low eight bits
    size_t wrong;
};

static bool sink_has(struct sink *k, size_t n)
{
    uint8_t buf[65536];

    k->last = read_some(k->fd, buf, sizeof buf);
    for (ssize_t i = 0; i < k->last; i++) {
        if (k->got + (size_t)i < sizeof k->first)
            k->first[k->got + (size_t)i] = buf[i];
        k->wrong += k->pattern && buf[i] != (uint8_t)(k->got + (size_t)i);
    }
    if (k->last > 0)
        k->got += (size_t)k->last;
    return k->got >= n;
}

static bool sink_ended(struct sink *k)
{
    sink_has(k, 0);
    return k->last == 0 || (k->last < 0 && k->last != -EAGAIN);
}

// data

static void octets_of_the_peer_arrive(void **state)
{
    struct fix *f = *state;
    int fd = accepted_pair(f);

    fix_start(f);
    send_text(fd, "hello");
    RUN_UNTIL(f, f->received == 5);
    assert_string_equal(f->text, "hello");
    assert_int_equal(f->ends, 0);
    close(fd);
}

static void octets_that_came_before_the_start_are_kept(void **state)
{
    struct fix *f = *state;
    int fd = accepted_pair(f);

    send_text(fd, "early");
    for (int i = 0; i < 5; i++)
        ps_loop_poll(f->loop);
    fix_start(f);
    RUN_UNTIL(f, f->received == 5);
    assert_string_equal(f->text, "early");
    close(fd);
}

static void a_paused_stream_reads_nothing_until_resumed(void **state)
{
    struct fix *f = *state;
    int fd = accepted_pair(f);

    fix_start(f);
    ps_stream_pause(f->accepted);
    send_text(fd, "x");
    for (int i = 0; i < 20; i++)
        ps_loop_poll(f->loop);
    assert_int_equal(f->received, 0);
    ps_stream_resume(f->accepted);
    RUN_UNTIL(f, f->received == 1);
    close(fd);
}

static void writes_arrive_whole_and_in_order(void **state)
{
    struct fix *f = *state;
    struct sink sink = {.fd = accepted_pair(f), .pattern = true};
    uint8_t chunk[1000];
    size_t put = 0;

    fix_start(f);
    while (put < BIG) {
        for (size_t i = 0; i < sizeof chunk; i++)
            chunk[i] = (uint8_t)(put + i);
        if (ps_stream_write(f->accepted, chunk, sizeof chunk) == 0)
            put += sizeof chunk;
        ps_loop_poll(f->loop);
        sink_has(&sink, 0);
    }
    POLL_UNTIL(f, sink_has(&sink, put));
    assert_int_equal(sink.got, put);
    assert_int_equal(sink.wrong, 0);
    close(sink.fd);
}

static void drained_follows_every_write_that_left(void **state)
{
    struct fix *f = *state;
    int fd = accepted_pair(f);

    fix_start(f);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(ps_stream_write(f->accepted, "abc", 3), 0);
        assert_int_equal(f->drains, i - 1);
        RUN_UNTIL(f, f->drains == i);
        assert_int_equal(ps_stream_pending(f->accepted), 0);
    }
    close(fd);
}

static void an_empty_write_is_nothing(void **state)
{
    struct fix *f = *state;
    int fd = accepted_pair(f);

    fix_start(f);
    assert_int_equal(ps_stream_write(f->accepted, "", 0), 0);
    ps_loop_poll(f->loop);
    assert_int_equal(f->drains, 0);
    close(fd);
}

// bounds

static int write_until_refused(struct fix *f, size_t limit, size_t *put)
{
    static const uint8_t chunk[16384];
    int rc = 0;

    for (int full = 0; full < 100;) {
        rc = ps_stream_write(f->accepted, chunk, sizeof chunk);
        *put += rc == 0 ? sizeof chunk : 0;
        full = rc == 0 ? 0 : full + 1;
        assert_true(ps_stream_pending(f->accepted) <= limit);
        assert_true(*put < 100 * BIG);
        ps_loop_poll(f->loop);
    }
    return rc;
}

static void a_peer_that_does_not_read_cannot_make_us_hold_more_than_the_limit(void **state)
{
    struct fix *f = *state;
    struct sink sink = {.fd = accepted_pair(f)};
    size_t limit = 100000, put = 0;

    fix_start(f);
    ps_stream_limit(f->accepted, limit);
    assert_int_equal(write_until_refused(f, limit, &put), PS_ELIMIT);
    assert_int_equal(f->ends, 0);
    f->drains = 0;
    POLL_UNTIL(f, sink_has(&sink, put));
    POLL_UNTIL(f, f->drains == 1);
    assert_int_equal(sink.got, put);
    assert_int_equal(ps_stream_write(f->accepted, "x", 1), 0);
    close(sink.fd);
}

static void a_write_larger_than_the_limit_is_refused_whole(void **state)
{
    struct fix *f = *state;
    struct sink sink = {.fd = accepted_pair(f)};

    fix_start(f);
    ps_stream_limit(f->accepted, 4);
    assert_int_equal(ps_stream_write(f->accepted, "12345", 5), PS_ELIMIT);
    assert_int_equal(ps_stream_write(f->accepted, "1234", 4), 0);
    ps_stream_limit(f->accepted, 2); // below what waits
    assert_int_equal(ps_stream_write(f->accepted, "5", 1), PS_ELIMIT);
    POLL_UNTIL(f, sink_has(&sink, 4));
    assert_memory_equal(sink.first, "1234", 4);
    close(sink.fd);
}

// ends

static void the_end_of_the_peer_is_told_once(void **state)
{
    struct fix *f = *state;
    int fd = accepted_pair(f);

    fix_start(f);
    send_text(fd, "bye");
    close(fd);
    RUN_UNTIL(f, f->ends);
    assert_string_equal(f->text, "bye");
    assert_int_equal(f->end_err, PS_ECLOSED);
    ps_stream_resume(f->accepted);
    for (int i = 0; i < 5; i++)
        ps_loop_poll(f->loop);
    assert_int_equal(f->ends, 1);
}

static void a_half_closed_peer_can_still_be_answered(void **state)
{
    struct fix *f = *state;
    struct sink sink = {.fd = accepted_pair(f)};

    fix_start(f);
    send_text(sink.fd, "question");
    shutdown(sink.fd, SHUT_WR);
    RUN_UNTIL(f, f->ends);
    assert_int_equal(f->end_err, PS_ECLOSED);
    assert_int_equal(ps_stream_write(f->accepted, "answer", 6), 0);
    ps_stream_close(f->accepted, 5 * PS_SEC);
    f->accepted = NULL;
    POLL_UNTIL(f, sink_ended(&sink));
    assert_int_equal(sink.last, 0);
    assert_memory_equal(sink.first, "answer", 6);
    close(sink.fd);
}

static void reset_and_close(int fd)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
}

static void a_connection_reset_is_told_as_that(void **state)
{
    struct fix *f = *state;
    int fd = accepted_pair(f);

    fix_start(f);
    reset_and_close(fd);
    RUN_UNTIL(f, f->ends);
    assert_int_equal(f->end_err, -ECONNRESET);
}

static void the_last_words_of_a_peer_come_before_the_broken_write(void **state)
{
    struct fix *f = *state;
    int fd = accepted_pair(f);

    send_text(fd, "refused");
    close(fd);
    fix_start(f);
    assert_int_equal(ps_stream_write(f->accepted, "1", 1), 0); // answered by a reset
    assert_int_equal(ps_stream_write(f->accepted, "2", 1), 0); // broken pipe
    RUN_UNTIL(f, f->ends);
    assert_string_equal(f->text, "refused");
    assert_int_equal(f->end_err, PS_ECLOSED);
    for (int i = 0; i < 5; i++)
        ps_loop_poll(f->loop);
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->drains, 0);
    assert_true(ps_stream_write(f->accepted, "3", 1) != 0);
}

static void a_broken_write_is_told_at_once_where_nobody_reads(void **state)
{
    struct fix *f = *state;
    int fd = accepted_pair(f);

    fix_start(f);
    ps_stream_pause(f->accepted);
    reset_and_close(fd);
    assert_int_equal(ps_stream_write(f->accepted, "1", 1), 0);
    assert_int_equal(ps_stream_write(f->accepted, "2", 1), 0);
    RUN_UNTIL(f, f->ends);
    assert_true(f->end_err == -EPIPE || f->end_err == -ECONNRESET);
}

static void a_write_that_breaks_before_the_start_is_told_after_it(void **state)
{
    struct fix *f = *state;
    int fd = accepted_pair(f);

    reset_and_close(fd);
    assert_int_equal(ps_stream_write(f->accepted, "1", 1), 0);
    for (int i = 0; i < 5; i++)
        ps_loop_poll(f->loop);
    fix_start(f);
    RUN_UNTIL(f, f->ends);
    assert_int_equal(f->end_err, -ECONNRESET);
}

// closing

static void close_at_once(void *ctx, const uint8_t *data, size_t n)
{
    struct fix *f = ctx;

    fix_data(ctx, data, n);
    ps_stream_close(f->accepted, 0);
    f->accepted = NULL;
}

static void a_stream_may_be_closed_from_inside_its_data(void **state)
{
    static const struct ps_stream_ops ops = {close_at_once, fix_ended, fix_drained};
    struct fix *f = *state;
    struct sink sink = {.fd = accepted_pair(f)};

    ps_stream_start(f->accepted, &ops, f);
    assert_int_equal(ps_stream_write(f->accepted, "x", 1), 0);
    send_text(sink.fd, "1");
    POLL_UNTIL(f, sink_ended(&sink));
    assert_int_equal(f->received, 1);
    assert_int_equal(f->ends, 0);
    close(sink.fd);
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    ps_stream_close(NULL, PS_SEC);
    ps_listener_close(NULL);
    ps_connect_cancel(NULL);
}

static void a_lingering_close_sends_all_that_is_queued(void **state)
{
    static const uint8_t block[3 << 20];
    struct fix *f = *state;
    struct sink sink = {.fd = accepted_pair(f)};

    assert_int_equal(ps_stream_write(f->accepted, block, sizeof block), 0);
    ps_stream_close(f->accepted, 10 * PS_SEC);
    f->accepted = NULL;
    POLL_UNTIL(f, sink_ended(&sink));
    assert_int_equal(sink.last, 0);
    assert_int_equal(sink.got, sizeof block);
    close(sink.fd);
}

static void a_refusal_reaches_a_peer_whose_words_were_never_read(void **state)
{
    struct fix *f = *state;
    struct sink sink = {.fd = plain_connect(f, "127.0.0.1")};

    send_text(sink.fd, "a long request");
    RUN_UNTIL(f, f->accepted);
    assert_int_equal(ps_stream_write(f->accepted, "no", 2), 0);
    ps_stream_close(f->accepted, 10 * PS_SEC);
    f->accepted = NULL;
    for (int i = 0; i < 5; i++)
        ps_loop_poll(f->loop);
    send_text(sink.fd, "more of it");
    POLL_UNTIL(f, sink_ended(&sink));
    assert_int_equal(sink.last, 0); // not a reset
    assert_memory_equal(sink.first, "no", 2);
    close(sink.fd);
}

static void a_lingering_close_ends_when_the_peer_does(void **state)
{
    struct fix *f = *state;
    ps_ns begin = ps_loop_mono();
    int fd = accepted_pair(f);

    ps_stream_close(f->accepted, 3600 * PS_SEC);
    f->accepted = NULL;
    close(fd);
    ps_listener_close(f->listener);
    f->listener = NULL;
    ps_loop_run(f->loop); // until nothing is left
    assert_true(ps_loop_mono() - begin < 60 * PS_SEC);
}

static void a_lingering_close_is_bounded(void **state)
{
    static const uint8_t block[4 << 20];
    struct fix *f = *state;
    ps_ns begin = ps_loop_mono();
    int fd = accepted_pair(f);

    ps_stream_limit(f->accepted, 2 * BIG);
    for (int i = 0; i < 4; i++)
        assert_int_equal(ps_stream_write(f->accepted, block, sizeof block), 0);
    ps_stream_close(f->accepted, 30 * PS_MSEC);
    f->accepted = NULL;
    ps_listener_close(f->listener);
    f->listener = NULL;
    ps_loop_run(f->loop);
    assert_true(ps_loop_mono() - begin >= 30 * PS_MSEC);
    assert_true(ps_loop_mono() - begin < 60 * PS_SEC);
    close(fd);
}

static void freeing_the_loop_lets_a_lingering_stream_finish(void **state)
{
    static const uint8_t block[1 << 20];
    struct fix *f = *state;
    struct sink sink = {.fd = accepted_pair(f)};

    assert_int_equal(ps_stream_write(f->accepted, block, sizeof block), 0);
    shutdown(sink.fd, SHUT_WR);
    ps_stream_close(f->accepted, 20 * PS_MSEC);
    f->accepted = NULL; // the fixture's teardown frees the loop
    ps_loop_poll(f->loop);
    sink_has(&sink, 1);
    close(sink.fd);
}

static void freeing_the_loop_closes_a_forgotten_stream(void **state)
{
    static const uint8_t block[4 << 20];
    struct fix *f = *state;
    int fd = accepted_pair(f);

    fix_start(f);
    assert_int_equal(ps_stream_write(f->accepted, block, sizeof block), 0);
    f->accepted = NULL;
    ps_listener_close(f->listener);
    ps_timer_free(f->guard);
    ps_loop_free(f->loop);
    assert_int_equal(f->ends, 0);
    close(fd);
    free(f);
}

// a connection's properties

static void both_addresses_are_known(void **state)
{
    struct fix *f = *state;
    struct ps_addr a = address("127.0.0.1", fix_port(f));
    int fd = accepted_pair(f);

    assert_true(ps_addr_equal(ps_stream_local(f->accepted), &a));
    assert_true(ps_addr_same_host(ps_stream_peer(f->accepted), &a));
    assert_true(ps_addr_port(ps_stream_peer(f->accepted)) != 0);
    close(fd);
}

#define IDLE 200

// Under a sanitizer's allocator mallinfo2 says nothing, and this only tries that nothing mixes.
static void an_idle_connection_holds_no_buffer(void **state)
{
    static const struct ps_stream_ops ops = {fix_data, fix_ended, NULL};
    struct fix *f = *state;
    struct ps_stream *streams[IDLE];
    int fds[IDLE];
    size_t before = mallinfo2().uordblks;

    for (int i = 0; i < IDLE; i++) {
        fds[i] = accepted_pair(f);
        streams[i] = f->accepted;
        f->accepted = NULL;
        ps_stream_start(streams[i], &ops, f);
        send_text(fds[i], "y");
    }
    RUN_UNTIL(f, f->received == IDLE);
    assert_in_range((mallinfo2().uordblks - before) / IDLE, 0, 2048);
    for (int i = 0; i < IDLE; i++) {
        assert_int_equal(f->text[i], 'y');
        ps_stream_close(streams[i], 0);
        close(fds[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(octets_of_the_peer_arrive),
        TEST(octets_that_came_before_the_start_are_kept),
        TEST(a_paused_stream_reads_nothing_until_resumed),
        TEST(writes_arrive_whole_and_in_order),
        TEST(drained_follows_every_write_that_left),
        TEST(an_empty_write_is_nothing),
        TEST(a_peer_that_does_not_read_cannot_make_us_hold_more_than_the_limit),
        TEST(a_write_larger_than_the_limit_is_refused_whole),
        TEST(the_end_of_the_peer_is_told_once),
        TEST(a_half_closed_peer_can_still_be_answered),
        TEST(a_connection_reset_is_told_as_that),
        TEST(the_last_words_of_a_peer_come_before_the_broken_write),
        TEST(a_broken_write_is_told_at_once_where_nobody_reads),
        TEST(a_write_that_breaks_before_the_start_is_told_after_it),
        TEST(a_stream_may_be_closed_from_inside_its_data),
        TEST(closing_nothing_is_fine),
        TEST(a_lingering_close_sends_all_that_is_queued),
        TEST(a_refusal_reaches_a_peer_whose_words_were_never_read),
        TEST(a_lingering_close_ends_when_the_peer_does),
        TEST(a_lingering_close_is_bounded),
        TEST(freeing_the_loop_lets_a_lingering_stream_finish),
        cmocka_unit_test_setup(freeing_the_loop_closes_a_forgotten_stream, setup),
        TEST(both_addresses_are_known),
        TEST(an_idle_connection_holds_no_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
