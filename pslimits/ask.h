// SPDX-License-Identifier: Apache-2.0
// A question to the daemon.
#pragma once
#include "pslimits/options.h"

// The exit status.
int ask_run(const struct options *o);
