// SPDX-License-Identifier: Apache-2.0
// A control socket in a directory of its own that keeps the requests it is given, and plain clients.
// For the tests of ps_ctl.h.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_ctl.h"

#define GUARD (60 * PS_SEC)
#define REQUESTS 100

struct fix {
    struct ps_loop *loop;
    struct ps_ctl *ctl;
    char dir[32];
    char path[48];
    struct ps_fault fault;
    // what came
    size_t n;
    struct ps_ctl_request reqs[REQUESTS];
    char line[256]; // the last one's first octets
    size_t len;
    bool echo;        // answer at once with the line itself
    const char *stop; // close at this line
};

#define POLL_UNTIL(f, condition)                          \
    do {                                                  \
        ps_ns poll_end = ps_loop_mono() + GUARD;          \
        while (!(condition) && ps_loop_mono() < poll_end) \
            ps_loop_poll((f)->loop);                      \
        assert_true(condition);                           \
    } while (0)

static inline void fix_close(struct fix *f)
{
    ps_ctl_close(f->ctl);
    f->ctl = NULL;
}

static inline void fix_request(void *ctx, struct ps_ctl_request req, const char *line, size_t len)
{
    struct fix *f = ctx;

    assert_int_equal(line[len], 0);
    assert_true(f->n < REQUESTS);
    f->reqs[f->n++] = req;
    f->len = len;
    snprintf(f->line, sizeof f->line, "%s", line);
    if (f->echo)
        assert_int_equal(ps_ctl_reply(req, line, len), 0);
    if (f->stop && strcmp(line, f->stop) == 0)
        fix_close(f);
}

static inline int fix_listen(struct fix *f)
{
    return ps_ctl_listen(f->loop, f->path, PS_CTL_MODE, fix_request, f, &f->ctl, &f->fault);
}

static inline int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);

    assert_non_null(f);
    strcpy(f->dir, "/tmp/ps_ctl.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/control", f->dir);
    assert_int_equal(ps_loop_new(&f->loop), 0);
    assert_int_equal(fix_listen(f), 0);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fix *f = *state;

    fix_close(f);
    ps_loop_free(f->loop);
    unlink(f->path);
    rmdir(f->dir);
    free(f);
    return 0;
}

static inline struct sockaddr_un address(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};

    snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
    return sa;
}

// A plain client that does not block.
static inline int client(const struct fix *f)
{
    struct sockaddr_un sa = address(f->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    return fd;
}

static inline void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

// Reads until n octets have come or the connection has ended; what came ends with a NUL.
static inline size_t hear(struct fix *f, int fd, char *out, size_t n)
{
    ps_ns end = ps_loop_mono() + GUARD;
    size_t got = 0;
    ssize_t r = 1;

    while (got < n && r != 0 && ps_loop_mono() < end) {
        ps_loop_poll(f->loop);
        r = recv(fd, out + got, n - got, 0);
        if (r > 0)
            got += (size_t)r;
        else if (r < 0 && errno != EAGAIN)
            r = 0;
    }
    assert_true(ps_loop_mono() < end);
    out[got] = '\0';
    return got;
}

static inline void check_heard(struct fix *f, int fd, const char *expected)
{
    char text[1024];

    assert_true(strlen(expected) < sizeof text);
    hear(f, fd, text, strlen(expected));
    assert_string_equal(text, expected);
}

static inline void check_ended(struct fix *f, int fd)
{
    char c[2];

    assert_int_equal(hear(f, fd, c, 1), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
