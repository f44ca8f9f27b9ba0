// SPDX-License-Identifier: Apache-2.0
// What keeps the daemon from what it does not need, should an answer of others get the better of it.
#pragma once
#include "loop/ps_hold.h"
#include "lsregister/plan.h"

// Gives up for good what serving by this plan takes no part in. file: the plan's; root: what goes before the paths of /proc
// and /sys, "": nothing. Comes with the ledger open, its socket bound, and while there is one thread. What this kernel has not
// is warned of; text gets what holds. 0, or an error with the fault told.
int serve_confine(const struct plan *p, const char *file, const char *root, struct ps_log *log,
                  char text[PS_HOLD_TEXT], struct ps_fault *fault);
// Whether what the next plan reads can be read: -EACCES, with the fault told. text: what holds, "": nothing.
int serve_confine_reload(const struct plan *next, const char *text, struct ps_fault *fault);
