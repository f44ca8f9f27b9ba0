// SPDX-License-Identifier: Apache-2.0
// What the files behind ps_jdoc.h share. For lib/json alone.
#pragma once
#include <stdarg.h>
#include "json/ps_jdoc.h"

#define JDOC_BEHIND 8 // so that eight octets may be looked at from anywhere

// Where a value stands. Values are numbered in the order of the text, so that the first member of a
// container is the one behind it; the root is 0.
struct ps_jvalue {
    uint32_t start, len;
    uint32_t key, key_len; // where its key is decoded; key 0: it has none
    uint32_t parent;       // the root's is itself
    uint32_t nth;          // place among the members of parent
    uint32_t next;         // one past its last descendant
};

struct ps_jdoc {
    char *name; // NULL: none
    char *text; // a copy, with JDOC_BEHIND NULs behind it
    // Another copy, in which strings and keys are decoded, each at its own place with a NUL behind it: none is longer
    // than it was.
    char *decoded;
    size_t len;
    struct ps_jvalue *values;
    uint32_t nvalues;
};

// Checks the text against the whole grammar, notes where the values are, and decodes strings and keys.
int ps_jscan(struct ps_jdoc *doc, struct ps_fault *fault);

// Tells a fault at an offset of the text.
void ps_jdoc_fault(const struct ps_jdoc *doc, size_t offset, struct ps_fault *fault, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
// Tells a fault at a value, or at its member key when that is not there (key NULL: at the value).
void ps_jnode_vfault(struct ps_jnode n, const char *key, struct ps_fault *fault, const char *fmt, va_list ap)
    __attribute__((format(printf, 4, 0)));

// Foreign UTF-8 for a message: what controls a terminal becomes '?', what does not fit "...".
// size is at least 8. Returns out.
const char *ps_jclean(const char *text, size_t len, char *out, size_t size);
