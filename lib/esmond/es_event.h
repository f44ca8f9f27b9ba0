// SPDX-License-Identifier: Apache-2.0
// Event types and summaries: the names esmond knows, what values they take, and the numbers
// that stand for them in the database. Numbers never change their meaning.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum es_event_kind {
    ES_EVENT_INTEGER,     // a number; summed and averaged
    ES_EVENT_FLOAT,       // a number; summed and averaged
    ES_EVENT_PERCENTAGE,  // numerator and denominator; both are summed
    ES_EVENT_HISTOGRAM,   // counts of buckets; merged, and statistics of them
    ES_EVENT_SUBINTERVAL, // JSON: a list of {start, duration, val}
    ES_EVENT_JSON,        // JSON of any shape
};

enum es_summary_type { ES_SUMMARY_BASE, ES_SUMMARY_AGGREGATION, ES_SUMMARY_AVERAGE, ES_SUMMARY_STATISTICS };

#define ES_EVENT_COUNT 49
#define ES_SUMMARY_WINDOW_MAX (366 * 86400) // seconds

// The event type of that name, 0 <= event < ES_EVENT_COUNT; PS_EUNKNOWN.
int es_event_find(const char *name);
const char *es_event_name(int event);
enum es_event_kind es_event_kind(int event);
// Whether a value of this kind can be summarised so; base always.
bool es_event_summary_allowed(enum es_event_kind kind, enum es_summary_type type);

// "base", "aggregation", "average", "statistics"; with plural the word that stands in URLs: "base",
// "aggregations", "averages", "statistics". PS_EUNKNOWN.
const char *es_summary_name(enum es_summary_type type, bool plural);
int es_summary_find(const char *name, bool plural, enum es_summary_type *out);
