// SPDX-License-Identifier: Apache-2.0
// Names of hints: what is told of a requester.
#pragma once
#include "limits/lim_name.h"
#include "limits/lim_rules.h"

// pScheduler gives one of that name.
bool lim_hint_is_given(const char *name);
// Or rules look for it: an identifier does, or a script has the word.
bool lim_hint_is_known(const struct lim_rules *rules, const char *name);
// As lim_name_hint, of those that pScheduler gives.
const char *lim_hint_near(const char *name, char out[LIM_NAME_HINT]);
// The first of hints that nobody knows, but whose name is nearly one that pScheduler gives or that an identifier looks
// for: probably a slip, that must not pass for a requester who is not told. near: of LIM_NAME_HINT octets, what was meant.
// NULL: there is none.
const char *lim_hint_slip(const struct lim_rules *rules, struct ps_jnode hints, char near[LIM_NAME_HINT]);
