// SPDX-License-Identifier: Apache-2.0
// A descriptor that somebody else reads and writes (a library with connections of its own), watched by the
// loop. Level-triggered: the callback comes again as long as the descriptor is ready.
#pragma once
#include "loop/ps_loop.h"

enum { PS_WATCH_READ = 1, PS_WATCH_WRITE = 2 };

struct ps_watch;
// ready: PS_WATCH_READ, PS_WATCH_WRITE or both; a descriptor in error is told as both. ps_watch_free is fine
// from inside.
typedef void (*ps_watch_cb)(void *ctx, int ready);

// Watches nothing until ps_watch_set. fd stays the caller's, and must be open until ps_watch_free; it
// becomes non-blocking. One watch a descriptor. 0 or -errno (-EPERM: it is a regular file).
int ps_watch_new(struct ps_loop *l, int fd, ps_watch_cb cb, void *ctx, struct ps_watch **out);
void ps_watch_set(struct ps_watch *w, int wanted); // 0: nothing
void ps_watch_free(struct ps_watch *w);            // NULL is fine; fd may be closed right after
