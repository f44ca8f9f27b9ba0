// SPDX-License-Identifier: Apache-2.0
// JSON into a buffer, for answers of many megabytes: what is written is the caller's to order. An error sticks.
// (What is written once and small goes through base/ps_out.h.)
#pragma once
#include <stdint.h>
#include <string.h>
#include "base/ps_buf.h"

struct jtext {
    struct ps_buf *out;
    int err; // the first one
};

void jtext_grow(struct jtext *j, const char *text, size_t len); // jtext_raw where there is no room yet
static inline void jtext_raw(struct jtext *j, const char *text, size_t len)
{
    struct ps_buf *b = j->out;

    if (j->err || b->cap - b->tail < len || (b->max && b->tail - b->head + len > b->max)) {
        jtext_grow(j, text, len);
        return;
    }
    memcpy(b->data + b->tail, text, len);
    b->tail += len;
}
static inline void jtext_put(struct jtext *j, const char *literal)
{
    jtext_raw(j, literal, strlen(literal));
}
void jtext_str(struct jtext *j, const char *text); // quoted; bad UTF-8 becomes U+FFFD
size_t jtext_digits(char out[24], uint64_t n);     // how many; no NUL
void jtext_int(struct jtext *j, int64_t n);
// The shortest that reads back, with a point or an exponent: 5.0, 0.1, 1e+300. NaN and infinity: null.
void jtext_real(struct jtext *j, double v);
