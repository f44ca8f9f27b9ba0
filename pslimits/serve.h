// SPDX-License-Identifier: Apache-2.0
// The daemon.
#pragma once
#include "pslimits/options.h"

// The exit status.
int serve_run(const struct options *o);
