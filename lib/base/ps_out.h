// SPDX-License-Identifier: Apache-2.0
// The one writer of machine output: JSON objects, arrays and scalars streamed to a FILE, with the
// commas, quotes and escapes right. 64-bit integers are written in full.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/ps_buf.h"

struct ps_json {
    FILE *file; // NULL: what is written goes nowhere
    bool pretty;
    int depth;
    uint64_t comma; // bit n: level n has a member already; at most 64 levels
    bool after_key;
    bool bad;   // something that was written did not get into the file
    bool ascii; // what is not ASCII in strings and keys is escaped; to be set behind ps_json_init
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
void ps_json_put_i64(struct ps_json *j, const char *key, int64_t value);
void ps_json_put_double(struct ps_json *j, const char *key, double value);
void ps_json_put_bool(struct ps_json *j, const char *key, bool value);
void ps_json_put_raw(struct ps_json *j, const char *key, const char *text, size_t len);
void ps_json_put_open(struct ps_json *j, const char *key, char bracket); // to be closed
// A value that is JSON already, written as it is.
void ps_json_raw(struct ps_json *j, const char *text, size_t len);
// A newline, and whether everything reached the file: 0 or -EIO.
int ps_json_end(struct ps_json *j);

// A JSON text in memory: opened, written, closed. Where there is no memory for it, what is written goes nowhere, so
// that the close alone has to be looked at. It is not moved while it is open.
struct ps_text {
    struct ps_json json;
    char *at;
    size_t len;
};

// Its json, to write to.
struct ps_json *ps_text_open(struct ps_text *t);
// Hands over the text, which ends with a NUL and is to be freed, and its length (may be NULL). NULL: there was no memory,
// or the text is not open (zeroed, or closed before).
char *ps_text_close(struct ps_text *t, size_t *len);
// Closes it and puts the text behind what out holds. Errors as ps_buf_append.
int ps_text_append(struct ps_text *t, struct ps_buf *out);

// Octets of the UTF-8 sequence at s, which ends with a NUL; 0 if it is not one (too long a form, a surrogate, past the
// last code point, cut off).
size_t ps_utf8_len(const char *s);
