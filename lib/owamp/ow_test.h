// SPDX-License-Identifier: Apache-2.0
// Test packets (RFC 4656 section 4.1.2) in the three modes, and error estimates.
#pragma once
#include "owamp/ow_chan.h"

#define OW_TEST_OPEN_LEN 14
#define OW_TEST_AUTH_LEN 48
#define OW_TEST_MAX_HEADER 48
#define OW_PADDING_MAX 65000u

struct ow_test_packet {
    uint32_t seq;
    ps_ntp stamp;
    uint16_t err; // error estimate as on the wire
};

// One session's keys and contexts. Used by one thread at a time.
struct ow_test;
// keys: the control connection's session keys; NULL in open mode. sid: the test keys come from it.
int ow_test_new(struct ow_test **out, uint32_t mode, const struct ow_keys *keys, const uint8_t sid[16]);
void ow_test_free(struct ow_test *t);
// 14 or 48.
size_t ow_test_header_len(uint32_t mode);
// Writes the header (ow_test_header_len octets); padding is the caller's.
int ow_test_pack(struct ow_test *t, const struct ow_test_packet *p, uint8_t *out);
// Reads a datagram of len octets. PS_ESHORT when shorter than the header, PS_EAUTH for a bad HMAC.
int ow_test_unpack(struct ow_test *t, const uint8_t *in, size_t len, struct ow_test_packet *p);

// Error estimate: bit 15 S (synchronised), bit 14 Z, 6 bits scale, 8 bits multiplier;
// error = multiplier * 2^scale * 2^-32 s. Never less than error_ns, multiplier never 0.
uint16_t ow_err_pack(bool synced, ps_ns error_ns);
bool ow_err_synced(uint16_t err);
bool ow_err_valid(uint16_t err); // multiplier is not 0
double ow_err_seconds(uint16_t err);
