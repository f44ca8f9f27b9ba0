// SPDX-License-Identifier: Apache-2.0
// Tells when the wall clock is set. The kernel gives notice at once (a timer that is cancelled when the
// clock is set); where it does not, both clocks are compared once a second. A slew is no step: CLOCK_MONOTONIC
// is slewed alike. Used from the loop's thread.
#pragma once
#include "loop/ps_clock.h"
#include "loop/ps_loop.h"

// One reading of the wall clock (with the clock's offset), of which CLOCK_MONOTONIC was then mono.
struct ps_moment {
    ps_ns wall, mono;
};

struct ps_step {
    ps_ns last_good; // by the wall clock: it was right until then at least
    ps_ns before,
        after; // what it would show without the step, and what it shows; alike: it was set and set back, or by less
               // than 0.1 ms
};

// Whether the clock was set between two looks. noticed: the kernel says so, then any step counts; else one
// that is larger than what holds up a look.
bool ps_step_between(const struct ps_moment *last, const struct ps_moment *now, bool noticed,
                     struct ps_step *out);

struct ps_clockwatch;
typedef void (*ps_step_cb)(void *ctx, const struct ps_step *step);
// Each step is counted in the clock (ps_clock_steps) before cb is called; cb may be NULL, and may look. With
// notice it does not keep the loop alive; without, its timer does.
int ps_clockwatch_new(struct ps_loop *l, struct ps_clock *c, ps_step_cb cb, void *ctx,
                      struct ps_clockwatch **out);
void ps_clockwatch_free(struct ps_clockwatch *w); // NULL is fine
// Looks now: for who is about to act upon the time, or to tell what has happened so far.
void ps_clockwatch_look(struct ps_clockwatch *w);
// False: the kernel gives no notice.
bool ps_clockwatch_is_noticed(const struct ps_clockwatch *w);
