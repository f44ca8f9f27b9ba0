// SPDX-License-Identifier: Apache-2.0
// Networks, and sets of them to which an address belongs or not. A set holds the ranges that its networks make
// up, sorted and joined: 8 octets for one of IPv4, 32 of IPv6; a look-up halves them.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_addr.h"

struct ps_net {
    int version;        // 4 or 6
    unsigned bits;      // length of the prefix
    uint8_t prefix[16]; // as ps_addr_to_wire gives it, host bits zero
    bool had_host_bits; // what was read had some
};

// "192.0.2.0/24", "2001:db8::/32", or an address alone. Host bits are dropped, and ::ffff:192.0.2.0/120 is
// 192.0.2.0/24, as addresses are. PS_ESYNTAX, PS_ERANGE (too many bits).
int ps_net_parse(const char *text, struct ps_net *out);
bool ps_net_has(const struct ps_net *net, const struct ps_addr *a);
// a and b have an address in common.
bool ps_net_overlaps(const struct ps_net *a, const struct ps_net *b);
#define PS_NET_STRLEN 64
const char *ps_net_text(const struct ps_net *net, char out[PS_NET_STRLEN]);

struct ps_netset;
int ps_netset_new(struct ps_netset **out);
void ps_netset_free(struct ps_netset *s); // NULL is fine
// 0 or -ENOMEM.
int ps_netset_add(struct ps_netset *s, const struct ps_net *net);
// Networks separated by newlines; what follows '#' is a comment, and a byte order mark at the beginning nothing.
// Lines that hold none are counted in *bad (NULL is fine), and the first such is *bad_line. 0, -ENOMEM, or
// PS_ELIMIT: more than max networks.
int ps_netset_read(struct ps_netset *s, const char *text, size_t len, size_t max, size_t *bad, int *bad_line);
// To be called when all are in, before the first look-up, and when more were added. Gives back what memory it can.
void ps_netset_seal(struct ps_netset *s);
// Any thread, once sealed. IPv4-mapped addresses are looked up as IPv4. NULL has nobody.
bool ps_netset_has(const struct ps_netset *s, const struct ps_addr *a);
// The i-th network that had host bits when it was read; NULL: there are no more. NULL has none.
const struct ps_net *ps_netset_inexact(const struct ps_netset *s, size_t i);
size_t ps_netset_count(const struct ps_netset *s);  // of networks added
size_t ps_netset_memory(const struct ps_netset *s); // octets
