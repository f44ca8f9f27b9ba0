// SPDX-License-Identifier: Apache-2.0
// A file's text, from a path or standard input.
#pragma once
#include <stddef.h>

// The text has a NUL behind len octets and is the caller's to free. "-" is standard input. Says itself what is
// wrong, beginning with "pslimits: NAME: ". What is no regular file, as a pipe, is read to its end. 0 or a negative code.
int source_read(const char *path, size_t max, char **text, size_t *len);
// The same of regular files alone, without a word of its own: why gets "NAME: cause".
int source_text(const char *path, size_t max, char **text, size_t *len, char *why, size_t size);
// The name for messages: "standard input" for "-".
const char *source_name(const char *path);
