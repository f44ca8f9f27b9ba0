// SPDX-License-Identifier: Apache-2.0
// GET /metrics: OpenMetrics text of the latest result of each path that had one within a day, and of the daemon
// itself. It is gathered in turns of the loop, once for all who ask meanwhile.
#pragma once
#include "psarchive/site.h"

struct metrics;
int metrics_new(struct metrics **out, struct site *s);
// Requests that still wait are answered 503. NULL is fine.
void metrics_free(struct metrics *m);
int metrics_route(struct metrics *m);
