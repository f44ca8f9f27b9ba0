// SPDX-License-Identifier: Apache-2.0
// Files that appear under their names when they are whole: until then they have none, or, on file systems
// that know no such files, a temporary one.
#pragma once
#include <stddef.h>

// A file without a name in this directory, for reading and writing; its descriptor, or -errno. *linkable:
// publish_link can give it a name there.
int publish_open(const char *directory, int *linkable);
// Names such a file; its mode is 0644 less the umask. 0 or -errno (-EEXIST: the name is taken).
int publish_link(int fd, const char *path);
// Makes `path` of what write(ctx, fd) writes to a descriptor that it must leave open. 0, write's error or
// -errno; then there is no such file.
int publish_make(const char *path, int (*write)(void *ctx, int fd), void *ctx);
// The same of a text.
int publish_text(const char *path, const char *text, size_t len);
// All of it to a descriptor. 0 or -errno.
int publish_write(int fd, const void *data, size_t len);
