// SPDX-License-Identifier: Apache-2.0
// A histogram: counts under keys, which are text. Keys that are plain decimals ("41.10", "-3", "0.5") are kept
// as numbers of so many decimals, so that "41.10" and "41.1" stay two keys; any other is kept as it is. Buckets
// are sorted (by decimals and number, then the others by their octets), so that two histograms are merged in
// one pass. Merging adds counts exactly; the order of merges does not show.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ES_HIST_BUCKETS_MAX 100000                  // of a histogram
#define ES_HIST_KEY_MAX 64                          // octets of a key
#define ES_HIST_COUNT_MAX ((uint64_t)1 << 46)       // of a bucket of one result
#define ES_HIST_TOTAL_MAX (((uint64_t)1 << 62) - 1) // of a bucket, over all that was merged
#define ES_HIST_TEXT 0xff                           // decimals of a key that is kept as it is

struct es_hist_bucket {
    uint8_t decimals; // 0..15, or ES_HIST_TEXT
    union {
        int64_t number; // key = number / 10^decimals
        char *text;     // ES_HIST_TEXT: the key, owned by the histogram
    };
    uint64_t count;
};

struct es_hist {
    struct es_hist_bucket *at;
    size_t n, cap;
};

void es_hist_init(struct es_hist *h);
void es_hist_fini(struct es_hist *h);
// Room for n buckets in all. -ENOMEM.
int es_hist_reserve(struct es_hist *h, size_t n);
// Appends a bucket, in any order; a key that is there already counts as both. Then es_hist_settle once.
// PS_ELIMIT: too many buckets or too long a key; PS_ERANGE: the count; -ENOMEM.
int es_hist_add(struct es_hist *h, const char *key, uint64_t count);
// Sorts, and joins buckets of one key. 0, or PS_ERANGE: their counts together are too large.
int es_hist_settle(struct es_hist *h);
// The key as text (ES_HIST_KEY_MAX + 1 octets, NUL at the end). Returns out.
const char *es_hist_key(const struct es_hist_bucket *b, char out[ES_HIST_KEY_MAX + 1]);
// Adds the counts of `more` to those of h; with minus takes them away, and buckets that come to nothing go.
// Both are settled; buckets of count 0 in `more` do not matter. 0; PS_ERANGE: more was taken away than is
// there, or a count is too large; PS_ELIMIT: a million buckets; -ENOMEM. h is unchanged after an error.
int es_hist_merge(struct es_hist *h, const struct es_hist *more, bool minus);
bool es_hist_same_key(const struct es_hist_bucket *a, const struct es_hist_bucket *b);
bool es_hist_equal(const struct es_hist *a, const struct es_hist *b);
int es_hist_copy(struct es_hist *to, const struct es_hist *from);

#define ES_HIST_MODES_MAX 1000 // values that are equally frequent: more are not told

// As esmond has them: percentiles by NIST 7.2.5.2, population variance. Buckets of count 0 do not count.
struct es_hist_stats {
    bool defined; // false: nothing was counted, or a key is no number; esmond then has {}
    double minimum, maximum, mean, median, variance, standard_deviation;
    double percentile_25, percentile_75, percentile_95;
    double *modes; // ascending, all ties; owned
    size_t nmodes;
};
// 0 or -ENOMEM. es_hist_stats_fini frees the modes.
int es_hist_statistics(const struct es_hist *h, struct es_hist_stats *out);
void es_hist_stats_fini(struct es_hist_stats *s);
