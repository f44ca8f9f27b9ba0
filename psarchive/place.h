// SPDX-License-Identifier: Apache-2.0
// Keys of rows: one number each, so that rows of a meta lie together in the order of time.
#pragma once
#include <stdint.h>

#define PLACE_TS_BITS 34    // seconds since 1970
#define PLACE_WINDOW_BITS 4 // which of the meta's windows
#define PLACE_META_MAX ((INT64_C(1) << (63 - PLACE_TS_BITS - PLACE_WINDOW_BITS)) - 1)
#define PLACE_TS_MAX ((INT64_C(1) << PLACE_TS_BITS) - 1)

static inline int64_t place_clip(int64_t ts)
{
    return ts < 0 ? 0 : ts > PLACE_TS_MAX ? PLACE_TS_MAX : ts;
}

// Of a point, and of the document that belongs to it.
static inline int64_t place_point(int64_t meta, int64_t ts)
{
    return meta << PLACE_TS_BITS | place_clip(ts);
}

// Of the roll-up that begins at ts, of the meta's window of that index.
static inline int64_t place_rollup(int64_t meta, unsigned window, int64_t ts)
{
    return (meta << PLACE_WINDOW_BITS | (int64_t)window) << PLACE_TS_BITS | place_clip(ts);
}

static inline int64_t place_ts(int64_t place)
{
    return place & PLACE_TS_MAX;
}
