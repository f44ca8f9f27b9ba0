// SPDX-License-Identifier: Apache-2.0
// The host's clock and how far it can be trusted. The kernel's state is read once a second, not
// per packet. Thread-safe: any thread may ask.
#pragma once
#include <stdbool.h>
#include "clock/ps_source.h"

struct ps_clock;

// Where the daemon that keeps the clock has said what it makes of it (ps_clock_set_source), each is the larger of
// the kernel's and the daemon's. A kernel that has never been told an estimate has 16 s: then the daemon's holds.
struct ps_clock_state {
    bool synced;     // the kernel says that something disciplines the clock
    ps_ns error;     // its estimated error (esterror), at least 1 us; unsynchronised: max_error
    ps_ns max_error; // its bound (maxerror)
};

// offset_ns is added to every time (OWAMP_DEBUG_TIMEOFFSET); 0 in use.
int ps_clock_new(struct ps_clock **out, ps_ns offset);
void ps_clock_free(struct ps_clock *c);
// CLOCK_REALTIME plus the offset.
ps_ns ps_clock_now(const struct ps_clock *c);
ps_ns ps_clock_offset(const struct ps_clock *c);
// Reads the kernel's state anew if a second has passed since the last time.
void ps_clock_refresh(struct ps_clock *c);
void ps_clock_get(const struct ps_clock *c, struct ps_clock_state *out);
// What the daemon that keeps the clock says; name NULL: nothing is known of it, as at first. What it has of errors
// counts while it is synchronised and the kernel is. [the loop's thread, both]
void ps_clock_set_source(struct ps_clock *c, const struct ps_source *source);
const struct ps_source *ps_clock_source(const struct ps_clock *c);
// How often the clock was seen to be set so far (ps_clockwatch): a session during which the count rises has
// times of both before and behind a step.
void ps_clock_stepped(struct ps_clock *c);
uint32_t ps_clock_steps(const struct ps_clock *c);
// Parses OWAMP_DEBUG_TIMEOFFSET (seconds, may be negative) from the environment; 0 when unset. PS_ESYNTAX.
int ps_clock_env_offset(ps_ns *offset);
