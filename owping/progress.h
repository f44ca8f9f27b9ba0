// SPDX-License-Identifier: Apache-2.0
// One line on the terminal that says how far along we are; nothing where standard error is none.
#pragma once
#include "loop/ps_loop.h"

struct progress;
// *out is NULL when there is nothing to show it on.
void progress_begin(struct progress **out, struct ps_loop *loop, const char *name, double seconds);
// Clears the line, frees, and sets *p to NULL. NULL there is fine.
void progress_end(struct progress **p);
