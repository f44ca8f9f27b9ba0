// SPDX-License-Identifier: Apache-2.0
// A control connection of a stream and the session that runs on it: connects, asks, starts, records, ends
// and fetches, and gives the session as a file. What it is told to do and what it tells are those of
// chain.h.
#pragma once
#include "base/ps_log.h"
#include "endpoint/ep_client.h"
#include "loop/ps_pump.h"
#include "owamp/ow_here.h"
#include "powstream/names.h"
#include "powstream/stream_conf.h"

// What all streams share.
struct ground {
    struct ps_loop *loop;
    struct ps_clock *clock;
    struct ps_pump *pump;
    struct names *names;
    struct ps_log *log;
    const char *device; // NULL: none
    // Sees whether the clock was set and tells the streams, which may stop or close any lane; NULL: nobody does.
    void (*look)(void *ctx);
    void *look_ctx;
};

static inline void ground_look(const struct ground *g)
{
    if (g->look != NULL)
        g->look(g->look_ctx);
}

// A session that has ended, or so far as it goes.
struct lane_result {
    int fd; // its file, complete or cut short; the lane's
    const struct ow_request *req;
    const struct ow_slot *slots;
    ps_ntp start, end; // as agreed; end: when the last packet is due
    bool linkable;     // the file can be given a name
    bool whole;        // all packets were sent or passed over, and are decided
    uint32_t mode;
    int64_t host_dropped, ignored; // -1: unknown
    uint32_t clock_steps;          // of this host's clock since the session was started
    struct ow_here here;
    const struct ps_addr *local, *remote; // of the control connection
};

struct lane;
// None may close the lane.
struct lane_ops {
    void (*connected)(void *ctx, struct lane *l, ps_ns lead);
    void (*agreed)(void *ctx, struct lane *l, ps_ntp start, ps_ntp end);
    // The session's file, before ended or lost is called. Returns how far it reaches, 0: nothing is in it;
    // an error text in *fault when it could not be handed on (then 0 is returned).
    ps_ntp (*result)(void *ctx, struct lane *l, const struct lane_result *r, const char **fault);
    // reason: why not all was measured; NULL: it was, or lane_stop is why.
    void (*ended)(void *ctx, struct lane *l, ps_ntp upto, const char *reason);
    void (*lost)(void *ctx, struct lane *l, ps_ntp upto, const char *reason);
    // What lane_fetch asked for. The lane is idle again.
    void (*fetched)(void *ctx, struct lane *l, const struct lane_result *r);
};

struct lane_conf {
    const struct ground *ground;
    const struct stream_conf *stream; // stays as long as the lane
    const uint8_t *pass;              // likewise; NULL: none
    size_t pass_len;
    const char *folder; // where the working file is made
    void *ctx;
    const struct lane_ops *ops;
};

int lane_new(struct lane **out, const struct lane_conf *conf);
void lane_connect(struct lane *l);
void lane_request(struct lane *l, ps_ntp start);
void lane_stop(struct lane *l, bool cut, ps_ntp cut_at);
// The stream is to end: from now on the server has a few seconds for each answer. silent: it has not even
// answered before; else one that records has the timeout of a lost packet as well.
void lane_hurry(struct lane *l, bool silent);
// Ends what runs without the server: gives what is here, and tells that it is lost.
void lane_abandon(struct lane *l, const char *why);
// The server owes an answer for longer than it ought to take.
bool lane_silent(const struct lane *l);
// Whether the server can end a session early; of a connected lane.
bool lane_early(const struct lane *l);
// Drops the connection and whatever session is on it, in silence.
void lane_close(struct lane *l);
void lane_free(struct lane *l); // NULL is fine
// The running session and its file so far, flushed; where the server receives it has no file (fd -1). False:
// none runs. *out is good until the lane is used again.
bool lane_so_far(struct lane *l, struct lane_result *out);
// On a connected lane that carries no session: fetches packets of a session that another one runs.
void lane_fetch(struct lane *l, const struct ow_request *req, uint32_t first, uint32_t last);
