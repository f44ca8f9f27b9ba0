// SPDX-License-Identifier: Apache-2.0
// Names of the DNS as text: their one form, and those that stand for an address. Pure.
#pragma once
#include "base/ps_addr.h"

#define PS_DNSNAME_STRLEN 256 // with the NUL

// The form in which names are compared: lower case, no dot at the end. PS_ESYNTAX: no name (empty, a label
// that is empty or longer than 63 octets, more than 253 in all, a blank, a backslash, a control character, an
// octet above 126; RFC 1035, 2.3.4).
int ps_dnsname_normal(const char *text, char out[PS_DNSNAME_STRLEN]);
// The octets (IPv4) or nibbles (IPv6) of an address from the last to the first, and the zone behind them:
// "7.2.0.192.example.net". zone NULL: that of its PTR record, in-addr.arpa (RFC 1035, 3.5) or ip6.arpa (RFC
// 3596, 2.5). An IPv4-mapped address counts as IPv4. PS_EUNSUPPORTED: no address; PS_ELIMIT: the zone is too
// long.
int ps_dnsname_reverse(const struct ps_addr *a, const char *zone, char out[PS_DNSNAME_STRLEN]);
