// SPDX-License-Identifier: Apache-2.0
// The test of a control connection, the same on both sides: from Start-Sessions until both sides'
// Stop-Sessions have passed (RFC 4656 section 3.8; ARCHITECTURE.md, "Ending early"). It decides when
// our Stop-Sessions goes and what the peer's one means; the owner moves the messages.
#pragma once
#include "base/ps_list.h"
#include "endpoint/ep_receiver.h"
#include "endpoint/ep_sender.h"
#include "owamp/ow_ctl.h"

// One of our ends. Belongs to whoever embeds it.
struct ep_party {
    struct ps_list node;
    struct ow_request req;    // final
    struct ep_sender *sender; // one of the two
    struct ep_receiver *receiver;
    bool failed; // recording broke off: nothing more is expected of it
};

struct ep_trial {
    struct ps_list parties; // newest request first
    struct ps_clock *clock;
    struct ps_timer *finish; // our part may be over then
    ps_ns enddelay;
    bool early;     // both sides can end early
    bool testing;   // between Start-Ack and both stops
    bool cut_short; // we are to end it now
    bool stop_sent, stop_seen;
    uint8_t peer_accept;           // of the peer's stop
    struct ow_stop_rec *peer_recs; // from the peer's stop
    uint32_t npeer_recs;
    ps_ntp stop_time; // when it came
    void *ctx;
    // Send our Stop-Sessions. An error: the connection is dropped by the owner, inside.
    int (*send_stop)(void *ctx, uint8_t accept, const struct ow_stop_rec *recs, uint32_t n);
    // Both stops have passed; testing is false. The owner ends and removes its parties.
    void (*concluded)(void *ctx);
};

int ep_trial_init(struct ep_trial *t, struct ps_loop *loop, struct ps_clock *clock, ps_ns enddelay);
void ep_trial_fini(struct ep_trial *t);
void ep_trial_add(struct ep_trial *t, struct ep_party *p);
// Start-Ack was positive.
void ep_trial_begin(struct ep_trial *t, bool early);
// A party has sent all, is complete, or failed: sends our stop when it is time.
void ep_trial_progress(struct ep_trial *t);
// Ends our part as soon as the senders have stopped.
void ep_trial_interrupt(struct ep_trial *t);
// The peer's Stop-Sessions came. NULL, or what is wrong with it: then the connection is to be dropped.
const char *ep_trial_peer_stop(struct ep_trial *t, const struct ow_stop *stop);
// Writes the end of a receiving party's file, as the peer's stop says; without one as broken.
int ep_trial_finish_file(struct ep_trial *t, struct ep_party *p);
// The connection died: no stop will pass any more.
void ep_trial_abort(struct ep_trial *t);
// How long to wait for the peer's stop behind ours.
ps_ns ep_trial_patience(const struct ep_trial *t);
