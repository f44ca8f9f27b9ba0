// SPDX-License-Identifier: Apache-2.0
// Checking a file of rules.
#pragma once
#include "pslimits/options.h"

// The exit status.
int check_run(const struct options *o);
