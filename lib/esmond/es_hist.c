// SPDX-License-Identifier: Apache-2.0
#include "esmond/es_hist.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

#define DECIMALS_MAX 15
#define DIGITS_MAX 17
#define MERGED_MAX 1000000 // buckets

void es_hist_init(struct es_hist *h)
{
    *h = (struct es_hist){0};
}

static void drop_text(struct es_hist_bucket *b)
{
    if (b->decimals == ES_HIST_TEXT)
        free(b->text);
}

void es_hist_fini(struct es_hist *h)
{
    for (size_t i = 0; i < h->n; i++)
        drop_text(&h->at[i]);
    free(h->at);
    es_hist_init(h);
}

// --- keys

// A decimal as it would be printed from its number: "0.50", "-3", not "007", ".5", "-0.0", "1e3".
static bool parse_decimal(const char *key, struct es_hist_bucket *b)
{
    const char *p = key + (*key == '-');
    int64_t v = 0;
    unsigned digits = 0, decimals = 0;
    bool point = false;
    for (; *p != '\0'; p++) {
        if (*p == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (*p < '0' || *p > '9' || ++digits > DIGITS_MAX)
            return false;
        v = v * 10 + (*p - '0');
        decimals += point;
    }
    if (digits == 0 || decimals > DECIMALS_MAX || (point && decimals == 0) || (*key == '-' && v == 0))
        return false;
    const char *first = key + (*key == '-');
    if (first[0] == '0' && digits > decimals + 1)
        return false;
    b->number = *key == '-' ? -v : v;
    b->decimals = (uint8_t)decimals;
    return true;
}

// Digits from the last to the first, with the point where it belongs.
static void print_decimal(const struct es_hist_bucket *b, char out[ES_HIST_KEY_MAX + 1])
{
    char back[32];
    uint64_t v = b->number < 0 ? -(uint64_t)b->number : (uint64_t)b->number;
    size_t n = 0, to = 0;
    for (unsigned i = 0; i <= b->decimals || v > 0; i++, v /= 10) {
        if (i > 0 && i == b->decimals)
            back[n++] = '.';
        back[n++] = (char)('0' + v % 10);
    }
    if (b->number < 0)
        out[to++] = '-';
    while (n > 0)
        out[to++] = back[--n];
    out[to] = '\0';
}

const char *es_hist_key(const struct es_hist_bucket *b, char out[ES_HIST_KEY_MAX + 1])
{
    if (b->decimals == ES_HIST_TEXT)
        snprintf(out, ES_HIST_KEY_MAX + 1, "%s", b->text);
    else
        print_decimal(b, out);
    return out;
}

// --- buckets

static int compare(const struct es_hist_bucket *a, const struct es_hist_bucket *b)
{
    if (a->decimals != b->decimals)
        return a->decimals < b->decimals ? -1 : 1;
    if (a->decimals == ES_HIST_TEXT)
        return strcmp(a->text, b->text);
    return a->number < b->number ? -1 : a->number > b->number;
}

bool es_hist_same_key(const struct es_hist_bucket *a, const struct es_hist_bucket *b)
{
    if (a->decimals != b->decimals)
        return false;
    return a->decimals == ES_HIST_TEXT ? strcmp(a->text, b->text) == 0 : a->number == b->number;
}

static int compare_void(const void *a, const void *b)
{
    return compare(a, b);
}

int es_hist_reserve(struct es_hist *h, size_t n)
{
    if (h->cap >= n)
        return 0;
    struct es_hist_bucket *at = realloc(h->at, n * sizeof *at);
    if (at == NULL)
        return -ENOMEM;
    h->at = at;
    h->cap = n;
    return 0;
}

// The same for one that grows.
static int make_room(struct es_hist *h, size_t n)
{
    size_t twice = h->cap == 0 ? 32 : h->cap * 2;
    return h->cap >= n ? 0 : es_hist_reserve(h, twice < n ? n : twice);
}

int es_hist_add(struct es_hist *h, const char *key, uint64_t count)
{
    struct es_hist_bucket b = {.count = count};
    if (count > ES_HIST_COUNT_MAX)
        return PS_ERANGE;
    if (h->n == ES_HIST_BUCKETS_MAX || strlen(key) > ES_HIST_KEY_MAX)
        return PS_ELIMIT;
    if (make_room(h, h->n + 1) != 0)
        return -ENOMEM;
    if (!parse_decimal(key, &b)) {
        b.decimals = ES_HIST_TEXT;
        b.text = strdup(key);
        if (b.text == NULL)
            return -ENOMEM;
    }
    h->at[h->n++] = b;
    return 0;
}

static bool sorted(const struct es_hist *h)
{
    for (size_t i = 1; i < h->n; i++)
        if (compare(&h->at[i - 1], &h->at[i]) >= 0)
            return false;
    return true;
}

int es_hist_settle(struct es_hist *h)
{
    size_t to = 0;
    int err = 0;
    if (sorted(h))
        return 0;
    qsort(h->at, h->n, sizeof *h->at, compare_void);
    for (size_t i = 1; i < h->n; i++) {
        if (compare(&h->at[to], &h->at[i]) != 0) {
            h->at[++to] = h->at[i];
            continue;
        }
        h->at[to].count += h->at[i].count;
        drop_text(&h->at[i]);
        if (h->at[to].count > ES_HIST_COUNT_MAX)
            err = PS_ERANGE;
    }
    h->n = to + 1;
    return err;
}

bool es_hist_equal(const struct es_hist *a, const struct es_hist *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->at[i].count != b->at[i].count || !es_hist_same_key(&a->at[i], &b->at[i]))
            return false;
    return true;
}

// A bucket with a text of its own.
static int copy_bucket(struct es_hist_bucket *to, const struct es_hist_bucket *from)
{
    *to = *from;
    if (from->decimals == ES_HIST_TEXT)
        to->text = strdup(from->text);
    return from->decimals == ES_HIST_TEXT && to->text == NULL ? -ENOMEM : 0;
}

int es_hist_copy(struct es_hist *to, const struct es_hist *from)
{
    es_hist_init(to);
    if (from->n > 0 && es_hist_reserve(to, from->n) != 0)
        return -ENOMEM;
    for (; to->n < from->n; to->n++)
        if (copy_bucket(&to->at[to->n], &from->at[to->n]) != 0) {
            es_hist_fini(to);
            return -ENOMEM;
        }
    return 0;
}

// --- merging

// Where this key is, or would be, from bucket i on.
static size_t seek(const struct es_hist *h, size_t i, const struct es_hist_bucket *b)
{
    while (i < h->n && compare(&h->at[i], b) < 0)
        i++;
    return i;
}

static bool fits(const struct es_hist_bucket *there, const struct es_hist_bucket *b, bool minus)
{
    return minus ? b->count <= there->count : b->count <= ES_HIST_TOTAL_MAX - there->count;
}

// Whether all can be added or taken away, and how many keys of it h does not have.
static int survey(const struct es_hist *h, const struct es_hist *more, bool minus, size_t *missing)
{
    *missing = 0;
    for (size_t i = 0, j = 0; j < more->n; j++) {
        const struct es_hist_bucket *b = &more->at[j];
        i = seek(h, i, b);
        bool there = i < h->n && es_hist_same_key(&h->at[i], b);
        if (there ? !fits(&h->at[i], b, minus) : minus && b->count > 0)
            return PS_ERANGE;
        *missing += !there && b->count > 0;
    }
    return h->n + *missing > MERGED_MAX ? PS_ELIMIT : 0;
}

// Copies of what h does not have, behind its end.
static int copy_missing(const struct es_hist *h, const struct es_hist *more, struct es_hist_bucket *to)
{
    size_t n = 0;
    int err = 0;
    for (size_t i = 0, j = 0; err == 0 && j < more->n; j++) {
        i = seek(h, i, &more->at[j]);
        if (more->at[j].count > 0 && (i == h->n || !es_hist_same_key(&h->at[i], &more->at[j])))
            err = copy_bucket(&to[n++], &more->at[j]);
    }
    while (err != 0 && n > 0)
        drop_text(&to[--n]);
    return err;
}

// Where they belong, from the end.
static void insert(struct es_hist *h, const struct es_hist_bucket *fresh, size_t n)
{
    size_t left = h->n;
    for (size_t to = h->n + n; n > 0;) {
        bool later = left > 0 && compare(&h->at[left - 1], &fresh[n - 1]) > 0;
        h->at[--to] = later ? h->at[--left] : fresh[--n];
    }
}

static int add_missing(struct es_hist *h, const struct es_hist *more, size_t missing)
{
    if (missing == 0)
        return 0;
    if (make_room(h, h->n + 2 * missing) != 0)
        return -ENOMEM;
    struct es_hist_bucket *fresh = h->at + h->n + missing;
    int err = copy_missing(h, more, fresh);
    if (err != 0)
        return err;
    for (size_t i = 0; i < missing; i++)
        fresh[i].count = 0;
    insert(h, fresh, missing);
    h->n += missing;
    return 0;
}

static void add_counts(struct es_hist *h, const struct es_hist *more, bool minus)
{
    for (size_t i = 0, j = 0; j < more->n; j++) {
        const struct es_hist_bucket *b = &more->at[j];
        if (b->count == 0)
            continue;
        i = seek(h, i, b);
        h->at[i].count += minus ? -b->count : b->count;
    }
}

static void drop_empty(struct es_hist *h)
{
    size_t to = 0;
    for (size_t i = 0; i < h->n; i++) {
        if (h->at[i].count == 0)
            drop_text(&h->at[i]);
        else
            h->at[to++] = h->at[i];
    }
    h->n = to;
}

int es_hist_merge(struct es_hist *h, const struct es_hist *more, bool minus)
{
    size_t missing;
    int err = survey(h, more, minus, &missing);
    if (err == 0)
        err = add_missing(h, more, missing);
    if (err != 0)
        return err;
    add_counts(h, more, minus);
    if (minus)
        drop_empty(h);
    return 0;
}
