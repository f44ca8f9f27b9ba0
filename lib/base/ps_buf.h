// SPDX-License-Identifier: Apache-2.0
// A growing byte buffer with an upper bound, consumed from the front.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct ps_buf {
    uint8_t *data; // the allocation
    size_t head;   // first unread octet
    size_t tail;   // one past the last octet
    size_t cap;    // octets allocated
    size_t max;    // bound on tail - head; 0: none
};

void ps_buf_init(struct ps_buf *b, size_t max);
void ps_buf_fini(struct ps_buf *b);
// Octets waiting, and where they begin. The pointer is good until the next append or reserve.
size_t ps_buf_len(const struct ps_buf *b);
uint8_t *ps_buf_head(const struct ps_buf *b);
// Makes room for n more octets; *out points to them (not yet counted). 0, -ENOMEM or PS_ELIMIT.
int ps_buf_reserve(struct ps_buf *b, size_t n, uint8_t **out);
// Counts n octets that were written behind a reserve.
void ps_buf_commit(struct ps_buf *b, size_t n);
int ps_buf_append(struct ps_buf *b, const void *data, size_t n);
// printf onto the end, without a terminating NUL. 0 or an error.
int ps_buf_printf(struct ps_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// Drops n octets from the front (n <= length). The pointer to them is void: an empty buffer gives back what
// memory it has.
void ps_buf_consume(struct ps_buf *b, size_t n);
// Empties it and keeps the memory.
void ps_buf_clear(struct ps_buf *b);
// Drops what stands behind the first n octets (n <= length).
void ps_buf_cut(struct ps_buf *b, size_t n);
