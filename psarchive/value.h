// SPDX-License-Identifier: Apache-2.0
// A value of an event type, as it comes in and as it is read back. What a value of each kind may be is
// checked here; what was given is what is read back.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "json/ps_jdoc.h"
#include "psarchive/event.h"
#include "psarchive/hist.h"

#define VALUE_NUMBER_MAX 1e18               // of integer and float event types, either sign
#define VALUE_RATIO_MAX ((uint64_t)1 << 46) // numerator, denominator
#define VALUE_TEXT_MAX (4u << 20)           // octets of JSON

enum value_form {
    VALUE_NONE, // nothing; all zeros
    VALUE_NUMBER,
    VALUE_RATIO,
    VALUE_HIST,
    VALUE_JSON,
    VALUE_STATS, // of statistics only, never stored
};

struct value {
    enum value_form form;
    union {
        double number;
        struct {
            uint64_t numerator, denominator; // the value is their quotient; 0/0 cannot be
        } ratio;
        struct hist hist;
        struct {
            char *text; // not NUL-terminated; owned
            size_t len;
        } json;
        struct hist_stats stats;
    };
};

// The form that values of a kind have.
enum value_form value_form_of(enum event_kind kind);
// Frees what it holds and makes it VALUE_NONE.
void value_fini(struct value *v);
bool value_equal(const struct value *a, const struct value *b);

// From what a client posted as "val" in esmond: integers and floats from numbers and numeric
// text, percentages from {numerator, denominator}, whole and not above 1, histograms from an object of whole counts
// (numbers, numeric text),
// subintervals from a list of {start, duration, val}, JSON of any kind as its octets. *out is VALUE_NONE after
// an error: PS_EMALFORMED, PS_ERANGE, PS_ELIMIT, -ENOMEM; the fault says what is wrong.
int value_from_json(enum event_kind kind, struct ps_jnode val, struct value *out, struct ps_fault *fault);
// The same from what a program knows. PS_ERANGE; *out as above.
int value_number(double number, struct value *out);
int value_ratio(uint64_t numerator, uint64_t denominator, struct value *out);
int value_json(const char *text, size_t len, struct value *out); // copies; the caller knows that it is JSON
