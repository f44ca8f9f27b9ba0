// SPDX-License-Identifier: Apache-2.0
// Times as queries and command lines say them. Pure.
#pragma once
#include "base/ps_time.h"

#define WHEN_WANTS "wants a time, as in 2026-01-31T12:00:00Z, or a duration, as in -PT1H"

// "P1D" or "PT5M" from now, "-PT5M" before, or a time, as one that can be reckoned with: from 1970 on either way, two of
// them together are still a time. 0, or an error of ps_iso8601_time.
int when_read(const char *text, ps_ns now, ps_ns *out);
