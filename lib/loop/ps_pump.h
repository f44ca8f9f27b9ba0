// SPDX-License-Identifier: Apache-2.0
// The packet engine: one thread that sends test packets when they are due and receives others', on
// a small pool of UDP sockets shared by all flows (ARCHITECTURE.md, "Few sockets, many sessions").
// It knows nothing of OWAMP. All functions are called on the control loop's thread; the callbacks
// marked [pump] run on the packet thread, all others on the loop's.
#pragma once
#include "base/ps_addr.h"
#include "base/ps_log.h"
#include "base/ps_out.h"
#include "loop/ps_clock.h"
#include "loop/ps_hwstamp.h"
#include "loop/ps_loop.h"
#include "loop/ps_selfdelay.h"

// What a receive stamp adds to the clock's error. The kernel's is taken when it gets to the packet: how long
// the NIC kept it before (interrupt moderation) is not known here. Ours is taken when the thread does.
#define PS_STAMP_KERNEL_ERROR PS_USEC
#define PS_STAMP_USER_ERROR (100 * PS_USEC)

#define PS_ARRIVAL_HEAD 48 // octets of a datagram that are handed on

struct ps_arrival {
    ps_ns stamp;                   // arrival, the clock's offset included
    bool kernel_stamp;             // false: the packet thread's own reading
    bool hardware_stamp;           // the interface's, by our clock
    uint8_t ttl;                   // 255: unknown
    uint32_t len;                  // of the datagram
    uint8_t head[PS_ARRIVAL_HEAD]; // its first octets; zero behind a shorter one
};

// What a sending flow must answer, on the packet thread, from start to the `stopped` callback.
struct ps_sender_ops {
    // [pump] When the next packet is due (CLOCK_REALTIME plus offset); false: no more.
    bool (*due)(void *ctx, ps_ns *when);
    // [pump] Writes the packet with the stamp now, which was read just before; > 0 its size, 0: this
    // one is passed over. The clock's errors include how late packets leave behind their stamp.
    int (*fill)(void *ctx, ps_ns now, const struct ps_clock_state *clock, uint8_t *buf, size_t cap);
    // [pump] The packet just filled did not leave: -errno.
    void (*failed)(void *ctx, int err);
};

struct ps_pump_conf {
    struct ps_loop *loop;
    struct ps_clock *clock;
    struct ps_portrange ports; // UDP ports for the pool; {0,0}: the kernel's choice
    const char *device;        // interface to bind to; NULL: none
    bool realtime;             // try SCHED_FIFO for the packet thread
    enum ps_log_level limited; // how loudly it is told when sockets have too little memory
    // Packets leave within microseconds of their time, each with a wake of its own. Else those due within a
    // window that grows with the load, up to 2 ms, share one: a wake costs as much as several packets.
    bool precise;
    struct ps_log *log;
    struct ps_hwstamp *hw; // stamps of this interface are used; NULL: none. Outlives the pump
};

struct ps_pump;
int ps_pump_new(struct ps_pump **out, const struct ps_pump_conf *conf);
// Waits for flows that are being closed (all others must have been closed before), ends the thread.
void ps_pump_free(struct ps_pump *p);

// Whether the packet thread has the real-time priority that was asked for: 0, or -errno.
int ps_pump_realtime(const struct ps_pump *p);

struct ps_pump_stats {
    uint64_t sent, received, unmatched; // datagrams; unmatched: from no flow's peer
    uint64_t unagreed;                  // with a hardware stamp that was not used
    uint64_t host_dropped;              // the kernel's count of datagrams dropped at our sockets
    uint64_t sockets, flows, wakes;
};
// What arrived before this time (the clock's offset included) has been given to its flows: nobody is to call
// lost what was due later. Where that was long ago the packet thread is asked to look, and soon this tells more.
ps_ns ps_pump_delivered(struct ps_pump *p);
// Gives flows now what arrived before `until`, as far as it is only arrivals that wait, and waits some
// milliseconds at most for the packet thread. Nothing from inside a flow's callback.
void ps_pump_catch_up(struct ps_pump *p, ps_ns until);
void ps_pump_get_stats(struct ps_pump *p, struct ps_pump_stats *out);
// The same as the member "datagrams" of a daemon's status.
void ps_pump_put_stats(struct ps_pump *p, struct ps_json *j);
// How late packets leave this host behind their stamp, over the last some seconds in which any left.
void ps_pump_self_delay(const struct ps_pump *p, struct ps_self_delay *out);

struct ps_flow;
struct ps_flow_conf {
    struct ps_addr local; // the address to bind (its port 0: from the pool's range; else exactly that)
    struct ps_addr peer;  // port 0: not known yet
    uint8_t dscp;
    void *ctx;
    void (*arrival)(void *ctx, const struct ps_arrival *a); // NULL: datagrams are not wanted
    void (*stopped)(void *ctx); // sending has ended, by itself or by ps_flow_stop: the sender's state
                                // is the owner's again
};
// Reserves a place on a pool socket on which no other flow has the same peer; while the peer's port is not
// known, one on which few flows have its host, and none of them without a port. -EADDRNOTAVAIL: the
// address is not this host's; -EADDRINUSE: no port of the range is left; other -errno.
int ps_flow_open(struct ps_pump *p, const struct ps_flow_conf *conf, struct ps_flow **out);
uint16_t ps_flow_port(const struct ps_flow *f);
struct ps_pump *ps_flow_pump(const struct ps_flow *f);
// Sets the peer's port once it is known. -EADDRINUSE if another flow on this socket has that peer.
int ps_flow_set_peer_port(struct ps_flow *f, uint16_t port);
// Begins to deliver arrivals from the peer (exact address and port). Datagrams that came before are
// not kept.
int ps_flow_receive(struct ps_flow *f);
// Begins to send; ops and the flow's ctx are used on the packet thread until `stopped`.
int ps_flow_send(struct ps_flow *f, const struct ps_sender_ops *ops);
// Ends sending early; `stopped` follows (once for each ps_flow_send).
void ps_flow_stop(struct ps_flow *f);
// The drop counter of the flow's socket: datagrams lost in this host since the flow was opened, of
// any flow on the same socket.
uint64_t ps_flow_host_dropped(const struct ps_flow *f);
// Stops what still runs; closed(ctx) is the last callback, after which the flow is gone. NULL is fine for closed.
void ps_flow_close(struct ps_flow *f, void (*closed)(void *ctx));
