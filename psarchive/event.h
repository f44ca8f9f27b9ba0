// SPDX-License-Identifier: Apache-2.0
// Event types and summaries: the names esmond knows, what values they take, and the numbers
// that stand for them in the database. Numbers never change their meaning.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum event_kind {
    EVENT_INTEGER,     // a number; summed and averaged
    EVENT_FLOAT,       // a number; summed and averaged
    EVENT_PERCENTAGE,  // numerator and denominator; both are summed
    EVENT_HISTOGRAM,   // counts of buckets; merged, and statistics of them
    EVENT_SUBINTERVAL, // JSON: a list of {start, duration, val}
    EVENT_JSON,        // JSON of any shape
};

enum summary_type { SUMMARY_BASE, SUMMARY_AGGREGATION, SUMMARY_AVERAGE, SUMMARY_STATISTICS };

#define EVENT_COUNT 49
#define SUMMARY_WINDOW_MAX (366 * 86400) // seconds

// The event type of that name, 0 <= event < EVENT_COUNT; PS_EUNKNOWN.
int event_find(const char *name);
const char *event_name(int event);
enum event_kind event_kind(int event);
// Whether a value of this kind can be summarised so; base always.
bool event_summary_allowed(enum event_kind kind, enum summary_type type);

// "base", "aggregation", "average", "statistics"; with plural the word that stands in URLs: "base",
// "aggregations", "averages", "statistics". PS_EUNKNOWN.
const char *summary_name(enum summary_type type, bool plural);
int summary_find(const char *name, bool plural, enum summary_type *out);
