// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "endpoint/ep_ask.h"
#include "powstream/lane_impl.h"

// So long behind its start nobody wants a session any more.
#define ANSWER_LATE (2 * PS_SEC)
// Nobody else reads the file while the session runs; a part is written out when it is read.
#define FLUSH_EVERY (4 * PS_SEC)

static void on_progress(void *ctx)
{
    struct lane *l = ctx;
    ep_trial_progress(&l->trial);
}

static void on_failed_file(void *ctx, int err)
{
    struct lane *l = ctx;
    l->party.failed = true;
    lane_blame(l, "recording the packets: %s", ps_strerror(err));
    ep_trial_progress(&l->trial);
}

static int open_end(struct lane *l)
{
    const struct ground *g = l->conf.ground;
    struct ps_addr local = l->local, peer = l->remote;
    ps_addr_set_port(&local, 0);
    ps_addr_set_port(&peer, 0); // its UDP port comes with Accept-Session
    if (lane_want(l)->to) {
        struct ep_sender_conf sc = {.pump = g->pump,
                                    .local = local,
                                    .peer = peer,
                                    .dscp = lane_want(l)->dscp,
                                    .ctx = l,
                                    .done = on_progress};
        return ep_sender_open(&l->party.sender, &sc);
    }
    struct ep_receiver_conf rc = {.loop = g->loop,
                                  .pump = g->pump,
                                  .clock = g->clock,
                                  .local = local,
                                  .peer = peer,
                                  .flush_every = FLUSH_EVERY,
                                  .ctx = l,
                                  .complete = on_progress,
                                  .failed = on_failed_file};
    return ep_receiver_open(&l->party.receiver, &rc);
}

static int fill_request(struct lane *l)
{
    const struct stream_conf *c = lane_want(l);
    struct ep_ask ask = {.to = c->to,
                         .count = c->count,
                         .padding = c->padding,
                         .nslots = 1,
                         .dscp = c->dscp,
                         .start = l->start,
                         .timeout = ps_ntpdur_from_double(c->timeout),
                         .local = l->local,
                         .remote = l->remote,
                         .port =
                             c->to ? ep_sender_port(l->party.sender) : ep_receiver_port(l->party.receiver)};
    return ep_ask_request(&ask, lane_wall(l), &l->party.req);
}

// To the request, and to the start.
static void await_answer(struct lane *l)
{
    ps_ntp now = lane_wall(l);
    ps_ns ahead = ps_ntp_before(now, l->start) ? ps_ntpdur_to_ns(l->start - now) : 0;
    l->asked = ps_loop_mono();
    ps_timer_start(l->patience, ahead + ANSWER_LATE);
}

void lane_request(struct lane *l, ps_ntp start)
{
    lane_drop_session(l);
    l->stage = STAGE_ASKING;
    l->start = start;
    int err = lane_make_file(l);
    if (err != 0) {
        lane_fail_soon(l, l->conf.folder, err);
        return;
    }
    err = open_end(l);
    if (err == 0)
        err = fill_request(l);
    if (err == 0)
        err = ep_client_request(l->client, &l->party.req, &lane_want(l)->slot);
    if (err != 0)
        lane_fail_soon(l, err == -EADDRINUSE ? "no local UDP port left (-P)" : "asking for a session", err);
    else
        await_answer(l);
}

static int make_ready(struct lane *l, const struct ow_accept_msg *accept)
{
    struct ow_request *req = &l->party.req;
    const struct ow_keys *keys = ow_client_keys(ep_client_machine(l->client));
    if (l->party.sender != NULL) {
        req->receiver_port = accept->port;
        memcpy(req->sid, accept->sid, OW_SID_LEN);
        return ep_sender_ready(l->party.sender, req, &lane_want(l)->slot, l->mode, keys, accept->port);
    }
    req->sender_port = accept->port;
    int fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return -errno;
    return ep_receiver_ready(l->party.receiver, req, &lane_want(l)->slot, l->mode, keys, accept->port, fd);
}

void lane_accepted(struct lane *l, const struct ow_accept_msg *accept)
{
    struct ow_request *req = &l->party.req;
    if (accept->accept != OW_ACCEPT_OK) {
        lane_refused(l, "the server refused the session", accept->accept);
        return;
    }
    const char *fault = ep_ask_fault(req, accept);
    if (fault != NULL) {
        lane_failf(l, "the server's answer", fault);
        return;
    }
    int err = make_ready(l, accept);
    if (err == 0)
        err = ow_sched_time(req->sid, &lane_want(l)->slot, 1, req->start, req->npackets - 1, &l->end);
    l->steps_before = ps_clock_steps(l->conf.ground->clock);
    if (err == 0 && l->party.receiver != NULL) // ready before the server may send
        err = ep_receiver_start(l->party.receiver);
    if (err == 0)
        err = ep_client_start(l->client);
    // It happens when a server has been restarted, and we have not seen yet that its former sessions are gone.
    if (err == -EADDRINUSE)
        lane_fail(l, "the server's UDP port is that of another session, which has not ended here yet");
    else if (err != 0)
        lane_failf(l, "starting the session", ps_strerror(err));
    if (err != 0)
        return;
    l->stage = STAGE_STARTING;
    await_answer(l);
}

void lane_started(struct lane *l, uint8_t accept)
{
    ps_timer_stop(l->patience);
    if (accept != OW_ACCEPT_OK) {
        lane_refused(l, "the server did not start the session", accept);
        return;
    }
    int err = l->party.sender != NULL ? ep_sender_start(l->party.sender) : 0;
    if (err != 0) {
        lane_failf(l, "starting the session", ps_strerror(err));
        return;
    }
    l->stage = STAGE_TEST;
    l->has_party = true;
    ep_trial_add(&l->trial, &l->party);
    ep_trial_begin(&l->trial, l->early);
    l->conf.ops->agreed(l->conf.ctx, l, l->start, l->end);
}
