// SPDX-License-Identifier: Apache-2.0
// What is known here of the clock and the stamps of a session that runs, or has just ended.
#pragma once
#include "endpoint/ep_trial.h"
#include "owamp/ow_here.h"

void ep_here_source(const struct ps_clock *clock, struct ow_clock_source *out);
void ep_here_get(const struct ps_clock *clock, const struct ps_pump *pump, const struct ep_party *party,
                 struct ow_here *out);
