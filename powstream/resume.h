// SPDX-License-Identifier: Apache-2.0
// Where a killed powstream left off: its note may be older than what it wrote last.
#pragma once
#include "base/ps_time.h"

// From the time `told` of the note on: how far the sessions and gaps in the directory reach without a hole.
ps_ntp resume_from(const char *dir, ps_ntp told);
