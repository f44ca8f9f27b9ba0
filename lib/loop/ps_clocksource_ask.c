// SPDX-License-Identifier: Apache-2.0
// The talk with the daemons: datagrams on sockets of our own that are connected, so that nobody else's get in.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_rand.h"
#include "clock/ps_chrony.h"
#include "clock/ps_ntpd.h"
#include "clock/ps_ptp4l.h"
#include "loop/ps_clocksource.h"

#define DATAGRAM_MAX 1500
#define READ_MAX 64 // datagrams of one daemon: one that floods is none that answers

struct asker {
    const struct ps_clocksource_conf *conf;
    int wake_fd;
    ps_ns end;   // monotonic: of all
    ps_ns until; // of the present daemon
    int left;    // of READ_MAX
};

static void begin(struct asker *a)
{
    ps_ns until = ps_loop_mono() + PS_CLOCKSOURCE_PATIENCE;

    a->until = until < a->end ? until : a->end;
    a->left = READ_MAX;
}

// --- sockets

static int connected(int fd, const struct sockaddr *sa, socklen_t len)
{
    int err;

    if (connect(fd, sa, len) == 0)
        return fd;
    err = -errno;
    close(fd);
    return err;
}

static int open_udp(const struct ps_addr *to)
{
    int fd = socket(to->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    return fd < 0 ? -errno : connected(fd, &to->sa, to->len);
}

static void unix_name(struct sockaddr_un *out, const char *path)
{
    memset(out, 0, sizeof *out);
    out->sun_family = AF_UNIX;
    snprintf(out->sun_path, sizeof out->sun_path, "%s", path);
}

// own: the path of our end, which the other one must be able to write to; NULL: a name that the kernel gives, of no
// file.
static int open_unix(const char *path, const char *own)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int err;

    if (fd < 0)
        return -errno;
    if (own)
        unix_name(&sa, own);
    err = bind(fd, (struct sockaddr *)&sa, own ? sizeof sa : sizeof sa.sun_family) < 0 ? -errno : 0;
    // Whoever may change that folder is not to have us change another file.
    if (err == 0 && own && fchmodat(AT_FDCWD, own, 0666, AT_SYMLINK_NOFOLLOW) < 0)
        err = -errno;
    if (err) {
        close(fd);
        return err;
    }
    unix_name(&sa, path);
    return connected(fd, (struct sockaddr *)&sa, sizeof sa);
}

static int say(int fd, const void *data, size_t n)
{
    return send(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

// 0: there is something to read.
static int await(const struct asker *a, int fd)
{
    struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = a->wake_fd, .events = POLLIN}};
    ps_ns wait;
    int n;

    do {
        wait = a->until - ps_loop_mono();
        n = wait > 0 ? poll(p, 2, (int)((wait + PS_MSEC - 1) / PS_MSEC)) : 0;
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    if (n == 0)
        return PS_ETIMEOUT;
    return p[1].revents ? PS_ECANCELLED : 0;
}

// The next datagram's length. What is longer than any answer is passed over.
static int hear(struct asker *a, int fd, uint8_t buf[DATAGRAM_MAX], size_t *n)
{
    while (a->left-- > 0) {
        int err = await(a, fd);
        ssize_t got;

        if (err)
            return err;
        got = recv(fd, buf, DATAGRAM_MAX, MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        if (got < 0 || got > DATAGRAM_MAX)
            continue;
        *n = (size_t)got;
        return 0;
    }
    return PS_ELIMIT;
}

// --- chronyd

static int talk_chrony(struct asker *a, int fd, struct ps_source *out)
{
    uint8_t request[PS_CHRONY_REQUEST], buf[DATAGRAM_MAX];
    uint32_t sequence;
    size_t n;
    int err = ps_rand_bytes(&sequence, sizeof sequence);

    if (err == 0) {
        ps_chrony_request(sequence, request);
        err = say(fd, request, sizeof request);
    }
    if (err)
        return err;
    do {
        err = hear(a, fd, buf, &n);
        if (err)
            return err;
        err = ps_chrony_reply(buf, n, sequence, out);
    } while (err == PS_ENOTFOUND);
    return err;
}

// chronyd answers to a path alone, and from where it has confined itself: its own folder.
static int ask_chrony_path(struct asker *a, struct ps_source *out)
{
    const char *path = a->conf->chrony_path, *slash = strrchr(path, '/');
    char own[sizeof((struct sockaddr_un *)0)->sun_path];
    uint32_t tag;
    int n, fd, err = ps_rand_bytes(&tag, sizeof tag);

    if (err || !slash)
        return err ? err : PS_ENOTFOUND;
    n = snprintf(own, sizeof own, "%.*s/psuite.%08x", (int)(slash - path), path, (unsigned)tag);
    if (n < 0 || (size_t)n >= sizeof own)
        return -ENAMETOOLONG;
    begin(a);
    fd = open_unix(path, own);
    err = fd;
    if (fd >= 0) {
        err = talk_chrony(a, fd, out);
        close(fd);
    }
    if (err != -EADDRINUSE) // then it is another's
        (void)unlink(own);
    return err;
}

static int ask_chrony(struct asker *a, struct ps_source *out)
{
    int err = PS_ENOTFOUND;

    if (a->conf->chrony.len != 0) {
        int fd = open_udp(&a->conf->chrony);

        begin(a);
        err = fd;
        if (fd >= 0) {
            err = talk_chrony(a, fd, out);
            close(fd);
        }
    }
    if (err != 0 && err != PS_ECANCELLED && a->conf->chrony_path[0] != '\0')
        err = ask_chrony_path(a, out);
    return err;
}

// --- ntpd

static int talk_ntpd(struct asker *a, int fd, struct ps_source *out)
{
    uint8_t request[PS_NTPD_REQUEST], buf[DATAGRAM_MAX];
    uint16_t sequence;
    size_t n;
    int err = ps_rand_bytes(&sequence, sizeof sequence);

    if (err == 0)
        err = say(fd, request, ps_ntpd_request(sequence, request));
    if (err)
        return err;
    do {
        err = hear(a, fd, buf, &n);
        if (err)
            return err;
        err = ps_ntpd_reply(buf, n, sequence, out);
    } while (err == PS_ENOTFOUND);
    return err;
}

static int ask_ntpd(struct asker *a, struct ps_source *out)
{
    int fd, err;

    if (a->conf->ntpd.len == 0)
        return PS_ENOTFOUND;
    fd = open_udp(&a->conf->ntpd);
    if (fd < 0)
        return fd;
    begin(a);
    err = talk_ntpd(a, fd, out);
    close(fd);
    return err;
}

// --- ptp4l

// Domain and transport of the profiles: default, 802.1AS, telecom with and without support of the network.
static const struct {
    uint8_t domain, transport;
} profiles[] = {{0, 0}, {0, 1}, {24, 0}, {44, 0}};

static int say_ptp(int fd, const struct ps_ptp_query *q, enum ps_ptp_data which)
{
    uint8_t request[PS_PTP_REQUEST];

    ps_ptp_request(q, which, request);
    return say(fd, request, sizeof request);
}

// Reads until this has been told.
static int hear_ptp(struct asker *a, int fd, const struct ps_ptp_query *q, struct ps_ptp_state *st,
                    enum ps_ptp_data last)
{
    uint8_t buf[DATAGRAM_MAX];
    enum ps_ptp_data which = PS_PTP_DATA;
    size_t n;
    int err;

    do {
        err = hear(a, fd, buf, &n);
        if (err)
            return err;
        err = ps_ptp_reply(buf, n, q, st, &which);
    } while (err == PS_ENOTFOUND || (err == 0 && which != last));
    return err;
}

// The profile that it has is the one in which it answers at all.
static int find_profile(struct asker *a, int fd, struct ps_ptp_query *q, struct ps_ptp_state *st)
{
    int err = 0;

    for (size_t i = 0; err == 0 && i < sizeof profiles / sizeof *profiles; i++) {
        q->domain = profiles[i].domain;
        q->transport = profiles[i].transport;
        err = say_ptp(fd, q, PS_PTP_STATUS);
    }
    if (err == 0)
        err = hear_ptp(a, fd, q, st, PS_PTP_STATUS);
    q->domain = st->domain;
    q->transport = st->transport;
    return err;
}

static int talk_ptp4l(struct asker *a, int fd, struct ps_source *out)
{
    static const enum ps_ptp_data rest[] = {PS_PTP_CURRENT, PS_PTP_PARENT, PS_PTP_PORT, PS_PTP_TIME};
    struct ps_ptp_query q = {.domain = 0};
    struct ps_ptp_state st = {.told = 0};
    int err = ps_rand_bytes(q.self, sizeof q.self);

    if (err == 0)
        err = ps_rand_bytes(&q.sequence, sizeof q.sequence);
    if (err == 0)
        err = find_profile(a, fd, &q, &st);
    for (size_t i = 0; err == 0 && i < sizeof rest / sizeof *rest; i++)
        err = say_ptp(fd, &q, rest[i]);
    if (err == 0)
        err = hear_ptp(a, fd, &q, &st, PS_PTP_TIME);
    if (err == 0 && (st.told | 1u << PS_PTP_PORT) != (1u << PS_PTP_DATA) - 1)
        err = PS_EMALFORMED;
    if (err == 0)
        ps_ptp_source(&st, out);
    return err;
}

static int ask_ptp4l(struct asker *a, struct ps_source *out)
{
    int err = PS_ENOTFOUND;

    for (size_t i = 0; err != 0 && err != PS_ECANCELLED && i < PS_CLOCKSOURCE_PTP4L; i++) {
        int fd = a->conf->ptp4l[i][0] != '\0' ? open_unix(a->conf->ptp4l[i], NULL) : -ENOENT;

        if (fd < 0)
            continue;
        begin(a);
        err = talk_ptp4l(a, fd, out);
        close(fd);
    }
    return err;
}

// --- all

int ps_clocksource_ask(const struct ps_clocksource_conf *conf, int wake_fd, struct ps_source *out)
{
    static int (*const asks[])(struct asker * a, struct ps_source * out) = {ask_chrony, ask_ntpd, ask_ptp4l};
    struct asker a = {.conf = conf, .wake_fd = wake_fd, .end = ps_loop_mono() + PS_CLOCKSOURCE_IN_ALL};
    struct ps_source answer;

    memset(out, 0, sizeof *out);
    for (size_t i = 0; !out->synced && i < sizeof asks / sizeof *asks; i++) {
        int err = asks[i](&a, &answer);

        if (err == PS_ECANCELLED)
            break;
        if (err == 0 && (!out->name || answer.synced))
            *out = answer;
    }
    return out->name ? 0 : PS_ENOTFOUND;
}
