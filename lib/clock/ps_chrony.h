// SPDX-License-Identifier: Apache-2.0
// chronyd's command protocol, version 6 (that of chrony 2.2 and later): the question how it tracks its reference.
// Its port is 323 of the loopback addresses, which answers anybody there, and a Unix socket. All integers are
// big-endian.
//
// Request, 104 octets: version 6, type 1, two zeros, command 33 (u16), attempt (u16), sequence (u32), two u32
// of zeros; padded to the reply's length, without which there is none.
// Reply: version, type 2, two zeros, command, reply 5 (u16), status (u16, 0: success), three u16, sequence (u32),
// two u32; then reference id (u32), address (16 octets, family u16: 1 IPv4, 2 IPv6, pad u16), stratum (u16), leap
// status (u16: none, insert, delete, unsynchronised), reference time (3 u32), and in 32 bits each (an exponent of
// 7 bits and a coefficient of 25, both signed: coefficient * 2^(exponent - 25)) the system time's offset, last
// offset, root mean square of offsets, frequency, residual frequency, skew, root delay, root dispersion and
// update interval.
#pragma once
#include "clock/ps_source.h"

#define PS_CHRONY_PORT 323
#define PS_CHRONY_REQUEST 104

void ps_chrony_request(uint32_t sequence, uint8_t out[PS_CHRONY_REQUEST]);
// PS_ENOTFOUND: it answers another request, or is no answer at all: the right one may yet come. PS_EVERSION: of
// the protocol; PS_EREFUSED: it does not want to say; PS_ESHORT, PS_EMALFORMED.
int ps_chrony_reply(const void *data, size_t len, uint32_t sequence, struct ps_source *out);
