// SPDX-License-Identifier: Apache-2.0
// Statistics of a histogram, as if each count were so many equal samples.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "esmond/es_hist.h"

struct sample {
    double value;
    uint64_t count;
};

struct samples {
    struct sample *at;
    size_t n;
    uint64_t total;
};

static const double tens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

static bool value_of(const struct es_hist_bucket *b, double *out)
{
    if (b->decimals == ES_HIST_TEXT)
        return ps_num_double(b->text, -1e300, 1e300, out) == 0;
    *out = (double)b->number / tens[b->decimals];
    return true;
}

static int by_value(const void *a, const void *b)
{
    double x = ((const struct sample *)a)->value, y = ((const struct sample *)b)->value;
    return x < y ? -1 : x > y;
}

// Different keys may have one value ("41.1", "41.10").
static void join(struct samples *s)
{
    size_t to = 0;
    for (size_t i = 1; i < s->n; i++) {
        if (s->at[i].value == s->at[to].value)
            s->at[to].count += s->at[i].count;
        else
            s->at[++to] = s->at[i];
    }
    s->n = s->n > 0 ? to + 1 : 0;
}

// 1: there are some; 0: none, or a key is no number.
static int collect(const struct es_hist *h, struct samples *s)
{
    bool sorted = true;
    s->at = calloc(h->n + 1, sizeof *s->at);
    if (s->at == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < h->n; i++) {
        double v = 0;
        if (!value_of(&h->at[i], &v))
            return 0;
        if (h->at[i].count == 0)
            continue;
        sorted = sorted && (s->n == 0 || s->at[s->n - 1].value <= v);
        s->at[s->n++] = (struct sample){v, h->at[i].count};
        s->total += h->at[i].count;
    }
    if (!sorted)
        qsort(s->at, s->n, sizeof *s->at, by_value);
    join(s);
    return s->n > 0;
}

// The k-th smallest, from 1.
static double nth(const struct samples *s, uint64_t k)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < s->n; i++) {
        seen += s->at[i].count;
        if (seen >= k)
            return s->at[i].value;
    }
    return s->at[s->n - 1].value;
}

// NIST 7.2.5.2.
static double percentile(const struct samples *s, unsigned p)
{
    uint64_t whole = (s->total + 1) / 100, rest = (s->total + 1) % 100 * p;
    uint64_t k = whole * p + rest / 100;
    double d = (double)(rest % 100) / 100;
    if (k == 0)
        return nth(s, 1);
    if (k >= s->total)
        return nth(s, s->total);
    double low = nth(s, k);
    return d == 0 ? low : low + d * (nth(s, k + 1) - low);
}

static void moments(const struct samples *s, struct es_hist_stats *out)
{
    double sum = 0, squares = 0, n = (double)s->total;
    for (size_t i = 0; i < s->n; i++)
        sum += s->at[i].value * (double)s->at[i].count;
    out->mean = sum / n;
    for (size_t i = 0; i < s->n; i++) {
        double off = s->at[i].value - out->mean;
        squares += off * off * (double)s->at[i].count;
    }
    out->variance = squares / n;
    out->standard_deviation = sqrt(out->variance);
}

static int find_modes(const struct samples *s, struct es_hist_stats *out)
{
    uint64_t most = 0;
    out->modes = malloc((s->n < ES_HIST_MODES_MAX ? s->n : ES_HIST_MODES_MAX) * sizeof *out->modes);
    if (out->modes == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < s->n; i++) {
        if (s->at[i].count > most) {
            most = s->at[i].count;
            out->nmodes = 0;
        }
        if (s->at[i].count == most && out->nmodes < ES_HIST_MODES_MAX)
            out->modes[out->nmodes++] = s->at[i].value;
    }
    return 0;
}

static int fill(const struct samples *s, struct es_hist_stats *out)
{
    out->defined = true;
    out->minimum = s->at[0].value;
    out->maximum = s->at[s->n - 1].value;
    out->median = percentile(s, 50);
    out->percentile_25 = percentile(s, 25);
    out->percentile_75 = percentile(s, 75);
    out->percentile_95 = percentile(s, 95);
    moments(s, out);
    return find_modes(s, out);
}

int es_hist_statistics(const struct es_hist *h, struct es_hist_stats *out)
{
    struct samples s = {0};
    *out = (struct es_hist_stats){0};
    int got = collect(h, &s);
    if (got > 0)
        got = fill(&s, out);
    free(s.at);
    if (got < 0)
        es_hist_stats_fini(out);
    return got < 0 ? got : 0;
}

void es_hist_stats_fini(struct es_hist_stats *s)
{
    free(s->modes);
    *s = (struct es_hist_stats){0};
}
