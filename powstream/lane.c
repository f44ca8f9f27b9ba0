// SPDX-License-Identifier: Apache-2.0
#include "powstream/lane.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "endpoint/ep_here.h"
#include "powstream/lane_impl.h"
#include "powstream/publish.h"

// Of a server that is in order, an answer takes some round trips. So much has one that is waited for when the
// stream is to end, and behind so much of it we believe that there will be none.
#define HURRY (3 * PS_SEC)
#define OWED_MAX (2 * PS_SEC)

// --- the session's file

int lane_make_file(struct lane *l)
{
    int fd = publish_open(l->conf.folder, &l->linkable);
    if (fd < 0)
        return fd;
    l->fd = fd;
    return 0;
}

void lane_blame(struct lane *l, const char *fmt, ...)
{
    va_list ap;
    char *reason;
    va_start(ap, fmt);
    if (vasprintf(&reason, fmt, ap) < 0)
        reason = NULL;
    va_end(ap);
    free(l->reason);
    l->reason = reason;
}

void lane_drop_session(struct lane *l)
{
    if (l->has_party)
        ps_list_remove(&l->party.node);
    l->has_party = false;
    ep_sender_close(l->party.sender);
    ep_receiver_close(l->party.receiver);
    memset(&l->party, 0, sizeof l->party);
    ps_list_init(&l->party.node);
    ep_retrieve_fini(&l->retrieve);
    ep_trial_abort(&l->trial);
    ps_timer_stop(l->patience);
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    l->cut = l->stopping = l->failing = false;
    free(l->reason);
    l->reason = NULL;
}

static void describe(struct lane *l, struct lane_result *r, bool whole)
{
    *r = (struct lane_result){.fd = l->fd,
                              .linkable = l->linkable != 0,
                              .req = &l->party.req,
                              .slots = &lane_want(l)->slot,
                              .start = l->start,
                              .end = l->end,
                              .whole = whole,
                              .mode = l->mode,
                              .host_dropped = -1,
                              .ignored = -1,
                              .clock_steps = ps_clock_steps(l->conf.ground->clock) - l->steps_before,
                              .local = &l->local,
                              .remote = &l->remote};
    ep_here_get(l->conf.ground->clock, l->conf.ground->pump, &l->party, &r->here);
    if (l->party.receiver != NULL) {
        r->host_dropped = (int64_t)ep_receiver_host_dropped(l->party.receiver);
        r->ignored = (int64_t)ep_receiver_ignored(l->party.receiver);
    }
}

// Gives the file on; how far it reaches. Notes why not further.
static ps_ntp give(struct lane *l, bool whole)
{
    struct lane_result r;
    const char *fault = NULL;
    describe(l, &r, whole);
    ps_ntp upto = l->conf.ops->result(l->conf.ctx, l, &r, &fault);
    if (fault != NULL)
        lane_blame(l, "%s", fault);
    return upto;
}

// --- the end of a connection

void lane_fail(struct lane *l, const char *why)
{
    ps_ntp upto = 0;
    char reason[LANE_REASON];
    snprintf(reason, sizeof reason, "%s", why);
    ep_trial_abort(&l->trial); // no stop will pass any more
    ground_look(l->conf.ground);
    bool running = l->stage == STAGE_TEST || l->stage == STAGE_FETCH;
    // What a receiver of ours has is good without the server; what it has of us is not to be had.
    if (running && l->party.receiver != NULL) {
        ps_ntp now = l->cut ? l->cut_at : lane_wall(l);
        if (ep_receiver_finish(l->party.receiver, EP_END_BROKEN, now, NULL) == 0)
            upto = give(l, false);
    }
    l->stage = STAGE_DOWN;
    l->conf.ops->lost(l->conf.ctx, l, upto, reason);
}

void lane_failf(struct lane *l, const char *what, const char *why)
{
    char text[LANE_REASON];
    snprintf(text, sizeof text, "%s: %s", what, why);
    lane_fail(l, text);
}

void lane_refused(struct lane *l, const char *what, uint8_t accept)
{
    char why[120];
    snprintf(why, sizeof why, "%s (Accept %u)", ow_accept_text(accept), (unsigned)accept);
    lane_failf(l, what, why);
}

// --- the end of a session

static void session_over(struct lane *l, bool whole)
{
    ps_ntp upto = give(l, whole);
    char reason[LANE_REASON];
    bool all = whole && upto != 0, asked = l->stopping && l->reason == NULL;
    if (!all && l->reason == NULL)
        lane_blame(l, "the server ended the session early");
    snprintf(reason, sizeof reason, "%s", l->reason != NULL ? l->reason : "out of memory");
    lane_drop_session(l);
    l->stage = STAGE_IDLE;
    l->conf.ops->ended(l->conf.ctx, l, upto, all || asked ? NULL : reason);
}

static bool sent_all(const struct lane *l)
{
    if (l->party.sender != NULL) {
        struct ow_stop_rec rec;
        ep_sender_result(l->party.sender, &rec);
        return rec.next_seqno == l->party.req.npackets;
    }
    return l->trial.npeer_recs == 1 && l->trial.peer_recs[0].next_seqno == l->party.req.npackets;
}

static bool is_whole(const struct lane *l)
{
    return !l->cut && !l->party.failed && sent_all(l);
}

static uint32_t first_behind(const struct lane *l, ps_ntp when)
{
    struct ow_sched *s;
    uint32_t seq = 0, n = l->party.req.npackets;
    if (ow_sched_new(&s, l->party.req.sid, &lane_want(l)->slot, 1, n, l->party.req.start) != 0)
        return 0;
    while (seq < n && !ps_ntp_before(when, ow_sched_next(s)))
        seq++;
    ow_sched_free(s);
    return seq;
}

static void fetch(struct lane *l)
{
    struct ow_fetch f = {.begin = 0, .end = is_whole(l) ? UINT32_MAX : l->party.req.npackets - 1};
    memcpy(f.sid, l->party.req.sid, OW_SID_LEN);
    l->stage = STAGE_FETCH;
    ep_retrieve_init(&l->retrieve, l->fd, &l->party.req, &lane_want(l)->slot);
    if (l->cut)
        l->retrieve.end_seq = first_behind(l, l->cut_at);
    int err = ep_client_fetch(l->client, &f);
    if (err != 0)
        lane_failf(l, "fetching the session", ps_strerror(err));
}

void lane_fail_soon(struct lane *l, const char *what, int err)
{
    lane_blame(l, "%s: %s", what, ps_strerror(err));
    l->stage = STAGE_ASKING;
    l->failing = true;
    ps_timer_start(l->patience, 0);
}

static void part_over(struct lane *l)
{
    struct lane_result r;
    describe(l, &r, false);
    l->stage = STAGE_IDLE;
    l->conf.ops->fetched(l->conf.ctx, l, &r);
}

void lane_fetch(struct lane *l, const struct ow_request *req, uint32_t first, uint32_t last)
{
    struct ow_fetch f = {.begin = first, .end = last};
    lane_drop_session(l);
    l->stage = STAGE_PART;
    l->party.req = *req;
    memcpy(f.sid, req->sid, OW_SID_LEN);
    int err = lane_make_file(l);
    if (err == 0) {
        ep_retrieve_init(&l->retrieve, l->fd, &l->party.req, &lane_want(l)->slot);
        err = ep_client_fetch(l->client, &f);
    }
    if (err != 0)
        lane_fail_soon(l, "fetching a part of the session", err);
}

void lane_fetch_event(struct lane *l, const struct ow_client_event *ev)
{
    int err = ep_retrieve_event(&l->retrieve, ev);
    if (err == 0 && !l->retrieve.done)
        return;
    if (err == 0 && l->stage == STAGE_PART) {
        part_over(l);
    } else if (err == 0) {
        session_over(l, is_whole(l));
    } else if (err == PS_EREFUSED) {
        lane_refused(l, "the server does not give the session back", l->retrieve.ack.accept);
    } else {
        lane_failf(l, "fetching the session", ps_strerror(err));
    }
}

// What is lost on its way to a server that records, the server waits for before it answers.
static ps_ns stop_patience(const struct lane *l)
{
    ps_ns most = ep_trial_patience(&l->trial),
          wait = l->party.sender != NULL && !l->silent ? ps_ntpdur_to_ns(l->party.req.timeout) : 0;
    return l->hurried && wait + HURRY < most ? wait + HURRY : most;
}

static int on_send_stop(void *ctx, uint8_t accept, const struct ow_stop_rec *recs, uint32_t n)
{
    struct lane *l = ctx;
    int err = ep_client_stop(l->client, accept, recs, n);
    if (err != 0)
        lane_failf(l, "ending the session", ps_strerror(err));
    else
        ps_timer_start(l->patience, stop_patience(l));
    return err;
}

static int end_file(struct lane *l)
{
    if (l->cut)
        return ep_receiver_finish(l->party.receiver, EP_END_BROKEN, l->cut_at, NULL);
    return ep_trial_finish_file(&l->trial, &l->party);
}

static void on_concluded(void *ctx)
{
    struct lane *l = ctx;
    ps_timer_stop(l->patience);
    ground_look(l->conf.ground);
    if (l->stage != STAGE_TEST)
        return; // it was closed
    if (l->trial.peer_accept != OW_ACCEPT_OK && l->reason == NULL)
        lane_blame(l, "the server ended the session: %s", ow_accept_text(l->trial.peer_accept));
    if (l->party.sender != NULL) {
        fetch(l);
        return;
    }
    int err = end_file(l);
    if (err != 0)
        lane_blame(l, "recording the packets: %s", ps_strerror(err));
    bool whole = err == 0 && is_whole(l), decided = ep_receiver_is_complete(l->party.receiver);
    if (whole && !decided)
        lane_blame(l, "the session ended before its last packets were decided");
    session_over(l, whole && decided);
}

void lane_stop(struct lane *l, bool cut, ps_ntp cut_at)
{
    if (l->stage != STAGE_TEST)
        return; // it is ending already
    l->stopping = true;
    l->cut = cut;
    l->cut_at = cut_at;
    ep_trial_interrupt(&l->trial);
}

void lane_hurry(struct lane *l, bool silent)
{
    l->hurried = true;
    l->silent = silent;
    if (l->client != NULL)
        ep_client_hurry(l->client, HURRY);
    if (l->stage == STAGE_TEST && ps_timer_running(l->patience))
        ps_timer_start(l->patience, stop_patience(l));
}

void lane_abandon(struct lane *l, const char *why)
{
    if (l->stage == STAGE_TEST || l->stage == STAGE_FETCH)
        lane_fail(l, why);
}

bool lane_silent(const struct lane *l)
{
    return l->mute || (l->asked != 0 && ps_loop_mono() - l->asked > OWED_MAX);
}

bool lane_early(const struct lane *l)
{
    return l->early;
}

void lane_close(struct lane *l)
{
    names_cancel(l->query);
    l->query = NULL;
    lane_drop_session(l);
    ep_client_close(l->client);
    l->client = NULL;
    l->asked = 0;
    l->stage = STAGE_DOWN;
}

static void on_timer(void *ctx)
{
    struct lane *l = ctx;
    if (l->failing) {
        lane_fail(l, l->reason != NULL ? l->reason : "out of memory");
        return;
    }
    l->mute = true;
    if (l->stage == STAGE_ASKING)
        lane_fail(l, "the server does not answer the request for a session");
    else if (l->stage == STAGE_STARTING)
        lane_fail(l, "the server does not answer that it starts the session");
    else
        lane_fail(l, "the server does not answer at the session's end");
}

bool lane_so_far(struct lane *l, struct lane_result *out)
{
    if (l->stage != STAGE_TEST || (l->party.receiver != NULL && ep_receiver_flush(l->party.receiver) != 0))
        return false;
    describe(l, out, false);
    if (l->party.receiver == NULL)
        out->fd = -1;
    return true;
}

int lane_new(struct lane **out, const struct lane_conf *conf)
{
    struct lane *l = calloc(1, sizeof *l);
    if (l == NULL)
        return -ENOMEM;
    l->conf = *conf;
    l->fd = -1;
    ps_list_init(&l->party.node);
    const struct ground *g = conf->ground;
    int err = ep_trial_init(&l->trial, g->loop, g->clock, (ps_ns)(conf->stream->enddelay * (double)PS_SEC));
    if (err == 0)
        err = ps_timer_new(g->loop, &l->patience, on_timer, l);
    if (err != 0) {
        lane_free(l);
        return err;
    }
    l->trial.ctx = l;
    l->trial.send_stop = on_send_stop;
    l->trial.concluded = on_concluded;
    *out = l;
    return 0;
}

void lane_free(struct lane *l)
{
    if (l == NULL)
        return;
    lane_close(l);
    ep_trial_fini(&l->trial);
    ps_timer_free(l->patience);
    free(l);
}
