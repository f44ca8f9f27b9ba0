// SPDX-License-Identifier: Apache-2.0
// The samples of a path, from its newest result. Pure.
#pragma once
#include "base/ps_buf.h"
#include "psarchive/series.h"

enum metrics_family {
    METRICS_DELAY,
    METRICS_LOSS,
    METRICS_THROUGHPUT,
    METRICS_RTT,
    METRICS_TIME,
    METRICS_FAMILIES,
};

struct metrics_about {
    const char *name, *unit, *help; // unit: also the end of the name; NULL: none
};
extern const struct metrics_about metrics_families[METRICS_FAMILIES];

// Appends lines to the families that the result has something of. 0, -ENOMEM or PS_ELIMIT.
int metrics_path(struct ps_buf families[METRICS_FAMILIES], const struct meta *m, const struct result *r);
// "# TYPE", "# UNIT" and "# HELP" lines of a family.
int metrics_heading(struct ps_buf *out, const char *name, const char *type, const char *unit,
                    const char *help);
// The beginning of a sample with one label: NAME SUFFIX {label="value"}.
int metrics_label(struct ps_buf *out, const char *name, const char *suffix, const char *label,
                  const char *value);
