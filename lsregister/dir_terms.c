// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_terms.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_hash.h"
#include "base/ps_rand.h"
#include "lsregister/dir_query.h"

#define KEY_CHAINS 1024
#define CHAINS_MIN 1024
#define FOLDED 256 // octets of a value that its hash is of

struct term {
    uint32_t key;   // number of its key
    uint32_t place; // in the key's list
    uint32_t next;  // term in the same chain, + 1
    uint32_t live;  // records that have it
    uint32_t n;     // numbers in the list: the allocation is of the next power of two
    bool none;      // an empty array
    union {
        uint32_t one; // when n is 1
        uint32_t *many;
    } records;
    char text[];
};

struct key {
    struct key *next; // in the same chain
    uint32_t number;
    uint32_t n, cap;
    uint32_t *terms; // that it has, in any order
    char name[];
};

struct dir_terms {
    uint64_t seed;
    struct term **terms; // by number; NULL: free
    uint32_t nterms, terms_cap, live;
    uint32_t *free_terms; // numbers to be used again
    uint32_t nfree;
    uint32_t *chains; // the first term of each, + 1
    uint32_t nchains; // a power of two
    struct key *keys[KEY_CHAINS];
    struct key **by_number;
    uint32_t nkeys;
};

int dir_terms_new(struct dir_terms **out)
{
    struct dir_terms *t = calloc(1, sizeof *t);
    int err = t ? ps_rand_bytes(&t->seed, sizeof t->seed) : -ENOMEM;

    if (!err) {
        t->nchains = CHAINS_MIN;
        t->chains = calloc(t->nchains, sizeof *t->chains);
        t->by_number = calloc(DIR_KEYS_ALL, sizeof(struct key *));
        err = t->chains && t->by_number ? 0 : -ENOMEM;
    }
    if (err) {
        dir_terms_free(t);
        return err;
    }
    *out = t;
    return 0;
}

static void term_free(struct term *term)
{
    if (term && term->n > 1)
        free(term->records.many);
    free(term);
}

void dir_terms_free(struct dir_terms *t)
{
    if (!t)
        return;
    for (uint32_t i = 0; i < t->nterms; i++)
        term_free(t->terms[i]);
    for (uint32_t i = 0; t->by_number && i < DIR_KEYS_ALL; i++) {
        if (t->by_number[i])
            free(t->by_number[i]->terms);
        free(t->by_number[i]);
    }
    free(t->terms);
    free(t->free_terms);
    free(t->chains);
    free(t->by_number);
    free(t);
}

// --- keys

static struct key **key_chain(struct dir_terms *t, const char *name)
{
    return &t->keys[ps_hash(t->seed, name, strlen(name)) % KEY_CHAINS];
}

static struct key *key_find(const struct dir_terms *t, const char *name)
{
    struct key *k = t->keys[ps_hash(t->seed, name, strlen(name)) % KEY_CHAINS];

    while (k && strcmp(k->name, name) != 0)
        k = k->next;
    return k;
}

static uint32_t key_number(const struct dir_terms *t)
{
    uint32_t n = 0;

    while (t->by_number[n])
        n++;
    return n;
}

static int key_get(struct dir_terms *t, const char *name, struct key **out)
{
    size_t len = strlen(name);
    struct key **chain, *k = key_find(t, name);

    if (!k && t->nkeys == DIR_KEYS_ALL)
        return PS_ERANGE;
    if (!k) {
        k = calloc(1, sizeof *k + len + 1);
        if (!k)
            return -ENOMEM;
        memcpy(k->name, name, len + 1);
        chain = key_chain(t, name);
        k->next = *chain;
        *chain = k;
        k->number = key_number(t);
        t->by_number[k->number] = k;
        t->nkeys++;
    }
    *out = k;
    return 0;
}

// Of a key without terms.
static void key_drop(struct dir_terms *t, struct key *k)
{
    struct key **at = key_chain(t, k->name);

    while (*at != k)
        at = &(*at)->next;
    *at = k->next;
    t->by_number[k->number] = NULL;
    t->nkeys--;
    free(k->terms);
    free(k);
}

static int key_enter(struct key *k, struct term *term, uint32_t number)
{
    if (k->n == k->cap) {
        uint32_t cap = k->cap ? k->cap + k->cap / 2 + 1 : 4;
        uint32_t *terms = reallocarray(k->terms, cap, sizeof *terms);

        if (!terms)
            return -ENOMEM;
        k->terms = terms;
        k->cap = cap;
    }
    term->place = k->n;
    k->terms[k->n++] = number;
    return 0;
}

static void key_leave(struct dir_terms *t, struct key *k, const struct term *term)
{
    uint32_t last = k->terms[--k->n];

    k->terms[term->place] = last;
    t->terms[last]->place = term->place;
}

// --- chains

// Of the key and the beginning of the value in lower case.
static uint64_t hash_of(const struct dir_terms *t, const struct key *k, const char *value)
{
    unsigned char folded[FOLDED];
    size_t n = strnlen(value, sizeof folded);

    for (size_t i = 0; i < n; i++)
        folded[i] = dir_query_fold((unsigned char)value[i]);
    return ps_hash(t->seed + k->number, folded, n);
}

static uint32_t *chain_of(const struct dir_terms *t, const struct key *k, const char *value)
{
    return &t->chains[hash_of(t, k, value) & (t->nchains - 1)];
}

static void enchain(struct dir_terms *t, uint32_t number)
{
    struct term *term = t->terms[number];
    uint32_t *chain = chain_of(t, t->by_number[term->key], term->text);

    term->next = *chain;
    *chain = number + 1;
}

static void unchain(struct dir_terms *t, uint32_t number)
{
    struct term *term = t->terms[number];
    uint32_t *at = chain_of(t, t->by_number[term->key], term->text);

    while (*at != number + 1)
        at = &t->terms[*at - 1]->next;
    *at = term->next;
}

// As many chains as terms. Without memory for them they only become longer.
static void widen(struct dir_terms *t)
{
    uint32_t *chains = t->live > t->nchains ? calloc((size_t)t->nchains * 2, sizeof *chains) : NULL;

    if (!chains)
        return;
    free(t->chains);
    t->chains = chains;
    t->nchains *= 2;
    for (uint32_t i = 0; i < t->nterms; i++)
        if (t->terms[i])
            enchain(t, i);
}

// --- terms

static struct term *exact(const struct dir_terms *t, const struct key *k, const char *value, uint32_t *number)
{
    uint32_t at = *chain_of(t, k, value ? value : "");

    for (; at; at = t->terms[at - 1]->next) {
        struct term *term = t->terms[at - 1];

        if (term->key == k->number && term->none == !value && strcmp(term->text, value ? value : "") == 0) {
            *number = at - 1;
            return term;
        }
    }
    return NULL;
}

static int grow(struct dir_terms *t)
{
    uint32_t cap = t->terms_cap ? t->terms_cap + t->terms_cap / 2 : CHAINS_MIN;
    struct term **terms = reallocarray(t->terms, cap, sizeof(struct term *));
    uint32_t *free_terms;

    if (!terms)
        return -ENOMEM;
    t->terms = terms;
    free_terms = reallocarray(t->free_terms, cap, sizeof *free_terms);
    if (!free_terms)
        return -ENOMEM;
    t->free_terms = free_terms;
    t->terms_cap = cap;
    return 0;
}

static int make(struct dir_terms *t, struct key *k, const char *value, uint32_t *number)
{
    size_t len = value ? strlen(value) : 0;
    struct term *term;
    int err = t->nfree == 0 && t->nterms == t->terms_cap ? grow(t) : 0;

    if (err)
        return err;
    term = calloc(1, sizeof *term + len + 1);
    if (!term)
        return -ENOMEM;
    term->key = k->number;
    term->none = !value;
    memcpy(term->text, value ? value : "", len);
    *number = t->nfree ? t->free_terms[t->nfree - 1] : t->nterms;
    err = key_enter(k, term, *number);
    if (err) {
        free(term);
        return err;
    }
    if (t->nfree)
        t->nfree--;
    else
        t->nterms++;
    t->terms[*number] = term;
    t->live++;
    enchain(t, *number);
    widen(t);
    return 0;
}

static void unmake(struct dir_terms *t, uint32_t number)
{
    struct term *term = t->terms[number];
    struct key *k = t->by_number[term->key];

    unchain(t, number);
    key_leave(t, k, term);
    if (k->n == 0)
        key_drop(t, k);
    term_free(term);
    t->terms[number] = NULL;
    t->free_terms[t->nfree++] = number;
    t->live--;
}

static int append(struct term *term, uint32_t num)
{
    uint32_t *many;

    if (term->n == 0) {
        term->records.one = num;
    } else if ((term->n & (term->n - 1)) == 0) {
        many = reallocarray(term->n > 1 ? term->records.many : NULL, (size_t)term->n * 2, sizeof *many);
        if (!many)
            return -ENOMEM;
        if (term->n == 1)
            many[0] = term->records.one;
        term->records.many = many;
    }
    if (term->n)
        term->records.many[term->n] = num;
    term->n++;
    return 0;
}

int dir_terms_add(struct dir_terms *t, const char *key, const char *value, uint32_t num, uint32_t *number)
{
    struct key *k;
    const struct term *term;
    int err = key_get(t, key, &k);

    if (err)
        return err;
    term = exact(t, k, value, number);
    if (!term)
        err = make(t, k, value, number);
    if (err) {
        if (k->n == 0)
            key_drop(t, k);
        return err;
    }
    err = append(t->terms[*number], num);
    if (!err)
        t->terms[*number]->live++;
    else if (!term)
        unmake(t, *number);
    return err;
}

void dir_terms_drop(struct dir_terms *t, uint32_t number)
{
    if (--t->terms[number]->live == 0)
        unmake(t, number);
}

const char *dir_terms_key(const struct dir_terms *t, uint32_t number)
{
    return t->by_number[t->terms[number]->key]->name;
}

const char *dir_terms_value(const struct dir_terms *t, uint32_t number)
{
    return t->terms[number]->none ? NULL : t->terms[number]->text;
}

bool dir_terms_same_key(const struct dir_terms *t, uint32_t a, uint32_t b)
{
    return t->terms[a]->key == t->terms[b]->key;
}

const uint32_t *dir_terms_records(const struct dir_terms *t, uint32_t number, size_t *n)
{
    const struct term *term = t->terms[number];

    *n = term->n;
    return term->n > 1 ? term->records.many : &term->records.one;
}

size_t dir_terms_count(const struct dir_terms *t)
{
    return t->live;
}

// --- looking

static int find_pattern(const struct dir_terms *t, const struct key *k, const char *value,
                        int (*each)(void *ctx, uint32_t term), void *ctx)
{
    int err = 0;

    for (uint32_t i = 0; !err && i < k->n; i++) {
        const struct term *term = t->terms[k->terms[i]];

        if (!term->none && dir_query_fits(value, term->text))
            err = each(ctx, k->terms[i]);
    }
    return err;
}

int dir_terms_find(const struct dir_terms *t, const char *key, const char *value,
                   int (*each)(void *ctx, uint32_t term), void *ctx)
{
    const struct key *k = key_find(t, key);
    int err = 0;

    if (!k)
        return 0;
    if (dir_query_is_pattern(value))
        return find_pattern(t, k, value, each, ctx);
    for (uint32_t at = *chain_of(t, k, value); !err && at; at = t->terms[at - 1]->next) {
        const struct term *term = t->terms[at - 1];

        if (term->key == k->number && !term->none && dir_query_fits(value, term->text))
            err = each(ctx, at - 1);
    }
    return err;
}

// --- new numbers

static uint32_t room(uint32_t n)
{
    uint32_t cap = 1;

    while (cap < n)
        cap *= 2;
    return cap;
}

// The list has been shortened from `was` numbers.
static void shrink(struct term *term, uint32_t was)
{
    uint32_t *many, *old = was > 1 ? term->records.many : NULL;

    if (term->n == was || !old)
        return;
    if (term->n == 1) {
        term->records.one = old[0];
        free(old);
    } else if (room(term->n) < room(was)) {
        many = reallocarray(old, room(term->n), sizeof *many);
        if (many)
            term->records.many = many;
    }
}

void dir_terms_renumber(struct dir_terms *t, const uint32_t *to)
{
    for (uint32_t i = 0; i < t->nterms; i++) {
        struct term *term = t->terms[i];
        uint32_t *list, was, n = 0;

        if (!term)
            continue;
        was = term->n;
        list = was > 1 ? term->records.many : &term->records.one;
        for (uint32_t k = 0; k < was; k++)
            if (to[list[k]] != UINT32_MAX)
                list[n++] = to[list[k]];
        term->n = n;
        shrink(term, was);
    }
}
