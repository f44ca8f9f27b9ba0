// SPDX-License-Identifier: Apache-2.0
// Why may this requester run this task, or not?
#pragma once
#include "pslimits/options.h"

// The exit status.
int explain_run(const struct options *o);
