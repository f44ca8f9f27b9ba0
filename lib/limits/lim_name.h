// SPDX-License-Identifier: Apache-2.0
// Names that rules give things, and the one that was probably meant.
#pragma once
#include <stddef.h>

#define LIM_NAME_HINT 160

// "did you mean \"NAME\"?" of the nearest of n names; or, where
// none is near, "there are A, B, C" of those that fit. NULL when there are none, else out.
const char *lim_name_hint(const char *word, const char *const *names, size_t n, char out[LIM_NAME_HINT]);
