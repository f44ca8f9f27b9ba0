// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_stats.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    double x = ((const struct sp_bin *)a)->value, y = ((const struct sp_bin *)b)->value;

    return (x > y) - (x < y);
}

size_t sp_bins_sort(struct sp_bin *bins, size_t n)
{
    size_t kept = 0;

    if (n > 0)
        qsort(bins, n, sizeof *bins, by_value);
    for (size_t i = 0; i < n; i++) {
        if (bins[i].count == 0)
            continue;
        if (kept > 0 && by_value(&bins[kept - 1], &bins[i]) == 0)
            bins[kept - 1].count += bins[i].count;
        else
            bins[kept++] = bins[i];
    }
    return kept;
}

static uint64_t total(const struct sp_bin *bins, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += bins[i].count;
    return sum;
}

// The value of that rank, from 1.
static double at_rank(const struct sp_bin *bins, size_t n, uint64_t rank)
{
    uint64_t below = 0;
    size_t i = 0;

    while (i + 1 < n && below + bins[i].count < rank)
        below += bins[i++].count;
    return bins[i].value;
}

double sp_bins_percentile(const struct sp_bin *bins, size_t n, double p)
{
    uint64_t count = total(bins, n);
    double rank = p / 100 * ((double)count + 1), whole = floor(rank);

    if (count == 0)
        return 0;
    if (whole < 1)
        return bins[0].value;
    if (whole >= (double)count)
        return bins[n - 1].value;
    double low = at_rank(bins, n, (uint64_t)whole), high = at_rank(bins, n, (uint64_t)whole + 1);
    return low + (rank - whole) * (high - low);
}

static uint64_t most(const struct sp_bin *bins, size_t n)
{
    uint64_t max = 0;

    for (size_t i = 0; i < n; i++)
        max = bins[i].count > max ? bins[i].count : max;
    return max;
}

static void moments(const struct sp_bin *bins, size_t n, struct sp_stats *out)
{
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++)
        sum += bins[i].value * (double)bins[i].count;
    out->mean = sum / (double)out->n;
    for (size_t i = 0; i < n; i++)
        squares += (bins[i].value - out->mean) * (bins[i].value - out->mean) * (double)bins[i].count;
    out->variance = squares / (double)out->n;
    out->stddev = sqrt(out->variance);
}

void sp_bins_stats(const struct sp_bin *bins, size_t n, struct sp_stats *out)
{
    *out = (struct sp_stats){.n = total(bins, n)};
    if (out->n == 0)
        return;
    out->min = bins[0].value;
    out->max = bins[n - 1].value;
    out->median = sp_bins_percentile(bins, n, 50);
    out->p25 = sp_bins_percentile(bins, n, 25);
    out->p75 = sp_bins_percentile(bins, n, 75);
    out->p95 = sp_bins_percentile(bins, n, 95);
    moments(bins, n, out);
    uint64_t max = most(bins, n);
    for (size_t i = 0; i < n; i++)
        out->nmodes += bins[i].count == max;
}

double sp_bins_mode(const struct sp_bin *bins, size_t n, size_t i)
{
    uint64_t max = most(bins, n);
    size_t at = 0;

    while (at < n && (bins[at].count != max || i-- > 0))
        at++;
    assert(at < n);
    return bins[at].value;
}
