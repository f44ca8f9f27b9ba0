// SPDX-License-Identifier: Apache-2.0
#include "owampd/conn.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_rand.h"
#include "owampd/entrance.h"
#include "owampd/fetch.h"
#include "owampd/identify.h"
#include "owampd/session.h"
#include "owampd/trial.h"

#define LINGER (5 * PS_SEC)

static void conn_release(void *ctx)
{
    struct conn *c = ctx;
    ps_timer_free(c->idle);
    ep_trial_fini(&c->trial);
    ow_server_free(c->machine);
    free(c->label);
    free(c->user);
    free(c);
}

void conn_drop(struct conn *c, enum ps_log_level level, const char *why)
{
    if (c->closed)
        return;
    c->closed = true;
    if (why != NULL)
        ps_log(c->d->log, level, "control", "%s: closed: %s", c->label, why);
    identify_cancel(c);
    fetch_cancel(c);
    trial_broken(c);
    ps_timer_stop(c->idle);
    ps_stream_close(c->stream, LINGER);
    c->stream = NULL;
    ps_list_remove(&c->node);
    guests_leave(&c->d->guests, &c->guest);
    memory_give(&c->d->memory, MEMORY_CONNECTION);
    daemon_conn_gone(c->d);
    // Whoever called us may still be looking at c.
    if (ps_defer(c->d->loop, conn_release, c) != 0)
        ps_log(c->d->log, PS_LOG_WARN, "control", "%s: out of memory while closing", c->label);
}

bool conn_flush(struct conn *c)
{
    if (c->closed)
        return false;
    struct ps_buf *out = ow_server_out(c->machine);
    size_t n = ps_buf_len(out);
    int err = n == 0 ? 0 : ps_stream_write(c->stream, ps_buf_head(out), n);
    if (err != 0) {
        conn_drop(c, PS_LOG_INFO, err == PS_ELIMIT ? "the peer does not read" : ps_strerror(err));
        return false;
    }
    ps_buf_consume(out, n);
    return true;
}

static const struct ow_class *conn_class(const struct conn *c)
{
    const struct ow_limits *limits = ow_policy_limits(c->d->policy);
    const struct ps_addr *peer = ps_stream_peer(c->stream);
    return c->user != NULL ? ow_limits_by_user(limits, c->user, peer) : ow_limits_by_addr(limits, peer);
}

// Log lines name the peer, and from now on its identity.
static void add_user_to_label(struct conn *c)
{
    char *label;
    if (asprintf(&label, "%s (%s)", c->label, c->user) < 0)
        return;
    free(c->label);
    c->label = label;
}

static void on_ready(struct conn *c, const struct ow_server_event *ev)
{
    c->ready = true;
    if (c->user != NULL)
        add_user_to_label(c);
    ps_log(c->d->log, PS_LOG_INFO, "control", "%s: connected, %s mode, class %s", c->label,
           ow_mode_text(ev->mode), conn_class(c)->name);
    if (c->d->stopping)
        conn_drop(c, PS_LOG_INFO, "the server is stopping");
}

static void on_request(struct conn *c, const struct ow_server_event *ev)
{
    uint16_t port = 0;
    uint8_t sid[OW_SID_LEN] = {0};
    uint8_t accept = c->d->stopping ? OW_ACCEPT_TEMPORARY : OW_ACCEPT_PERMANENT;
    struct session_peer from = {.peer = ps_stream_peer(c->stream),
                                .class = conn_class(c),
                                .mode = ow_server_mode(c->machine),
                                .keys = ow_server_keys(c->machine),
                                .label = c->label,
                                .opened = c->opened};
    if (c->d->stopping)
        ps_log(c->d->log, PS_LOG_INFO, "session", "%s: refused: the server is stopping", c->label);
    else if (c->opened < OW_MAX_SESSIONS)
        accept = session_open(c->d, &from, &ev->request, ev->slots, &c->trial, &port, sid);
    else
        ps_log(c->d->log, PS_LOG_INFO, "session", "%s: refused: too many sessions on one connection",
               c->label);
    if (accept == OW_ACCEPT_OK) {
        c->opened++;
        c->d->counts.sessions++;
    } else {
        c->d->counts.refused++;
    }
    int err = ow_server_accept(c->machine, accept, port, sid);
    if (err != 0)
        conn_drop(c, PS_LOG_WARN, ps_strerror(err));
}

static void on_failed(struct conn *c, const struct ow_server_event *ev)
{
    char why[300];
    bool named = !c->ready && c->user != NULL;
    snprintf(why, sizeof why, "%s%s%s%s", named ? "identity '" : "", named ? c->user : "", named ? "': " : "",
             ev->why);
    if (conn_flush(c))
        conn_drop(c, PS_LOG_INFO, why);
}

static void on_event(struct conn *c, const struct ow_server_event *ev)
{
    switch (ev->type) {
    case OW_SEV_IDENTIFY:
        identify(c, ev);
        break;
    case OW_SEV_READY:
        on_ready(c, ev);
        break;
    case OW_SEV_REQUEST:
        on_request(c, ev);
        break;
    case OW_SEV_START:
        trial_start(c);
        break;
    case OW_SEV_STOP:
        trial_stopped(c, &ev->stop);
        break;
    case OW_SEV_FETCH:
        fetch_begin(c, &ev->fetch);
        break;
    case OW_SEV_FAILED:
        on_failed(c, ev);
        break;
    case OW_SEV_NONE:
        break;
    }
}

// What is left of the time for the set-up.
static ps_ns setup_left(const struct conn *c, ps_ns limit)
{
    ps_ns most = (ps_ns)c->d->conf->setuptimeout_s * PS_SEC;
    return (limit < most ? limit : most) - (ps_loop_mono() - c->since);
}

// The peer's time to speak: none while a test runs or we derive its key, for then it has nothing to say.
static void arm_idle(struct conn *c)
{
    ps_ns limit = (ps_ns)c->d->conf->controltimeout_s * PS_SEC;
    if (!c->ready)
        limit = setup_left(c, limit);
    if ((c->trial.testing && !c->trial.stop_sent) || c->derivation != NULL)
        ps_timer_stop(c->idle);
    else
        ps_timer_start(c->idle, c->trial.testing ? ep_trial_patience(&c->trial) : limit);
}

void conn_weigh(struct conn *c)
{
    bool busy = c->fetch != NULL || !ps_list_empty(&c->trial.parties);
    guests_set(&c->d->guests, &c->guest,
               c->derivation != NULL ? GUEST_DERIVING
               : busy                ? GUEST_BUSY
                                     : GUEST_WAITING);
}

void conn_pump(struct conn *c)
{
    struct ow_server_event ev;
    if (c->closed || c->pumping)
        return;
    c->pumping = true;
    while (!c->closed && ow_server_next(c->machine, &ev))
        on_event(c, &ev);
    c->pumping = false;
    if (!conn_flush(c))
        return;
    if (ow_server_want(c->machine) == 0)
        ps_stream_pause(c->stream);
    else
        ps_stream_resume(c->stream);
    conn_weigh(c);
    arm_idle(c);
}

static void on_data(void *ctx, const uint8_t *data, size_t n)
{
    struct conn *c = ctx;
    int err = ow_server_input(c->machine, data, n);
    conn_pump(c);
    if (err != 0)
        conn_drop(c, PS_LOG_INFO, err == PS_ELIMIT ? "the peer sends more than it may" : ps_strerror(err));
}

static void on_ended(void *ctx, int err)
{
    struct conn *c = ctx;
    bool normal = err == PS_ECLOSED && c->ready && !c->trial.testing;
    enum ps_log_level level = normal     ? PS_LOG_DEBUG
                              : c->ready ? PS_LOG_INFO
                                         : entrance_level(c->d, CROWD_LET_GO);
    conn_drop(c, level, ps_strerror(err));
}

static void on_drained(void *ctx)
{
    struct conn *c = ctx;
    if (c->closed)
        return;
    if (c->fetch == NULL)
        return;
    arm_idle(c);
    fetch_more(c);
}

static void on_idle(void *ctx)
{
    struct conn *c = ctx;
    if (c->ready)
        conn_drop(c, PS_LOG_INFO, "the peer has said nothing for too long");
    else
        conn_drop(c, entrance_level(c->d, CROWD_LET_GO), "the set-up took too long");
}

static int conn_machine(struct conn *c)
{
    const struct ow_limits *limits = ow_policy_limits(c->d->policy);
    struct ow_server_conf sc = {
        .modes = c->d->conf->modes, .count = c->d->conf->pbkdf2_count, .start_time = c->d->start_time};
    if (!ow_limits_by_addr(limits, ps_stream_peer(c->stream))->allow_open_mode)
        sc.modes &= ~(uint32_t)OW_MODE_OPEN;
    if (c->d->pfs == NULL || ow_pfs_count(c->d->pfs) == 0)
        sc.modes &= (uint32_t)OW_MODE_OPEN;
    int err = ps_rand_bytes(sc.challenge, sizeof sc.challenge);
    if (err == 0)
        err = ps_rand_bytes(sc.salt, sizeof sc.salt);
    if (err == 0)
        err = ps_rand_bytes(sc.iv, sizeof sc.iv);
    memcpy(c->salt, sc.salt, sizeof c->salt);
    return err != 0 ? err : ow_server_new(&c->machine, &sc);
}

static int conn_setup(struct conn *c)
{
    char peer[PS_ADDR_STRLEN];
    int err = conn_machine(c);
    c->label = strdup(ps_addr_text(ps_stream_peer(c->stream), peer));
    if (err == 0 && c->label == NULL)
        err = -ENOMEM;
    if (err == 0)
        err = ps_timer_new(c->d->loop, &c->idle, on_idle, c);
    if (err == 0)
        err = trial_setup(c);
    return err == 0 ? guests_enter(&c->d->guests, &c->guest, ps_stream_peer(c->stream)) : err;
}

void conn_open(struct daemon *d, struct ps_stream *stream)
{
    static const struct ps_stream_ops ops = {.data = on_data, .ended = on_ended, .drained = on_drained};
    struct conn *c = calloc(1, sizeof *c);
    if (c == NULL) {
        ps_stream_close(stream, 0);
        memory_give(&d->memory, MEMORY_CONNECTION);
        return;
    }
    c->d = d;
    c->stream = stream;
    c->since = ps_loop_mono();
    int err = conn_setup(c);
    if (err != 0) {
        ps_log(d->log, PS_LOG_WARN, "control", "cannot serve a client: %s", ps_strerror(err));
        ps_stream_close(stream, 0);
        memory_give(&d->memory, MEMORY_CONNECTION);
        conn_release(c);
        return;
    }
    ps_list_append(&d->conns, &c->node);
    d->nconns++;
    d->counts.connections++;
    ps_stream_start(stream, &ops, c);
    conn_pump(c);
}

void conn_wind_up(struct conn *c)
{
    if (c->trial.testing)
        ep_trial_interrupt(&c->trial);
    else if (c->fetch == NULL)
        conn_drop(c, PS_LOG_INFO, "the server is stopping");
}
