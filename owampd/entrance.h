// SPDX-License-Identifier: Apache-2.0
// Who is let in: bounds on connections, in all and from one address, and who gives way.
#pragma once
#include "owampd/daemon.h"

// Takes as many descriptors as there are to be had, and derives from it how many connections there may be.
int entrance_init(struct daemon *d);
void entrance_fini(struct daemon *d);
// At which level to tell of one that is turned away or let go: in a storm they are counted.
enum ps_log_level entrance_level(struct daemon *d, enum crowd_line line);
// Of ps_listen; ctx is the daemon.
void entrance(void *ctx, struct ps_stream *stream);
