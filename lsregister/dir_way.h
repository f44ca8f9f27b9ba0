// SPDX-License-Identifier: Apache-2.0
// The way of a record that one directory passed on to another: the ids of the directories that it came through, the
// first of them being where its host registers. A directory that finds itself there does not take the record back, so
// that directories that pass records on in a circle do not keep each other's alive. Pure.
#pragma once
#include <stdbool.h>

#define DIR_SELF_TEXT 33 // octets of a directory's id, 32 hexadecimal digits in lower case, with the NUL
#define DIR_WAY_MAX 8    // directories
#define DIR_WAY_TEXT (DIR_WAY_MAX * DIR_SELF_TEXT) // octets of ids with commas between them, and the NUL

#define DIR_WAY_HEADER "X-Directory-Path" // of a request: the way, with its sender at the end
#define DIR_SELF_HEADER "X-Directory-Id"  // of the answer to such a request

// A way is NULL where a host registers the record itself.
bool dir_way_good(const char *way);
bool dir_way_has(const char *way, const char *self);
// The way with one more directory. False: it has too many.
bool dir_way_on(const char *way, const char *self, char out[DIR_WAY_TEXT]);
