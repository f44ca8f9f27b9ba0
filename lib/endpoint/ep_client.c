// SPDX-License-Identifier: Apache-2.0
#include "endpoint/ep_client.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_rand.h"
#include "crypto/ps_crypto.h"

// Slow work for another thread: it outlives the client if that is closed meanwhile.
struct derivation {
    struct ep_client *client; // NULL: closed meanwhile
    uint8_t *pass;
    size_t pass_len;
    uint8_t salt[16], key[16];
    uint32_t count, mode;
    int err;
};

struct ep_client {
    struct ps_loop *loop;
    struct ps_connecting *connecting;
    struct ps_stream *stream;
    struct ow_client *machine;
    struct ps_timer *timer;
    struct derivation *derivation;
    char *identity;
    uint8_t *pass;
    size_t pass_len;
    ps_ns timeout, setup_timeout, setup_sent, rtt;
    bool closed, failed, busy; // busy: inside our own callbacks, freeing waits
    void *ctx;
    void (*on_event)(void *ctx, const struct ow_client_event *ev);
    void (*on_failed)(void *ctx, int err, const char *why);
};

static void client_release(struct ep_client *c)
{
    if (c->derivation != NULL)
        c->derivation->client = NULL;
    ps_timer_free(c->timer);
    ow_client_free(c->machine);
    if (c->pass != NULL)
        ps_mem_wipe(c->pass, c->pass_len);
    free(c->pass);
    free(c->identity);
    free(c);
}

static void client_fail(struct ep_client *c, int err, const char *why)
{
    if (c->failed || c->closed)
        return;
    c->failed = true;
    ps_timer_stop(c->timer);
    c->on_failed(c->ctx, err, why);
}

static int client_flush(struct ep_client *c)
{
    struct ps_buf *out = ow_client_out(c->machine);
    size_t n = ps_buf_len(out);
    if (n == 0 || c->stream == NULL)
        return 0;
    int err = ps_stream_write(c->stream, ps_buf_head(out), n);
    if (err == 0)
        ps_buf_consume(out, n);
    return err;
}

static void choose(struct ep_client *c, uint32_t mode, const uint8_t *key)
{
    struct ow_keys keys;
    uint8_t iv[16];
    int err = 0;
    c->setup_sent = ps_loop_mono();
    if (key == NULL) {
        err = ow_client_choose(c->machine, mode, NULL, NULL, NULL, NULL);
    } else {
        err = ps_rand_bytes(&keys, sizeof keys);
        if (err == 0)
            err = ps_rand_bytes(iv, sizeof iv);
        if (err == 0)
            err = ow_client_choose(c->machine, mode, c->identity, key, &keys, iv);
        ps_mem_wipe(&keys, sizeof keys);
    }
    if (err == 0)
        err = client_flush(c);
    if (err != 0)
        client_fail(c, err, ps_strerror(err));
}

static void derive_work(void *ctx)
{
    struct derivation *d = ctx;
    d->err = ow_derive(d->pass, d->pass_len, d->salt, d->count, d->key);
}

static void derive_done(void *ctx)
{
    struct derivation *d = ctx;
    struct ep_client *c = d->client;
    if (c != NULL) {
        c->derivation = NULL;
        if (d->err != 0)
            client_fail(c, d->err, "cannot derive the key from the pass-phrase");
        else if (!c->failed)
            choose(c, d->mode, d->key);
    }
    ps_mem_wipe(d->pass, d->pass_len);
    ps_mem_wipe(d->key, sizeof d->key);
    free(d->pass);
    free(d);
}

static int derive(struct ep_client *c, const struct ow_client_event *ev)
{
    struct derivation *d = calloc(1, sizeof *d);
    if (d == NULL)
        return -ENOMEM;
    d->pass = malloc(c->pass_len + 1);
    if (d->pass == NULL) {
        free(d);
        return -ENOMEM;
    }
    memcpy(d->pass, c->pass, c->pass_len);
    d->pass_len = c->pass_len;
    memcpy(d->salt, ev->greeting.salt, sizeof d->salt);
    d->count = ev->greeting.count;
    d->mode = ev->mode;
    d->client = c;
    c->derivation = d;
    int err = ps_work_run(c->loop, derive_work, derive_done, d);
    if (err != 0) {
        c->derivation = NULL;
        free(d->pass);
        free(d);
    }
    return err;
}

static void modes_text(uint32_t modes, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s", (modes & OW_MODE_OPEN) != 0 ? " open" : "",
             (modes & OW_MODE_AUTH) != 0 ? " authenticated" : "",
             (modes & OW_MODE_ENC) != 0 ? " encrypted" : "");
    size_t n = strlen(out);
    if ((modes & ~OW_MODE_ALL) != 0)
        snprintf(out + n, size - n, " unknown (0x%x)", (unsigned)(modes & ~OW_MODE_ALL));
}

static void on_greeting(struct ep_client *c, const struct ow_client_event *ev)
{
    char offered[64], why[160];
    if (ev->mode == 0) {
        modes_text(ev->greeting.modes, offered, sizeof offered);
        snprintf(why, sizeof why, "no common mode: the server offers%s%s", offered,
                 c->identity == NULL ? "; without -u only open is possible" : "; see -A");
        client_fail(c, PS_EREFUSED, why);
        return;
    }
    if (ev->mode == OW_MODE_OPEN) {
        choose(c, ev->mode, NULL);
        return;
    }
    int err = derive(c, ev);
    if (err != 0)
        client_fail(c, err, ps_strerror(err));
}

static void on_machine_event(struct ep_client *c, const struct ow_client_event *ev)
{
    ps_timer_stop(c->timer);
    if (ev->type == OW_CEV_GREETING) {
        ps_timer_start(c->timer, c->setup_timeout);
        on_greeting(c, ev);
    } else if (ev->type == OW_CEV_FAILED) {
        client_fail(c, ev->err, ev->why);
    } else {
        if (ev->type == OW_CEV_READY)
            c->rtt = ps_loop_mono() - c->setup_sent;
        if (ev->type == OW_CEV_FETCH_ACK || ev->type == OW_CEV_FETCH_HEAD || ev->type == OW_CEV_FETCH_DATA)
            ps_timer_start(c->timer, c->timeout);
        c->on_event(c->ctx, ev);
    }
}

static void on_data(void *ctx, const uint8_t *data, size_t n)
{
    struct ep_client *c = ctx;
    struct ow_client_event ev;
    c->busy = true;
    int err = ow_client_input(c->machine, data, n);
    while (!c->closed && !c->failed && ow_client_next(c->machine, &ev))
        on_machine_event(c, &ev);
    if (!c->closed && !c->failed && err == 0)
        err = client_flush(c);
    if (err != 0)
        client_fail(c, err, ps_strerror(err));
    c->busy = false;
    if (c->closed)
        client_release(c);
}

static void on_ended(void *ctx, int err)
{
    struct ep_client *c = ctx;
    c->busy = true;
    client_fail(c, err, err == PS_ECLOSED ? "the server closed the connection" : ps_strerror(err));
    c->busy = false;
    if (c->closed)
        client_release(c);
}

static void on_timeout(void *ctx)
{
    struct ep_client *c = ctx;
    c->busy = true;
    client_fail(c, PS_ETIMEOUT, "the server does not answer");
    c->busy = false;
    if (c->closed)
        client_release(c);
}

static void on_connect(void *ctx, int err, struct ps_stream *stream)
{
    static const struct ps_stream_ops ops = {.data = on_data, .ended = on_ended};
    struct ep_client *c = ctx;
    c->connecting = NULL;
    if (err != 0) {
        c->busy = true;
        client_fail(c, err, ps_strerror(err));
        c->busy = false;
        if (c->closed)
            client_release(c);
        return;
    }
    c->stream = stream;
    ps_timer_start(c->timer, c->setup_timeout);
    ps_stream_start(stream, &ops, c);
}

static int copy_identity(struct ep_client *c, const struct ep_client_conf *conf)
{
    if (conf->identity == NULL)
        return 0;
    c->identity = strdup(conf->identity);
    c->pass = malloc(conf->pass_len + 1);
    if (c->identity == NULL || c->pass == NULL)
        return -ENOMEM;
    memcpy(c->pass, conf->pass, conf->pass_len);
    c->pass_len = conf->pass_len;
    return 0;
}

int ep_client_open(struct ep_client **out, const struct ep_client_conf *conf)
{
    struct ep_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    c->loop = conf->loop;
    c->timeout = conf->timeout;
    c->setup_timeout = conf->setup_timeout != 0 ? conf->setup_timeout : conf->timeout;
    c->ctx = conf->ctx;
    c->on_event = conf->event;
    c->on_failed = conf->failed;
    int err = copy_identity(c, conf);
    if (err == 0)
        err = ow_client_new(&c->machine, conf->modes);
    if (err == 0)
        err = ps_timer_new(c->loop, &c->timer, on_timeout, c);
    if (err == 0)
        err = ps_connect(c->loop, conf->addrs, conf->naddrs, conf->local.len != 0 ? &conf->local : NULL,
                         conf->device, c->setup_timeout, on_connect, c, &c->connecting);
    if (err != 0) {
        client_release(c);
        return err;
    }
    *out = c;
    return 0;
}

// Sends what a command wrote, and waits for its answer unless it has none of its own.
static int commanded(struct ep_client *c, int err, bool answer)
{
    if (err == 0)
        err = client_flush(c);
    if (err == 0 && answer)
        ps_timer_start(c->timer, c->timeout);
    return err;
}

int ep_client_request(struct ep_client *c, const struct ow_request *req, const struct ow_slot *slots)
{
    return commanded(c, ow_client_request(c->machine, req, slots), true);
}

int ep_client_start(struct ep_client *c)
{
    return commanded(c, ow_client_start(c->machine), true);
}

int ep_client_stop(struct ep_client *c, uint8_t accept, const struct ow_stop_rec *recs, uint32_t nrecs)
{
    return commanded(c, ow_client_stop(c->machine, accept, recs, nrecs), false);
}

int ep_client_fetch(struct ep_client *c, const struct ow_fetch *f)
{
    return commanded(c, ow_client_fetch(c->machine, f), true);
}

void ep_client_hurry(struct ep_client *c, ps_ns timeout)
{
    if (timeout < c->timeout)
        c->timeout = timeout;
    if (timeout < c->setup_timeout)
        c->setup_timeout = timeout;
    if (ps_timer_running(c->timer))
        ps_timer_start(c->timer, timeout);
}

struct ow_client *ep_client_machine(struct ep_client *c)
{
    return c->machine;
}

const struct ps_addr *ep_client_local(const struct ep_client *c)
{
    return ps_stream_local(c->stream);
}

const struct ps_addr *ep_client_peer(const struct ep_client *c)
{
    return ps_stream_peer(c->stream);
}

ps_ns ep_client_rtt(const struct ep_client *c)
{
    return c->rtt;
}

void ep_client_close(struct ep_client *c)
{
    if (c == NULL || c->closed)
        return;
    c->closed = true;
    ps_connect_cancel(c->connecting);
    ps_stream_close(c->stream, 0);
    if (!c->busy)
        client_release(c);
}
