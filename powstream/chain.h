// SPDX-License-Identifier: Apache-2.0
// The chain of sessions of a stream: when to connect, when to ask for the next session so that it begins
// where the present one ends, when to try again after a failure, and what the ledger is told. A machine
// without I/O: time comes as an argument, what is to be done goes out through chain_ops, and what came of
// it returns by the chain_... events. The same code runs in powstream and in the simulator.
//
// A lane is a control connection and the one session that it may carry. Two take turns; more are opened
// where sessions are shorter than the time that they take to end.
#pragma once
#include "base/ps_rand.h"
#include "powstream/ledger.h"

#define CHAIN_LANES 8
// chain_tick wants to be called so often while nothing is measured.
#define CHAIN_GAP_LOOK (10 * PS_SEC)

enum chain_lane { LANE_DOWN, LANE_CONNECTING, LANE_IDLE, LANE_ASKING, LANE_RUNNING, LANE_STOPPING };

struct chain_now {
    ps_ntp wall; // the clock
    ps_ns mono;  // a time that nobody sets
};

struct chain_conf {
    ps_ns duration;  // of a session, as expected
    ps_ns delay;     // before the first session, beyond what it needs
    ps_ns retry_max; // the longest pause between attempts
};

// None may call back into the chain before it returns, but for stop, which may call chain_ended or chain_lost
// for that lane.
struct chain_ops {
    void (*connect)(void *ctx, unsigned lane);
    // Asks for a session from `start` on and starts it as soon as it is agreed.
    void (*request)(void *ctx, unsigned lane, uint32_t id, ps_ntp start);
    // Ends the session early. cut: what was sent after cut_at is of no use.
    void (*stop)(void *ctx, unsigned lane, bool cut, ps_ntp cut_at);
    // Drops the connection; a session on it was never agreed or is settled.
    void (*close)(void *ctx, unsigned lane);
};

struct chain {
    struct chain_conf conf;
    const struct chain_ops *ops;
    void *ctx;
    struct ps_rand rand;
    struct ledger *ledger;
    struct {
        enum chain_lane state;
        uint32_t id;
        ps_ntp start, end;
    } lanes[CHAIN_LANES];
    uint32_t next_id;
    ps_ns lead;        // from now to the earliest start that can be kept
    ps_ns retry_at;    // mono; not before
    unsigned failures; // in a row
    ps_ns told_at;     // mono: when a running gap was told last
    ps_ntp not_before; // of the first session
    bool finishing, resetting;
    bool stepping; // sessions are being stopped because the clock was set
    ps_ntp before, after;
    char why[64]; // sessions are being stopped
};

// The stream begins now, or was accounted for by a former run as its note says (NULL: it is new), and not
// since for this reason.
void chain_begin(struct chain *c, const struct chain_conf *conf, uint64_t seed, struct chain_now now,
                 const struct ledger_note *note, const char *reason);
// Does what is due; how long until it wants to be called again. Also after every event.
ps_ns chain_tick(struct chain *c, struct chain_now now);

// The lane's connection is set up; lead: how far ahead a session's start must be.
void chain_connected(struct chain *c, unsigned lane, ps_ns lead);
// The session that was asked for is agreed and started, and its last packet is due at `end`.
void chain_agreed(struct chain *c, unsigned lane, ps_ntp start, ps_ntp end, struct chain_now now);
// The session's result is safe; it measured up to `upto`; reason: why not all, NULL: it was stopped. The lane
// is idle again.
void chain_ended(struct chain *c, unsigned lane, ps_ntp upto, const char *reason, struct chain_now now);
// The connection cannot be made, was refused, or is gone; a running session measured up to `upto`
// (0: nothing).
void chain_lost(struct chain *c, unsigned lane, ps_ntp upto, const char *reason, struct chain_now now);
// The clock, which showed `before`, was set to `after`; last_good: when it was last seen right. Wants to be
// told before the next chain_tick.
void chain_clock_set(struct chain *c, ps_ntp last_good, ps_ntp before, ps_ntp after, struct chain_now now);
// Nothing new; running sessions are stopped and give what they have.
void chain_finish(struct chain *c, const char *reason, struct chain_now now);
// Running sessions are stopped and give what they have; then everything begins anew.
void chain_reset(struct chain *c, const char *reason, struct chain_now now);
// After chain_finish: no session is open any more.
bool chain_over(const struct chain *c);
// A session is running or about to end.
bool chain_measuring(const struct chain *c);
