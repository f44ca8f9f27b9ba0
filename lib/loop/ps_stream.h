// SPDX-License-Identifier: Apache-2.0
// TCP listeners and connections on the loop; listeners on Unix sockets.
#pragma once
#include "base/ps_addr.h"
#include "base/ps_conf.h"
#include "loop/ps_loop.h"

struct ps_listener;
struct ps_stream;

struct ps_stream_ops {
    // Octets came. The stream may be closed from inside.
    void (*data)(void *ctx, const uint8_t *data, size_t n);
    // The peer ended (PS_ECLOSED) or the connection broke (-errno). Not called after
    // ps_stream_close; the owner still has to close.
    void (*ended)(void *ctx, int err);
    // All that was written has left; NULL is fine.
    void (*drained)(void *ctx);
};

// Listens; addr any-IPv6 serves IPv4 too (falls back to IPv4 where IPv6 is absent). device: NULL or
// an interface to bind to. on_accept owns the stream and must give it ops or close it.
typedef void (*ps_accept_cb)(void *ctx, struct ps_stream *s);
int ps_listen(struct ps_loop *l, const struct ps_addr *addr, const char *device, int backlog,
              ps_accept_cb on_accept, void *ctx, struct ps_listener **out);
// The same for those who read and write by themselves: the socket (non-blocking, close-on-exec) is the
// callback's. peer is unmapped; of a Unix socket it is no address (len 0).
typedef void (*ps_accept_fd_cb)(void *ctx, int fd, const struct ps_addr *peer);
int ps_listen_fd(struct ps_loop *l, const struct ps_addr *addr, int backlog, ps_accept_fd_cb on_fd, void *ctx,
                 struct ps_listener **out);
// On a Unix socket, with the rules and errors of ps_ctl_listen; closing removes it if it is still ours.
int ps_listen_unix(struct ps_loop *l, const char *path, unsigned mode, ps_accept_fd_cb on_fd, void *ctx,
                   struct ps_listener **out, struct ps_fault *fault);
// The address actually bound (the port when 0 was asked for); no address for a Unix socket.
const struct ps_addr *ps_listener_addr(const struct ps_listener *ln);
void ps_listener_close(struct ps_listener *ln); // NULL is fine
// When accept fails for want of descriptors the listener pauses for a moment instead of spinning.

// Connects to the first of n addresses that answers, each tried for timeout. local: NULL or the
// address to bind (port 0: any); device: NULL or an interface. cb is called once, err != 0: no stream.
typedef void (*ps_connect_cb)(void *ctx, int err, struct ps_stream *s);
struct ps_connecting;
int ps_connect(struct ps_loop *l, const struct ps_addr *addrs, size_t n, const struct ps_addr *local,
               const char *device, ps_ns timeout, ps_connect_cb cb, void *ctx, struct ps_connecting **out);
void ps_connect_cancel(struct ps_connecting *c); // cb is not called; NULL is fine

void ps_stream_start(struct ps_stream *s, const struct ps_stream_ops *ops, void *ctx); // begins reading
void ps_stream_pause(struct ps_stream *s);                                             // stops reading
void ps_stream_resume(struct ps_stream *s);                                            // goes on
// Copies and queues. PS_ELIMIT when more than max_pending would wait (set by ps_stream_limit; default 4 MiB).
int ps_stream_write(struct ps_stream *s, const void *data, size_t n);
void ps_stream_limit(struct ps_stream *s, size_t max_pending);
size_t ps_stream_pending(const struct ps_stream *s);
const struct ps_addr *ps_stream_local(const struct ps_stream *s);
const struct ps_addr *ps_stream_peer(const struct ps_stream *s); // IPv4-mapped addresses unmapped in both
// Closes at once, or after what is queued has left (bounded by linger); frees. NULL is fine.
void ps_stream_close(struct ps_stream *s, ps_ns linger);
