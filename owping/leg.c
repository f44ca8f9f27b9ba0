// SPDX-License-Identifier: Apache-2.0
#include "owping/leg.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "endpoint/ep_ask.h"
#include "endpoint/ep_here.h"

const char *leg_name(const struct leg *leg)
{
    return leg->to ? "to" : "from";
}

static void tell_why(const struct leg *leg, const char *what, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", options_name(leg->o), what, why);
}

static int tell(const struct leg *leg, int err, const char *what)
{
    tell_why(leg, what, ps_strerror(err));
    return err;
}

static void on_sent(void *ctx)
{
    struct leg *leg = ctx;
    uint64_t n;
    int err = ep_sender_send_error(leg->party.sender, &n);
    if (err != 0)
        fprintf(stderr, "%s: %llu packets could not be sent: %s\n", options_name(leg->o),
                (unsigned long long)n, ps_strerror(err));
    ep_trial_progress(leg->trial);
}

static void on_complete(void *ctx)
{
    struct leg *leg = ctx;
    ep_trial_progress(leg->trial);
}

static void on_failed(void *ctx, int err)
{
    struct leg *leg = ctx;
    leg->party.failed = true;
    leg->failure = tell(leg, err, "cannot record packets");
    ep_trial_progress(leg->trial);
}

static int open_end(struct leg *leg, const struct leg_ground *g)
{
    struct ps_addr peer = g->remote;
    ps_addr_set_port(&peer, 0); // its UDP port comes with Accept-Session
    struct ps_addr local = g->local;
    ps_addr_set_port(&local, 0);
    if (leg->to) {
        struct ep_sender_conf sc = {
            .pump = g->pump, .local = local, .peer = peer, .dscp = leg->o->dscp, .ctx = leg, .done = on_sent};
        return ep_sender_open(&leg->party.sender, &sc);
    }
    struct ep_receiver_conf rc = {.loop = g->loop,
                                  .pump = g->pump,
                                  .clock = g->clock,
                                  .local = local,
                                  .peer = peer,
                                  .ctx = leg,
                                  .complete = on_complete,
                                  .failed = on_failed};
    return ep_receiver_open(&leg->party.receiver, &rc);
}

static int fill_request(struct leg *leg, const struct leg_ground *g, ps_ntp start, ps_ntp timeout)
{
    struct ep_ask ask = {.to = leg->to,
                         .count = leg->o->count,
                         .padding = leg->o->padding,
                         .nslots = leg->o->nslots,
                         .dscp = leg->o->dscp,
                         .start = start,
                         .timeout = timeout,
                         .local = g->local,
                         .remote = g->remote,
                         .port = leg->to ? ep_sender_port(leg->party.sender)
                                         : ep_receiver_port(leg->party.receiver)};
    return ep_ask_request(&ask, ps_ntp_from_ns(ps_clock_now(g->clock)), &leg->party.req);
}

int leg_open(struct leg *leg, const struct leg_ground *g, ps_ntp start, ps_ntp timeout)
{
    leg->ignored = leg->host_dropped = -1;
    leg->clock = g->clock;
    leg->pump = g->pump;
    const char *path = leg->to ? leg->o->to_file : leg->o->from_file;
    int err = savefile_open(&leg->save, path);
    if (err != 0) {
        tell_why(leg, path != NULL ? path : "working file in TMPDIR or /tmp", savefile_strerror(err));
        return err;
    }
    err = open_end(leg, g);
    if (err != 0)
        return tell(leg, err, err == -EADDRINUSE ? "no local UDP port left (-P)" : "cannot open a test port");
    err = fill_request(leg, g, start, timeout);
    return err == 0 ? 0 : tell(leg, err, "random numbers");
}

int leg_ready(struct leg *leg, const struct ow_accept_msg *accept, uint32_t mode, const struct ow_keys *keys)
{
    struct ow_request *req = &leg->party.req;
    int err;
    if (leg->to) {
        req->receiver_port = accept->port;
        memcpy(req->sid, accept->sid, OW_SID_LEN);
        err = ep_sender_ready(leg->party.sender, req, leg->o->slots, mode, keys, accept->port);
    } else {
        req->sender_port = accept->port;
        int fd = fcntl(leg->save.fd, F_DUPFD_CLOEXEC, 3);
        err = fd < 0
                  ? -errno
                  : ep_receiver_ready(leg->party.receiver, req, leg->o->slots, mode, keys, accept->port, fd);
    }
    return err == 0 ? 0 : tell(leg, err, "cannot set up the session");
}

int leg_start(struct leg *leg)
{
    leg->steps = ps_clock_steps(leg->clock);
    int err = leg->to ? ep_sender_start(leg->party.sender) : ep_receiver_start(leg->party.receiver);
    return err == 0 ? 0 : tell(leg, err, "cannot start the session");
}

// How many packets the server sent, those that it passed over as overdue left out; -1: it did not say.
static int64_t sent_by_server(const struct leg *leg)
{
    for (uint32_t i = 0; i < leg->trial->npeer_recs; i++) {
        const struct ow_stop_rec *rec = &leg->trial->peer_recs[i];
        int64_t n = rec->next_seqno;
        if (memcmp(rec->sid, leg->party.req.sid, OW_SID_LEN) != 0)
            continue;
        for (uint32_t k = 0; k < rec->nskips; k++)
            n -= (int64_t)rec->skips[k].last - rec->skips[k].first + 1;
        return n;
    }
    return -1;
}

// Clocks further apart than the timeout leave nothing to measure, and figures that do not say why.
static void tell_clocks(const struct leg *leg)
{
    uint32_t highest;
    int64_t sent = sent_by_server(leg);
    if (ep_receiver_highest(leg->party.receiver, &highest) || leg->trial->cut_short)
        return;
    if (sent == 0)
        fprintf(stderr, "%s: by the server's clock there was no time to send; are both clocks right?\n",
                options_name(leg->o));
    else if (sent > 0 && leg->ignored > 0)
        fprintf(stderr,
                "%s: %lld packets came from the server with stamps off by more than the timeout; are both "
                "clocks right?\n",
                options_name(leg->o), (long long)leg->ignored);
}

void leg_end(struct leg *leg)
{
    leg->steps = ps_clock_steps(leg->clock) - leg->steps;
    ep_here_get(leg->clock, leg->pump, &leg->party, &leg->here);
    if (leg->to)
        return;
    int err = ep_trial_finish_file(leg->trial, &leg->party);
    if (err != 0 && leg->failure == 0)
        leg->failure = tell(leg, err, "cannot complete the session's file");
    leg->good = leg->failure == 0;
    leg->ignored = (int64_t)ep_receiver_ignored(leg->party.receiver);
    leg->host_dropped = (int64_t)ep_receiver_host_dropped(leg->party.receiver);
    tell_clocks(leg);
    if (leg->host_dropped > 0)
        fprintf(stderr,
                "%s: this host dropped %lld datagrams at the socket: they are not the network's loss\n",
                options_name(leg->o), (long long)leg->host_dropped);
}

void leg_close(struct leg *leg)
{
    ep_sender_close(leg->party.sender);
    ep_receiver_close(leg->party.receiver);
    leg->party.sender = NULL;
    leg->party.receiver = NULL;
}
