// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "loop/ps_pump_impl.h"

#define RCVBUF (8 * 1024 * 1024)   // a stall of 100 ms at 100,000 packets a second, which take 0.8 KiB each
#define RCVBUF_LEAST (1024 * 1024) // at 10,000
// Flows of one host on a socket, where the host chooses its port later.
#define SHARE_RECEIVERS 128
#define SHARE_SENDERS 8
#define SPARES_MAX 16 // sockets kept without flows, one for each local address

// who has which peer

static bool same_peer(const struct ps_addr *a, const struct ps_addr *b)
{
    uint16_t port_a = ps_addr_port(a), port_b = ps_addr_port(b);

    return (port_a == port_b || port_a == 0 || port_b == 0) && ps_addr_same_host(a, b);
}

static bool is_there(const struct ps_pump *p, const struct pump_socket *s, const struct ps_addr *peer,
                     uint16_t port, const struct ps_flow *except)
{
    uint32_t hash = ps_flowtab_hash(&p->key, s->id, peer, port);
    struct ps_flowtab_node *n;

    for (n = ps_flowtab_first(&p->by_exact, hash); n; n = ps_flowtab_next(n)) {
        const struct ps_flow *f = PS_CONTAINER(n, struct ps_flow, by_exact);
        if (f != except && f->sock == s && same_peer(&f->peer, peer))
            return true;
    }
    return false;
}

bool pump_pool_clash(const struct ps_pump *p, const struct pump_socket *s, const struct ps_addr *peer,
                     const struct ps_flow *except)
{
    return is_there(p, s, peer, ps_addr_port(peer), except) || is_there(p, s, peer, 0, except);
}

// Whether a new flow may join the socket. One whose peer's port is not known yet joins others of the same
// host: whoever chooses that port knows ours, and has another one for each flow. The fewer sockets a host
// receives on, the more packets each look at one yields; so receivers share ours, and senders use so many of
// ours that the peer's receivers may share theirs.
static bool has_room(const struct ps_pump *p, const struct pump_socket *s, const struct ps_flow *flow)
{
    const struct ps_addr *peer = &flow->peer;
    unsigned most = ps_loop_mono() < p->apart_until ? 1 : flow->arrival ? SHARE_RECEIVERS : SHARE_SENDERS;
    uint32_t hash = ps_flowtab_hash(&p->key, s->id, peer, 0);
    unsigned known = 0;
    struct ps_flowtab_node *n;

    if (ps_addr_port(peer) != 0)
        return !pump_pool_clash(p, s, peer, NULL);
    for (n = ps_flowtab_first(&p->by_host, hash); n; n = ps_flowtab_next(n)) {
        const struct ps_flow *f = PS_CONTAINER(n, struct ps_flow, by_host);
        if (f->sock != s || !ps_addr_same_host(&f->peer, peer))
            continue;
        if (ps_addr_port(&f->peer) == 0 || ++known == most)
            return false;
    }
    return true;
}

// opening

static void tell_opened(const struct ps_pump *p, const struct pump_socket *s)
{
    char text[PS_ADDR_STRLEN];

    if (p->log)
        ps_log(p->log, PS_LOG_DEBUG, "pump", "test socket %s opened%s", ps_addr_text(&s->bound, text),
               s->stamps ? "" : "; the kernel does not tell when packets leave");
}

// What the kernel grants without CAP_NET_ADMIN is net.core.rmem_max.
static void tell_buffer(struct ps_pump *p, int fd)
{
    int octets = ps_dgram_rcvbuf(fd);

    if (octets >= RCVBUF_LEAST || p->told_buffer || !p->log)
        return;
    p->told_buffer = true;
    ps_log(p->log, p->limited, "pump",
           "test sockets buffer %d KiB only: many packets at once may be lost in this host (sysctl "
           "net.core.rmem_max=%d)",
           octets / 1024, RCVBUF);
}

static int enter_socket(struct ps_pump *p, struct pump_socket *s)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = s};

    s->id = p->next_id++;
    s->closed.kind = PUMP_SOCKET_CLOSED;
    atomic_init(&s->lost, 0);
    if (epoll_ctl(p->t.sockets, EPOLL_CTL_ADD, s->fd, &ev))
        return -errno;
    ps_list_append(&p->sockets, &s->link);
    p->nsockets++;
    s->stamps = ps_dgram_stamps_sends(s->fd);
    tell_opened(p, s);
    tell_buffer(p, s->fd);
    return 0;
}

static int open_socket(struct ps_pump *p, const struct ps_addr *local, bool exact, struct pump_socket **out)
{
    struct ps_dgram_conf conf = {
        .local = *local, .device = p->device, .hardware = p->hw != NULL, .rcvbuf = RCVBUF};
    struct pump_socket *s = calloc(1, sizeof *s);
    int rc;

    if (!s)
        return -ENOMEM;
    s->exact = exact;
    rc = ps_dgram_open(&conf, &s->fd, &s->bound);
    if (rc) {
        free(s);
        return rc;
    }
    rc = enter_socket(p, s);
    if (rc) {
        close(s->fd);
        free(s);
        return rc;
    }
    *out = s;
    return 0;
}

// Goes on where the last search ended, so that a port that was just given up is not the next one taken.
static int open_in_range(struct ps_pump *p, const struct ps_addr *local, struct pump_socket **out)
{
    uint32_t n = (uint32_t)p->ports.high - p->ports.low + 1;
    struct ps_addr at = *local;
    int rc = -EADDRINUSE;

    for (uint32_t i = 0; i < n && rc == -EADDRINUSE; i++) {
        p->next_port = (p->next_port + 1) % n;
        ps_addr_set_port(&at, (uint16_t)(p->ports.low + p->next_port));
        rc = open_socket(p, &at, false, out);
    }
    return rc;
}

// taking and leaving

static bool suits(const struct pump_socket *s, const struct ps_addr *local)
{
    uint16_t port = ps_addr_port(local);

    if (s->closing || !ps_addr_same_host(&s->bound, local))
        return false;
    return port ? port == ps_addr_port(&s->bound) : !s->exact;
}

static struct pump_socket *find_room(struct ps_pump *p, const struct ps_addr *local,
                                     const struct ps_flow *flow)
{
    if (p->hint && suits(p->hint, local) && has_room(p, p->hint, flow))
        return p->hint;
    PS_LIST_EACH(it, &p->sockets) {
        struct pump_socket *s = PS_CONTAINER(it, struct pump_socket, link);
        if (suits(s, local) && has_room(p, s, flow))
            return s;
    }
    return NULL;
}

int pump_pool_take(struct ps_pump *p, const struct ps_addr *local, const struct ps_flow *flow,
                   struct pump_socket **out)
{
    bool exact = ps_addr_port(local) != 0;
    int rc;

    p->hint = find_room(p, local, flow);
    if (p->hint) {
        p->hint->flows++;
        *out = p->hint;
        return 0;
    }
    if (exact || p->ports.high == 0)
        rc = open_socket(p, local, exact, out);
    else
        rc = open_in_range(p, local, out);
    if (!rc)
        (*out)->flows = 1;
    return rc;
}

// A socket without flows that need not be kept now that s has none either: a second one at the same
// address, or the one longest without when there are many. One is kept, so that a new flow never
// fails for a port that is just being closed.
static struct pump_socket *surplus(const struct ps_pump *p, const struct pump_socket *s)
{
    struct pump_socket *oldest = NULL;
    unsigned spares = 0;

    PS_LIST_EACH(it, &p->sockets) {
        struct pump_socket *o = PS_CONTAINER(it, struct pump_socket, link);
        if (o->flows || o->closing)
            continue;
        if (o != s && !o->exact && !s->exact && ps_addr_same_host(&o->bound, &s->bound))
            return o;
        if (spares++ == 0)
            oldest = o;
    }
    return spares > SPARES_MAX ? oldest : NULL;
}

// The packet thread closes it: it may be reading it this moment.
static void doom(struct ps_pump *p, struct pump_socket *s)
{
    bool poke;

    s->closing = true;
    pump_hold(p);
    p->dropped_before += pump_pool_drops(s);
    pthread_mutex_lock(&p->lock);
    poke = !p->s.commands && !p->s.doomed;
    s->next_doomed = p->s.doomed;
    p->s.doomed = s;
    pthread_mutex_unlock(&p->lock);
    if (poke)
        pump_poke(p);
}

void pump_pool_leave(struct ps_pump *p, struct pump_socket *s)
{
    struct pump_socket *victim;

    if (--s->flows > 0)
        return;
    ps_list_remove(&s->link);
    ps_list_append(&p->sockets, &s->link);
    victim = surplus(p, s);
    if (victim)
        doom(p, victim);
}

void pump_pool_gone(struct ps_pump *p, struct pump_socket *s)
{
    if (p->hint == s)
        p->hint = NULL;
    ps_list_remove(&s->link);
    p->nsockets--;
    free(s);
}

void pump_pool_fini(struct ps_pump *p)
{
    PS_LIST_EACH_SAFE(it, &p->sockets) {
        struct pump_socket *s = PS_CONTAINER(it, struct pump_socket, link);
        if (s->fd >= 0)
            close(s->fd);
        pump_pool_gone(p, s);
    }
}

uint64_t pump_pool_drops(const struct pump_socket *s)
{
    uint32_t kernel = 0;

    (void)ps_dgram_drops(s->fd, &kernel);
    return kernel + atomic_load_explicit(&s->lost, memory_order_relaxed);
}
