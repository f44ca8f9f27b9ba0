// SPDX-License-Identifier: Apache-2.0
// Prints what was measured: servers side by side, one direction after the other.
#pragma once
#include <stdio.h>
#include "bench/load.h"

// results[0] to the server, results[1] from it; a place a target. loads: load averages at the start.
struct load_report {
    const struct load_conf *conf;
    struct load_result results[2][LOAD_TARGETS_MAX];
    double load_average;
};
// 0, or -EIO when it could not all be written.
int load_report_print(struct load_report *r, FILE *out);
