// SPDX-License-Identifier: Apache-2.0
// The control socket of a daemon: a Unix socket, a request a line, a reply a line. What the lines say is
// the daemon's business. Who may ask is settled by the socket's mode.
#pragma once
#include <sys/types.h>
#include "base/ps_conf.h"
#include "loop/ps_loop.h"

#define PS_CTL_MODE 0660
#define PS_CTL_LINE_MAX ((size_t)1 << 20)   // octets of a request
#define PS_CTL_REPLY_MAX ((size_t)64 << 20) // octets of a reply
#define PS_CTL_CONNS 64                     // the one idle for longest makes room for a new one
#define PS_CTL_IDLE (300 * PS_SEC)          // a connection without a request is closed

struct ps_ctl;

// One request, by value: it may be kept and answered at any time until ps_ctl_close, also when the client
// has gone.
struct ps_ctl_request {
    struct ps_ctl *ctl;
    uint64_t id;
};

// line holds no newline, is never empty, and ends with a NUL behind its len octets (it may hold others);
// it is good during the call. Every request needs exactly one ps_ctl_reply, from inside or later; the
// next one of the same connection comes after that. The last one may lack its newline when the peer has shut
// down its side: what comes in pieces has to be told from what was cut off, as JSON objects can. ps_ctl_close is fine from inside.
typedef void (*ps_ctl_cb)(void *ctx, struct ps_ctl_request req, const char *line, size_t len);

// What a dead process has left at path is replaced. -EADDRINUSE: somebody serves it, -EEXIST: it is
// something else than a socket and stays, -ENAMETOOLONG, or another -errno; the fault says it in words.
int ps_ctl_listen(struct ps_loop *l, const char *path, unsigned mode, ps_ctl_cb on_request, void *ctx,
                  struct ps_ctl **out, struct ps_fault *fault);
// Sends text and a newline. Newlines inside become blanks, which means the same in JSON; one at the end is
// left out. Dropped when the client has gone or the request was answered already. A reply of more than
// PS_CTL_REPLY_MAX closes the connection and is PS_ELIMIT.
int ps_ctl_reply(struct ps_ctl_request req, const char *text, size_t len);
// Which process asks, as it was when it connected: what it asks for may be told from what others do. 0: not known, or
// the client has gone.
pid_t ps_ctl_peer(struct ps_ctl_request req);
// How long a connection may be idle, or not read its reply, from now on (PS_CTL_IDLE if never called).
void ps_ctl_set_idle(struct ps_ctl *ctl, ps_ns idle);
// How many connections there may be from now on (PS_CTL_CONNS if never called), open ones and such that wait to
// be accepted.
void ps_ctl_set_conns(struct ps_ctl *ctl, unsigned max);
size_t ps_ctl_conns(const struct ps_ctl *ctl);
// Closes all at once (replies that fit the kernel's buffers still arrive) and removes the socket if it is
// still ours. NULL is fine.
void ps_ctl_close(struct ps_ctl *ctl);

// The other side, for commands: connects, writes one line, reads one, blocking for timeout at most. reply
// ends with a NUL in place of the newline and is the caller's to free. 0, PS_ETIMEOUT, PS_ECLOSED (no
// whole reply), PS_ELIMIT, -EINVAL (a newline inside the line), or -errno; the fault says it in words.
int ps_ctl_call(const char *path, const char *line, ps_ns timeout, char **reply, size_t *len,
                struct ps_fault *fault);
