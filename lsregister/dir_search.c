// SPDX-License-Identifier: Apache-2.0
// Queries: each value becomes a set of places, one bit a place; sets are cut and joined as the query says.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lsregister/dir_index.h"
#include "lsregister/dir_lease.h"
#include "lsregister/dir_terms.h"

#define WORD 64

// The sets of one search: each of the same number of words.
struct sets {
    const struct dir_index *ix;
    size_t words;
    uint64_t *all, *clause, *value; // what is left of the whole query, of a clause, of a value
};

static void mark(uint64_t *set, uint32_t num)
{
    set[num / WORD] |= UINT64_C(1) << num % WORD;
}

// --- values

static int mark_term(void *ctx, uint32_t term)
{
    struct sets *s = ctx;
    size_t n;
    const uint32_t *nums = dir_terms_records(dir_index_terms(s->ix), term, &n);

    for (size_t i = 0; i < n; i++)
        mark(s->value, nums[i]);
    return 0;
}

static void mark_uri(struct sets *s, const char *value)
{
    char uri[DIR_URI_MAX];
    const struct dir_rec *rec;
    uint32_t at = 0;

    if (!dir_query_is_pattern(value)) {
        rec = dir_index_by_uri(s->ix, value);
        if (rec)
            mark(s->value, rec->num);
        return;
    }
    while ((rec = dir_index_each(s->ix, &at)))
        if (dir_query_fits(value, dir_index_uri(s->ix, rec, uri)))
            mark(s->value, rec->num);
}

static void mark_state(struct sets *s, const char *value)
{
    bool registered = dir_query_fits(value, "registered"), renewed = dir_query_fits(value, "renewed");
    const struct dir_rec *rec;
    uint32_t at = 0;

    while ((rec = dir_index_each(s->ix, &at)))
        if (rec->renewed ? renewed : registered)
            mark(s->value, rec->num);
}

static void mark_value(struct sets *s, const char *key, const char *value)
{
    memset(s->value, 0, s->words * sizeof *s->value);
    if (strcmp(key, "uri") == 0)
        mark_uri(s, value);
    else if (strcmp(key, "state") == 0)
        mark_state(s, value);
    else
        (void)dir_terms_find(dir_index_terms(s->ix), key, value, mark_term, s);
}

// --- sets

static void merge(struct sets *s, uint64_t *into, const uint64_t *from, bool first, bool any)
{
    for (size_t i = 0; i < s->words; i++)
        into[i] = first ? from[i] : any ? into[i] | from[i] : into[i] & from[i];
}

static void run(struct sets *s, const struct dir_query *q)
{
    memset(s->all, 0xff, s->words * sizeof *s->all);
    for (size_t i = 0; i < q->n; i++) {
        const struct dir_clause *c = &q->clauses[i];

        for (size_t k = 0; k < c->n; k++) {
            mark_value(s, c->key, c->values[k]);
            merge(s, s->clause, s->value, k == 0, c->any);
        }
        merge(s, s->all, s->clause, i == 0, q->any);
    }
}

// --- what is left

static const struct dir_rec *visible(const struct dir_index *ix, uint32_t num, int64_t now_ms)
{
    const struct dir_rec *rec = dir_index_at(ix, num);

    return rec && !rec->pending && !dir_lease_over(rec->expires_ms, now_ms) ? rec : NULL;
}

// The places of set, but for the first `skip`, at most max. NULL out: only counts.
static size_t collect(const struct sets *s, const struct dir_query *q, int64_t now_ms, uint32_t *out)
{
    uint32_t top = dir_index_top(s->ix);
    size_t n = 0, skipped = 0;

    for (size_t w = 0; w < s->words; w++) {
        for (uint64_t bits = s->all[w]; bits; bits &= bits - 1) {
            uint32_t num = (uint32_t)(w * WORD + (size_t)__builtin_ctzll(bits));

            if (num >= top || n == q->max)
                return n;
            if (!visible(s->ix, num, now_ms) || skipped++ < q->skip)
                continue;
            if (out)
                out[n] = num;
            n++;
        }
    }
    return n;
}

int dir_index_search(struct dir_index *ix, const struct dir_query *q, int64_t now_ms, struct dir_hits *hits)
{
    struct sets s = {.ix = ix, .words = dir_index_top(ix) / WORD + 1};
    size_t n;

    *hits = (struct dir_hits){0};
    s.all = calloc(3 * s.words, sizeof *s.all);
    if (!s.all)
        return -ENOMEM;
    s.clause = s.all + s.words;
    s.value = s.clause + s.words;
    run(&s, q);
    n = collect(&s, q, now_ms, NULL);
    hits->nums = reallocarray(NULL, n ? n : 1, sizeof *hits->nums);
    if (hits->nums) {
        hits->n = collect(&s, q, now_ms, hits->nums);
        dir_index_know(ix, hits);
    }
    free(s.all);
    return hits->nums ? 0 : -ENOMEM;
}

struct dir_rec *dir_hits_next(const struct dir_index *ix, struct dir_hits *hits, int64_t now_ms)
{
    while (hits->at < hits->n) {
        uint32_t num = hits->nums[hits->at++];

        if (visible(ix, num, now_ms))
            return dir_index_at(ix, num);
    }
    return NULL;
}

void dir_hits_fini(struct dir_hits *hits)
{
    if (hits->nums)
        ps_list_remove(&hits->node);
    free(hits->nums);
    hits->nums = NULL;
}
