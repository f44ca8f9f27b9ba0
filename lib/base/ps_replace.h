// SPDX-License-Identifier: Apache-2.0
// A file that is there as a whole: the new one or the one before, whenever the power fails.
#pragma once
#include <stddef.h>
#include <sys/types.h>

// Writes PATH.tmp, syncs it, renames it to path, and syncs the folder. A link at path is replaced, not followed. mode
// is the file's, whatever the umask. 0 or -errno, and then path is what it was (but for an error of the last sync).
int ps_replace_file(const char *path, const void *data, size_t len, mode_t mode);

// The parts, for who writes such a file otherwise. All octets, however often it takes: 0 or -errno.
int ps_write_all(int fd, const void *data, size_t len);
// Syncs the folder that path is in: a new name there outlives a power cut. 0, -ENOMEM or -errno.
int ps_sync_folder(const char *path);
