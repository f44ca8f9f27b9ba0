// SPDX-License-Identifier: Apache-2.0
// A histogram: counts under keys, which are text. Keys that are plain decimals ("41.10", "-3", "0.5") are kept
// as numbers of so many decimals, so that "41.10" and "41.1" stay two keys; any other is kept as it is. Buckets
// are sorted (by decimals and number, then the others by their octets), so that two histograms are merged in
// one pass. Merging adds counts exactly; the order of merges does not show.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HIST_BUCKETS_MAX 100000            // of a histogram
#define HIST_KEY_MAX 64                    // octets of a key
#define HIST_COUNT_MAX ((uint64_t)1 << 46) // of a bucket of one result
#define HIST_TEXT 0xff                     // decimals of a key that is kept as it is

struct hist_bucket {
    uint8_t decimals; // 0..15, or HIST_TEXT
    int64_t number;   // key = number / 10^decimals
    char *text;       // HIST_TEXT: the key, owned by the histogram
    uint64_t count;
};

struct hist {
    struct hist_bucket *at;
    size_t n, cap;
};

void hist_init(struct hist *h);
void hist_fini(struct hist *h);
// Appends a bucket, in any order; a key that is there already counts as both. Then hist_settle once.
// PS_ELIMIT: too many buckets or too long a key; PS_ERANGE: the count; -ENOMEM.
int hist_add(struct hist *h, const char *key, uint64_t count);
// Sorts, and joins buckets of one key. 0, or PS_ERANGE: their counts together are too large.
int hist_settle(struct hist *h);
// The key as text (HIST_KEY_MAX + 1 octets, NUL at the end). Returns out.
const char *hist_key(const struct hist_bucket *b, char out[HIST_KEY_MAX + 1]);
// Adds the counts of `more` to those of h; with minus takes them away, and buckets that come to nothing go.
// Both are settled; buckets of count 0 in `more` do not matter. 0; PS_ERANGE: more was taken away than is
// there, or a count is too large; PS_ELIMIT: a million buckets; -ENOMEM. h is unchanged after an error.
int hist_merge(struct hist *h, const struct hist *more, bool minus);
bool hist_equal(const struct hist *a, const struct hist *b);
int hist_copy(struct hist *to, const struct hist *from);

#define HIST_MODES_MAX 1000 // values that are equally frequent: more are not told

// As esmond has them: percentiles by NIST 7.2.5.2, population variance. Buckets of count 0 do not count.
struct hist_stats {
    bool defined; // false: nothing was counted, or a key is no number; esmond then has {}
    double minimum, maximum, mean, median, variance, standard_deviation;
    double percentile_25, percentile_75, percentile_95;
    double *modes; // ascending, all ties; owned
    size_t nmodes;
};
// 0 or -ENOMEM. hist_stats_fini frees the modes.
int hist_statistics(const struct hist *h, struct hist_stats *out);
void hist_stats_fini(struct hist_stats *s);
