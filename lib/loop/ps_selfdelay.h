// SPDX-License-Identifier: Apache-2.0
// How late packets leave behind the stamp that they carry: samples in, quantiles of the last some seconds
// out. A sample is the kernel's transmit stamp minus ours. Pure: no clock, no socket.
#pragma once
#include "base/ps_time.h"

#define PS_SELFDELAY_BUCKETS \
    232 // to 2^30 ns, eight to each power of two: they overstate by an eighth at most
// What is assumed until enough samples are there: several times what is seen on idle hosts.
#define PS_SELFDELAY_UNKNOWN (100 * PS_USEC)

struct ps_selfdelay {
    ps_ns since; // when the present period began
    uint32_t n[2];
    uint32_t count[2][PS_SELFDELAY_BUCKETS]; // of the present period and the one before
};

struct ps_self_delay {
    uint64_t samples; // that the figures are of; 0: none, and only bound is set
    ps_ns median, p99;
    ps_ns bound; // for error estimates: p99, or what is assumed while there are few samples
};

// A sample at the time now (of any clock). Those below 0 or above a second are none: false.
bool ps_selfdelay_add(struct ps_selfdelay *s, ps_ns now, ps_ns delay);
void ps_selfdelay_get(const struct ps_selfdelay *s, struct ps_self_delay *out);
