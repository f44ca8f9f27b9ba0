// SPDX-License-Identifier: Apache-2.0
#include "endpoint/ep_trial.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

#define STOP_PATIENCE (30 * PS_SEC)
#define IN_FLIGHT_GRACE (500 * PS_MSEC)

#define EACH_PARTY(it, t) PS_LIST_EACH(it, &(t)->parties)

static struct ep_party *party_of(struct ps_list *node)
{
    return PS_CONTAINER(node, struct ep_party, node);
}

static void on_finish(void *ctx)
{
    struct ep_trial *t = ctx;
    if (t->early && t->stop_seen)
        t->cut_short = true;
    ep_trial_progress(t);
}

int ep_trial_init(struct ep_trial *t, struct ps_loop *loop, struct ps_clock *clock, ps_ns enddelay)
{
    memset(t, 0, sizeof *t);
    ps_list_init(&t->parties);
    t->clock = clock;
    t->enddelay = enddelay;
    return ps_timer_new(loop, &t->finish, on_finish, t);
}

static void forget_stop(struct ep_trial *t)
{
    for (uint32_t i = 0; i < t->npeer_recs; i++)
        free(t->peer_recs[i].skips);
    free(t->peer_recs);
    t->peer_recs = NULL;
    t->npeer_recs = 0;
}

void ep_trial_fini(struct ep_trial *t)
{
    ps_timer_free(t->finish);
    t->finish = NULL;
    forget_stop(t);
}

void ep_trial_add(struct ep_trial *t, struct ep_party *p)
{
    ps_list_append(t->parties.next, &p->node); // behind the head: newest first
}

static const struct ow_stop_rec *peer_rec(const struct ep_trial *t, const struct ep_party *p)
{
    for (uint32_t i = 0; i < t->npeer_recs; i++)
        if (memcmp(t->peer_recs[i].sid, p->req.sid, OW_SID_LEN) == 0)
            return &t->peer_recs[i];
    return NULL;
}

void ep_trial_abort(struct ep_trial *t)
{
    t->testing = t->stop_sent = t->stop_seen = false;
    ps_timer_stop(t->finish);
    forget_stop(t);
}

static void conclude(struct ep_trial *t)
{
    t->testing = false;
    t->concluded(t->ctx);
}

static bool all_failed(const struct ep_trial *t)
{
    EACH_PARTY(it, t) {
        if (!party_of(it)->failed)
            return false;
    }
    return !ps_list_empty(&t->parties);
}

static bool senders_idle(const struct ep_trial *t)
{
    EACH_PARTY(it, t) {
        if (party_of(it)->sender != NULL && !ep_sender_idle(party_of(it)->sender))
            return false;
    }
    return true;
}

static ps_ns longest_timeout(const struct ep_trial *t)
{
    ps_ns most = 0;
    EACH_PARTY(it, t) {
        ps_ns timeout = ps_ntpdur_to_ns(party_of(it)->req.timeout);
        if (timeout > most)
            most = timeout;
    }
    return most;
}

static uint32_t count_senders(const struct ep_trial *t)
{
    uint32_t n = 0;
    EACH_PARTY(it, t)
        n += party_of(it)->sender != NULL;
    return n;
}

static void send_stop(struct ep_trial *t)
{
    struct ow_stop_rec *recs = calloc(count_senders(t) + (size_t)1, sizeof *recs);
    uint32_t n = 0;
    if (recs == NULL)
        return; // the peer's stop, or the end of its patience, ends the test
    EACH_PARTY(it, t) {
        if (party_of(it)->sender != NULL)
            ep_sender_result(party_of(it)->sender, &recs[n++]);
    }
    t->stop_sent = true;
    int err = t->send_stop(t->ctx, all_failed(t) ? OW_ACCEPT_FAILURE : OW_ACCEPT_OK, recs, n);
    free(recs);
    if (err == 0 && t->stop_seen)
        conclude(t);
}

// A sender of the RFC's timing waits until its last packet must have come or be lost.
static bool sender_over(const struct ep_trial *t, const struct ep_party *p, ps_ns *wait)
{
    *wait = 0;
    if (!ep_sender_idle(p->sender))
        return false;
    if (t->early)
        return true;
    ps_ns end = ps_ntp_to_ns(ep_sender_last_time(p->sender)) + ps_ntpdur_to_ns(p->req.timeout) + t->enddelay;
    *wait = end - ps_clock_now(t->clock);
    return *wait <= 0;
}

// All our ends are over; else t->finish is set for when time alone will make them so.
static bool our_part_over(struct ep_trial *t)
{
    bool over = true;
    ps_ns longest = 0;
    EACH_PARTY(it, t) {
        struct ep_party *p = party_of(it);
        ps_ns wait = 0;
        bool done =
            p->sender != NULL ? sender_over(t, p, &wait) : p->failed || ep_receiver_is_complete(p->receiver);
        over = over && done;
        if (wait > longest)
            longest = wait;
    }
    if (longest > 0)
        ps_timer_start(t->finish, longest);
    return over;
}

void ep_trial_progress(struct ep_trial *t)
{
    if (!t->testing || t->stop_sent)
        return;
    // The peer's stop ends the test; with a peer that ends early our receivers first wait for what
    // is still on its way.
    bool cut_short = t->cut_short || (t->stop_seen && !t->early);
    if (cut_short ? senders_idle(t) : our_part_over(t))
        send_stop(t);
}

void ep_trial_begin(struct ep_trial *t, bool early)
{
    t->testing = true;
    t->early = early;
    t->cut_short = t->stop_sent = t->stop_seen = false;
    ep_trial_progress(t);
}

static void stop_senders(struct ep_trial *t)
{
    EACH_PARTY(it, t) {
        if (party_of(it)->sender != NULL)
            ep_sender_stop(party_of(it)->sender);
    }
}

void ep_trial_interrupt(struct ep_trial *t)
{
    t->cut_short = true;
    stop_senders(t);
    ep_trial_progress(t);
}

// The machine's records are gone with the next event.
static int keep_stop(struct ep_trial *t, const struct ow_stop *stop)
{
    forget_stop(t);
    t->peer_accept = stop->accept;
    t->peer_recs = calloc(stop->nrecs + (size_t)1, sizeof *t->peer_recs);
    if (t->peer_recs == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < stop->nrecs; i++) {
        struct ow_stop_rec *r = &t->peer_recs[i];
        *r = stop->recs[i];
        r->skips = calloc(r->nskips + (size_t)1, sizeof *r->skips);
        t->npeer_recs = i + 1;
        if (r->skips == NULL)
            return -ENOMEM;
        if (r->nskips != 0)
            memcpy(r->skips, stop->recs[i].skips, r->nskips * sizeof *r->skips);
    }
    return 0;
}

static const char *party_fault(const struct ep_trial *t, const struct ep_party *p)
{
    const struct ow_stop_rec *rec = peer_rec(t, p);
    uint32_t highest;
    if (rec == NULL)
        return "Stop-Sessions says nothing of a session";
    if (rec->next_seqno > p->req.npackets)
        return "Stop-Sessions: Next Seqno is beyond the session's packets";
    if (rec->nskips > 0 && rec->skips[rec->nskips - 1].last >= rec->next_seqno)
        return "Stop-Sessions: a skip range is beyond Next Seqno";
    if (ep_receiver_highest(p->receiver, &highest) && highest >= rec->next_seqno)
        return "Stop-Sessions: packets came that it says were not sent";
    return NULL;
}

static const char *stop_fault(const struct ep_trial *t)
{
    uint32_t receivers = 0;
    EACH_PARTY(it, t) {
        const struct ep_party *p = party_of(it);
        if (p->receiver == NULL)
            continue;
        receivers++;
        const char *fault = party_fault(t, p);
        if (fault != NULL)
            return fault;
    }
    return receivers == t->npeer_recs ? NULL : "Stop-Sessions names a session that is not the peer's to send";
}

const char *ep_trial_peer_stop(struct ep_trial *t, const struct ow_stop *stop)
{
    t->stop_time = ps_ntp_from_ns(ps_clock_now(t->clock));
    int err = keep_stop(t, stop);
    const char *fault = err != 0 ? ps_strerror(err) : stop_fault(t);
    if (fault != NULL)
        return fault;
    t->stop_seen = true;
    if (t->stop_sent) {
        conclude(t);
        return NULL;
    }
    stop_senders(t);
    EACH_PARTY(it, t) {
        struct ep_party *p = party_of(it);
        if (p->receiver != NULL)
            ep_receiver_limit(p->receiver, peer_rec(t, p)->next_seqno);
    }
    // All that counts comes within the timeout from now, however far ahead the peer's clock is.
    if (t->early)
        ps_timer_start(t->finish, longest_timeout(t) + IN_FLIGHT_GRACE);
    ep_trial_progress(t);
    return NULL;
}

int ep_trial_finish_file(struct ep_trial *t, struct ep_party *p)
{
    const struct ow_stop_rec *rec = t->stop_seen ? peer_rec(t, p) : NULL;
    if (rec != NULL)
        return ep_receiver_finish(p->receiver, EP_END_STOPPED, t->stop_time, rec);
    return ep_receiver_finish(p->receiver, EP_END_BROKEN, ps_ntp_from_ns(ps_clock_now(t->clock)), NULL);
}

ps_ns ep_trial_patience(const struct ep_trial *t)
{
    ps_ns most = longest_timeout(t);
    return most > INT64_MAX - STOP_PATIENCE ? INT64_MAX : most + STOP_PATIENCE;
}
