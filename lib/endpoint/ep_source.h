// SPDX-License-Identifier: Apache-2.0
// -S: an address, a name or an interface of this host.
#pragma once
#include "base/ps_addr.h"

// family AF_UNSPEC: IPv6 first. PS_ENOTFOUND.
int ep_source_find(const char *text, int family, struct ps_addr *out);
