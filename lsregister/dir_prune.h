// SPDX-License-Identifier: Apache-2.0
// Records whose lease ended so long ago that it cannot be renewed any more are removed, some hundred at a time.
#pragma once
#include "lsregister/dir_site.h"

struct dir_prune;
int dir_prune_start(struct dir_prune **out, struct dir_site *s);
void dir_prune_stop(struct dir_prune *p);   // NULL is fine
void dir_prune_reload(struct dir_prune *p); // the settings are others
