// SPDX-License-Identifier: Apache-2.0
// One control connection of the server: the stream, the ow_server machine, its sessions.
#pragma once
#include "endpoint/ep_trial.h"
#include "owamp/ow_server.h"
#include "owampd/daemon.h"

struct fetch;

struct conn {
    struct ps_list node; // of the daemon
    struct guest guest;
    struct daemon *d;
    struct ps_stream *stream;
    struct ow_server *machine;
    struct ps_timer *idle; // the peer's time to say something
    struct ep_trial trial;
    struct fetch *fetch;
    struct derivation *derivation;
    char *label;        // for log lines
    char *user;         // who it says it is, proved when it is ready; NULL: has not said, or open mode
    uint64_t opened;    // sessions so far
    ps_ns since, heard; // begun, and last heard of
    bool ready;         // past the set-up
    bool closed;        // being freed
    bool pumping;       // inside the event loop of conn_pump
    uint8_t salt[16];   // of the greeting
};

// Takes over an accepted stream, and MEMORY_CONNECTION that was promised for it.
void conn_open(struct daemon *d, struct ps_stream *stream);
// Pulls the machine's events and sends what it wrote. Call after every answer given from outside.
void conn_pump(struct conn *c);
// Sends what the machine wrote. False: the connection had to be dropped.
bool conn_flush(struct conn *c);
// Says why on the log (why NULL: nothing) and ends the connection and its sessions.
void conn_drop(struct conn *c, enum ps_log_level level, const char *why);
// Tells the guests whose turn it is, for when there are too many. conn_pump does so, too.
void conn_weigh(struct conn *c);
// Has it said nothing for a while?
bool conn_silent(const struct conn *c);
// The server is going down: ends a running test by the protocol, closes otherwise.
void conn_wind_up(struct conn *c);
