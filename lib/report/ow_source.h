// SPDX-License-Identifier: Apache-2.0
// The daemon that keeps the clock as a JSON object: {name, reference, stratum, synced, leap, error, bound}, as in
// ow_here.h, with null for what is not known.
#pragma once
#include "base/ps_out.h"
#include "owamp/ow_here.h"

void ow_source_json(struct ps_json *json, const struct ow_clock_source *source);
