// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_dgram.h"
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TTL_MAX 255
#define SNDBUF (2 * 1024 * 1024) // many flows share a socket; a burst of theirs must fit
// Besides the arrival's stamp (SCM_TIMESTAMPNS) there is the same once more in the form in which departures
// are told of.
#define CONTROL_SIZE                                                                     \
    (CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(struct scm_timestamping)) + \
     CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(uint32_t)))
// Departures are stamped when a send asks for it, and told apart by numbers.
#define STAMPING (SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY)

#define HARDWARE (SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE)

union control {
    struct cmsghdr align;
    uint8_t octets[CONTROL_SIZE];
};

struct ps_dgram_batch {
    struct ps_dgram_in in[PS_DGRAM_BATCH];
    struct mmsghdr msg[PS_DGRAM_BATCH];
    struct iovec iov[PS_DGRAM_BATCH];
    union control control[PS_DGRAM_BATCH];
    int used; // headers that the last call left changed
};

static int set_int(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) ? -errno : 0;
}

static int ask_v4(int fd)
{
    int rc = set_int(fd, IPPROTO_IP, IP_TTL, TTL_MAX);

    return rc ? rc : set_int(fd, IPPROTO_IP, IP_RECVTTL, 1);
}

static int ask_v6(int fd)
{
    int rc = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);

    if (!rc)
        rc = set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, TTL_MAX);
    return rc ? rc : set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
}

// The kernel counts twice what was asked for, to allow for its overhead.
static int buffer(int fd, int name)
{
    int got = 0;
    socklen_t len = sizeof got;

    return getsockopt(fd, SOL_SOCKET, name, &got, &len) == 0 ? got / 2 : 0;
}

// Less than was wanted is no failure: the drop counter tells when it was too little.
static void want_buffer(int fd, int name, int force, int wanted)
{
    if (wanted <= 0)
        return;
    (void)set_int(fd, SOL_SOCKET, name, wanted);
    if (buffer(fd, name) < wanted)
        (void)set_int(fd, SOL_SOCKET, force, wanted);
}

int ps_dgram_rcvbuf(int fd)
{
    return buffer(fd, SO_RCVBUF);
}

static int set_options(int fd, const struct ps_dgram_conf *conf)
{
    int rc = ps_addr_version(&conf->local) == 4 ? ask_v4(fd) : ask_v6(fd);

    if (!rc)
        rc = set_int(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    if (!rc)
        rc = set_int(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
    if (!rc && conf->device &&
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, conf->device, (socklen_t)strlen(conf->device) + 1))
        rc = -errno;
    (void)set_int(fd, SOL_SOCKET, SO_TIMESTAMPING,
                  STAMPING | (conf->hardware ? HARDWARE : 0)); // see ps_dgram_stamps_sends
    want_buffer(fd, SO_RCVBUF, SO_RCVBUFFORCE, conf->rcvbuf);
    want_buffer(fd, SO_SNDBUF, SO_SNDBUFFORCE, SNDBUF);
    return rc;
}

static int bind_to(int fd, const struct ps_addr *local, struct ps_addr *bound)
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;

    if (bind(fd, &local->sa, local->len))
        return -errno;
    if (getsockname(fd, (struct sockaddr *)&ss, &len))
        return -errno;
    return ps_addr_from_sockaddr((struct sockaddr *)&ss, len, bound);
}

int ps_dgram_open(const struct ps_dgram_conf *conf, int *fd, struct ps_addr *bound)
{
    int s, rc;

    if (ps_addr_version(&conf->local) == 0)
        return -EAFNOSUPPORT;
    s = socket(conf->local.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0)
        return -errno;
    rc = set_options(s, conf);
    if (!rc)
        rc = bind_to(s, &conf->local, bound);
    if (rc) {
        close(s);
        return rc;
    }
    *fd = s;
    return 0;
}

static void reset_header(struct ps_dgram_batch *b, int i)
{
    struct msghdr *h = &b->msg[i].msg_hdr;

    h->msg_namelen = sizeof b->in[i].from.in6;
    h->msg_controllen = sizeof b->control[i];
}

int ps_dgram_batch_new(struct ps_dgram_batch **out)
{
    struct ps_dgram_batch *b = calloc(1, sizeof *b);

    if (!b)
        return -ENOMEM;
    for (int i = 0; i < PS_DGRAM_BATCH; i++) {
        b->iov[i] = (struct iovec){b->in[i].head, PS_DGRAM_HEAD};
        b->msg[i].msg_hdr = (struct msghdr){.msg_name = &b->in[i].from.in6,
                                            .msg_iov = &b->iov[i],
                                            .msg_iovlen = 1,
                                            .msg_control = &b->control[i]};
        reset_header(b, i);
    }
    *out = b;
    return 0;
}

void ps_dgram_batch_free(struct ps_dgram_batch *b)
{
    free(b);
}

// Copies a control message's value if it is as long as it must be.
static void value_of(struct cmsghdr *c, void *out, size_t n)
{
    if (c->cmsg_len >= CMSG_LEN(n))
        memcpy(out, CMSG_DATA(c), n);
}

// SCM_TIMESTAMPING begins with the same: the software stamp.
static void take_stamp(struct cmsghdr *c, ps_ns *stamp)
{
    struct timespec ts = {0, 0};

    value_of(c, &ts, sizeof ts);
    *stamp = (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

// The third of three is the raw one.
static void take_hardware(struct cmsghdr *c, ps_ns *stamp)
{
    struct scm_timestamping ts = {.ts = {{0, 0}}};

    value_of(c, &ts, sizeof ts);
    *stamp = (ps_ns)ts.ts[2].tv_sec * PS_SEC + ts.ts[2].tv_nsec;
}

static void take_ttl(struct cmsghdr *c, uint8_t *ttl)
{
    int value = TTL_MAX;

    value_of(c, &value, sizeof value);
    *ttl = (uint8_t)value;
}

static void take_control(struct msghdr *h, struct ps_dgram_in *in, uint32_t *dropped)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
            take_stamp(c, &in->stamp);
        else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING)
            take_hardware(c, &in->hardware);
        else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL && dropped)
            value_of(c, dropped, sizeof *dropped);
        else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
                 (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT))
            take_ttl(c, &in->ttl);
    }
}

static void take_message(struct ps_dgram_batch *b, int i, uint32_t *dropped)
{
    struct msghdr *h = &b->msg[i].msg_hdr;
    struct ps_dgram_in *in = &b->in[i];

    in->from.len = h->msg_namelen;
    in->len = b->msg[i].msg_len;
    in->stamp = in->hardware = 0;
    in->ttl = TTL_MAX;
    take_control(h, in, dropped);
}

int ps_dgram_recv(struct ps_dgram_batch *b, int fd, struct ps_dgram_in **in, uint32_t *dropped)
{
    int n;

    for (int i = 0; i < b->used; i++)
        reset_header(b, i);
    b->used = 0;
    // MSG_TRUNC: the length is the datagram's own.
    n = recvmmsg(fd, b->msg, PS_DGRAM_BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
    if (n < 0) {
        b->used = 1;
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    }
    b->used = n < PS_DGRAM_BATCH ? n + 1 : n; // the one that found nothing may be changed too
    for (int i = 0; i < n; i++)
        take_message(b, i, dropped);
    *in = b->in;
    return n;
}

int ps_dgram_drops(int fd, uint32_t *drops)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof info;

    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len))
        return -errno;
    *drops = info[SK_MEMINFO_DROPS];
    return 0;
}

// What a sent packet can be given along: its DSCP, and the question when it left.
union send_control {
    struct cmsghdr align;
    uint8_t octets[2 * CMSG_SPACE(sizeof(int))];
};

static void put_control(struct msghdr *h, union send_control *room, int level, int type, int value)
{
    struct cmsghdr *c = (struct cmsghdr *)(void *)(room->octets + h->msg_controllen);

    memset(c, 0, CMSG_SPACE(sizeof value));
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(sizeof value);
    memcpy(CMSG_DATA(c), &value, sizeof value);
    h->msg_control = room;
    h->msg_controllen += CMSG_SPACE(sizeof value);
}

static int send_one(int fd, const struct ps_addr *to, uint8_t dscp, bool ask, const void *data, size_t n)
{
    union send_control control;
    union {
        const void *in;
        void *out;
    } name = {.in = &to->sa}, base = {.in = data};
    struct iovec iov = {base.out, n};
    struct msghdr h = {.msg_name = name.out, .msg_namelen = to->len, .msg_iov = &iov, .msg_iovlen = 1};
    bool v4 = to->sa.sa_family == AF_INET;

    if (dscp)
        put_control(&h, &control, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, dscp << 2);
    if (ask)
        put_control(&h, &control, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_TX_SOFTWARE);
    return sendmsg(fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int ps_dgram_send(int fd, const struct ps_addr *to, uint8_t dscp, const void *data, size_t n)
{
    return send_one(fd, to, dscp, false, data, n);
}

int ps_dgram_send_stamped(int fd, const struct ps_addr *to, uint8_t dscp, const void *data, size_t n)
{
    return send_one(fd, to, dscp, true, data, n);
}

bool ps_dgram_stamps_sends(int fd)
{
    int flags = 0;
    socklen_t len = sizeof flags;

    return getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, &len) == 0 &&
           (flags & SOF_TIMESTAMPING_OPT_ID) != 0;
}

static bool is_error(const struct cmsghdr *c)
{
    return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
           (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
}

int ps_dgram_left(int fd, struct ps_dgram_left *out)
{
    union {
        struct cmsghdr align;
        uint8_t octets[512];
    } control;
    struct msghdr h = {.msg_control = &control, .msg_controllen = sizeof control};
    struct sock_extended_err err = {0};
    ps_ns stamp = 0;

    if (recvmsg(fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING)
            take_stamp(c, &stamp);
        else if (is_error(c))
            value_of(c, &err, sizeof err);
    }
    out->stamp = err.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && err.ee_info == SCM_TSTAMP_SND ? stamp : 0;
    out->id = err.ee_data;
    return 1;
}
