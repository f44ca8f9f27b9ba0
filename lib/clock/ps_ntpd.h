// SPDX-License-Identifier: Apache-2.0
// ntpd's control messages (mode 6 of NTP, RFC 9327): the question for its system variables. Both the reference
// implementation's and NTPsec's daemon answer it on port 123, this host if no other.
//
// Both ways (RFC 9327, 2): leap, version and mode (u8), response, error and more bits and the operation (u8;
// 2: read variables), sequence (u16), status (u16), association (u16, 0: the system), offset (u16), count (u16) and
// count octets of text, "name=value, name=value", padded to 32 bits. The status of the system (3.1) begins with
// the leap indicator. Delays, dispersions and offsets are in milliseconds.
#pragma once
#include "clock/ps_source.h"

#define PS_NTPD_PORT 123
#define PS_NTPD_REQUEST 72

// Returns the length.
size_t ps_ntpd_request(uint16_t sequence, uint8_t out[PS_NTPD_REQUEST]);
// PS_ENOTFOUND: it answers another request, or is no answer at all: the right one may yet come. PS_EREFUSED: it
// does not want to say; PS_EUNSUPPORTED: an answer in several parts, which these variables do not take;
// PS_EMALFORMED.
int ps_ntpd_reply(const void *data, size_t len, uint16_t sequence, struct ps_source *out);
