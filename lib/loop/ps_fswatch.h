// SPDX-License-Identifier: Apache-2.0
// Tells when what stands at a path has changed: a file's octets, or what is in a folder. It does not matter
// how (written in place, replaced by rename, removed, put there), whether it or the folders above are there
// yet, or whether links lead to it. The kernel gives notice (inotify); what it does not notice (network file
// systems) is looked for now and then, and so is everything where it gives none.
#pragma once
#include <stdbool.h>
#include "loop/ps_loop.h"

#define PS_FSWATCH_SETTLE (200 * PS_MSEC)
#define PS_FSWATCH_LOOK (15 * PS_SEC) // how often it looks by itself
#define PS_FSWATCH_POLL (2 * PS_SEC)  // the same where the kernel gives no notice
#define PS_FSWATCH_ENTRIES 10000      // of a folder that are looked at

struct ps_fswatch;
// It changed, and nothing has changed for `settle` since then (or something keeps changing: after ten times
// that). The path may have nothing now. ps_fswatch_free is fine from inside.
typedef void (*ps_fswatch_cb)(void *ctx);

// Changes count from this call on, so it comes before what is there is read. settle 0: PS_FSWATCH_SETTLE.
// path is copied; a relative one is taken from the working directory of now. Only regular files and folders
// are followed; the files right inside a folder count, and not what is in folders below. 0, -ENOMEM,
// -ENAMETOOLONG, -errno (getcwd).
int ps_fswatch_new(struct ps_loop *l, const char *path, ps_ns settle, ps_fswatch_cb cb, void *ctx,
                   struct ps_fswatch **out);
void ps_fswatch_free(struct ps_fswatch *w); // NULL is fine
// Whether the kernel gives notice of it (false: it is polled).
bool ps_fswatch_is_noticed(const struct ps_fswatch *w);
// What is there now has just been read for another reason: what has changed so far need not be told.
void ps_fswatch_seen(struct ps_fswatch *w);
