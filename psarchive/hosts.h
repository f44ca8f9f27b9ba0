// SPDX-License-Identifier: Apache-2.0
// Names of hosts to addresses, for a thread that may block; what was found is remembered for a while. A set is used by
// one thread.
#pragma once
#include <stddef.h>
#include "base/ps_addr.h"
#include "base/ps_time.h"

#define HOSTS_ADDRESSES 8

struct hosts;
int hosts_new(struct hosts **out);
void hosts_free(struct hosts *h); // NULL is fine
// The addresses of a name, at most HOSTS_ADDRESSES; 0: there are none. now: for how old what is remembered is.
size_t hosts_find(struct hosts *h, const char *name, ps_ns now, struct ps_addr out[HOSTS_ADDRESSES]);
