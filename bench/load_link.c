// SPDX-License-Identifier: Apache-2.0
#include "bench/load_link.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "base/ps_err.h"
#include "base/ps_rand.h"
#include "data/ow_file.h"
#include "owamp/ow_sched.h"

#define ANSWER_MAX (60 * PS_SEC)
// From now to a session's first packet: other makes need about a second to be ready.
#define LEAD PS_SEC

static void link_fail(struct load_link *l, const char *what, const char *why)
{
    char text[160];
    if (l->stage == LOAD_OVER)
        return;
    snprintf(text, sizeof text, "%s: %s", what, why);
    l->stage = LOAD_OVER;
    l->ground->ops->failed(l->ground->ctx, l, text);
}

static void link_fail_err(struct load_link *l, const char *what, int err)
{
    link_fail(l, what, ps_strerror(err));
}

// records

static void session_collected(struct load_link *l)
{
    load_tally_end(l->tally, l->ground->counts);
    load_tally_free(l->tally);
    l->tally = NULL;
    l->fetched++;
    load_link_collect(l);
}

static int tally_file(struct load_link *l, struct load_session *s)
{
    struct ow_file *f;
    struct ow_rec rec;
    uint32_t nskips = 0;
    int err = ow_file_new(&f, ep_receiver_fd(s->party.receiver), "session", NULL);
    if (err != 0)
        return err;
    while ((err = ow_file_next(f, &rec)) == 1)
        if ((err = load_tally_add(l->tally, &rec, l->ground->counts)) != 0)
            break;
    const struct ow_skip *skips = ow_file_skips(f, &nskips);
    if (err == 0) {
        load_tally_sent(l->tally, ow_file_head(f)->next_seqno, skips, nskips);
        load_tally_end(l->tally, l->ground->counts);
    }
    ow_file_free(f);
    return err;
}

static int fetch(struct load_link *l, const struct load_session *s)
{
    struct ow_fetch f = {.begin = 0, .end = UINT32_MAX};
    memcpy(f.sid, s->party.req.sid, OW_SID_LEN);
    return ep_client_fetch(l->client, &f);
}

void load_link_collect(struct load_link *l)
{
    int err = 0;
    l->stage = LOAD_COLLECTING;
    l->fetching = true;
    while (err == 0 && l->fetched < l->n) {
        struct load_session *s = &l->sessions[l->fetched];
        err = load_tally_new(&l->tally, &s->party.req, &l->ground->slot);
        if (err == 0 && l->ground->to)
            err = fetch(l, s);
        if (err == 0 && l->ground->to)
            return; // goes on when it has come
        if (err == 0)
            err = tally_file(l, s);
        load_tally_free(l->tally);
        l->tally = NULL;
        l->fetched++;
    }
    if (err != 0) {
        link_fail_err(l, "taking a session's records", err);
        return;
    }
    l->stage = LOAD_OVER;
    l->ground->ops->over(l->ground->ctx, l);
}

static void on_fetch_data(struct load_link *l, const struct ow_client_event *ev)
{
    struct ow_rec rec;
    int err = 0;
    for (uint32_t i = 0; err == 0 && i < ev->nrecords; i++) {
        ow_rec_unpack(ev->records + (size_t)i * OW_REC_LEN, &rec);
        err = load_tally_add(l->tally, &rec, l->ground->counts);
    }
    if (err != 0)
        link_fail_err(l, "the server's records", err);
}

static void on_fetch_ack(struct load_link *l, const struct ow_client_event *ev)
{
    if (ev->ack.accept != OW_ACCEPT_OK)
        link_fail(l, "fetching a session", ow_accept_text(ev->ack.accept));
    else if (ev->ack.finished != OW_FIN_NORMAL)
        link_fail(l, "fetching a session", "the server's record of it is not complete");
}

// the test

static int on_send_stop(void *ctx, uint8_t accept, const struct ow_stop_rec *recs, uint32_t n)
{
    struct load_link *l = ctx;
    int err = ep_client_stop(l->client, accept, recs, n);
    if (err != 0)
        link_fail_err(l, "ending the test", err);
    return err;
}

static void on_concluded(void *ctx)
{
    struct load_link *l = ctx;
    int err = 0;
    for (unsigned i = 0; i < l->n && err == 0 && !l->ground->to; i++)
        err = ep_trial_finish_file(&l->trial, &l->sessions[i].party);
    if (err != 0) {
        link_fail_err(l, "completing a session's file", err);
    } else if (l->trial.peer_accept != OW_ACCEPT_OK) {
        link_fail(l, "the server ended the test", ow_accept_text(l->trial.peer_accept));
    } else {
        l->stage = LOAD_CONCLUDED;
        l->ground->ops->concluded(l->ground->ctx, l);
    }
}

static void on_party(void *ctx)
{
    struct load_session *s = ctx;
    ep_trial_progress(&s->link->trial);
}

static void on_party_failed(void *ctx, int err)
{
    struct load_session *s = ctx;
    link_fail_err(s->link, "recording packets", err);
}

static int start_all(struct load_link *l, bool senders)
{
    int err = 0;
    for (unsigned i = 0; i < l->n && err == 0; i++) {
        const struct ep_party *p = &l->sessions[i].party;
        if ((p->sender != NULL) == senders)
            err = senders ? ep_sender_start(p->sender) : ep_receiver_start(p->receiver);
    }
    return err;
}

static void on_started(struct load_link *l, uint8_t accept)
{
    if (accept != OW_ACCEPT_OK) {
        link_fail(l, "the server did not start the test", ow_accept_text(accept));
        return;
    }
    int err = start_all(l, true);
    if (err != 0) {
        link_fail_err(l, "starting to send", err);
        return;
    }
    l->stage = LOAD_RUNNING;
    l->counted = true;
    l->ground->ops->opened(l->ground->ctx, l);
    ep_trial_begin(&l->trial, ow_client_early(ep_client_machine(l->client)));
}

static void on_stop(struct load_link *l, const struct ow_stop *stop)
{
    const char *fault = ep_trial_peer_stop(&l->trial, stop);
    if (fault != NULL)
        link_fail(l, "the server's end of the test", fault);
}

// the requests

// Sessions begin spread over one interval, so that they do not all send at once.
static void set_times(const struct load_link *l, unsigned number, struct ow_request *req)
{
    const struct load_ground *g = l->ground;
    double interval = (double)PS_SEC / g->conf->rate;
    ps_ns start = g->first + (ps_ns)(interval * number / g->sessions);
    ps_ns soonest = ps_clock_now(g->clock) + LEAD;
    if (start < soonest)
        start = soonest;
    double packets = ceil((double)(g->last - start) / interval);
    req->npackets = packets < 1 ? 1 : (uint32_t)packets;
    req->start = ps_ntp_from_ns(start);
    req->timeout = ps_ntpdur_from_double(g->conf->timeout);
}

static void fill_request(struct load_link *l, struct load_session *s)
{
    const struct ps_addr *local = ep_client_local(l->client), *remote = ep_client_peer(l->client);
    struct ow_request *req = &s->party.req;
    bool to = l->ground->to;
    req->ipvn = (uint8_t)ps_addr_version(local);
    req->conf_receiver = to;
    req->conf_sender = !to;
    req->nslots = 1;
    req->padding = l->ground->conf->padding;
    ps_addr_to_wire(to ? local : remote, req->sender_addr);
    ps_addr_to_wire(to ? remote : local, req->receiver_addr);
    if (to)
        req->sender_port = ep_sender_port(s->party.sender);
    else
        req->receiver_port = ep_receiver_port(s->party.receiver);
    set_times(l, l->first + (unsigned)(s - l->sessions), req);
}

static int open_end(struct load_link *l, struct load_session *s)
{
    const struct load_ground *g = l->ground;
    struct ps_addr local = *ep_client_local(l->client), peer = *ep_client_peer(l->client);
    ps_addr_set_port(&local, 0);
    ps_addr_set_port(&peer, 0);
    if (g->to) {
        struct ep_sender_conf sc = {
            .pump = g->pump, .local = local, .peer = peer, .ctx = s, .done = on_party};
        return ep_sender_open(&s->party.sender, &sc);
    }
    struct ep_receiver_conf rc = {.loop = g->loop,
                                  .pump = g->pump,
                                  .clock = g->clock,
                                  .local = local,
                                  .peer = peer,
                                  .ctx = s,
                                  .complete = on_party,
                                  .failed = on_party_failed};
    int err = ep_receiver_open(&s->party.receiver, &rc);
    return err != 0 ? err : ps_rand_bytes(s->party.req.sid, OW_SID_LEN);
}

static void ask_next(struct load_link *l)
{
    int err;
    if (l->asked == l->n) {
        err = start_all(l, false);
        if (err == 0)
            err = ep_client_start(l->client);
        if (err != 0)
            link_fail_err(l, "starting the test", err);
        return;
    }
    struct load_session *s = &l->sessions[l->asked];
    err = open_end(l, s);
    if (err == 0) {
        fill_request(l, s);
        err = ep_client_request(l->client, &s->party.req, &l->ground->slot);
    }
    if (err != 0)
        link_fail_err(l, "requesting a session", err);
}

static int session_ready(struct load_link *l, struct load_session *s, const struct ow_accept_msg *accept)
{
    struct ow_request *req = &s->party.req;
    if (l->ground->to) {
        req->receiver_port = accept->port;
        memcpy(req->sid, accept->sid, OW_SID_LEN);
        return ep_sender_ready(s->party.sender, req, &l->ground->slot, OW_MODE_OPEN, NULL, accept->port);
    }
    req->sender_port = accept->port;
    int fd = memfd_create("session", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    return ep_receiver_ready(s->party.receiver, req, &l->ground->slot, OW_MODE_OPEN, NULL, accept->port, fd);
}

static void on_accept(struct load_link *l, const struct ow_accept_msg *accept)
{
    struct load_session *s = &l->sessions[l->asked];
    if (accept->accept != OW_ACCEPT_OK) {
        link_fail(l, "the server refused a session", ow_accept_text(accept->accept));
        return;
    }
    int err = session_ready(l, s, accept);
    if (err != 0) {
        link_fail_err(l, "setting up a session", err);
        return;
    }
    ep_trial_add(&l->trial, &s->party);
    l->asked++;
    ask_next(l);
}

// the connection

static void on_event(void *ctx, const struct ow_client_event *ev)
{
    struct load_link *l = ctx;
    switch (ev->type) {
    case OW_CEV_READY:
        ask_next(l);
        break;
    case OW_CEV_ACCEPT:
        on_accept(l, &ev->accept);
        break;
    case OW_CEV_STARTED:
        on_started(l, ev->accept.accept);
        break;
    case OW_CEV_STOP:
        on_stop(l, &ev->stop);
        break;
    case OW_CEV_FETCH_ACK:
        on_fetch_ack(l, ev);
        break;
    case OW_CEV_FETCH_HEAD:
        load_tally_sent(l->tally, ev->ack.next_seqno, ev->skips, ev->ack.nskips);
        break;
    case OW_CEV_FETCH_DATA:
        on_fetch_data(l, ev);
        break;
    case OW_CEV_FETCH_DONE:
        session_collected(l);
        break;
    case OW_CEV_NONE:
    case OW_CEV_GREETING:
    case OW_CEV_FAILED:
        break;
    }
}

static void on_failed(void *ctx, int err, const char *why)
{
    static const char *const during[] = {
        [LOAD_IDLE] = "connecting",         [LOAD_OPENING] = "opening sessions",
        [LOAD_RUNNING] = "during the test", [LOAD_CONCLUDED] = "after the test",
        [LOAD_COLLECTING] = "fetching",     [LOAD_OVER] = "at the end"};
    struct load_link *l = ctx;
    (void)err;
    link_fail(l, during[l->stage], why);
}

int load_link_init(struct load_link *l, const struct load_ground *g, unsigned first, unsigned n)
{
    l->ground = g;
    l->first = first;
    l->n = n;
    l->sessions = calloc(n, sizeof *l->sessions);
    if (l->sessions == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < n; i++)
        l->sessions[i].link = l;
    int err = ep_trial_init(&l->trial, g->loop, g->clock, 0);
    if (err != 0)
        return err;
    l->trial_made = true;
    l->trial.ctx = l;
    l->trial.send_stop = on_send_stop;
    l->trial.concluded = on_concluded;
    return 0;
}

int load_link_open(struct load_link *l)
{
    struct ep_client_conf cc = {.loop = l->ground->loop,
                                .addrs = {l->ground->server},
                                .naddrs = 1,
                                .modes = OW_MODE_OPEN,
                                .timeout = ANSWER_MAX,
                                .ctx = l,
                                .event = on_event,
                                .failed = on_failed};
    l->stage = LOAD_OPENING;
    return ep_client_open(&l->client, &cc);
}

void load_link_close(struct load_link *l)
{
    l->stage = LOAD_OVER;
    if (l->trial_made)
        ep_trial_abort(&l->trial);
    for (unsigned i = 0; l->sessions != NULL && i < l->n; i++) {
        struct ep_party *p = &l->sessions[i].party;
        ep_sender_close(p->sender);
        ep_receiver_close(p->receiver);
        p->sender = NULL;
        p->receiver = NULL;
    }
    ep_client_close(l->client);
    l->client = NULL;
    load_tally_free(l->tally);
    l->tally = NULL;
}

void load_link_fini(struct load_link *l)
{
    load_link_close(l);
    if (l->trial_made)
        ep_trial_fini(&l->trial);
    free(l->sessions);
    l->sessions = NULL;
}
