// SPDX-License-Identifier: Apache-2.0
// The one writer of machine output: JSON objects, arrays and scalars streamed to a FILE, with the
// commas, quotes and escapes right. 64-bit integers are written in full.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct ps_json {
    FILE *file;
    bool pretty;
    int depth;
    uint64_t comma; // bit n: level n has a member already; at most 64 levels
    bool after_key;
};

void ps_json_init(struct ps_json *j, FILE *file, bool pretty);
void ps_json_open(struct ps_json *j, char bracket);  // '{' or '['
void ps_json_close(struct ps_json *j, char bracket); // '}' or ']'
void ps_json_key(struct ps_json *j, const char *key);
void ps_json_str(struct ps_json *j, const char *value); // NULL: null. Bad UTF-8 becomes U+FFFD
void ps_json_u64(struct ps_json *j, uint64_t value);
void ps_json_i64(struct ps_json *j, int64_t value);
void ps_json_double(struct ps_json *j, double value); // shortest that reads back; NaN, infinity: null
void ps_json_bool(struct ps_json *j, bool value);
void ps_json_null(struct ps_json *j);
// A member: its key and its value.
void ps_json_put_str(struct ps_json *j, const char *key, const char *value);
void ps_json_put_u64(struct ps_json *j, const char *key, uint64_t value);
void ps_json_put_bool(struct ps_json *j, const char *key, bool value);
// A value that is JSON already, written as it is.
void ps_json_raw(struct ps_json *j, const char *text, size_t len);
// A newline, and whether everything reached the file: 0 or -EIO.
int ps_json_end(struct ps_json *j);
