// SPDX-License-Identifier: Apache-2.0
// Listeners take connections with accept4 themselves: uv_listen answers a lack of descriptors by
// dropping the peers that wait.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_ctl_impl.h"
#include "loop/ps_stream.h"
#include "loop/ps_uv.h"

#define ACCEPT_BATCH 64 // connections taken in one turn
#define ACCEPT_PAUSE (100 * PS_MSEC)

struct ps_listener {
    uv_poll_t poll;
    struct ps_loop *loop;
    struct ps_timer *pause;
    struct ps_addr addr;
    int fd;
    bool closed;
    ps_accept_cb on_accept; // or
    ps_accept_fd_cb on_fd;
    void *ctx;
    char *path; // of a Unix socket
    struct ps_ctl_claim claim;
};

static int set_on(int fd, int level, int option, int on)
{
    return setsockopt(fd, level, option, &on, sizeof on) < 0 ? -errno : 0;
}

static int bind_and_listen(int fd, const struct ps_addr *addr, int backlog)
{
    int rc = set_on(fd, SOL_SOCKET, SO_REUSEADDR, 1);

    if (rc == 0 && ps_addr_version(addr) == 6)
        rc = set_on(fd, IPPROTO_IPV6, IPV6_V6ONLY, !ps_addr_is_any(addr));
    if (rc)
        return rc;
    if (bind(fd, &addr->sa, addr->len) < 0 || listen(fd, backlog) < 0)
        return -errno;
    return 0;
}

static int open_at(const struct ps_addr *addr, const char *device, int backlog, int *fd)
{
    int rc = ps_sock_tcp(addr->sa.sa_family, device, fd);

    if (rc)
        return rc;
    rc = bind_and_listen(*fd, addr, backlog);
    if (rc)
        close(*fd);
    return rc;
}

static bool ipv6_absent(int err)
{
    return err == -EAFNOSUPPORT || err == -EPROTONOSUPPORT || err == -EADDRNOTAVAIL;
}

static int open_listener(const struct ps_addr *addr, const char *device, int backlog, int *fd)
{
    static const uint8_t any[16];
    struct ps_addr at = *addr;
    int rc;

    ps_addr_unmap(&at);
    rc = open_at(&at, device, backlog, fd);
    if (!ipv6_absent(rc) || ps_addr_version(&at) != 6 || !ps_addr_is_any(&at))
        return rc;
    if (ps_addr_from_wire(4, any, ps_addr_port(addr), &at))
        return rc;
    return open_at(&at, device, backlog, fd);
}

static int bound_address(int fd, struct ps_addr *out)
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;

    if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
        return -errno;
    return ps_addr_from_sockaddr((struct sockaddr *)&ss, len, out);
}

// accepting

static void hand_over_fd(struct ps_listener *ln, int fd, const struct sockaddr_storage *ss, socklen_t len)
{
    struct ps_addr peer = {.len = 0};

    if (!ln->path && ps_addr_from_sockaddr((const struct sockaddr *)ss, len, &peer)) {
        close(fd);
        return;
    }
    ps_addr_unmap(&peer);
    ln->on_fd(ln->ctx, fd, &peer);
}

static void hand_over(struct ps_listener *ln, int fd)
{
    struct ps_stream *s;

    if (ps_stream_from_fd(ln->loop, fd, &s))
        return;
    if (ps_stream_connected(s)) // reset while it waited in the queue
        ps_stream_close(s, 0);
    else
        ln->on_accept(ln->ctx, s);
}

static void pause_accepting(struct ps_listener *ln)
{
    uv_poll_stop(&ln->poll);
    ps_timer_start(ln->pause, ACCEPT_PAUSE);
}

// Whether to go on. accept(2) also hands out errors of the connection it would have returned; those
// are no fault of the listener.
static bool accept_one(struct ps_listener *ln)
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    int fd = accept4(ln->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        if (ln->on_fd)
            hand_over_fd(ln, fd, &ss, len);
        else
            hand_over(ln, fd);
        return true;
    }
    if (errno == EAGAIN)
        return false;
    if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS)
        return true;
    pause_accepting(ln);
    return false;
}

static void readable(uv_poll_t *poll, int status, int events)
{
    struct ps_listener *ln = poll->data;
    int left = ACCEPT_BATCH;

    (void)events;
    if (status < 0) {
        pause_accepting(ln);
        return;
    }
    while (left-- > 0 && !ln->closed && accept_one(ln))
        ;
}

static void accept_again(void *ctx)
{
    struct ps_listener *ln = ctx;

    uv_poll_start(&ln->poll, UV_READABLE, readable);
}

static void listener_free(struct ps_listener *ln)
{
    free(ln->path);
    free(ln);
}

static void listener_closed(uv_handle_t *h)
{
    listener_free(h->data);
}

void ps_listener_close(struct ps_listener *ln)
{
    if (!ln || ln->closed)
        return;
    ln->closed = true;
    ps_timer_free(ln->pause);
    if (ln->path)
        ps_ctl_unclaim(ln->path, &ln->claim);
    uv_close((uv_handle_t *)&ln->poll, listener_closed);
    close(ln->fd);
}

const struct ps_addr *ps_listener_addr(const struct ps_listener *ln)
{
    return &ln->addr;
}

// Puts the listener on the loop; from here on closing it frees everything.
static int attach(struct ps_loop *l, struct ps_listener *ln)
{
    int rc = ps_timer_new(l, &ln->pause, accept_again, ln);

    if (rc)
        return rc;
    rc = uv_poll_init(ps_loop_uv(l), &ln->poll, ln->fd);
    if (rc) {
        ps_timer_free(ln->pause);
        return rc;
    }
    ln->poll.data = ln;
    uv_poll_start(&ln->poll, UV_READABLE, readable);
    return 0;
}

static int listen_at(struct ps_loop *l, const struct ps_addr *addr, const char *device, int backlog,
                     struct ps_listener *ln)
{
    int rc = open_listener(addr, device, backlog, &ln->fd);

    if (rc)
        return rc;
    rc = bound_address(ln->fd, &ln->addr);
    if (rc == 0)
        rc = attach(l, ln);
    if (rc)
        close(ln->fd);
    return rc;
}

static int listen_as(struct ps_loop *l, const struct ps_addr *addr, const char *device, int backlog,
                     const struct ps_listener *as, struct ps_listener **out)
{
    struct ps_listener *ln = malloc(sizeof *ln);
    int rc;

    if (!ln)
        return -ENOMEM;
    *ln = *as;
    ln->loop = l;
    rc = listen_at(l, addr, device, backlog, ln);
    if (rc)
        listener_free(ln);
    else
        *out = ln;
    return rc;
}

int ps_listen(struct ps_loop *l, const struct ps_addr *addr, const char *device, int backlog,
              ps_accept_cb on_accept, void *ctx, struct ps_listener **out)
{
    struct ps_listener as = {.on_accept = on_accept, .ctx = ctx};

    return listen_as(l, addr, device, backlog, &as, out);
}

int ps_listen_fd(struct ps_loop *l, const struct ps_addr *addr, int backlog, ps_accept_fd_cb on_fd, void *ctx,
                 struct ps_listener **out)
{
    struct ps_listener as = {.on_fd = on_fd, .ctx = ctx};

    return listen_as(l, addr, NULL, backlog, &as, out);
}

static int listen_path(struct ps_loop *l, const char *path, unsigned mode, struct ps_listener *ln,
                       struct ps_fault *fault)
{
    int rc = ps_ctl_claim(path, mode, &ln->claim, fault);

    if (rc)
        return rc;
    ln->fd = ln->claim.fd;
    rc = attach(l, ln);
    if (rc) {
        ps_fault_set(fault, path, 0, "%s", ps_strerror(rc));
        ps_ctl_unclaim(path, &ln->claim);
        close(ln->fd);
    }
    return rc;
}

int ps_listen_unix(struct ps_loop *l, const char *path, unsigned mode, ps_accept_fd_cb on_fd, void *ctx,
                   struct ps_listener **out, struct ps_fault *fault)
{
    struct ps_listener *ln = calloc(1, sizeof *ln);
    int rc;

    if (ln)
        ln->path = strdup(path);
    if (!ln || !ln->path) {
        ps_fault_set(fault, path, 0, "%s", ps_strerror(-ENOMEM));
        free(ln);
        return -ENOMEM;
    }
    ln->loop = l;
    ln->on_fd = on_fd;
    ln->ctx = ctx;
    rc = listen_path(l, path, mode, ln, fault);
    if (rc)
        listener_free(ln);
    else
        *out = ln;
    return rc;
}
