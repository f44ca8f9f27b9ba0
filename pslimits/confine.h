// SPDX-License-Identifier: Apache-2.0
// What keeps the daemon from what it does not need, should a rule, a list or an answer get the better of it.
#pragma once
#include "jq/ps_jq.h"
#include "loop/ps_hold.h"
#include "pslimits/options.h"

// Gives up for good, by no_new_privs, Landlock and seccomp, what serving by these options takes no part in. Comes while
// there is one thread. What this kernel has not is warned of; text gets what holds. 0, or -errno and told.
int confine(const struct options *o, const struct ps_jq *jq, struct ps_log *log, char text[PS_HOLD_TEXT]);
