// SPDX-License-Identifier: Apache-2.0
// What SIGHUP does.
#pragma once
#include "owampd/options.h"

// Takes new limits and pass-phrases, or keeps the old ones and says why. Of owamp-server.conf, which is read
// at the start alone, tells which keys have changed since. All of that on the log; where the old ones stay, the fault
// has the reason, too. o: as the daemon was started.
int reload(struct daemon *d, const struct options *o, struct ps_fault *fault);
