// SPDX-License-Identifier: Apache-2.0
// One server measured in one direction.
#pragma once
#include "bench/load.h"

// Opens the sessions, lets them run, counts, and collects. to: the server receives. An error and a
// sentence in why when it could not be done at all; what failed of it stands in the result.
int load_run(const struct load_conf *conf, const struct load_target *target, bool to, struct load_result *out,
             char why[160]);
