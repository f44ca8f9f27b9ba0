// SPDX-License-Identifier: Apache-2.0
// UDP sockets for test packets: kernel receive stamps, received TTL, DSCP per packet, the host's own
// drops counted. Non-blocking; no loop. Works for IPv4 and IPv6.
#pragma once
#include "base/ps_addr.h"
#include "base/ps_time.h"

#define PS_DGRAM_HEAD 64 // octets kept of each datagram
#define PS_DGRAM_BATCH 64

struct ps_dgram_in {
    struct ps_addr from;
    ps_ns stamp;    // kernel's CLOCK_REALTIME at arrival; 0: none came
    ps_ns hardware; // the interface's own time at arrival; 0: none came
    uint32_t len;   // of the datagram, may exceed what was kept
    uint8_t ttl;    // or hop limit; 255 when unknown
    uint8_t head[PS_DGRAM_HEAD];
};

struct ps_dgram_conf {
    struct ps_addr local; // its port: 0 for any
    const char *device;   // SO_BINDTODEVICE; NULL: no
    bool hardware;        // ask for hardware's stamps
    int rcvbuf;           // octets wanted; more than the limit is tried with SO_RCVBUFFORCE
};

// A bound socket; its descriptor in *fd. TTL and hop limit 255, stamps, TTL and drop counter asked for.
int ps_dgram_open(const struct ps_dgram_conf *conf, int *fd, struct ps_addr *bound);
// Scratch memory for receiving in batches; one for each thread.
struct ps_dgram_batch;
int ps_dgram_batch_new(struct ps_dgram_batch **out);
void ps_dgram_batch_free(struct ps_dgram_batch *b);
// Up to PS_DGRAM_BATCH datagrams; returns how many (0: none waiting) or -errno. *dropped: the
// socket's drop counter (SO_RXQ_OVFL), unchanged when no datagram told it; NULL is fine.
int ps_dgram_recv(struct ps_dgram_batch *b, int fd, struct ps_dgram_in **in, uint32_t *dropped);
// Octets of memory that arrivals may take up at the socket.
int ps_dgram_rcvbuf(int fd);
// One datagram with this DSCP. 0 or -errno.
int ps_dgram_send(int fd, const struct ps_addr *to, uint8_t dscp, const void *data, size_t n);
// The same, and the kernel is asked when it left: its answer is for ps_dgram_left.
int ps_dgram_send_stamped(int fd, const struct ps_addr *to, uint8_t dscp, const void *data, size_t n);
// Whether the kernel can be asked at this socket.
bool ps_dgram_stamps_sends(int fd);
struct ps_dgram_left {
    ps_ns stamp; // kernel's CLOCK_REALTIME when the packet went to the driver; 0: this was something else
    uint32_t id; // counts the packets of this socket for which it was asked, from 0
};
// Takes one message off the socket's error queue: 1, 0 for none, or -errno.
int ps_dgram_left(int fd, struct ps_dgram_left *out);
// The socket's drop counter now (SO_MEMINFO): a datagram tells only of drops before it, so that those at
// the end of a burst would wait for the next. Any thread. 0 or -errno.
int ps_dgram_drops(int fd, uint32_t *drops);
