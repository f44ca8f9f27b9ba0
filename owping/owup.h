// SPDX-License-Identifier: Apache-2.0
// Since when a server has been up.
#pragma once
#include "owping/options.h"

// The exit status: 0 told, 1 not.
int owup_run(const struct options *o);
