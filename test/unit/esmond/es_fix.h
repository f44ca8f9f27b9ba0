// SPDX-License-Identifier: Apache-2.0
// Values that are short to write.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "esmond/es_value.h"

#define FIX __attribute__((unused)) static
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

FIX struct es_value number(double d)
{
    struct es_value v;
    assert_int_equal(es_value_number(d, &v), 0);
    return v;
}

FIX struct es_value ratio(uint64_t n, uint64_t d)
{
    struct es_value v;
    assert_int_equal(es_value_ratio(n, d, &v), 0);
    return v;
}

FIX struct es_value text(const char *json)
{
    struct es_value v;
    assert_int_equal(es_value_json(json, strlen(json), &v), 0);
    return v;
}

// "KEY:COUNT KEY:COUNT ..."
FIX void hist_of(struct es_hist *h, const char *buckets)
{
    char key[100];
    unsigned long long count;
    int used;
    es_hist_init(h);
    for (; sscanf(buckets, " %64[^: ]:%llu%n", key, &count, &used) == 2; buckets += used)
        assert_int_equal(es_hist_add(h, key, count), 0);
    assert_int_equal(es_hist_settle(h), 0);
}

FIX struct es_value hist(const char *buckets)
{
    struct es_value v = {.form = ES_VALUE_HIST};
    hist_of(&v.hist, buckets);
    return v;
}

// As hist_of reads it.
FIX void hist_words(const struct es_hist *h, char *out, size_t size)
{
    char key[ES_HIST_KEY_MAX + 1];
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < h->n; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s:%llu", i > 0 ? " " : "",
                               es_hist_key(&h->at[i], key), (unsigned long long)h->at[i].count);
}
