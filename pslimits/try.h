// SPDX-License-Identifier: Apache-2.0
// A test suite for rules: cases and the verdicts expected of them.
#pragma once
#include "pslimits/options.h"

// The exit status.
int try_run(const struct options *o);
