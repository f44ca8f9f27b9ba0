// SPDX-License-Identifier: Apache-2.0
// Socket addresses as values, and the operand syntax of the OWAMP programs.
#pragma once
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct ps_addr {
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    };
    socklen_t len; // 0: no address
};

#define PS_ADDR_STRLEN 80

// A numeric address ("192.0.2.1", "2001:db8::1", "fe80::1%eth0") and a port. PS_ESYNTAX if it is
// not one.
int ps_addr_parse(const char *text, uint16_t port, struct ps_addr *out);
// Whether a resolver takes it for an address rather than a name, in some form (octal, hexadecimal, with parts left out):
// what stands behind the last point is a number.
bool ps_addr_is_numeric(const char *text);
int ps_addr_from_sockaddr(const struct sockaddr *sa, socklen_t len, struct ps_addr *out);
// 4 or 6; 0 for no address.
int ps_addr_version(const struct ps_addr *a);
uint16_t ps_addr_port(const struct ps_addr *a);
void ps_addr_set_port(struct ps_addr *a, uint16_t port);
// The 16 octets of an OWAMP message: IPv4 in the first four, the rest zero.
void ps_addr_to_wire(const struct ps_addr *a, uint8_t out[16]);
// From the wire: version 4 or 6, else PS_EUNSUPPORTED.
int ps_addr_from_wire(int version, const uint8_t in[16], uint16_t port, struct ps_addr *out);
// ::ffff:a.b.c.d becomes a.b.c.d; others stay.
void ps_addr_unmap(struct ps_addr *a);
// Same host (family, address, and scope where both have one), port aside.
bool ps_addr_same_host(const struct ps_addr *a, const struct ps_addr *b);
bool ps_addr_equal(const struct ps_addr *a, const struct ps_addr *b);
bool ps_addr_is_any(const struct ps_addr *a);
bool ps_addr_is_linklocal(const struct ps_addr *a);
uint32_t ps_addr_scope(const struct ps_addr *a);
void ps_addr_set_scope(struct ps_addr *a, uint32_t scope);
// A hash of address and port.
uint64_t ps_addr_hash(const struct ps_addr *a);
// "192.0.2.1" without, "192.0.2.1:861" and "[2001:db8::1]:861" with the port. Returns out.
const char *ps_addr_host(const struct ps_addr *a, char out[PS_ADDR_STRLEN]);
const char *ps_addr_text(const struct ps_addr *a, char out[PS_ADDR_STRLEN]);

// An operand: "name", "v4", "v6", "name:port", "[v6]:port", "[name]:port", and the brackets without a port
// (which the programs we replace do not take).
struct ps_hostport {
    char host[256];
    uint16_t port; // the default when the operand names none
    bool has_port;
};
// ":port" alone gives an empty host when allow_empty. PS_ESYNTAX, PS_ERANGE.
int ps_hostport_parse(const char *text, uint16_t default_port, bool allow_empty, struct ps_hostport *out);

// "lo-hi", "n" or "0": a range of UDP ports; 0 means "the kernel's choice" (both zero).
struct ps_portrange {
    uint16_t low, high;
};
int ps_portrange_parse(const char *text, struct ps_portrange *out);
