// SPDX-License-Identifier: Apache-2.0
#include "psarchive/hist.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

#define DECIMALS_MAX 15
#define DIGITS_MAX 17
#define TOTAL_MAX (((uint64_t)1 << 62) - 1) // of a bucket, over all that was merged
#define MERGED_MAX 1000000                  // buckets

void hist_init(struct hist *h)
{
    *h = (struct hist){0};
}

void hist_fini(struct hist *h)
{
    for (size_t i = 0; i < h->n; i++)
        free(h->at[i].text);
    free(h->at);
    hist_init(h);
}

// --- keys

// A decimal as it would be printed from its number: "0.50", "-3", not "007", ".5", "-0.0", "1e3".
static bool parse_decimal(const char *key, struct hist_bucket *b)
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
static void print_decimal(const struct hist_bucket *b, char out[HIST_KEY_MAX + 1])
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

const char *hist_key(const struct hist_bucket *b, char out[HIST_KEY_MAX + 1])
{
    if (b->decimals == HIST_TEXT)
        snprintf(out, HIST_KEY_MAX + 1, "%s", b->text);
    else
        print_decimal(b, out);
    return out;
}

// --- buckets

static int compare(const struct hist_bucket *a, const struct hist_bucket *b)
{
    if (a->decimals != b->decimals)
        return a->decimals < b->decimals ? -1 : 1;
    if (a->decimals == HIST_TEXT)
        return strcmp(a->text, b->text);
    return a->number < b->number ? -1 : a->number > b->number;
}

static int compare_void(const void *a, const void *b)
{
    return compare(a, b);
}

static int reserve(struct hist *h, size_t n)
{
    if (h->cap >= n)
        return 0;
    size_t cap = h->cap == 0 ? 32 : h->cap * 2;
    cap = cap < n ? n : cap;
    struct hist_bucket *at = realloc(h->at, cap * sizeof *at);
    if (at == NULL)
        return -ENOMEM;
    h->at = at;
    h->cap = cap;
    return 0;
}

int hist_add(struct hist *h, const char *key, uint64_t count)
{
    struct hist_bucket b = {.count = count};
    if (count > HIST_COUNT_MAX)
        return PS_ERANGE;
    if (h->n == HIST_BUCKETS_MAX || strlen(key) > HIST_KEY_MAX)
        return PS_ELIMIT;
    if (reserve(h, h->n + 1) != 0)
        return -ENOMEM;
    if (!parse_decimal(key, &b)) {
        b.decimals = HIST_TEXT;
        b.number = 0;
        b.text = strdup(key);
        if (b.text == NULL)
            return -ENOMEM;
    }
    h->at[h->n++] = b;
    return 0;
}

static bool sorted(const struct hist *h)
{
    for (size_t i = 1; i < h->n; i++)
        if (compare(&h->at[i - 1], &h->at[i]) >= 0)
            return false;
    return true;
}

int hist_settle(struct hist *h)
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
        free(h->at[i].text);
        if (h->at[to].count > HIST_COUNT_MAX)
            err = PS_ERANGE;
    }
    h->n = to + 1;
    return err;
}

bool hist_equal(const struct hist *a, const struct hist *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->at[i].count != b->at[i].count || compare(&a->at[i], &b->at[i]) != 0)
            return false;
    return true;
}

int hist_copy(struct hist *to, const struct hist *from)
{
    hist_init(to);
    if (from->n > 0 && reserve(to, from->n) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < from->n; i++) {
        to->at[i] = from->at[i];
        if (from->at[i].text != NULL && (to->at[i].text = strdup(from->at[i].text)) == NULL) {
            hist_fini(to);
            return -ENOMEM;
        }
        to->n++;
    }
    return 0;
}

// --- merging

struct merge {
    struct hist out; // its texts are new where they come from `more`, else those of the one merged into
    size_t fresh;
    int err;
};

static void emit(struct merge *m, const struct hist_bucket *b, bool copy)
{
    struct hist_bucket *to = &m->out.at[m->out.n];
    *to = *b;
    if (copy && b->text != NULL && (to->text = strdup(b->text)) == NULL)
        m->err = -ENOMEM;
    m->out.n++;
}

static void emit_both(struct merge *m, const struct hist_bucket *a, const struct hist_bucket *b, bool minus)
{
    struct hist_bucket sum = *a;
    if (minus ? b->count > a->count : b->count > TOTAL_MAX - a->count)
        m->err = PS_ERANGE;
    else
        sum.count = minus ? a->count - b->count : a->count + b->count;
    emit(m, &sum, false);
}

static void merge_all(struct merge *m, const struct hist *a, const struct hist *b, bool minus)
{
    size_t i = 0, j = 0;
    while (i < a->n || j < b->n) {
        int order = i == a->n ? 1 : j == b->n ? -1 : compare(&a->at[i], &b->at[j]);
        if (order > 0 && b->at[j].count == 0)
            j++;
        else if (order < 0)
            emit(m, &a->at[i++], false);
        else if (order == 0)
            emit_both(m, &a->at[i++], &b->at[j++], minus);
        else if (!minus)
            emit(m, &b->at[j++], true);
        else {
            m->err = PS_ERANGE;
            j++;
        }
    }
    if (m->out.n > MERGED_MAX)
        m->err = PS_ELIMIT;
}

// Frees the texts of what came from the second histogram alone.
static void undo(struct merge *m, const struct hist *a)
{
    size_t i = 0;
    for (size_t k = 0; k < m->out.n; k++) {
        while (i < a->n && compare(&a->at[i], &m->out.at[k]) < 0)
            i++;
        if (i == a->n || a->at[i].text != m->out.at[k].text)
            free(m->out.at[k].text);
    }
    free(m->out.at);
}

static void drop_empty(struct hist *h)
{
    size_t to = 0;
    for (size_t i = 0; i < h->n; i++) {
        if (h->at[i].count == 0)
            free(h->at[i].text);
        else
            h->at[to++] = h->at[i];
    }
    h->n = to;
}

int hist_merge(struct hist *h, const struct hist *more, bool minus)
{
    struct merge m = {0};
    if (more->n == 0)
        return 0;
    if (reserve(&m.out, h->n + more->n) != 0)
        return -ENOMEM;
    merge_all(&m, h, more, minus);
    if (m.err != 0) {
        undo(&m, h);
        return m.err;
    }
    free(h->at);
    *h = m.out;
    if (minus)
        drop_empty(h);
    return 0;
}
