// SPDX-License-Identifier: Apache-2.0
// The archivers "tcp" and "udp": the document is what a connection, or a datagram, holds.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "deliver/ps_deliver_kind.h"
#include "loop/ps_stream.h"

#define PATIENCE (30 * PS_SEC)
#define HOST_MAX 255
#define ADDRESSES 16
#define PAYLOAD 508 // octets that a datagram may have anywhere (RFC 791)
#define PAYLOAD_MAX 65507

struct target {
    char host[HOST_MAX + 1];
    uint16_t port;
    int family;
    struct ps_addr bind; // len 0: none
    size_t payload;      // udp
};

struct own {
    struct ps_loop *loop;
    struct ps_deliver_call *call; // NULL: nobody waits any more
    const struct target *target;
    bool datagram, resolving;
    char *doc;
    size_t len;
    struct ps_connecting *connecting;
    struct ps_stream *stream;
    struct ps_timer *timer;
};

// --- data

static void read_where(struct ps_jget *g, struct target *t)
{
    static const int families[] = {AF_UNSPEC, AF_INET, AF_INET6};
    const char *bind = ps_jget_str(g, "bind", 1, 64, NULL);
    uint64_t version = ps_jget_u64(g, "ip-version", 4, 6, 0);

    snprintf(t->host, sizeof t->host, "%s", ps_jneed_str(g, "host", 1, HOST_MAX));
    t->port = (uint16_t)ps_jneed_u64(g, "port", 1, 65535);
    if (version == 5)
        ps_jget_fail(g, "ip-version", PS_ERANGE, "wants 4 or 6");
    t->family = families[version == 4 ? 1 : version == 6 ? 2 : 0];
    if (bind && ps_addr_parse(bind, 0, &t->bind))
        ps_jget_fail(g, "bind", PS_ESYNTAX, "wants an address of this host; got \"%.64s\"", bind);
}

static int read_tcp(struct ps_jget *g, void *target, struct ps_deliver_retry *retry)
{
    (void)ps_deliver_schema(g, 1);
    read_where(g, target);
    ps_deliver_retry_policy(g, retry);
    return ps_deliver_data_end(g, NULL, 0);
}

static int read_udp(struct ps_jget *g, void *target, struct ps_deliver_retry *retry)
{
    struct target *t = target;

    t->payload = (size_t)ps_jget_u64(g, "payload-size", 1, PAYLOAD_MAX, PAYLOAD);
    return read_tcp(g, target, retry);
}

// --- a job's end

static void own_free(struct own *o)
{
    ps_connect_cancel(o->connecting);
    ps_stream_close(o->stream, 0);
    ps_timer_free(o->timer);
    free(o->doc);
    free(o);
}

// A look-up cannot be called back: it finds that nobody waits.
static void cancel(void *own)
{
    struct own *o = own;

    o->call = NULL;
    if (!o->resolving)
        own_free(o);
}

static void failed(struct own *o, const char *why)
{
    struct ps_deliver_call *call = o->call;
    char host[HOST_MAX + 1];
    unsigned port = o->target->port;

    memcpy(host, o->target->host, sizeof host);
    own_free(o);
    ps_deliver_failed(call, 0, "%s port %u: %s", host, port, why);
}

static void done(struct own *o)
{
    struct ps_deliver_call *call = o->call;

    own_free(o);
    ps_deliver_done(call);
}

// --- tcp

static void late(void *ctx)
{
    failed(ctx, "it did not take the document in time");
}

// What the other side says is of no interest.
static void data_came(void *ctx, const uint8_t *data, size_t n)
{
    (void)ctx;
    (void)data;
    (void)n;
}

static void broken(void *ctx, int err)
{
    failed(ctx, ps_strerror(err));
}

// All has left: the connection is closed in order, behind it.
static void drained(void *ctx)
{
    struct own *o = ctx;

    ps_stream_close(o->stream, PATIENCE);
    o->stream = NULL;
    done(o);
}

static void connected(void *ctx, int err, struct ps_stream *s)
{
    static const struct ps_stream_ops ops = {.data = data_came, .ended = broken, .drained = drained};
    struct own *o = ctx;

    o->connecting = NULL;
    if (err) {
        failed(o, ps_strerror(err));
        return;
    }
    o->stream = s;
    ps_stream_limit(s, o->len + 1);
    ps_stream_start(s, &ops, o);
    err = ps_timer_new(o->loop, &o->timer, late, o);
    if (!err)
        err = ps_stream_write(s, o->doc, o->len);
    if (err)
        failed(o, ps_strerror(err));
    else
        ps_timer_start(o->timer, PATIENCE);
}

// --- udp

static int send_datagram(const struct own *o, const struct ps_addr *to)
{
    int fd = socket(to->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = 0;

    if (fd < 0)
        return -errno;
    if (o->target->bind.len && bind(fd, &o->target->bind.sa, o->target->bind.len) < 0)
        err = -errno;
    else if (sendto(fd, o->doc, o->len, MSG_NOSIGNAL, &to->sa, to->len) < 0)
        err = -errno;
    close(fd);
    return err;
}

static void send_to(struct own *o, const struct ps_addr *to)
{
    int err = send_datagram(o, to);

    if (err)
        failed(o, ps_strerror(err));
    else
        done(o);
}

// --- both

static void resolved(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct own *o = ctx;

    o->resolving = false;
    if (!o->call) {
        own_free(o);
    } else if (err) {
        failed(o, why);
    } else if (o->datagram) {
        send_to(o, &addrs[0]);
    } else {
        const struct ps_addr *bind = o->target->bind.len ? &o->target->bind : NULL;

        err = ps_connect(o->loop, addrs, n < ADDRESSES ? n : ADDRESSES, bind, NULL, PATIENCE, connected, o,
                         &o->connecting);
        if (err)
            failed(o, ps_strerror(err));
    }
}

static int send_job(struct ps_loop *loop, bool datagram, const struct target *t, struct ps_deliver_call *call,
                    const struct ps_deliver_job *job, void **own, struct ps_fault *fault)
{
    struct own *o;
    int err;

    if (datagram && job->len > t->payload) {
        ps_fault_set(fault, NULL, 0, "the document has %zu octets, payload-size allows %zu", job->len,
                     t->payload);
        return PS_EREFUSED;
    }
    o = calloc(1, sizeof *o);
    if (o) {
        *o = (struct own){.loop = loop, .call = call, .target = t, .datagram = datagram, .len = job->len};
        o->doc = malloc(job->len + 1);
    }
    err = o && o->doc ? ps_resolve(loop, t->host, t->port, t->family, resolved, o) : -ENOMEM;
    if (err) {
        if (o)
            free(o->doc);
        free(o);
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(err));
        return err;
    }
    memcpy(o->doc, job->doc, job->len);
    o->resolving = true;
    *own = o;
    return 0;
}

static int send_tcp(void *state, void *target, struct ps_deliver_call *call, const struct ps_deliver_job *job,
                    void **own, struct ps_fault *fault)
{
    return send_job(state, false, target, call, job, own, fault);
}

static int send_udp(void *state, void *target, struct ps_deliver_call *call, const struct ps_deliver_job *job,
                    void **own, struct ps_fault *fault)
{
    return send_job(state, true, target, call, job, own, fault);
}

const struct ps_deliver_kind ps_deliver_tcp = {
    .name = "tcp",
    .target_size = sizeof(struct target),
    .read = read_tcp,
    .send = send_tcp,
    .cancel = cancel,
};
const struct ps_deliver_kind ps_deliver_udp = {
    .name = "udp",
    .target_size = sizeof(struct target),
    .read = read_udp,
    .send = send_udp,
    .cancel = cancel,
};
