// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_stream.h"
#include <errno.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_uv.h"

#define PENDING_DEFAULT ((size_t)4 << 20)

// A dead peer is noticed after some 15 minutes; shorter outages are what these tools measure, and a
// control connection has to outlive them.
#define KEEPALIVE_IDLE_S 300
#define KEEPALIVE_INTERVAL_S 60
#define KEEPALIVE_PROBES 10

struct ps_stream {
    uv_tcp_t tcp;
    struct ps_loop *loop;
    struct ps_stream_ops ops;
    void *ctx;
    struct ps_addr local, peer;
    size_t pending, max_pending;
    int write_err; // what broke the sending side
    bool reading;  // wanted by the owner
    bool eof;      // nothing more can come
    bool told;     // `ended` was called
    bool closing;  // the owner has let go; what follows is ours
    bool sent_all; // closing: our end was sent behind the last octet
    bool gone;     // uv_close was called
    uv_shutdown_t shutdown;
    struct ps_timer *linger;
};

struct write {
    uv_write_t req;
    size_t n;
    char data[];
};

int ps_sock_tcp(int family, const char *device, int *fd)
{
    int s;
    int rc = 0;

    if (device && strlen(device) >= IFNAMSIZ)
        return -ENODEV;
    s = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0)
        return -errno;
    if (device && setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) < 0)
        rc = -errno;
    if (rc)
        close(s);
    else
        *fd = s;
    return rc;
}

static void set_int(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof value);
}

// Useful but not needed: a connection without them works as well.
static void tune(int fd)
{
    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
}

int ps_stream_from_fd(struct ps_loop *l, int fd, struct ps_stream **out)
{
    struct ps_stream *s = calloc(1, sizeof *s);
    int rc;

    if (!s) {
        close(fd);
        return -ENOMEM;
    }
    uv_tcp_init(ps_loop_uv(l), &s->tcp);
    s->tcp.data = s;
    s->loop = l;
    s->max_pending = PENDING_DEFAULT;
    rc = uv_tcp_open(&s->tcp, fd);
    if (rc) {
        close(fd);
        ps_stream_close(s, 0);
        return rc;
    }
    *out = s;
    return 0;
}

uv_tcp_t *ps_stream_uv(struct ps_stream *s)
{
    return &s->tcp;
}

static int ask_address(const uv_tcp_t *tcp, int (*ask)(const uv_tcp_t *, struct sockaddr *, int *),
                       struct ps_addr *out)
{
    struct sockaddr_storage ss;
    int len = sizeof ss;
    int rc = ask(tcp, (struct sockaddr *)&ss, &len);

    if (rc == 0)
        rc = ps_addr_from_sockaddr((struct sockaddr *)&ss, (socklen_t)len, out);
    if (rc == 0)
        ps_addr_unmap(out);
    return rc;
}

int ps_stream_connected(struct ps_stream *s)
{
    uv_os_fd_t fd;
    int rc = uv_fileno((uv_handle_t *)&s->tcp, &fd);

    if (rc == 0)
        rc = ask_address(&s->tcp, uv_tcp_getsockname, &s->local);
    if (rc == 0)
        rc = ask_address(&s->tcp, uv_tcp_getpeername, &s->peer);
    if (rc == 0)
        tune(fd);
    return rc;
}

static void stream_closed(uv_handle_t *h)
{
    free(h->data);
}

static void stream_drop(struct ps_stream *s)
{
    if (s->gone)
        return;
    s->gone = true;
    ps_timer_free(s->linger);
    uv_close((uv_handle_t *)&s->tcp, stream_closed);
}

static void tell_ended(struct ps_stream *s, int err)
{
    if (s->told || s->closing || !s->ops.ended)
        return;
    s->told = true;
    uv_read_stop((uv_stream_t *)&s->tcp);
    s->ops.ended(s->ctx, err);
}

// reading

static void give_scratch(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct ps_stream *s = h->data;

    (void)suggested;
    *buf = uv_buf_init(ps_loop_scratch(s->loop), PS_LOOP_SCRATCH);
}

// A write that failed has taken the reason with it; EPIPE is no reason.
static int end_reason(const struct ps_stream *s, int err)
{
    if (err != UV_EOF)
        return err;
    return s->write_err && s->write_err != -EPIPE ? s->write_err : PS_ECLOSED;
}

static void read_ended(struct ps_stream *s, int err)
{
    s->eof = true;
    if (s->closing && (s->sent_all || err != UV_EOF))
        stream_drop(s);
    else if (s->closing)
        uv_read_stop((uv_stream_t *)&s->tcp);
    else
        tell_ended(s, end_reason(s, err));
}

static void read_done(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
    struct ps_stream *s = uv->data;

    if (n < 0)
        read_ended(s, (int)n);
    else if (n > 0 && !s->closing)
        s->ops.data(s->ctx, (const uint8_t *)buf->base, (size_t)n);
}

static void read_as_wanted(struct ps_stream *s)
{
    if (s->reading && !s->eof && !s->told && !s->closing)
        uv_read_start((uv_stream_t *)&s->tcp, give_scratch, read_done);
    else
        uv_read_stop((uv_stream_t *)&s->tcp);
}

void ps_stream_start(struct ps_stream *s, const struct ps_stream_ops *ops, void *ctx)
{
    s->ops = *ops;
    s->ctx = ctx;
    ps_stream_resume(s);
}

void ps_stream_pause(struct ps_stream *s)
{
    s->reading = false;
    read_as_wanted(s);
}

void ps_stream_resume(struct ps_stream *s)
{
    s->reading = true;
    read_as_wanted(s);
}

// writing

// While somebody reads, reading will meet the break too, behind the peer's last words, which often
// say why.
static void write_failed(struct ps_stream *s, int err)
{
    s->write_err = err;
    if (s->closing)
        stream_drop(s);
    else if (!s->reading || s->eof)
        tell_ended(s, err);
}

static void write_done(uv_write_t *req, int status)
{
    struct write *w = (struct write *)req;
    struct ps_stream *s = req->handle->data;

    s->pending -= w->n;
    free(w);
    if (s->gone)
        return;
    if (status < 0)
        write_failed(s, status);
    else if (s->pending == 0 && !s->closing && s->ops.drained)
        s->ops.drained(s->ctx);
}

static int queue(struct ps_stream *s, const void *data, size_t n)
{
    struct write *w = malloc(sizeof *w + n);
    uv_buf_t buf;
    int rc;

    if (!w)
        return -ENOMEM;
    w->n = n;
    memcpy(w->data, data, n);
    buf = uv_buf_init(w->data, (unsigned)n);
    rc = uv_write(&w->req, (uv_stream_t *)&s->tcp, &buf, 1, write_done);
    if (rc)
        free(w);
    else
        s->pending += n;
    return rc;
}

int ps_stream_write(struct ps_stream *s, const void *data, size_t n)
{
    if (s->write_err)
        return s->write_err;
    if (s->pending > s->max_pending || n > s->max_pending - s->pending || n > INT32_MAX)
        return PS_ELIMIT;
    return n == 0 ? 0 : queue(s, data, n);
}

void ps_stream_limit(struct ps_stream *s, size_t max_pending)
{
    s->max_pending = max_pending;
}

size_t ps_stream_pending(const struct ps_stream *s)
{
    return s->pending;
}

const struct ps_addr *ps_stream_local(const struct ps_stream *s)
{
    return &s->local;
}

const struct ps_addr *ps_stream_peer(const struct ps_stream *s)
{
    return &s->peer;
}

// closing

static void linger_over(void *ctx)
{
    stream_drop(ctx);
}

static void shutdown_done(uv_shutdown_t *req, int status)
{
    struct ps_stream *s = req->handle->data;

    if (s->gone)
        return;
    s->sent_all = true;
    if (status < 0 || s->eof)
        stream_drop(s);
}

// To close a socket with unread input makes the kernel reset the connection, and the peer may lose
// what we sent last. So our end is sent and what still comes is read and thrown away.
static int begin_linger(struct ps_stream *s, ps_ns linger)
{
    int rc = ps_timer_new(s->loop, &s->linger, linger_over, s);

    if (rc == 0)
        rc = uv_shutdown(&s->shutdown, (uv_stream_t *)&s->tcp, shutdown_done);
    if (rc == 0 && !s->eof)
        rc = uv_read_start((uv_stream_t *)&s->tcp, give_scratch, read_done);
    if (rc == 0)
        ps_timer_start(s->linger, linger);
    return rc;
}

void ps_stream_close(struct ps_stream *s, ps_ns linger)
{
    if (!s || s->closing)
        return;
    s->closing = true;
    if (linger <= 0 || s->write_err || begin_linger(s, linger) != 0)
        stream_drop(s);
}
