// SPDX-License-Identifier: Apache-2.0
// Checking a file owamp-server.limits, for all of its faults.
#pragma once
#include "pslimits/options.h"

// The exit status.
int owamp_run(const struct options *o);
