// SPDX-License-Identifier: Apache-2.0
// What SIGHUP does.
#pragma once
#include "owampd/options.h"

// Takes new limits and pass-phrases, or keeps the old ones and says why. Of owamp-server.conf, which is read
// at the start alone, tells which keys have changed since. o: as the daemon was started.
void reload(struct daemon *d, const struct options *o);
