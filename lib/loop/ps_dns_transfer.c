// SPDX-License-Identifier: Apache-2.0
// One question to the DNS, by c-ares. Each has a channel of its own: so it has a port of its own, which makes
// it harder to answer for others than the servers, and can be given up alone.
#define CARES_NO_DEPRECATED // what later versions put aside is what the older ones have
#include <ares.h>
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "loop/ps_dns_impl.h"
#include "loop/ps_watch.h"

#define TRIES 3 // of each server, with twice the patience each time
#define CLASS_IN 1

struct sock {
    struct ps_list link;
    struct ps_dns_transfer *t;
    struct ps_watch *watch;
    ares_socket_t fd;
};

struct ps_dns_transfer {
    struct ps_dns_errand errand;
    ares_channel channel; // NULL: not yet, or no longer
    struct ps_timer *timer;
    struct ps_list socks;
    ps_ns until;
    struct ps_dns_records *got;
    bool over; // got is what came of it
};

// --- the end

static void free_sock(struct sock *s)
{
    ps_list_remove(&s->link);
    ps_watch_free(s->watch);
    free(s);
}

// c-ares closes its sockets, and says so, before they are forgotten here.
static void transfer_free(struct ps_dns_transfer *t)
{
    t->over = true; // what c-ares says from here on is not heard
    if (t->channel)
        ares_destroy(t->channel);
    PS_LIST_EACH_SAFE(it, &t->socks)
        free_sock(PS_CONTAINER(it, struct sock, link));
    ps_timer_free(t->timer);
    ps_dns_records_release(t->got);
    free(t);
}

void ps_dns_transfer_drop(struct ps_dns_transfer *t)
{
    if (t)
        transfer_free(t);
}

static struct ps_dns_records *take_result(struct ps_dns_transfer *t)
{
    struct ps_dns_records *rec = t->got;

    t->got = NULL;
    return rec;
}

// Where it is not over the next wake is set.
static void go_on(struct ps_dns_transfer *t)
{
    struct timeval tv;
    ps_ns left = t->until - ps_loop_mono();

    if (t->over) {
        struct ps_dns_errand errand = t->errand;
        struct ps_dns_records *rec = take_result(t);
        transfer_free(t);
        errand.settled(errand.ctx, rec);
        return;
    }
    if (ares_timeout(t->channel, NULL, &tv)) {
        ps_ns wait = tv.tv_sec * PS_SEC + tv.tv_usec * PS_USEC;
        left = wait < left ? wait : left;
    }
    ps_timer_start(t->timer, left);
}

static void settle(struct ps_dns_transfer *t, struct ps_dns_records *rec)
{
    if (rec) { // else there is no memory, which t->got says
        ps_dns_records_release(t->got);
        t->got = rec;
    }
    t->over = true;
}

static void on_timer(void *ctx)
{
    struct ps_dns_transfer *t = ctx;

    if (ps_loop_mono() >= t->until)
        settle(t, ps_dns_records_failed(t->errand.name, PS_ETIMEOUT, "no server answered"));
    else
        ares_process_fd(t->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    go_on(t);
}

// --- c-ares

static struct ps_dns_records *failure(const char *name, int status)
{
    static const struct {
        int status, err;
        const char *cause;
    } causes[] = {{ARES_ETIMEOUT, PS_ETIMEOUT, "no server answered"},
                  // Some versions say no more than this when all servers failed or refused.
                  {ARES_ECONNREFUSED, PS_EREFUSED, "the servers cannot be reached, fail or refuse"},
                  {ARES_ESERVFAIL, PS_EREFUSED, "the server failed (SERVFAIL)"},
                  {ARES_EREFUSED, PS_EREFUSED, "the server refused"},
                  {ARES_ENOTIMP, PS_EREFUSED, "the server does not know such a question (NOTIMP)"},
                  {ARES_EFORMERR, PS_EREFUSED, "the server does not understand the question (FORMERR)"},
                  {ARES_ENOMEM, -ENOMEM, "not enough memory"},
                  {ARES_EBADRESP, PS_EMALFORMED, "the reply cannot be read"}};

    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (causes[i].status == status)
            return ps_dns_records_failed(name, causes[i].err, causes[i].cause);
    return ps_dns_records_failed(name, PS_EREFUSED, "the question could not be asked");
}

static void replied(void *ctx, int status, int timeouts, unsigned char *reply, int len)
{
    struct ps_dns_transfer *t = ctx;
    bool answered = status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND;

    (void)timeouts;
    if (t->over)
        return;
    if (answered && reply && len > 0)
        settle(t, ps_dns_records_read(t->errand.type, t->errand.name, reply, (size_t)len));
    else
        settle(t, failure(t->errand.name, status));
}

static void ready(void *ctx, int bits)
{
    struct sock *s = ctx;
    struct ps_dns_transfer *t = s->t;

    ares_process_fd(t->channel, bits & PS_WATCH_READ ? s->fd : ARES_SOCKET_BAD,
                    bits & PS_WATCH_WRITE ? s->fd : ARES_SOCKET_BAD);
    go_on(t);
}

static struct sock *sock_of(struct ps_dns_transfer *t, ares_socket_t fd)
{
    PS_LIST_EACH(it, &t->socks)
        if (PS_CONTAINER(it, struct sock, link)->fd == fd)
            return PS_CONTAINER(it, struct sock, link);
    return NULL;
}

static struct sock *watch(struct ps_dns_transfer *t, ares_socket_t fd)
{
    struct sock *s = calloc(1, sizeof *s);

    if (!s || ps_watch_new(t->errand.loop, fd, ready, s, &s->watch)) {
        free(s);
        return NULL; // the deadline ends it
    }
    s->t = t;
    s->fd = fd;
    ps_list_append(&t->socks, &s->link);
    return s;
}

static void sock_wanted(void *ctx, ares_socket_t fd, int readable, int writable)
{
    struct ps_dns_transfer *t = ctx;
    struct sock *s = sock_of(t, fd);

    if (!readable && !writable) {
        if (s)
            free_sock(s);
        return;
    }
    if (!s)
        s = watch(t, fd);
    if (s)
        ps_watch_set(s->watch, (readable ? PS_WATCH_READ : 0) | (writable ? PS_WATCH_WRITE : 0));
}

// --- the beginning

static int set_servers(ares_channel channel, const struct ps_dns_servers *s)
{
    struct ares_addr_port_node *nodes = ps_dns_servers_nodes(s);
    int rc = nodes ? ares_set_servers_ports(channel, nodes) : ARES_ENOMEM;

    free(nodes);
    return rc == ARES_SUCCESS ? 0 : -ENOMEM;
}

// All is said here, so that no file is read for each question.
static int open_channel(struct ps_dns_transfer *t)
{
    struct in_addr nobody = {0};
    char lookups[] = "b";
    struct ares_options options = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
                                   .timeout = (int)(t->errand.try_for / PS_MSEC),
                                   .tries = TRIES,
                                   .ndots = 1,
                                   .servers = &nobody,
                                   .nservers = 1,
                                   .lookups = lookups,
                                   .sock_state_cb = sock_wanted,
                                   .sock_state_cb_data = t};
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_SERVERS |
               ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST | ARES_OPT_NOROTATE |
               ARES_OPT_SOCK_STATE_CB;

    if (ares_init_options(&t->channel, &options, mask) != ARES_SUCCESS) {
        t->channel = NULL;
        return -ENOMEM;
    }
    return set_servers(t->channel, t->errand.servers);
}

static int set_up(struct ps_dns_transfer *t)
{
    t->got = ps_dns_records_failed(t->errand.name, -ENOMEM, "not enough memory");
    if (!t->got || ps_timer_new(t->errand.loop, &t->timer, on_timer, t))
        return -ENOMEM;
    t->until = ps_loop_mono() + t->errand.give_up;
    return open_channel(t);
}

int ps_dns_transfer_start(const struct ps_dns_errand *e, struct ps_dns_transfer **out,
                          struct ps_dns_records **rec)
{
    struct ps_dns_transfer *t = calloc(1, sizeof *t);

    *out = NULL;
    if (!t)
        return -ENOMEM;
    t->errand = *e;
    ps_list_init(&t->socks);
    if (set_up(t)) {
        transfer_free(t);
        return -ENOMEM;
    }
    ares_query(t->channel, e->name, CLASS_IN, (int)e->type, replied, t);
    if (t->over) {
        *rec = take_result(t);
        transfer_free(t);
        return 0;
    }
    go_on(t);
    *out = t;
    return 0;
}
