// SPDX-License-Identifier: Apache-2.0
// What the files of ps_fswatch.h share. For lib/loop alone.
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What stands at a path, as far as it can be seen without reading files (ps_fssight.c).
struct ps_sight {
    int err;          // that there is nothing, or why it cannot be seen
    uint64_t sum;     // of kind, size and times, of a folder's entries as well
    unsigned notices; // of writing, which times may be too coarse to show
};
struct ps_sight ps_sight_of(const char *path, unsigned notices);
bool ps_sight_same(const struct ps_sight *a, const struct ps_sight *b);

// A folder on the way to the path, and which of its names leads on.
struct ps_fsstep {
    int wd;                  // of inotify
    bool last;               // it is the path's own name, so what is written there counts
    char name[NAME_MAX + 1]; // "": all, of the folder at the path
};

// The way to a path over all folders and links, watched by inotify (ps_fsway.c).
struct ps_fsway {
    int fd; // -1: not watched
    struct ps_fsstep *steps;
    size_t n;
    bool partial; // not all of them could be watched
};

void ps_fsway_open(struct ps_fsway *way);
void ps_fsway_close(struct ps_fsway *way); // fd is -1 behind it
// Watches what is on the way now, in place of what was before.
void ps_fsway_find(struct ps_fsway *way, const char *path);

enum { PS_FSWAY_SEEN = 1, PS_FSWAY_WRITTEN = 2, PS_FSWAY_TURNED = 4 };
// What has come of notice: 0 (nothing that matters), or bits: there is a reason to look; what is at the path
// was written to; the way is another one now.
unsigned ps_fsway_read(struct ps_fsway *way);
