// SPDX-License-Identifier: Apache-2.0
// The event loop: timers, signals, name look-ups, work for other threads. libuv stays inside this
// layer. Everything here is used from the loop's own thread, except where said.
#pragma once
#include <stdbool.h>
#include "base/ps_addr.h"
#include "base/ps_time.h"

struct ps_loop;
struct ps_timer;

int ps_loop_new(struct ps_loop **out);
// All handles must have been freed or closed; runs their close callbacks first.
void ps_loop_free(struct ps_loop *l);
// Runs until ps_loop_stop, or until nothing is left that could happen.
int ps_loop_run(struct ps_loop *l);
void ps_loop_stop(struct ps_loop *l);
// One turn without blocking (tests).
void ps_loop_poll(struct ps_loop *l);
// CLOCK_MONOTONIC, nanoseconds, read now.
ps_ns ps_loop_mono(void);

// Timers are for control (milliseconds, rounded up); test packets are timed by ps_pump.
typedef void (*ps_timer_cb)(void *ctx);
int ps_timer_new(struct ps_loop *l, struct ps_timer **out, ps_timer_cb cb, void *ctx);
void ps_timer_start(struct ps_timer *t, ps_ns after); // again: moves it
// Between after and after + slack: with all others of the same slack that are due in that time, in one wake.
void ps_timer_about(struct ps_timer *t, ps_ns after, ps_ns slack);
void ps_timer_repeat(struct ps_timer *t, ps_ns every);
void ps_timer_stop(struct ps_timer *t);
bool ps_timer_running(const struct ps_timer *t);
void ps_timer_free(struct ps_timer *t); // NULL is fine; may be called from its own callback

typedef void (*ps_signal_cb)(void *ctx, int signum);
// Stays until the loop is freed; does not keep the loop alive.
int ps_signal_add(struct ps_loop *l, int signum, ps_signal_cb cb, void *ctx);

// Calls cb(ctx) from the loop soon, not from inside the caller.
int ps_defer(struct ps_loop *l, void (*cb)(void *ctx), void *ctx);

// Runs work(ctx) on a worker thread, then done(ctx) on the loop.
int ps_work_run(struct ps_loop *l, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx);

// A name to its addresses (getaddrinfo on a worker). family AF_UNSPEC, AF_INET or AF_INET6; port is
// put into each. IPv6 comes first. cb gets err != 0 (PS_ERESOLVE, words in why) or n >= 1 addresses,
// good during the call.
typedef void (*ps_resolve_cb)(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n);
int ps_resolve(struct ps_loop *l, const char *host, uint16_t port, int family, ps_resolve_cb cb, void *ctx);
// An address to a name (getnameinfo on a worker); the numeric form when there is none.
typedef void (*ps_name_cb)(void *ctx, const char *name);
int ps_reverse(struct ps_loop *l, const struct ps_addr *addr, ps_name_cb cb, void *ctx);
