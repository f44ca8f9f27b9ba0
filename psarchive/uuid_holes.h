// SPDX-License-Identifier: Apache-2.0
// UUIDs (8-4-4-4-12 lower-case hexadecimal digits) in a text, taken out of it and put back.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define UUID_LEN 16
#define UUID_TEXT 36
#define UUID_HOLE '\1' // in the text that is left; JSON has no such octet

// Where they begin, at most max; how many.
size_t uuids_find(const char *text, size_t len, size_t *at, size_t max);
// The text with holes in place of those at at[from] to at[n - 1]; out has len octets. Its length.
size_t uuids_cut(const char *text, size_t len, const size_t *at, size_t from, size_t n, char *out);
void uuid_get(const char *text, uint8_t out[UUID_LEN]);
void uuid_put(const uint8_t uuid[UUID_LEN], char *out); // UUID_TEXT octets, no NUL
