// SPDX-License-Identifier: Apache-2.0
// Whether two JSON values mean the same: members in any order, numbers by their value.
#pragma once
#include "json/ps_jdoc.h"

// Members whose name begins with '#' are comments and do not count.
bool lim_same(struct ps_jnode a, struct ps_jnode b);
