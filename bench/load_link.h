// SPDX-License-Identifier: Apache-2.0
// One control connection of the load generator with its sessions.
#pragma once
#include "bench/load.h"
#include "endpoint/ep_client.h"
#include "endpoint/ep_trial.h"

struct load_link;

// What all links of a run share.
struct load_ground {
    const struct load_conf *conf;
    struct ps_loop *loop;
    struct ps_pump *pump;
    struct ps_clock *clock;
    struct ps_addr server;
    unsigned sessions;   // of the run
    bool to;             // the server receives
    struct ow_slot slot; // the schedule's only one
    ps_ns first, last;   // when sessions begin and end to send
    struct load_counts *counts;
    void *ctx;
    struct load_link_ops {
        void (*opened)(void *ctx, struct load_link *l);    // all its sessions run
        void (*concluded)(void *ctx, struct load_link *l); // and have ended; load_link_collect may be called
        void (*over)(void *ctx, struct load_link *l);      // records taken; load_link_close may be called
        // The connection or a session on it came to nothing; load_link_close may be called.
        void (*failed)(void *ctx, struct load_link *l, const char *why);
    } const *ops;
};

struct load_session {
    struct load_link *link;
    struct ep_party party;
};

enum load_stage { LOAD_IDLE, LOAD_OPENING, LOAD_RUNNING, LOAD_CONCLUDED, LOAD_COLLECTING, LOAD_OVER };

struct load_link {
    const struct load_ground *ground;
    struct ep_client *client;
    struct ep_trial trial;
    bool trial_made;
    bool counted;  // `opened` was called
    bool fetching; // load_link_collect was
    enum load_stage stage;
    unsigned first, n; // the sessions' places among all of the run
    struct load_session *sessions;
    unsigned asked, fetched;  // requests answered, sessions collected
    struct load_tally *tally; // of the session being fetched
};

int load_link_init(struct load_link *l, const struct load_ground *g, unsigned first, unsigned n);
int load_link_open(struct load_link *l);
// Takes the records: fetches what the server received.
void load_link_collect(struct load_link *l);
void load_link_close(struct load_link *l); // may be called more than once
void load_link_fini(struct load_link *l);
