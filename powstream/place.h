// SPDX-License-Identifier: Apache-2.0
// The directories that a stream writes to.
#pragma once
#include <sys/types.h>
#include "base/ps_conf.h"

// Whether place_take would succeed, without changing anything. 0 or -errno with the fault told.
int place_check(const char *dir, mode_t make, struct ps_fault *fault);
// Sees that the directory is there and can be written to. make: the mode it is made with when it is missing,
// but not its parents; 0: it has to be there. 0 or -errno with the fault told.
int place_take(const char *dir, mode_t make, struct ps_fault *fault);
// The same text for all that lead to one directory, also where it, or its parent too, is not there yet: its
// absolute path without links as far as there is one. To be freed; NULL: no memory.
char *place_name(const char *dir);
