// SPDX-License-Identifier: Apache-2.0
// What the two control machines (ow_server, ow_client) have in common: bytes in, bytes out, bounds.
// Neither does I/O nor reads a clock: the host feeds octets as they come, pulls events one at a
// time until there are none, answers those that ask for an answer, and sends what is in `out`.
#pragma once
#include "base/ps_buf.h"
#include "base/ps_conf.h"
#include "owamp/ow_chan.h"

#define OW_MAX_SLOTS 4096u       // more in a request: refused with OW_ACCEPT_PERMANENT
#define OW_MAX_SKIPS (1u << 20)  // more in one Stop-Sessions or Fetch: fault
#define OW_MAX_SESSIONS 4096u    // on one control connection
#define OW_OUT_SOFT (256u << 10) // the host stops feeding records above this and waits for drain
#define OW_OUT_HARD (1u << 20)   // a command that comes while so much is unread by its sender: fault
#define OW_IN_SOFT (64u << 10)   // what a machine wants to hold of the peer's octets
#define OW_IN_HARD (192u << 10)  // what it holds at most: feed at most OW_IN_SOFT, then pull

// Skip ranges of all records of one Stop-Sessions; owned by the machine, good until the next pull.
struct ow_stop {
    uint8_t accept;
    uint32_t nrecs;
    struct ow_stop_rec *recs;
};
