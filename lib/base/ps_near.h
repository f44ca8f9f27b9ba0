// SPDX-License-Identifier: Apache-2.0
// The known name that a mistyped one was probably meant to be, for "did you mean" hints.
#pragma once
#include <stddef.h>

#define PS_NEAR_MAX 64 // longer words are like nothing

// Insertions, deletions, replacements and swaps of neighbours (each letter swapped once) that lead
// from a to b, case aside. SIZE_MAX when one of them is longer than PS_NEAR_MAX.
size_t ps_near_distance(const char *a, const char *b);
// The nearest of n names, the first of equals; NULL when none is near enough to be worth naming:
// a third of the word may differ, one letter always.
const char *ps_near(const char *word, const char *const *names, size_t n);

#define PS_NEAR_HINT 96
// "; did you mean \"WORD\"?", or nothing. Returns out, ready to end a fault's text.
const char *ps_near_hint(const char *word, const char *const *names, size_t n, char out[PS_NEAR_HINT]);
