// SPDX-License-Identifier: Apache-2.0
// A value of an event type, as it comes in and as it is read back. What a value of each kind may be is
// checked here; what was given is what is read back.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "json/ps_jdoc.h"
#include "esmond/es_event.h"
#include "esmond/es_hist.h"

#define ES_VALUE_NUMBER_MAX 1e18               // of integer and float event types, either sign
#define ES_VALUE_RATIO_MAX ((uint64_t)1 << 46) // numerator, denominator
#define ES_VALUE_TEXT_MAX (4u << 20)           // octets of JSON

enum es_value_form {
    ES_VALUE_NONE, // nothing; all zeros
    ES_VALUE_NUMBER,
    ES_VALUE_RATIO,
    ES_VALUE_HIST,
    ES_VALUE_JSON,
    ES_VALUE_STATS, // of statistics only, never stored
};

struct es_value {
    enum es_value_form form;
    union {
        double number;
        struct {
            uint64_t numerator, denominator; // the value is their quotient; 0/0 cannot be
        } ratio;
        struct es_hist hist;
        struct {
            char *text; // not NUL-terminated; owned
            size_t len;
        } json;
        struct es_hist_stats *stats; // owned
    };
};

// The form that values of a kind have.
enum es_value_form es_value_form_of(enum es_event_kind kind);
// Frees what it holds and makes it ES_VALUE_NONE.
void es_value_fini(struct es_value *v);
bool es_value_equal(const struct es_value *a, const struct es_value *b);

// From what a client posted as "val" in esmond: integers and floats from numbers and numeric
// text, percentages from {numerator, denominator}, whole and not above 1, histograms from an object of whole counts
// (numbers, numeric text),
// subintervals from a list of {start, duration, val}, JSON of any kind as its octets. *out is ES_VALUE_NONE after
// an error: PS_EMALFORMED, PS_ERANGE, PS_ELIMIT, -ENOMEM; the fault says what is wrong.
int es_value_from_json(enum es_event_kind kind, struct ps_jnode val, struct es_value *out,
                       struct ps_fault *fault);
// The same from what a program knows. PS_ERANGE; *out as above.
int es_value_number(double number, struct es_value *out);
int es_value_ratio(uint64_t numerator, uint64_t denominator, struct es_value *out);
// What a settled histogram comes to. -ENOMEM.
int es_value_statistics(const struct es_hist *h, struct es_value *out);
int es_value_json(const char *text, size_t len,
                  struct es_value *out); // copies; the caller knows that it is JSON
