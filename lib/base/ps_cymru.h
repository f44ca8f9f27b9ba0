// SPDX-License-Identifier: Apache-2.0
// Team Cymru's services that answer by DNS: whether an address is a bogon (an A query), and which autonomous
// systems it belongs to (a TXT query). What to ask for, and what an answer says. Pure. The scheduler's fact
// sheet, section 5.2, ip-cymru-bogon and ip-cymru-asn.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_dnsname.h"

#define PS_CYMRU_ASNS 64 // of one answer that are counted

// The A record to ask for: "1.2.0.192.v4.fullbogons.cymru.com", nibbles and v6 for IPv6. PS_EUNSUPPORTED: no
// address.
int ps_cymru_bogon_name(const struct ps_addr *a, char out[PS_DNSNAME_STRLEN]);
// A bogon's address is 127.0.0.2; others have no record (the name does not exist).
bool ps_cymru_is_bogon(const struct ps_addr *addrs, size_t n);
// The TXT record to ask for: of those who announce the address (origin.asn.cymru.com, origin6.asn.cymru.com),
// or of their neighbours (peer.asn.cymru.com). PS_EUNSUPPORTED: no address.
int ps_cymru_asn_name(const struct ps_addr *a, bool peers, char out[PS_DNSNAME_STRLEN]);
// One text of the answer, "64500 64501 | 192.0.2.0/24 | CC | registry | date", may have several lines:
// appends the numbers in front of the first bar of each to out, where *n of max are taken, none of them
// twice. What is no number is passed over; so is what is too much.
void ps_cymru_asns(const char *text, size_t len, uint32_t *out, size_t max, size_t *n);

// The TXT record that tells who has an autonomous system: "AS64500.asn.cymru.com".
void ps_cymru_owner_name(uint32_t asn, char out[PS_DNSNAME_STRLEN]);
// Its text, "64500 | CC | registry | date | NAME - Owner, CC": what stands behind the last bar; cut off at size, ""
// where there are fewer than four bars.
void ps_cymru_owner(const char *text, size_t len, char *out, size_t size);
