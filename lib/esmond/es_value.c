// SPDX-License-Identifier: Apache-2.0
#include "esmond/es_value.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

void es_value_fini(struct es_value *v)
{
    switch (v->form) {
    case ES_VALUE_HIST:
        es_hist_fini(&v->hist);
        break;
    case ES_VALUE_JSON:
        free(v->json.text);
        break;
    case ES_VALUE_STATS:
        es_hist_stats_fini(v->stats);
        free(v->stats);
        break;
    case ES_VALUE_NONE:
    case ES_VALUE_NUMBER:
    case ES_VALUE_RATIO:
        break;
    }
    *v = (struct es_value){0};
}

bool es_value_equal(const struct es_value *a, const struct es_value *b)
{
    if (a->form != b->form)
        return false;
    switch (a->form) {
    case ES_VALUE_NUMBER:
        return a->number == b->number;
    case ES_VALUE_RATIO:
        return a->ratio.numerator == b->ratio.numerator && a->ratio.denominator == b->ratio.denominator;
    case ES_VALUE_HIST:
        return es_hist_equal(&a->hist, &b->hist);
    case ES_VALUE_JSON:
        return a->json.len == b->json.len && memcmp(a->json.text, b->json.text, a->json.len) == 0;
    case ES_VALUE_STATS:
    case ES_VALUE_NONE:
        break;
    }
    return a->form == ES_VALUE_NONE;
}

enum es_value_form es_value_form_of(enum es_event_kind kind)
{
    switch (kind) {
    case ES_EVENT_INTEGER:
    case ES_EVENT_FLOAT:
        return ES_VALUE_NUMBER;
    case ES_EVENT_PERCENTAGE:
        return ES_VALUE_RATIO;
    case ES_EVENT_HISTOGRAM:
        return ES_VALUE_HIST;
    case ES_EVENT_SUBINTERVAL:
    case ES_EVENT_JSON:
        break;
    }
    return ES_VALUE_JSON;
}

int es_value_number(double number, struct es_value *out)
{
    *out = (struct es_value){0};
    if (!(fabs(number) <= ES_VALUE_NUMBER_MAX)) // also for what is no number
        return PS_ERANGE;
    out->form = ES_VALUE_NUMBER;
    out->number = number + 0.0; // -0 is 0
    return 0;
}

int es_value_ratio(uint64_t numerator, uint64_t denominator, struct es_value *out)
{
    *out = (struct es_value){0};
    if (denominator == 0 || denominator > ES_VALUE_RATIO_MAX || numerator > ES_VALUE_RATIO_MAX)
        return PS_ERANGE;
    out->form = ES_VALUE_RATIO;
    out->ratio.numerator = numerator;
    out->ratio.denominator = denominator;
    return 0;
}

int es_value_json(const char *text, size_t len, struct es_value *out)
{
    *out = (struct es_value){0};
    if (len == 0 || len > ES_VALUE_TEXT_MAX)
        return PS_ELIMIT;
    char *copy = malloc(len);
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, text, len);
    out->form = ES_VALUE_JSON;
    out->json.text = copy;
    out->json.len = len;
    return 0;
}

int es_value_statistics(const struct es_hist *h, struct es_value *out)
{
    struct es_hist_stats *stats = malloc(sizeof *stats);
    int err = stats != NULL ? es_hist_statistics(h, stats) : -ENOMEM;
    *out = err == 0 ? (struct es_value){.form = ES_VALUE_STATS, .stats = stats} : (struct es_value){0};
    if (err != 0)
        free(stats);
    return err;
}
