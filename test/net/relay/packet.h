// SPDX-License-Identifier: Apache-2.0
// An IP packet as the relay sees it: what it is, and the two things that a path changes in it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 65536

struct packet_look {
    int version; // 4 or 6
    uint8_t tos, ttl;
    bool test;             // UDP with at least the four octets of a sequence number, or an echo of ICMP
    uint16_t sport, dport; // of a test packet; 0 for ICMP
    uint32_t seq;
};

// False: no IP packet.
bool packet_look(const uint8_t *data, size_t n, struct packet_look *out);
// Takes hops off TTL or hop limit; false when the packet does not live that long.
bool packet_hops(uint8_t *data, size_t n, unsigned hops);
// IPv4: gives the packet's source (or destination) another address, given in network order as it
// stands in the packet; mends the checksums.
void packet_translate(uint8_t *data, size_t n, bool source, const uint8_t from[4], const uint8_t to[4]);
