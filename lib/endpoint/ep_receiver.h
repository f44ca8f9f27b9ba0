// SPDX-License-Identifier: Apache-2.0
// The receiving end of a session: a flow of the packet engine, the ow_recv machine, and the
// session file that takes its records. Used by servers and clients alike.
#pragma once
#include "data/ow_file.h"
#include "loop/ps_pump.h"
#include "owamp/ow_recv.h"

// The most packets that may be outstanding at once (timeout times rate) in one session.
#define EP_WINDOW_MAX (1u << 20)

struct ep_receiver_conf {
    struct ps_loop *loop;
    struct ps_pump *pump;
    struct ps_clock *clock;
    struct ps_addr local;
    struct ps_addr peer; // port 0: told later by ep_receiver_ready
    ps_ns flush_every;   // records wait no longer than this before they are written; 0: a second
    void *ctx;
    // Every packet that can still be expected has come or timed out. Called from the loop, once;
    // again after ep_receiver_limit if that is what completes it later.
    void (*complete)(void *ctx);
    // The file cannot be written any more (-ENOSPC...): nothing further is recorded. Once.
    void (*failed)(void *ctx, int err);
};

struct ep_receiver;
int ep_receiver_open(struct ep_receiver **out, const struct ep_receiver_conf *conf);
uint16_t ep_receiver_port(const struct ep_receiver *r);
// The session is agreed: req as it is to stand in the file. fd: an empty file opened for reading and
// writing, the receiver's from here on (closed on error too).
int ep_receiver_ready(struct ep_receiver *r, const struct ow_request *req, const struct ow_slot *slots,
                      uint32_t mode, const struct ow_keys *keys, uint16_t peer_port, int fd);
int ep_receiver_start(struct ep_receiver *r);
// The sender says that it sends nothing from next_seqno on.
void ep_receiver_limit(struct ep_receiver *r, uint32_t next_seqno);
bool ep_receiver_is_complete(const struct ep_receiver *r);

// How it ended.
enum ep_end {
    EP_END_STOPPED, // the sender told its Next Seqno and skips
    EP_END_BROKEN,  // the control connection died
};
// Writes the end of the file: what the protocol lets us keep of it, the skips, the counts. Nothing
// is received after it. The file stays open (ep_receiver_fd) until close.
//   STOPPED: records below next_seqno; if some of those have neither come nor timed out at `stop`,
//   only those sent before stop - timeout (less a little, for arrivals that are being handed over), so
//   that the undecided tail does not bias the counts.
//   BROKEN: records sent before the same time, none beyond the highest that came; incomplete.
int ep_receiver_finish(struct ep_receiver *r, enum ep_end how, ps_ntp stop, const struct ow_stop_rec *rec);
// Writes what is buffered, so that the file can be read.
int ep_receiver_flush(struct ep_receiver *r);
int ep_receiver_fd(const struct ep_receiver *r);
uint64_t ep_receiver_file_size(const struct ep_receiver *r);
// Counted and ignored: packets with a bad HMAC, size, number, estimate or time.
uint64_t ep_receiver_ignored(const struct ep_receiver *r);
// Who stamped the packets that came: a set, empty when none did.
enum { EP_STAMPS_KERNEL = 1, EP_STAMPS_USER = 2, EP_STAMPS_HARDWARE = 4 };
unsigned ep_receiver_stamps(const struct ep_receiver *r);
uint64_t ep_receiver_host_dropped(const struct ep_receiver *r);
bool ep_receiver_highest(const struct ep_receiver *r, uint32_t *seq);
// Closes the file and frees, once the packet thread has let go. NULL is fine.
void ep_receiver_close(struct ep_receiver *r);
