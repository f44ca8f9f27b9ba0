// SPDX-License-Identifier: Apache-2.0
// The inside of the pump: who owns which field, and what crosses between the control loop's thread
// and the packet thread. For the pump's own files alone.
//
//   ps_pump.c         made, ended, counted; events delivered on the loop
//   ps_pump_pool.c    the pool of sockets                              (control)
//   ps_flow.c         flows, and their commands to the packet thread   (control)
//   ps_pump_thread.c  the packet thread's turn, commands, pace
//   ps_pump_rx.c      draining sockets, arrivals, events handed over   (packet)
//   ps_pump_tx.c      sending                                          (packet)
//   ps_pump_hw.c      hardware's arrival stamps                        (both)
//   ps_pump_warm.c    the way through the kernel kept in the caches   (packet)
//   ps_pump_stamp.c   how late packets leave behind their stamps       (packet)
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include "base/ps_list.h"
#include "loop/ps_dgram.h"
#include "loop/ps_flowtab.h"
#include "loop/ps_pump.h"
#include "loop/ps_timerq.h"
#include "loop/ps_uv.h"

#define PUMP_BLOCK_ARRIVALS 256
#define PUMP_BLOCKS_MAX 3600 // about 64 MiB of arrivals that the loop has not taken yet
#define PUMP_PACKET_MAX 65536

// What the packet thread tells the loop. A node lives in what it tells of: nothing is allocated.
enum pump_event_kind { PUMP_ARRIVALS, PUMP_STOPPED, PUMP_CLOSED, PUMP_SOCKET_CLOSED };

struct pump_event {
    struct pump_event *next;
    enum pump_event_kind kind;
};

struct pump_queue {
    struct pump_event *head, *tail;
};

struct pump_block {
    struct pump_event ev;
    unsigned n;
    struct {
        struct ps_flow *flow;
        struct ps_arrival arrival;
    } at[PUMP_BLOCK_ARRIVALS];
};

struct pump_socket {
    // fixed
    int fd;
    uint32_t id;
    struct ps_addr bound;
    bool exact;  // bound to a port that a flow asked for: not for flows that take any
    bool stamps; // the kernel tells when packets leave
    // control
    struct ps_list link; // of all; those without flows at the end, longest so first
    unsigned flows;
    bool closing;
    // under the lock
    struct pump_socket *next_doomed;
    // packet
    struct pump_event closed;
    _Atomic uint64_t lost; // datagrams for which there was no block
    struct {
        ps_ns asked; // the stamp of the packet whose leaving is awaited; 0: none
        uint32_t id, next_id;
    } t;
};

enum pump_command { PUMP_PEER = 1, PUMP_RECEIVE = 2, PUMP_SEND = 4, PUMP_STOP = 8, PUMP_CLOSE = 16 };

struct ps_flow {
    // fixed
    struct ps_pump *pump;
    struct pump_socket *sock;
    void *ctx;
    void (*arrival)(void *ctx, const struct ps_arrival *a);
    void (*stopped)(void *ctx);
    uint8_t dscp;
    // control
    bool receiving, sending, closing;
    struct ps_addr peer;
    struct ps_flowtab_node by_host; // where it was opened without the peer's port
    struct ps_flowtab_node by_exact;
    bool portless; // so it was
    uint64_t drops_before;
    void (*closed)(void *ctx);
    // under the lock: a flow is in the list of commands while todo is not 0
    struct {
        struct ps_flow *next;
        unsigned todo;
        struct ps_addr peer;
        const struct ps_sender_ops *ops;
    } cmd;
    // packet
    struct {
        struct ps_flow *next;
        unsigned todo;
        struct ps_addr peer;
        const struct ps_sender_ops *ops;
        bool receiving;
        struct ps_flowtab_node by_peer;
        struct ps_heap_node due;
    } t;
    struct pump_event stopped_event, closed_event; // the thread's until delivered
};

// Packets a second, counted over short windows.
struct pump_rate {
    ps_ns since;
    uint64_t n, per_s;
};

// A socket that sends to itself; -1: none.
struct pump_warm {
    int fd;
    struct ps_addr self;
};

// What belongs to the packet thread alone (once it runs).
struct pump_thread {
    int epoll, command; // command: written when the list of commands was empty
    int sockets;        // an epoll of its own, so that one call masks all sockets
    struct ps_timerq sends;
    struct ps_flowtab by_peer;
    struct ps_dgram_batch *batch;
    struct pump_block *block; // being filled
    struct pump_queue out;    // to be handed over
    bool urgent;              // something in it should not wait
    ps_ns handed_over;
    ps_ns now;        // CLOCK_MONOTONIC at the beginning of the turn
    bool timed, more; // sockets are drained by time; were not drained to the end
    bool stampless;   // a datagram came without the kernel's stamp: must be read at once
    ps_ns next_drain;
    bool look;                // somebody waits to hear that nothing more has arrived
    ps_ns drained;            // CLOCK_REALTIME: what arrived before has been read
    ps_ns last_send;          // CLOCK_REALTIME
    bool behind;              // more is due than a turn sends
    ps_ns lead;               // precise: the timer is set so much ahead of a packet's time
    struct pump_warm warm[2]; // of IPv4, IPv6
    ps_ns warmed;             // how long the last warming up took
    struct pump_rate rx, tx;
    struct ps_clock_state clock; // with what our own stamping adds
    struct ps_phc phc;           // of hw, as last read
    struct ps_selfdelay self;
    ps_ns self_bound, next_sample; // next_sample: CLOCK_REALTIME
    uint64_t sent, received, unmatched, unagreed, wakes;
    uint8_t packet[PUMP_PACKET_MAX];
};

// Outlives the pump until the loop has closed it. No uv_async_t: who receives one spins until its sender's
// system call has returned.
struct pump_wake {
    uv_poll_t uv;
    int fd; // an eventfd: readable while something is handed over
    struct ps_pump *pump;
};

// After a peer has chosen a port that is taken on the socket: another make may have one port for all.
#define PUMP_APART (600 * PS_SEC)

struct ps_pump {
    // fixed
    struct ps_loop *loop;
    struct ps_clock *clock;
    struct ps_log *log;
    struct ps_portrange ports;
    char *device;
    bool realtime, precise;
    enum ps_log_level limited;
    int no_realtime; // -errno
    ps_ns offset;
    struct ps_hwstamp *hw; // NULL: none
    struct ps_flowtab_key key;
    struct pump_wake *wake;
    pthread_t id;
    bool running;
    // control
    struct ps_list sockets;
    ps_ns apart_until;          // monotonic: till then flows whose peer's port is unknown share no socket
    struct pump_socket *hint;   // had room when last looked at; NULL: look at all
    struct ps_flowtab by_exact; // flows by socket and peer; port 0: not known yet
    struct ps_flowtab by_host;  // flows opened without a port, by socket and peer's address
    uint32_t next_id, next_port;
    bool told_buffer;                                // that sockets have too little
    uint64_t holds, flows, nsockets, dropped_before; // dropped_before: at sockets that are closed
    struct pump_queue inbox;                         // taken, not yet delivered
    ps_ns inbox_until, delivered;                    // what arrived before is in the inbox, is delivered
    bool delivering, ended;
    struct ps_timer *hw_timer;
    bool hw_reading; // its clock is read once a second: there are flows
    // shared
    pthread_mutex_t lock;
    struct {
        struct ps_flow *commands, **commands_end;
        struct pump_socket *doomed;
        bool quit, look;
        ps_ns until; // what arrived before (offset included) has been handed over
        struct pump_queue events;
        struct pump_event *spare; // blocks
        unsigned blocks, spares;
    } s;
    _Atomic uint64_t sent, received, unmatched, unagreed, wakes;
    struct {
        _Atomic uint64_t samples;
        _Atomic int64_t median, p99, bound;
    } self;
    struct pump_thread t;
};

static inline void pump_queue_push(struct pump_queue *q, struct pump_event *ev)
{
    ev->next = NULL;
    if (q->head)
        q->tail->next = ev;
    else
        q->head = ev;
    q->tail = ev;
}

static inline struct pump_event *pump_queue_pop(struct pump_queue *q)
{
    struct pump_event *ev = q->head;

    if (ev)
        q->head = ev->next;
    return ev;
}

// Moves all of from to the end of to.
static inline void pump_queue_move(struct pump_queue *to, struct pump_queue *from)
{
    if (!from->head)
        return;
    if (to->head)
        to->tail->next = from->head;
    else
        to->head = from->head;
    to->tail = from->tail;
    from->head = NULL;
}

// ps_pump_pool.c [control]
// A socket at this local address on which the peer is not taken, opened if need be. Errors as ps_flow_open.
int pump_pool_take(struct ps_pump *p, const struct ps_addr *local, const struct ps_flow *flow,
                   struct pump_socket **out);
// A flow has left. A socket or two without flows are kept for the next one.
void pump_pool_leave(struct ps_pump *p, struct pump_socket *s);
// Another flow than except has this peer, with a port, on this socket, or the peer's address and no port yet.
bool pump_pool_clash(const struct ps_pump *p, const struct pump_socket *s, const struct ps_addr *peer,
                     const struct ps_flow *except);
void pump_pool_gone(struct ps_pump *p, struct pump_socket *s);
void pump_pool_fini(struct ps_pump *p);
uint64_t pump_pool_drops(const struct pump_socket *s);

// ps_flow.c [control]
void pump_flow_stopped(struct ps_flow *f);
void pump_flow_closed(struct ps_flow *f);

// ps_pump.c
// The loop goes on while something here is to come: a flow's callbacks, a socket's end. [control]
void pump_hold(struct ps_pump *p);
void pump_release(struct ps_pump *p);
// Wakes the loop. [any]
void pump_call(struct ps_pump *p);
// Wakes the packet thread. [control]
void pump_poke(struct ps_pump *p);
// A block for arrivals, or NULL when the loop has fallen too far behind. [pump]
struct pump_block *pump_block_get(struct ps_pump *p);

// ps_pump_thread.c [pump]
// Enters what the thread waits for; before it starts. 0 or -errno.
int pump_thread_watch(struct pump_thread *t);
void *pump_thread_main(void *pump);

// ps_pump_rx.c [pump]
void pump_receive_start(struct ps_pump *p, struct ps_flow *f);
void pump_receive_end(struct ps_pump *p, struct ps_flow *f);
// Reads what has come at the sockets, up to a bound (t.more: and there may be more).
void pump_drain(struct ps_pump *p);
// Queues an event behind all arrivals so far.
void pump_emit(struct ps_pump *p, struct pump_event *ev);
bool pump_has_output(const struct pump_thread *t);
// Gives what is queued to the loop.
void pump_hand_over(struct ps_pump *p);

// ps_pump_tx.c [pump]
void pump_send_start(struct ps_pump *p, struct ps_flow *f);
void pump_send_end(struct ps_pump *p, struct ps_flow *f);
// The timer had this thread wake: learns how long that takes.
void pump_send_woken(struct ps_pump *p);
// Sends what is due, up to a bound.
void pump_send_due(struct ps_pump *p);
// Sets the timer for the next time to send.
void pump_send_arm(struct ps_pump *p);

// ps_pump_hw.c
int pump_hw_open(struct ps_pump *p);
void pump_hw_close(struct ps_pump *p);
// There is a flow. [control]
void pump_hw_wanted(struct ps_pump *p);
// Takes the last reading of its clock. [pump]
void pump_hw_turn(struct ps_pump *p);

// ps_pump_warm.c
void pump_warm_open(struct pump_thread *t);
void pump_warm_close(struct pump_thread *t);
// If nothing has been sent for a while: before the flow's packet is stamped. [pump]
void pump_warm_up(struct ps_pump *p, const struct ps_flow *next, ps_ns now);

// ps_pump_stamp.c [pump]
// Whether the kernel is to be asked when the packet stamped now leaves.
bool pump_stamp_due(const struct ps_pump *p, const struct pump_socket *s, ps_ns now);
// It was asked, and the packet sent.
void pump_stamp_asked(struct ps_pump *p, struct pump_socket *s, ps_ns now);
// Takes what the socket's error queue holds, up to a bound.
void pump_stamp_read(struct ps_pump *p, struct pump_socket *s);

static inline ps_ns pump_clock(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

// [pump]
void pump_rate_update(struct pump_rate *r, ps_ns now);
