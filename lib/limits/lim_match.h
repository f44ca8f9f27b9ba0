// SPDX-License-Identifier: Apache-2.0
// StringMatch: exact, contains or regex, letters of both cases alike or not, inverted or not.
#pragma once
#include "limits/lim_read.h"
#include "limits/lim_rules.h"

// Tells what is wrong; m is to be freed in any case.
void lim_match_read(struct lim_match *m, struct ps_jnode object, struct lim_faults *faults);
void lim_match_fini(struct lim_match *m);
// 1, 0, or what ps_regex_search has against it (then the inversion does not count).
int lim_match(const struct lim_match *m, const char *text);
