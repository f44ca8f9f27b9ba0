// SPDX-License-Identifier: Apache-2.0
// What a path does to the packets of one direction, drawn from a seed. Pure: no clock, no socket.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/ps_rand.h"
#include "base/ps_time.h"

#define IMPAIR_COPIES 2

struct impair_spec {
    ps_ns delay;                // of every packet
    ps_ns jitter;               // up to so much more, evenly spread
    ps_ns tail;                 // exponential, on top of that; its mean
    double loss;                // share of packets lost one by one
    double burst_in, burst_out; // chance with each packet that a burst of loss begins, and that it ends
    double dup;                 // share of packets that arrive twice
    double reorder;             // share of packets held for `hold` longer
    ps_ns hold;
    uint32_t until; // packets from this sequence number on meet delay and jitter alone
    unsigned ttl;   // hops that the path takes
};

struct impair {
    struct impair_spec spec;
    struct ps_rand rand;
    bool burst;
};

// "delay=0.01,jitter=0.002,tail=0.001,loss=0.02,burst=0.005:0.3,dup=0.01,reorder=0.03:0.008,
// until=900,ttl=3", each part optional; times in seconds. 0, PS_ESYNTAX, PS_ERANGE or PS_EUNKNOWN.
int impair_parse(const char *text, struct impair_spec *out);
void impair_init(struct impair *m, const struct impair_spec *spec, uint64_t seed);
// The next test packet's fate: how many copies arrive (0: lost), and after what delays.
int impair_packet(struct impair *m, uint32_t seq, ps_ns delay[IMPAIR_COPIES]);
