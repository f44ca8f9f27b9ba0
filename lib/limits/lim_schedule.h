// SPDX-License-Identifier: Apache-2.0
// Limits on when a run takes place. Its start and its end are told by the clock of the start's offset.
#pragma once
#include "limits/lim_rules.h"

// The run lies inside [start, end), or meets it where an overlap is enough.
bool lim_daterange_has(const struct lim_limit *l, ps_ns start, ps_ns end);
// Every field that is given holds all values that the run passes through, its end's included, or one of them where
// an overlap is enough. Fields that do not are set in *wrong, bit 0 for LIM_YEAR.
bool lim_schedule_has(const struct lim_schedule *s, const struct ps_when *start, ps_ns duration,
                      unsigned *wrong);
// What a field has to be and what the run has of it: "hour is 3-4, wanted 7-9, 12". Returns out, cut off at size.
const char *lim_schedule_words(const struct lim_schedule *s, const struct ps_when *start, ps_ns duration,
                               enum lim_field field, char *out, size_t size);
