// SPDX-License-Identifier: Apache-2.0
// Reading points. A cursor fetches some hundred rows at a time and holds no snapshot between fetches; what is
// written meanwhile may be seen. Points come in ascending order of time.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "psarchive/row.h"
#include "psarchive/store.h"
#include "esmond/es_value.h"

struct point {
    int64_t ts;
    struct es_value value; // the cursor's, until the next call
};

struct series;
// A series of this event type, from <= ts <= to (seconds since 1970). A bucket of a summary belongs to its
// beginning, floor(ts / window) * window, and is there when that is in the range. What comes by type:
//   ES_SUMMARY_BASE         what was written (window is 0)
//   ES_SUMMARY_AGGREGATION  ES_VALUE_NUMBER: the sum; ES_VALUE_RATIO: both sums; ES_VALUE_HIST: merged
//   ES_SUMMARY_AVERAGE      ES_VALUE_NUMBER
//   ES_SUMMARY_STATISTICS   ES_VALUE_STATS of the merged histogram; window 0: of each
// Window 0 of aggregation and average is the point itself. PS_ENOTFOUND: the summary is not registered (base: the event
// type); -ENOMEM.
int series_open(struct series **out, struct reader *r, const struct meta *m, int event,
                enum es_summary_type type, uint32_t window, int64_t from, int64_t to);
// Passes over the next `offset` points.
int series_skip(struct series *s, size_t offset);
// 1 with a point, 0 at the end, or an error (PS_EMALFORMED: a row is damaged).
int series_next(struct series *s, const struct point **out);
void series_close(struct series *s);

// All values of one result: row.at[0..row.n).
struct result {
    int64_t ts;
    struct row row;
};
// The newest result of a meta with ts <= until. 1, 0: there is none, or an error. After 1 result_fini.
int result_newest(struct reader *r, const struct meta *m, int64_t until, struct result *out);
void result_fini(struct result *r);

// All results of a meta with from <= ts <= to, each with all its values; a cursor like the one of a series.
struct results;
int results_open(struct results **out, struct reader *r, const struct meta *m, int64_t from, int64_t to);
// 1 with a result (the cursor's, until the next call), 0 at the end, or an error.
int results_next(struct results *rs, struct result **out);
void results_close(struct results *rs);

// The document a point came from, its octets as they came: *text is the caller's. PS_ENOTFOUND.
int document_read(struct reader *r, const struct meta *m, int64_t ts, char **text, size_t *len);
