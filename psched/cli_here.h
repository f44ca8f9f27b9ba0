// SPDX-License-Identifier: Apache-2.0
// Whether a name or an address means this host.
#pragma once
#include <stdbool.h>

// True when one of its addresses is one of this host's interfaces'. Blocks for a look-up. A host with a port is
// another one, perhaps: false.
bool cli_here(const char *host);
