// SPDX-License-Identifier: Apache-2.0
// The result of latency and latencybg, made of packets. For lib/tool alone. The scheduler's fact sheet, section 3.2
// and, for how it is counted, 3.3 (owping).
#pragma once
#include "tool/tl_tool_impl.h"

// A line of owping -R, or a packet of powstream's raw-packets.
struct tl_packet {
    uint32_t seq;
    uint64_t sent, received; // NTP; received 0: lost
    bool sent_synced, received_synced;
    double sent_err, received_err; // seconds
    unsigned ttl;
};

struct tl_latency;
#define TL_LATENCY_PACKETS 200000 // that are kept

struct tl_latency *tl_latency_new(double bucket_width, bool raw); // NULL: no memory
void tl_latency_free(struct tl_latency *l);
// In the order of arrival. PS_ELIMIT, -ENOMEM.
int tl_latency_add(struct tl_latency *l, const struct tl_packet *p);
size_t tl_latency_packets(const struct tl_latency *l);
void tl_latency_put(struct tl_latency *l, struct ps_json *j);
