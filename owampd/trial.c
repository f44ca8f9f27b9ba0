// SPDX-License-Identifier: Apache-2.0
#include "owampd/trial.h"
#include "base/ps_err.h"
#include "owampd/session.h"

static int send_stop(void *ctx, uint8_t accept, const struct ow_stop_rec *recs, uint32_t n)
{
    struct conn *c = ctx;
    int err = ow_server_stop(c->machine, accept, recs, n);
    if (err != 0)
        conn_drop(c, PS_LOG_WARN, ps_strerror(err));
    else
        conn_pump(c);
    return c->closed ? PS_ECLOSED : 0;
}

static void concluded(void *ctx)
{
    struct conn *c = ctx;
    PS_LIST_EACH_SAFE(it, &c->trial.parties) {
        session_end(session_of(it));
        session_free(session_of(it));
    }
    ep_trial_abort(&c->trial); // even when the server is stopping the client may still fetch
    conn_weigh(c);
}

int trial_setup(struct conn *c)
{
    int err =
        ep_trial_init(&c->trial, c->d->loop, c->d->clock, (ps_ns)(c->d->conf->enddelay_s * (double)PS_SEC));
    c->trial.ctx = c;
    c->trial.send_stop = send_stop;
    c->trial.concluded = concluded;
    return err;
}

static int start_all(struct conn *c)
{
    int err = 0;
    PS_LIST_EACH(it, &c->trial.parties) {
        if (err == 0)
            err = session_start(session_of(it));
    }
    if (err != 0)
        ps_log(c->d->log, PS_LOG_WARN, "session", "%s: cannot start: %s", c->label, ps_strerror(err));
    return err;
}

void trial_start(struct conn *c)
{
    bool good = start_all(c) == 0;
    int err = ow_server_start(c->machine, good ? OW_ACCEPT_OK : OW_ACCEPT_FAILURE);
    if (err != 0)
        conn_drop(c, PS_LOG_WARN, ps_strerror(err));
    else if (!good)
        trial_broken(c);
    else
        ep_trial_begin(&c->trial, ow_server_early(c->machine));
}

void trial_stopped(struct conn *c, const struct ow_stop *stop)
{
    if (stop->accept != OW_ACCEPT_OK)
        ps_log(c->d->log, PS_LOG_INFO, "control", "%s: the peer stopped the test: %s", c->label,
               ow_accept_text(stop->accept));
    const char *fault = ep_trial_peer_stop(&c->trial, stop);
    if (fault != NULL)
        conn_drop(c, PS_LOG_INFO, fault);
}

void trial_broken(struct conn *c)
{
    // What the peer said does not count any more: files end as incomplete.
    ep_trial_abort(&c->trial);
    PS_LIST_EACH_SAFE(it, &c->trial.parties) {
        session_free(session_of(it));
    }
}
