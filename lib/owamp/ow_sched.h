// SPDX-License-Identifier: Apache-2.0
// The send schedule: slots, the exponential generator (RFC 4656 section 5 and appendix), exact in
// 2^-32 s. Every party to a session regenerates the same times from SID, slots and start.
#pragma once
#include "owamp/ow_msg.h"

// The mean of the default schedule: the programs we stand in for hold it as a float of 0.1 s.
#define OW_SLOT_DEFAULT UINT64_C(0x199999A0)

// Exponential deviates of mean 1 from a 16-octet seed.
struct ow_expo;
int ow_expo_new(struct ow_expo **out, const uint8_t seed[16]);
void ow_expo_free(struct ow_expo *e);
// The next deviate, 32.32.
ps_ntp ow_expo_next(struct ow_expo *e);

struct ow_sched;
// The slots are copied. PS_ERANGE if nslots is 0; -ENOMEM; PS_ECRYPTO.
int ow_sched_new(struct ow_sched **out, const uint8_t sid[16], const struct ow_slot *slots, uint32_t nslots,
                 uint32_t npackets, ps_ntp start);
void ow_sched_free(struct ow_sched *s);
// The times since some point mean nothing (-ENOMEM, PS_ECRYPTO); 0: they are good.
int ow_sched_error(const struct ow_sched *s);
// The sequence number whose time comes next, 0 at first; npackets when all are done.
uint32_t ow_sched_index(const struct ow_sched *s);
// The absolute send time of that packet; moves on. Past the end: the last time again.
ps_ntp ow_sched_next(struct ow_sched *s);

// The send time of one packet, made from the beginning: for a few look-ups, not for each packet. Errors as
// ow_sched_new.
int ow_sched_time(const uint8_t sid[16], const struct ow_slot *slots, uint32_t nslots, ps_ntp start,
                  uint32_t seq, ps_ntp *out);

// Mean packets a second: nslots / sum of the slots' means or offsets. 0-length slots alone give
// infinity.
double ow_slots_rate(const struct ow_slot *slots, uint32_t nslots);
// The expected duration of npackets, 32.32 (saturating).
ps_ntp ow_slots_duration(const struct ow_slot *slots, uint32_t nslots, uint32_t npackets);
// "0.1e,0.05f" to slots (bare numbers and 'e': exponential), at most max; *n is set. As owping's
// -i. PS_ESYNTAX, PS_ERANGE, PS_ELIMIT.
int ow_slots_parse(const char *text, struct ow_slot *slots, uint32_t max, uint32_t *n);
