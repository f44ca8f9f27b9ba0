// SPDX-License-Identifier: Apache-2.0
// A list of texts.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// All zeros is an empty list.
struct words {
    char **at;
    size_t n;
};

// Appends a copy. 0 or -ENOMEM.
int words_add(struct words *w, const char *text);
// The same, unless it is there already.
int words_add_new(struct words *w, const char *text);
bool words_has(const struct words *w, const char *text);
int words_copy(struct words *to, const struct words *from); // to is empty
// By octets, repetitions left out.
void words_sort(struct words *w);
void words_fini(struct words *w);
