// SPDX-License-Identifier: Apache-2.0
#include "lsregister/record.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

void record_fini(struct record *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->keys[i].name);
        words_fini(&r->keys[i].values);
    }
    free(r->keys);
    *r = (struct record){0};
}

// keys

// Where the key stands, or would stand.
static size_t place_of(const struct record *r, const char *key, bool *there)
{
    size_t low = 0, high = r->n;
    *there = false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int way = strcmp(r->keys[mid].name, key);
        if (way == 0) {
            *there = true;
            return mid;
        }
        if (way < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct words *make_key(struct record *r, const char *key)
{
    bool there;
    size_t at = place_of(r, key, &there);
    if (there)
        return &r->keys[at].values;
    struct record_key *keys = realloc(r->keys, (r->n + 1) * sizeof *keys);
    if (!keys)
        return NULL;
    r->keys = keys;
    char *name = strdup(key);
    if (!name)
        return NULL;
    memmove(keys + at + 1, keys + at, (r->n - at) * sizeof *keys);
    keys[at] = (struct record_key){.name = name};
    r->n++;
    return &keys[at].values;
}

int record_add(struct record *r, const char *key, const char *value)
{
    struct words *w = make_key(r, key);
    return w ? words_add_new(w, value) : -ENOMEM;
}

int record_addf(struct record *r, const char *key, const char *fmt, ...)
{
    char *text;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return -ENOMEM;
    int err = record_add(r, key, text);
    free(text);
    return err;
}

int record_set(struct record *r, const char *key, const char *value)
{
    struct words *w = make_key(r, key);
    if (!w)
        return -ENOMEM;
    words_fini(w);
    return words_add(w, value);
}

int record_put(struct record *r, const char *key, const struct words *values)
{
    struct words *w = make_key(r, key);
    if (!w)
        return -ENOMEM;
    words_fini(w);
    return words_copy(w, values);
}

void record_drop(struct record *r, const char *key)
{
    bool there;
    size_t at = place_of(r, key, &there);
    if (!there)
        return;
    free(r->keys[at].name);
    words_fini(&r->keys[at].values);
    r->n--;
    memmove(r->keys + at, r->keys + at + 1, (r->n - at) * sizeof *r->keys);
}

const struct words *record_all(const struct record *r, const char *key)
{
    bool there;
    size_t at = place_of(r, key, &there);
    return there ? &r->keys[at].values : NULL;
}

const char *record_get(const struct record *r, const char *key)
{
    const struct words *w = record_all(r, key);
    return w && w->n ? w->at[0] : NULL;
}

bool record_has(const struct record *r, const char *key, const char *value)
{
    const struct words *w = record_all(r, key);
    return w && words_has(w, value);
}

int record_inherit(struct record *to, const struct record *from)
{
    int err = 0;
    for (size_t i = 0; i < from->n && !err; i++)
        if (!record_all(to, from->keys[i].name))
            err = record_put(to, from->keys[i].name, &from->keys[i].values);
    return err;
}

int record_copy(struct record *to, const struct record *from)
{
    return record_inherit(to, from);
}

// comparing

bool record_is_outer(const char *key)
{
    return key[0] == '_' || strcmp(key, "ttl") == 0 || strcmp(key, "expires") == 0 ||
           strcmp(key, "uri") == 0 || strcmp(key, "state") == 0;
}

bool record_covers(const struct record *a, const struct record *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct record_key *k = &b->keys[i];
        for (size_t v = 0; v < k->values.n && !record_is_outer(k->name); v++)
            if (!record_has(a, k->name, k->values.at[v]))
                return false;
    }
    return true;
}

bool record_same(const struct record *a, const struct record *b)
{
    return record_covers(a, b) && record_covers(b, a);
}

// FNV-1a, the NUL included so that texts that follow each other do not run together.
static uint64_t sum_text(uint64_t h, const char *text)
{
    do {
        h = (h ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    } while (*text++);
    return h;
}

uint64_t record_sum(const struct record *r)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < r->n; i++) {
        const struct record_key *k = &r->keys[i];
        uint64_t values = 0;
        if (record_is_outer(k->name) || k->values.n == 0)
            continue;
        // Added up, so that their order makes no difference.
        for (size_t v = 0; v < k->values.n; v++)
            values += sum_text(UINT64_C(0x9ae16a3b2f90404f), k->values.at[v]);
        sum = sum_text(sum, k->name);
        sum = (sum ^ values) * UINT64_C(0x100000001b3);
        sum ^= sum >> 29;
    }
    return sum;
}

// JSON

static int read_value(struct record *r, const char *key, struct ps_jnode n)
{
    const char *text;
    int err = ps_jnode_str(n, 0, RECORD_OCTETS, &text, NULL);
    if (err == PS_ERANGE)
        return PS_ELIMIT;
    return err ? 0 : record_add(r, key, text);
}

static int read_key(struct record *r, struct ps_jnode n)
{
    int err = 0;
    if (ps_jnode_type(n) != PS_JTYPE_ARRAY)
        return read_value(r, ps_jnode_key(n), n);
    if (ps_jnode_count(n) > RECORD_VALUES)
        return PS_ELIMIT;
    for (struct ps_jnode v = ps_jnode_first(n); ps_jnode_there(v) && !err; v = ps_jnode_next(v))
        err = read_value(r, ps_jnode_key(n), v);
    return err;
}

int record_read(struct record *r, struct ps_jnode n)
{
    int err = 0;
    if (ps_jnode_type(n) != PS_JTYPE_OBJECT)
        return PS_EMALFORMED;
    if (ps_jnode_count(n) > RECORD_KEYS)
        return PS_ELIMIT;
    for (struct ps_jnode m = ps_jnode_first(n); ps_jnode_there(m) && !err; m = ps_jnode_next(m))
        err = read_key(r, m);
    return err;
}

void record_write_keys(const struct record *r, struct ps_json *j)
{
    for (size_t i = 0; i < r->n; i++) {
        ps_json_put_open(j, r->keys[i].name, '[');
        for (size_t v = 0; v < r->keys[i].values.n; v++)
            ps_json_str(j, r->keys[i].values.at[v]);
        ps_json_close(j, ']');
    }
}

void record_write(const struct record *r, struct ps_json *j)
{
    ps_json_open(j, '{');
    record_write_keys(r, j);
    ps_json_close(j, '}');
}
