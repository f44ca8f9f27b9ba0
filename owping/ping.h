// SPDX-License-Identifier: Apache-2.0
// A measurement with a server, from connecting to the printed results.
#pragma once
#include "owping/options.h"

// The exit status: 0 measured, 1 not, 2 interrupted.
int ping_run(const struct options *o);
