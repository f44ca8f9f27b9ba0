// SPDX-License-Identifier: Apache-2.0
// The list of lookup servers, from which clients choose: /lookup/activehosts.json. (Fact sheet of the lookup service,
// 1.8.) Those of the configuration, each asked every now and then whether it answers; without any, this directory.
#pragma once
#include "lsregister/dir_site.h"

struct dir_hosts;
// Enters the route.
int dir_hosts_start(struct dir_hosts **out, struct dir_site *s);
void dir_hosts_stop(struct dir_hosts *h);   // NULL is fine
void dir_hosts_reload(struct dir_hosts *h); // the settings are others
