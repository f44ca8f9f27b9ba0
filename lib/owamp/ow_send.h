// SPDX-License-Identifier: Apache-2.0
// The sending end of a session as a pure machine: it tells when the next packet is due and writes
// it with the stamp given; packets already later than the timeout are skipped and recorded (RFC
// 4656 section 3.8).
#pragma once
#include "owamp/ow_sched.h"
#include "owamp/ow_test.h"

struct ow_send_conf {
    uint8_t sid[16];
    uint32_t mode;
    const struct ow_keys *keys;  // NULL in open mode
    const struct ow_slot *slots; // copied
    uint32_t nslots, npackets;
    ps_ntp start, timeout;
    uint32_t padding;
};

struct ow_send;
int ow_send_new(struct ow_send **out, const struct ow_send_conf *conf);
void ow_send_free(struct ow_send *s);
// The size of every packet of this session.
size_t ow_send_size(const struct ow_send *s);
// When the next packet is due; false when all have been sent or skipped.
bool ow_send_due(struct ow_send *s, ps_ntp *when);
// Writes the packet that is due into buf (ow_send_size octets, cap is at least that) and moves
// on. Returns the size, 0 when the packet was skipped for being late, or an error.
int ow_send_fill(struct ow_send *s, ps_ntp now, uint16_t err, uint8_t *buf, size_t cap);
// The packet just filled did not leave (no route, no buffers after retries): record it as skipped.
int ow_send_failed(struct ow_send *s);
// Sequence numbers consumed so far, sent or skipped.
uint32_t ow_send_next_seqno(const struct ow_send *s);
// The skipped ranges, in order, owned by s.
const struct ow_skip *ow_send_skips(const struct ow_send *s, uint32_t *n);
// The schedule's time of the last packet.
ps_ntp ow_send_last_time(const struct ow_send *s);
