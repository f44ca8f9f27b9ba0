// SPDX-License-Identifier: Apache-2.0
// What the check of a configuration finds out about folders and files: whether this process, as who it is now, may do what
// the daemon will do. Each of those with a fault says "KEY: PATH ...", what stands in the way, and what to do about it.
#pragma once
#include <limits.h>
#include "base/ps_conf.h"

// What a path is in.
void ps_access_parent(const char *path, char parent[PATH_MAX]);
// Whether that is a folder that lets do this (R_OK, W_OK, X_OK). 0 or -errno.
int ps_access_look(const char *folder, int mode);
// A folder that the daemon keeps things in, and makes if it is missing, though not its parents. 0 or -errno.
int ps_access_folder(const char *key, const char *folder, struct ps_fault *fault);
// Such a folder and files in it, those that are there: names, behind the last NULL. 0 or -errno.
int ps_access_kept(const char *key, const char *folder, const char *const *names, struct ps_fault *fault);
// A file that it writes and may have to make, in a folder that is there. 0 or -errno.
int ps_access_file(const char *key, const char *file, struct ps_fault *fault);
// A file that it reads. 0 or -errno.
int ps_access_read(const char *key, const char *file, struct ps_fault *fault);
