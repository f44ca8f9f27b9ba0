// SPDX-License-Identifier: Apache-2.0
// Withdrawing from within another verb.
#pragma once
#include "base/ps_opt.h"

// Deletes all that is registered by a configuration (root: of the system's files; NULL: its own), telling faults in the name of prog: the exit status of lsregister
// withdraw.
int withdraw_now(const struct ps_opt_prog *prog, const char *config, const char *root);
