// SPDX-License-Identifier: Apache-2.0
// Checking a file of rules.
#pragma once
#include "limits/lim_rules.h"
#include "pslimits/options.h"

// The exit status.
int check_run(const struct options *o);
// Rules of text, and everything that is wrong with them; *out NULL: they are not good. 0 or -ENOMEM.
int check_text(const char *text, size_t len, struct lim_rules **out, struct lim_faults *faults);
