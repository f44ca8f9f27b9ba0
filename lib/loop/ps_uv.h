// SPDX-License-Identifier: Apache-2.0
// What the files of this layer share about libuv and sockets. For lib/loop alone.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>
#include "base/ps_heap.h"
#include "base/ps_list.h"
#include "loop/ps_loop.h"
#include "loop/ps_stream.h"

// One buffer for all reads of a loop: an idle connection holds none.
#define PS_LOOP_SCRATCH 65536

// All timers of a loop, on one of libuv's: a connection has several of them, and a server thousands of
// connections.
struct ps_timers {
    uv_timer_t uv;
    struct ps_heap heap;
    size_t made; // the heap has room for all that there are
    ps_ns armed; // INT64_MAX: off
};

// All programs that a loop has started (ps_proc) and that are not over.
struct ps_children {
    uv_signal_t signal; // SIGCHLD; keeps the loop alive while one of them has an owner
    struct ps_list running;
    bool watching;
    bool adopting; // others' children too are waited for
};

void ps_children_init(struct ps_children *all);
void ps_children_fini(struct ps_children *all);
void ps_timers_init(struct ps_timers *all, uv_loop_t *uv);
void ps_timers_fini(struct ps_timers *all);

uv_loop_t *ps_loop_uv(struct ps_loop *l);
struct ps_timers *ps_loop_timers(struct ps_loop *l);
struct ps_children *ps_loop_children(struct ps_loop *l);
char *ps_loop_scratch(struct ps_loop *l);

// A non-blocking TCP socket, bound to the interface if one is named. 0 or -errno.
int ps_sock_tcp(int family, const char *device, int *fd);
// Every uv_tcp_t of a loop belongs to a stream, which is its data.
// A stream around a socket, which it then owns (on failure the socket is closed).
int ps_stream_from_fd(struct ps_loop *l, int fd, struct ps_stream **out);
// Reads both addresses and sets the options of a connection. -errno: the peer is gone already.
int ps_stream_connected(struct ps_stream *s);
uv_tcp_t *ps_stream_uv(struct ps_stream *s);
