// SPDX-License-Identifier: Apache-2.0
// The server's side of one control connection (RFC 4656 section 3) as a machine without I/O.
//
//   ow_server_new -> the greeting stands in ow_server_out.
//   loop: ow_server_input(bytes); while (ow_server_next(&ev)) { act; answer; } send ow_server_out.
//
// An event that wants an answer stops the machine (next gives nothing more) until the answer is
// given; input goes on being buffered up to a bound. After OW_SEV_FAILED the connection is to be
// closed once `out` has been sent.
#pragma once
#include "owamp/ow_ctl.h"

enum ow_server_event_type {
    OW_SEV_NONE,
    OW_SEV_IDENTIFY, // cipher modes: derive the key for ev.setup.keyid with the greeting's salt and count;
                     // answer ow_server_identity
    OW_SEV_READY,    // the connection is set up: ev.mode, ev.setup.keyid ("" in open mode)
    OW_SEV_REQUEST,  // a session is asked for: ev.request, ev.slots; answer ow_server_accept
    OW_SEV_START,    // answer ow_server_start
    OW_SEV_STOP,     // the peer's Stop-Sessions: ev.stop. No answer owed, but the host must in time
                     // call ow_server_stop if it has not done so for this test
    OW_SEV_FETCH,    // ev.fetch; answer ow_server_fetch_deny, or _fetch_begin, _fetch_data..., _fetch_end
    OW_SEV_FAILED,   // ev.err, ev.why: the peer broke the protocol or was refused
};

struct ow_server_event {
    enum ow_server_event_type type;
    uint32_t mode;
    struct ow_setup setup; // up to OW_SEV_READY
    struct ow_request request;
    const struct ow_slot *slots; // request.nslots of them, owned by the machine until the answer
    struct ow_stop stop;
    bool early; // OW_SEV_START: the client too can end early (OW_EARLY)
    struct ow_fetch fetch;
    int err;
    char why[160];
};

struct ow_server_conf {
    uint32_t modes;    // offered; 0: the greeting says so and the machine is in the failed state
    uint32_t count;    // PBKDF2 iterations
    ps_ntp start_time; // of the server
    uint8_t challenge[16], salt[16], iv[16]; // random, from the host
};

struct ow_server;
int ow_server_new(struct ow_server **out, const struct ow_server_conf *conf);
void ow_server_free(struct ow_server *s);
// Takes octets from the peer. 0, -ENOMEM, or PS_ELIMIT when the peer sends much more than it may
// before it is answered (then pull the event and close). At most OW_IN_SOFT at a time, with pulls between.
int ow_server_input(struct ow_server *s, const void *data, size_t n);
// How many more octets the machine wants to buffer now; the host pauses reading at 0.
size_t ow_server_want(const struct ow_server *s);
bool ow_server_next(struct ow_server *s, struct ow_server_event *ev);
// Octets to be sent; the host consumes them.
struct ps_buf *ow_server_out(struct ow_server *s);

// Answers.
// key: the 16 octets from ow_derive, or NULL when there is no such identity. The challenge in the
// token is checked here: refusal is Server-Start with Accept 1, then OW_SEV_FAILED.
int ow_server_identity(struct ow_server *s, const uint8_t key[16]);
// The host refuses service (draining, too many): at any time before READY; it is told once Set-Up-Response
// has come. PS_ESTATE from READY on.
int ow_server_refuse(struct ow_server *s, uint8_t accept);
int ow_server_accept(struct ow_server *s, uint8_t accept, uint16_t port, const uint8_t sid[16]);
int ow_server_start(struct ow_server *s, uint8_t accept);
// Our own Stop-Sessions. recs: one for each session of this test in which we are the sender.
// Exactly once for each test. PS_ESTATE when no test runs.
int ow_server_stop(struct ow_server *s, uint8_t accept, const struct ow_stop_rec *recs, uint32_t nrecs);
// A test runs: Start-Ack was positive and not both Stop-Sessions have passed.
bool ow_server_testing(const struct ow_server *s);
// Both sides can end early (OW_HELLO was sent, OW_EARLY came back).
bool ow_server_early(const struct ow_server *s);

// accept is not OW_ACCEPT_OK.
int ow_server_fetch_deny(struct ow_server *s, uint8_t accept);
// Ack, request copy, slots, skips. Then exactly ack->nrecords records of OW_REC_LEN octets each in
// any number of calls, then fetch_end.
int ow_server_fetch_begin(struct ow_server *s, const struct ow_fetch_ack *ack, const struct ow_request *req,
                          const struct ow_slot *slots, const struct ow_skip *skips);
int ow_server_fetch_data(struct ow_server *s, const uint8_t *records, uint32_t nrecords);
int ow_server_fetch_end(struct ow_server *s);

uint32_t ow_server_mode(const struct ow_server *s);
// Session keys for the test packets; NULL in open mode.
const struct ow_keys *ow_server_keys(const struct ow_server *s);
