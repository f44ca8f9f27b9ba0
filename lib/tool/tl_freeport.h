// SPDX-License-Identifier: Apache-2.0
// TCP ports and addresses of this host, for tests of it with itself. For lib/tool alone.
#pragma once
#include <stdbool.h>

// A port that nobody has now, with the next one; 0: none was found.
unsigned tl_freeport_find(void);
// Whether somebody listens on it, as /proc/net/tcp and tcp6 say.
bool tl_freeport_is_listened(unsigned port);
// Whether a text is an address that this host has; a name is none.
bool tl_freeport_is_own(const char *text);
