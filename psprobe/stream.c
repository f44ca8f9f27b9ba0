// SPDX-License-Identifier: Apache-2.0
// simplestreamer: participant 0 sends a text by TCP, participant 1 waits for it.
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "base/ps_rand.h"
#include "psprobe/sockets.h"

#define PORT 5890
#define TEXT_MAX ((size_t)1 << 20)
#define BEFORE (500 * PS_MSEC) // the end, at which the run is over
#define KNOCK (50 * PS_MSEC)   // between attempts to connect to who is not there yet

static ps_ns deadline(const struct probe *p)
{
    ps_ns t = tl_spec_duration(p->spec, "timeout", p->duration - BEFORE);

    return probe_mono() + (t < p->duration ? t : p->duration);
}

static unsigned port_of(const struct probe *p)
{
    struct ps_jnode other = ps_jnode_next(ps_jnode_first(p->parts));
    uint64_t port = tl_spec_count(p->spec, "port", PORT);

    tl_spec_u64(other, "listen-port", &port);
    return port <= 65535 ? (unsigned)port : PORT;
}

// --- the sender

static int knock(const struct ps_addr *dest, const struct ps_addr *source, ps_ns until)
{
    int fd = socket(dest->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = 0;
    socklen_t len = sizeof err;

    if (fd < 0)
        return -errno;
    if ((source->len && bind(fd, &source->sa, source->len) < 0) ||
        (connect(fd, &dest->sa, dest->len) < 0 && errno != EINPROGRESS))
        err = errno;
    else if (!probe_wait(fd, POLLOUT, until))
        err = ETIMEDOUT;
    else
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
    if (!err)
        return fd;
    close(fd);
    return -err;
}

static int connect_by(const struct ps_addr *dest, const struct ps_addr *source, ps_ns until)
{
    int fd = knock(dest, source, until);
    bool refused = fd == -ECONNREFUSED;

    while (fd == -ECONNREFUSED && probe_mono() + KNOCK < until) {
        probe_sleep(probe_mono(), KNOCK);
        fd = knock(dest, source, until);
    }
    // The last attempt may have had no time; what the others met says more.
    return fd == -ETIMEDOUT && refused ? -ECONNREFUSED : fd;
}

static int send_all(int fd, const char *text, size_t len, ps_ns until)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        if (n < 0 && !probe_wait(fd, POLLOUT, until))
            return PS_ETIMEOUT;
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static ps_ns dawdle(const struct probe *p)
{
    ps_ns most = tl_spec_duration(p->spec, "dawdle", 0);
    uint64_t draw = 0;

    return most > 0 && ps_rand_bytes(&draw, sizeof draw) == 0 ? (ps_ns)(draw % ((uint64_t)most + 1)) : 0;
}

static void run_sender(struct probe *p)
{
    const char *text = tl_spec_str(p->spec, "test-material");
    ps_ns until = deadline(p), since = probe_mono(), idle;
    struct ps_addr dest, source;
    struct ps_json *j;
    int fd, err;

    text = text ? text : "A text that goes from one end to the other.";
    if (!probe_ends(p, SOCK_STREAM, port_of(p), &dest, &source))
        return;
    if (probe_happens(tl_spec_double(p->spec, "fail", 0))) {
        tl_answer_fail(&p->answer, "It was asked to fail now and then, and did.");
        return;
    }
    idle = dawdle(p);
    probe_sleep(since, idle);
    fd = connect_by(&dest, &source, until);
    err = fd < 0 ? fd : send_all(fd, text, strlen(text), until);
    if (fd >= 0)
        close(fd);
    if (err) {
        tl_answer_fail(&p->answer, "The other end cannot be reached: %s", ps_strerror(err));
        return;
    }
    j = tl_answer_begin(&p->answer, 1);
    tl_put_duration(j, "dawdled", idle);
    ps_json_put_str(j, "sent", text);
    tl_put_duration(j, "elapsed-time", probe_mono() - since);
    tl_answer_end(&p->answer);
}

// --- the receiver

static int listen_on(unsigned port)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons((in_port_t)port)};
    struct sockaddr_in at4 = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, off = 0;
    bool six = fd >= 0;

    if (!six) // a host without IPv6
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (six)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, six ? (struct sockaddr *)&at : (struct sockaddr *)&at4, six ? sizeof at : sizeof at4) == 0 &&
        listen(fd, 1) == 0)
        return fd;
    on = errno;
    close(fd);
    return -on;
}

static int read_all(int fd, struct ps_buf *b, ps_ns until)
{
    uint8_t *room;
    ssize_t n;
    int err;

    for (;;) {
        if (!probe_wait(fd, POLLIN, until))
            return PS_ETIMEOUT;
        err = ps_buf_reserve(b, 4096, &room);
        if (err)
            return err;
        n = read(fd, room, 4096);
        if (n > 0)
            ps_buf_commit(b, (size_t)n);
        else if (n == 0)
            return ps_buf_append(b, "", 1);
        else if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
}

static int receive(struct probe *p, struct ps_buf *b, ps_ns until)
{
    int listener = listen_on(port_of(p)), fd, err;

    if (listener < 0)
        return listener;
    err = probe_wait(listener, POLLIN, until) ? 0 : PS_ETIMEOUT;
    fd = err ? -1 : accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (!err)
        err = fd < 0 ? -errno : read_all(fd, b, until);
    if (fd >= 0)
        close(fd);
    close(listener);
    return err;
}

static void run_receiver(struct probe *p)
{
    ps_ns since = probe_mono();
    struct ps_json *j;
    struct ps_buf b;
    int err;

    ps_buf_init(&b, TEXT_MAX);
    err = receive(p, &b, deadline(p));
    if (err) {
        tl_answer_fail(&p->answer, "Nothing came from the other end: %s", ps_strerror(err));
    } else {
        j = tl_answer_begin(&p->answer, 1);
        ps_json_put_str(j, "received", (char *)ps_buf_head(&b));
        tl_put_duration(j, "elapsed-time", probe_mono() - since);
        tl_answer_end(&p->answer);
    }
    ps_buf_fini(&b);
}

void probe_stream(struct probe *p)
{
    if (p->participant == 0)
        run_sender(p);
    else
        run_receiver(p);
}
