// SPDX-License-Identifier: Apache-2.0
// What keeps the server from what it does not need, should a request or a document get the better of it.
#pragma once
#include "loop/ps_hold.h"
#include "psarchive/settings.h"

// Gives up for good, by Landlock and seccomp, what serving with these settings takes no part in: files but those of
// the archive, its spools, and what a reload and a look-up of names read; programs; connections to others. Comes when
// what is listened on is bound and while there is one thread; makes the spools that are missing. file: the
// configuration's, NULL: none. What this kernel has not is warned of. text gets what holds.
// 0, or an error with the fault told.
int confine(const struct settings *s, const char *file, struct ps_log *log, char text[PS_HOLD_TEXT],
            struct ps_fault *fault);
