// SPDX-License-Identifier: Apache-2.0
// The client's side of a control socket: blocking, for commands.
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "loop/ps_ctl_impl.h"

#define CHUNK ((size_t)65536)

struct call {
    const char *path;
    int fd;
    ps_ns deadline;
    struct ps_fault *fault;
};

static int fail(const struct call *c, int err, const char *what)
{
    ps_fault_set(c->fault, c->path, 0, "%s", what);
    return err;
}

static int left_ms(const struct call *c)
{
    ps_ns left = c->deadline - ps_loop_mono();

    if (left <= 0)
        return 0;
    return left < INT32_MAX * PS_MSEC ? (int)((left + PS_MSEC - 1) / PS_MSEC) : INT32_MAX;
}

static int wait_for(const struct call *c, short events)
{
    struct pollfd p = {.fd = c->fd, .events = events};
    int n;

    do
        n = poll(&p, 1, left_ms(c));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fail(c, -errno, strerror(errno));
    return n > 0 ? 0 : fail(c, PS_ETIMEOUT, "no answer in time");
}

const char *ps_ctl_connect_words(int err)
{
    switch (err) {
    case ENOENT:
        return "there is no such socket; is the daemon running?";
    case ECONNREFUSED:
        return "nobody listens on this socket; the daemon that made it is gone";
    case EACCES:
    case EPERM:
        return "permission denied; the socket's mode and group say who may ask";
    case EAGAIN:
    case EINPROGRESS:
        return "the daemon takes no connection";
    default:
        return strerror(err);
    }
}

static int connect_failed(const struct call *c, int err)
{
    return fail(c, err == EAGAIN || err == EINPROGRESS ? PS_ETIMEOUT : -err, ps_ctl_connect_words(err));
}

// A connect to a Unix socket cannot be polled for, but it keeps to the time for sending.
static int open_call(struct call *c)
{
    struct sockaddr_un sa;
    int ms = left_ms(c), err = ps_ctl_address(c->path, &sa, c->fault);
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 + 1};

    if (err)
        return err;
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return fail(c, -errno, strerror(errno));
    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
    do
        err = connect(c->fd, (struct sockaddr *)&sa, sizeof sa) < 0 ? errno : 0;
    while (err == EINTR);
    return err ? connect_failed(c, err) : 0;
}

// A daemon that refuses may have answered and closed before it has read all: its answer is what counts.
static int send_all(const struct call *c, const char *line, size_t n)
{
    int err = 0;

    while (n > 0 && !err) {
        ssize_t sent = send(c->fd, line, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            line += sent;
            n -= (size_t)sent;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return 0;
        } else if (errno == EAGAIN) {
            err = wait_for(c, POLLOUT);
        } else if (errno != EINTR) {
            err = fail(c, -errno, strerror(errno));
        }
    }
    return err;
}

// 1 when a line's end came, its length in *len.
static int read_some(const struct call *c, struct ps_buf *b, size_t *len)
{
    uint8_t *p, *eol;
    ssize_t n;
    int err = ps_buf_reserve(b, CHUNK, &p);

    if (err)
        return fail(c, err, err == PS_ELIMIT ? "the answer is too long" : ps_strerror(err));
    n = recv(c->fd, p, CHUNK, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return fail(c, PS_ECLOSED, "the daemon closed the connection without a whole answer");
    if (n < 0 && errno == EAGAIN)
        return wait_for(c, POLLIN);
    if (n < 0)
        return errno == EINTR ? 0 : fail(c, -errno, strerror(errno));
    ps_buf_commit(b, (size_t)n);
    eol = memchr(p, '\n', (size_t)n);
    if (!eol)
        return 0;
    *eol = '\0';
    *len = (size_t)(eol - b->data);
    return 1;
}

static int talk(struct call *c, const char *line, size_t n, char **reply, size_t *len)
{
    struct ps_buf b;
    int err = open_call(c), got = 0;

    if (!err)
        err = send_all(c, line, n);
    if (err)
        return err;
    ps_buf_init(&b, PS_CTL_REPLY_MAX + CHUNK);
    while (got == 0)
        got = read_some(c, &b, len);
    if (got < 0)
        ps_buf_fini(&b);
    else
        *reply = (char *)b.data;
    return got < 0 ? got : 0;
}

int ps_ctl_call(const char *path, const char *line, ps_ns timeout, char **reply, size_t *len,
                struct ps_fault *fault)
{
    struct call c = {.path = path, .fd = -1, .deadline = ps_loop_mono() + timeout, .fault = fault};
    size_t n = strlen(line);
    char *text;
    int err;

    if (n == 0 || memchr(line, '\n', n))
        return fail(&c, -EINVAL, "a request is one line");
    text = ps_ctl_line(line, &n);
    if (!text)
        return fail(&c, -ENOMEM, ps_strerror(-ENOMEM));
    err = talk(&c, text, n, reply, len);
    free(text);
    if (c.fd >= 0)
        close(c.fd);
    return err;
}
