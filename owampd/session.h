// SPDX-License-Identifier: Apache-2.0
// One test session of a control connection, from its request to its end.
#pragma once
#include "endpoint/ep_trial.h"
#include "owampd/daemon.h"

struct session {
    struct ep_party party; // of the connection's trial
    struct daemon *d;
    struct ow_charge charge;
    uint64_t memory;  // promised to it
    const char *peer; // the connection's label
    bool accepted, started, ended;
    uint32_t steps_before; // of the clock, when it was started
    bool kept;             // the file outlives the session and stays charged
    struct ep_trial *trial;
};

// What the connection is that asks.
struct session_peer {
    const struct ps_addr *peer;
    const struct ow_class *class;
    uint32_t mode;
    const struct ow_keys *keys;
    const char *label; // outlives its sessions
    uint64_t opened;   // sessions on this connection so far
};

// Judges a request and sets the session up, as a party of the trial. Returns the Accept value; with
// OW_ACCEPT_OK also our UDP port and the SID. What is refused is logged with the reason.
uint8_t session_open(struct daemon *d, const struct session_peer *from, const struct ow_request *req,
                     const struct ow_slot *slots, struct ep_trial *trial, uint16_t *port, uint8_t sid[16]);
// The session that a party is part of.
struct session *session_of(struct ps_list *node);
int session_start(struct session *s);
// Ends a receiving session as the trial says: writes the end of its file, settles its disk.
void session_end(struct session *s);
// Frees; a session not ended is ended as broken.
void session_free(struct session *s);
