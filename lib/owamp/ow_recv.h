// SPDX-License-Identifier: Apache-2.0
// The receiving end of a session as a pure machine: packets and times go in, records come out in
// arrival order, a lost packet's record when its timeout has passed (RFC 4656 section 4.2).
#pragma once
#include "owamp/ow_rec.h"
#include "owamp/ow_test.h"

// Copies recorded in a session: so many for each of its packets and OW_RECV_COPIES_MORE.
#define OW_RECV_COPIES 4u
#define OW_RECV_COPIES_MORE 1000u
// Lost records written by one call of ow_recv_expire.
#define OW_RECV_EXPIRE_MAX 4096u

struct ow_recv_conf {
    uint8_t sid[16];
    const struct ow_slot *slots; // copied
    uint32_t nslots, npackets;
    ps_ntp start, timeout;
    uint32_t max_window; // most sequence numbers remembered at once
};

// What became of a packet. Only NEW and DUP make records.
enum ow_recv_verdict {
    OW_RECV_NEW,
    OW_RECV_DUP,
    OW_RECV_LATE,   // its timeout had passed
    OW_RECV_RANGE,  // sequence number out of range
    OW_RECV_ERROR,  // error estimate with a multiplier of zero
    OW_RECV_TIME,   // further than the timeout from its schedule or between its stamps
    OW_RECV_EXCESS, // a copy, of which more came than are recorded
    OW_RECV_VERDICTS
};

// Takes a record; 0 to go on, an error ends the input with that error.
typedef int (*ow_rec_sink)(void *ctx, const struct ow_rec *rec);

struct ow_recv;
int ow_recv_new(struct ow_recv **out, const struct ow_recv_conf *conf, ow_rec_sink sink, void *ctx);
void ow_recv_free(struct ow_recv *r);
// One packet. The verdict (>= 0), or the sink's error. What timed out before recv is recorded as lost
// first; so of a session's packets they come in the order of their arrival.
int ow_recv_packet(struct ow_recv *r, const struct ow_test_packet *p, ps_ntp recv, uint16_t recv_err,
                   uint8_t ttl);
// Writes a lost record for each packet whose schedule plus timeout is before now and that has not come;
// at most OW_RECV_EXPIRE_MAX in one call: then ow_recv_deadline still tells a time before now.
int ow_recv_expire(struct ow_recv *r, ps_ntp now, uint16_t recv_err);
// When ow_recv_expire next has something to do: schedule + timeout of the first packet still
// awaited. False when none is.
bool ow_recv_deadline(struct ow_recv *r, ps_ntp *when);
// The sender says that it sends nothing from next_seqno on.
void ow_recv_limit(struct ow_recv *r, uint32_t next_seqno);
// Every packet below the limit has come or timed out.
bool ow_recv_complete(const struct ow_recv *r);
// The first sequence number that has neither come nor timed out (the limit when complete).
uint32_t ow_recv_resolved(const struct ow_recv *r);
// How many packets had each verdict so far; lost is counted apart.
uint64_t ow_recv_count(const struct ow_recv *r, enum ow_recv_verdict v);
uint64_t ow_recv_lost(const struct ow_recv *r);
// Highest sequence number that came; false when none did.
bool ow_recv_highest(const struct ow_recv *r, uint32_t *seq);
// The least window with which such a session can be received: what may be outstanding at once.
uint64_t ow_recv_window(const struct ow_slot *slots, uint32_t nslots, uint32_t npackets, ps_ntp timeout);
