// SPDX-License-Identifier: Apache-2.0
// Summaries of session files.
#pragma once
#include "owping/options.h"

// The exit status: 0, or 1 when a file could not be read; the first such ends it.
int owstats_run(const struct options *o);
