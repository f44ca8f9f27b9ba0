// SPDX-License-Identifier: Apache-2.0
// Who the daemon becomes, and what it may do from then on.
#pragma once
#include "owampd/daemon.h"

#define CONFINE_TEXT 1400

// Becomes the configured user if root, and gives up capabilities.
int confine_become(const struct conf *c, struct ps_fault *fault);
// Forbids itself what it will not need, and warns on the log of what could not be had; text is a line on what
// holds. vardir, its info file (NULL: there is none) and datadir must be there. To be called before anything
// starts a thread.
int confine_enter(const struct conf *c, const struct daemon_files *files, const char *info_path,
                  struct ps_log *log, char text[CONFINE_TEXT], struct ps_fault *fault);
