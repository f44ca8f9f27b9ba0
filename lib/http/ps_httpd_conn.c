// SPDX-License-Identifier: Apache-2.0
// Connections: which are taken, and how long they stay. One is made to end by shutting its socket down, upon
// which the library closes it.
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "http/ps_httpd_impl.h"

#define SWEEP_EVERY PS_SEC
#define SWEEP_SLACK (200 * PS_MSEC)

static void end_conn(struct httpd_conn *c)
{
    if (c->going)
        return;
    c->going = true;
    c->e->h->going++;
    c->e->h->stats.conns_dropped++;
    shutdown(c->fd, SHUT_RDWR);
}

// arriving

// Best effort: to a client that has sent already the kernel may say no more than that the connection is over.
static void turn_away(struct ps_httpd *h, bool tls, int fd)
{
    char answer[300];
    size_t len = 0;
    char *words = tls ? NULL : httpd_reply_words(h, "there are too many connections", &len);
    int n = snprintf(answer, sizeof answer,
                     "HTTP/1.1 503 Service Unavailable\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                     "Connection: close\r\n\r\n%s",
                     httpd_words_type(h), len, words ? words : "");

    h->stats.conns_refused++;
    if (words)
        (void)!send(fd, answer, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
    free(words);
    close(fd);
}

static bool make_room(struct ps_httpd *h)
{
    if (h->conns - h->going < h->conf.conns_max)
        return true;
    PS_LIST_EACH(it, &h->idle) {
        struct httpd_conn *c = PS_CONTAINER(it, struct httpd_conn, link);
        if (!c->going) {
            end_conn(c);
            return true;
        }
    }
    return false;
}

// Many come at once: the library counts those, too, that made room and are not closed yet, and has a bound of
// twice ours.
static void close_going(struct ps_httpd *h)
{
    if (h->going < h->conf.conns_max)
        return;
    PS_LIST_EACH(it, &h->engines)
        httpd_engine_reap(PS_CONTAINER(it, struct httpd_engine, link));
}

static bool is_counted(const struct ps_httpd *h, const struct ps_addr *peer)
{
    return peer->len && h->conf.conns_per_net && !(h->conf.trusts && h->conf.trusts(h->conf.ctx, peer));
}

static void take(struct httpd_engine *e, int fd, const struct ps_addr *peer, struct httpd_net *net)
{
    struct httpd_conn *c = calloc(1, sizeof *c);
    struct ps_httpd *h = e->h;

    if (!c) {
        close(fd);
        if (net)
            httpd_net_leave(h, net);
        return;
    }
    *c = (struct httpd_conn){.e = e, .fd = fd, .peer = *peer, .net = net, .fresh = true};
    c->since = ps_loop_mono();
    ps_list_append(&h->idle, &c->link);
    if (h->conns++ == 0)
        ps_timer_about(h->sweep, SWEEP_EVERY, SWEEP_SLACK);
    e->conns++;
    h->stats.conns_total++;
    // Of a connection that it does not take the library may or may not have told us already.
    if (httpd_engine_add(e, c) && !c->mhd)
        httpd_conn_ended(c);
}

void httpd_arrive(struct ps_httpd *h, bool tls, int fd, const struct ps_addr *peer)
{
    close_going(h);
    if (h->closed) {
        close(fd);
        return;
    }
    bool counted = is_counted(h, peer);
    struct httpd_net *net = counted ? httpd_net_of(h, peer) : NULL;
    if ((counted && (!net || net->conns >= h->conf.conns_per_net)) || !make_room(h)) {
        turn_away(h, tls, fd);
        return;
    }
    if (net)
        net->conns++;
    take(tls ? h->secure : h->plain, fd, peer, net);
}

void httpd_conn_ended(struct httpd_conn *c)
{
    struct ps_httpd *h = c->e->h;

    ps_list_remove(&c->link);
    h->conns--;
    h->going -= c->going;
    c->e->conns--;
    if (c->net)
        httpd_net_leave(h, c->net);
    free(c);
}

// staying

void httpd_conn_busy(struct httpd_conn *c)
{
    ps_list_remove(&c->link);
    ps_list_append(&c->e->h->busy, &c->link);
}

void httpd_conn_idle(struct httpd_conn *c)
{
    ps_list_remove(&c->link);
    ps_list_append(&c->e->h->idle, &c->link);
    c->req = NULL;
    c->since = ps_loop_mono();
}

// How long so many octets may take.
static ps_ns allowance(const struct ps_httpd_conf *conf, uint64_t octets)
{
    return conf->grace + (ps_ns)((double)octets / (conf->slow ? conf->slow : 1) * (double)PS_SEC);
}

static ps_ns deadline(const struct httpd_conn *c)
{
    const struct ps_httpd_conf *conf = &c->e->h->conf;
    const struct ps_http_req *req = c->req;

    if (!req)
        return c->since + (c->fresh ? conf->head_timeout : conf->idle);
    switch (req->phase) {
    case HTTPD_HEAD:
        return req->began + conf->head_timeout;
    case HTTPD_BODY:
        return req->turned + allowance(conf, req->received);
    case HTTPD_ANSWERED:
        return req->suspended ? INT64_MAX : req->turned + allowance(conf, req->sent);
    case HTTPD_HANDED:
    case HTTPD_OVER:
        break;
    }
    return INT64_MAX;
}

static void sweep_list(struct ps_list *list, ps_ns now)
{
    PS_LIST_EACH(it, list) {
        struct httpd_conn *c = PS_CONTAINER(it, struct httpd_conn, link);
        if (deadline(c) < now)
            end_conn(c);
    }
}

void httpd_sweep(void *ctx)
{
    struct ps_httpd *h = ctx;
    ps_ns now = ps_loop_mono();

    sweep_list(&h->idle, now);
    sweep_list(&h->busy, now);
    httpd_net_forget(h);
    if (h->conns > 0)
        ps_timer_about(h->sweep, SWEEP_EVERY, SWEEP_SLACK);
}
