// SPDX-License-Identifier: Apache-2.0
// A session file being made: under a temporary name beside its final one, or without a name.
#pragma once

struct savefile {
    int fd;           // -1: none
    const char *path; // the name asked for; NULL: none
    char *place;      // the final name: behind a link, its target
    char *temp;
};

// path NULL: an unlinked file in TMPDIR (or /tmp). -errno; -EEXIST for a device, fifo or socket of that
// name.
int savefile_open(struct savefile *s, const char *path);
// The words for an error of savefile_open.
const char *savefile_strerror(int err);
// Gives the file its final name. -errno.
int savefile_commit(struct savefile *s);
// Closes; what was not committed is gone.
void savefile_close(struct savefile *s);
