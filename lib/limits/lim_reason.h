// SPDX-License-Identifier: Apache-2.0
// The way to a verdict: a tree of what was looked at and what came of it, kept as a list with depths.
#pragma once
#include <stdarg.h>
#include <stddef.h>

enum lim_result {
    LIM_NO,    // not identified, failed, denied
    LIM_YES,   // identified, passed, granted
    LIM_ERROR, // could not be told; counts as no, and what hangs on it fails, inverted or not
    LIM_MOOT,  // neither
};

struct lim_reason {
    unsigned depth;
    const char *kind; // "identifier", "classifier", "limit", ...: a literal
    const char *name; // of the thing; NULL: it has none
    const char *type; // of the thing; NULL: it has none
    enum lim_result result;
    char *text; // in words; NULL: there are none
};

struct lim_reasons {
    struct lim_reason *at;
    size_t n, cap;
    int err; // -ENOMEM: some are missing
};

#define LIM_WORDS_MAX 2000 // octets of a reason

// A reason's words: what is longer than LIM_WORDS_MAX (a script may say anything) is cut, and says so. NULL: no memory.
char *lim_words(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
void lim_reasons_fini(struct lim_reasons *r);
// Adds one and returns its place, for lim_reason_say. name and type must outlive the list.
size_t lim_reason_add(struct lim_reasons *r, unsigned depth, const char *kind, const char *name,
                      const char *type);
// What came of it; fmt NULL: no words.
void lim_reason_say(struct lim_reasons *r, size_t place, enum lim_result result, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
