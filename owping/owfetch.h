// SPDX-License-Identifier: Apache-2.0
// Sessions fetched from a server into files.
#pragma once
#include "owping/options.h"

// The exit status: 0 all fetched, 1 not, 2 interrupted.
int owfetch_run(const struct options *o);
