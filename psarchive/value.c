// SPDX-License-Identifier: Apache-2.0
#include "psarchive/value.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

void value_fini(struct value *v)
{
    switch (v->form) {
    case VALUE_HIST:
        hist_fini(&v->hist);
        break;
    case VALUE_JSON:
        free(v->json.text);
        break;
    case VALUE_STATS:
        hist_stats_fini(&v->stats);
        break;
    case VALUE_NONE:
    case VALUE_NUMBER:
    case VALUE_RATIO:
        break;
    }
    *v = (struct value){0};
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a->form != b->form)
        return false;
    switch (a->form) {
    case VALUE_NUMBER:
        return a->number == b->number;
    case VALUE_RATIO:
        return a->ratio.numerator == b->ratio.numerator && a->ratio.denominator == b->ratio.denominator;
    case VALUE_HIST:
        return hist_equal(&a->hist, &b->hist);
    case VALUE_JSON:
        return a->json.len == b->json.len && memcmp(a->json.text, b->json.text, a->json.len) == 0;
    case VALUE_STATS:
    case VALUE_NONE:
        break;
    }
    return a->form == VALUE_NONE;
}

enum value_form value_form_of(enum event_kind kind)
{
    switch (kind) {
    case EVENT_INTEGER:
    case EVENT_FLOAT:
        return VALUE_NUMBER;
    case EVENT_PERCENTAGE:
        return VALUE_RATIO;
    case EVENT_HISTOGRAM:
        return VALUE_HIST;
    case EVENT_SUBINTERVAL:
    case EVENT_JSON:
        break;
    }
    return VALUE_JSON;
}

int value_number(double number, struct value *out)
{
    *out = (struct value){0};
    if (!(fabs(number) <= VALUE_NUMBER_MAX)) // also for what is no number
        return PS_ERANGE;
    out->form = VALUE_NUMBER;
    out->number = number + 0.0; // -0 is 0
    return 0;
}

int value_ratio(uint64_t numerator, uint64_t denominator, struct value *out)
{
    *out = (struct value){0};
    if (denominator == 0 || denominator > VALUE_RATIO_MAX || numerator > VALUE_RATIO_MAX)
        return PS_ERANGE;
    out->form = VALUE_RATIO;
    out->ratio.numerator = numerator;
    out->ratio.denominator = denominator;
    return 0;
}

int value_json(const char *text, size_t len, struct value *out)
{
    *out = (struct value){0};
    if (len == 0 || len > VALUE_TEXT_MAX)
        return PS_ELIMIT;
    char *copy = malloc(len);
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, text, len);
    out->form = VALUE_JSON;
    out->json.text = copy;
    out->json.len = len;
    return 0;
}
