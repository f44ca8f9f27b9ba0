// SPDX-License-Identifier: Apache-2.0
// A loop with a guard timer, and a listener on a free port of the loopback that keeps the last
// stream it was given. For the tests of ps_stream.h.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_stream.h"

#define GUARD (60 * PS_SEC)

struct fix {
    struct ps_loop *loop;
    struct ps_timer *guard;
    bool late;
    struct ps_listener *listener;
    struct ps_stream *accepted;
    int accepts;
    // what ps_connect told
    int connects;
    int connect_err;
    struct ps_stream *connected;
    // what the accepted stream told
    size_t received;
    char text[256]; // the first octets received
    int ends;
    int end_err;
    int drains;
};

static inline void fix_late(void *ctx)
{
    struct fix *f = ctx;

    f->late = true;
    ps_loop_stop(f->loop);
}

// Runs until the condition holds; every callback of the fixture stops the loop to have it looked at.
#define RUN_UNTIL(f, condition)            \
    do {                                   \
        ps_timer_start((f)->guard, GUARD); \
        while (!(condition) && !(f)->late) \
            ps_loop_run((f)->loop);        \
        ps_timer_stop((f)->guard);         \
        assert_true(condition);            \
    } while (0)

// The same where the other end is a plain socket of the test, which stops no loop.
#define POLL_UNTIL(f, condition)                          \
    do {                                                  \
        ps_ns poll_end = ps_loop_mono() + GUARD;          \
        while (!(condition) && ps_loop_mono() < poll_end) \
            ps_loop_poll((f)->loop);                      \
        assert_true(condition);                           \
    } while (0)

static inline void fix_accept(void *ctx, struct ps_stream *s)
{
    struct fix *f = ctx;

    ps_stream_close(f->accepted, 0);
    f->accepted = s;
    f->accepts++;
    ps_loop_stop(f->loop);
}

static inline void fix_connected(void *ctx, int err, struct ps_stream *s)
{
    struct fix *f = ctx;

    f->connects++;
    f->connect_err = err;
    f->connected = s;
    ps_loop_stop(f->loop);
}

static inline void fix_data(void *ctx, const uint8_t *data, size_t n)
{
    struct fix *f = ctx;

    for (size_t i = 0; i < n && f->received + i < sizeof f->text - 1; i++)
        f->text[f->received + i] = (char)data[i];
    f->received += n;
    ps_loop_stop(f->loop);
}

static inline void fix_ended(void *ctx, int err)
{
    struct fix *f = ctx;

    f->ends++;
    f->end_err = err;
    ps_loop_stop(f->loop);
}

static inline void fix_drained(void *ctx)
{
    struct fix *f = ctx;

    f->drains++;
    ps_loop_stop(f->loop);
}

static inline void fix_start(struct fix *f)
{
    static const struct ps_stream_ops ops = {fix_data, fix_ended, fix_drained};

    ps_stream_start(f->accepted, &ops, f);
}

static inline struct ps_addr address(const char *text, uint16_t port)
{
    struct ps_addr a;

    assert_int_equal(ps_addr_parse(text, port, &a), 0);
    return a;
}

static inline int fix_listen(struct fix *f, const char *text, int backlog)
{
    struct ps_addr a = address(text, 0);

    ps_listener_close(f->listener);
    f->listener = NULL;
    return ps_listen(f->loop, &a, NULL, backlog, fix_accept, f, &f->listener);
}

static inline uint16_t fix_port(const struct fix *f)
{
    return ps_addr_port(ps_listener_addr(f->listener));
}

static inline int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_int_equal(ps_loop_new(&f->loop), 0);
    assert_int_equal(ps_timer_new(f->loop, &f->guard, fix_late, f), 0);
    assert_int_equal(fix_listen(f, "127.0.0.1", 16), 0);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fix *f = *state;

    ps_stream_close(f->accepted, 0);
    ps_stream_close(f->connected, 0);
    ps_listener_close(f->listener);
    ps_timer_free(f->guard);
    ps_loop_free(f->loop);
    free(f);
    return 0;
}

// A plain blocking socket connected to the listener (the kernel answers before accept).
static inline int plain_connect(const struct fix *f, const char *to)
{
    struct ps_addr a = address(to, fix_port(f));
    int fd = socket(a.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &a.sa, a.len), 0);
    return fd;
}

// A plain socket whose other end is f->accepted.
static inline int accepted_pair(struct fix *f)
{
    int fd = plain_connect(f, "127.0.0.1");

    RUN_UNTIL(f, f->accepted);
    return fd;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
