// SPDX-License-Identifier: Apache-2.0
// What a run of each test puts on the network and into an archive. Estimates, for psched plan.
#pragma once
#include "base/ps_time.h"
#include "json/ps_jdoc.h"
#include "spec/sp_test.h"

struct plan_run {
    ps_ns duration; // of a run; whole seconds
    double packets; // that are sent and received by this host in a run
    double bits;    // with IP's headers
    double results; // that a run gives
    double octets;  // of an archive for each of them
    bool rate_is_a_guess;
};

// The spec is valid. tool NULL: the preferred one. rate: bits a second of a throughput test that has no bandwidth.
// 0, or PS_EUNSUPPORTED with a fault: no tool of ours runs that.
int plan_test_run(struct plan_run *out, const struct sp_test *t, struct ps_jnode spec, const char *tool,
                  double rate, struct ps_fault *fault);
