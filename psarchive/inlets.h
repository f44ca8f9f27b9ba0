// SPDX-License-Identifier: Apache-2.0
// The spools of a serving archive, each with its intake's thread; what these say is logged on the loop.
#pragma once
#include "psarchive/intake.h"
#include "psarchive/site.h"

struct inlets;
// Those of the site's settings. The fault names the directory. *out is NULL when there are none.
int inlets_start(struct inlets **out, struct site *s, struct ps_fault *fault);
// Waits until what is in hand is written. NULL is fine.
void inlets_stop(struct inlets *in);
size_t inlets_count(const struct inlets *in); // NULL: 0
// Of the i-th: returns its directory.
const char *inlets_look(struct inlets *in, size_t i, struct intake_state *out);
