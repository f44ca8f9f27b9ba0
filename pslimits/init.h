// SPDX-License-Identifier: Apache-2.0
// Rules to begin with.
#pragma once
#include "pslimits/options.h"

// Writes them to a new file, or to standard output. The exit status.
int init_run(const struct options *o);
