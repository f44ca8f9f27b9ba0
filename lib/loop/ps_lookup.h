// SPDX-License-Identifier: Apache-2.0
// A name to an address while nothing else has to go on: it blocks, and starts no thread (ps_resolve does).
#pragma once
#include "base/ps_addr.h"

// IPv6 goes first. PS_ERESOLVE, and *why says it in words; PS_ENOTFOUND when there is no address of a known
// family.
int ps_lookup(const char *host, uint16_t port, struct ps_addr *out, const char **why);
