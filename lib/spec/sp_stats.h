// SPDX-License-Identifier: Apache-2.0
// Statistics of a histogram: values, and how often each came (fact sheet 3.2, latency). Pure.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct sp_bin {
    double value;
    uint64_t count;
};

struct sp_stats {
    uint64_t n; // 0: nothing else is known
    double min, max, mean, median;
    double p25, p75, p95;
    double variance, stddev; // of all that was measured, not of a sample
    size_t nmodes;           // values that came most often
};

// Sorts the bins by value and makes one of equal ones; those that count nothing go. Returns how many are left.
size_t sp_bins_sort(struct sp_bin *bins, size_t n);
// The p-th percentile (0 to 100) of sorted bins by NIST's rule: the value at rank p/100 * (n + 1), between two of
// them in proportion, no lower than the first and no higher than the last. 0 when there is none.
double sp_bins_percentile(const struct sp_bin *bins, size_t n, double p);
// All of it, of sorted bins.
void sp_bins_stats(const struct sp_bin *bins, size_t n, struct sp_stats *out);
// The i-th of the modes, lowest first; i < stats.nmodes.
double sp_bins_mode(const struct sp_bin *bins, size_t n, size_t i);
