// SPDX-License-Identifier: Apache-2.0
// The running program: what all streams share, signals, the watch on the clock, the control socket.
#pragma once
#include <stdatomic.h>
#include "loop/ps_clocksource.h"
#include "loop/ps_clockwatch.h"
#include "loop/ps_ctl.h"
#include "powstream/options.h"
#include "powstream/set.h"

struct run {
    const struct options *o;
    struct ps_log log;
    struct ground ground;
    struct sink *sink;
    struct set *set;
    struct ps_timer *watch;
    struct ps_ctl *ctl;
    ps_ns retried; // monotonic: when streams that could not begin were tried again
    struct ps_clockwatch *clockwatch;
    struct ps_clocksource *clocksource;
    struct ps_hwstamp *hw;
    ps_ntp started;
    unsigned ending; // how often it was asked for
    ps_ns ended;     // monotonic: when it was asked for last
    _Atomic bool stdout_gone;
    int status;
};

// Measures until a signal; the exit status.
int run_streams(const struct options *o);
// --check.
int run_check(const struct options *o);
// --tell.
int run_tell(const struct options *o);
// The file of --streams anew; what is wrong with it is told in the fault, and then nothing has changed.
// *failed: streams that could not begin.
int run_reload(struct run *r, size_t *failed, struct ps_fault *fault);
// control.c: answers a line of the control socket.
void control_request(void *ctx, struct ps_ctl_request req, const char *line, size_t len);
