// SPDX-License-Identifier: Apache-2.0
#include "psarchive/catalog.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_map.h"
#include "base/ps_num.h"

#define HELD_MAX 64 // metas looked at before others may change the catalog

struct catalog {
    pthread_rwlock_t lock;
    struct meta **at; // in the order of keys
    size_t n, cap;
    struct ps_map hashes, ids;
};

int catalog_new(struct catalog **out)
{
    struct catalog *c = calloc(1, sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    int err = ps_map_init(&c->hashes, sizeof((struct meta *)0)->hash);
    if (err == 0)
        err = ps_map_init(&c->ids, sizeof(int64_t));
    if (err != 0) {
        free(c);
        return err;
    }
    pthread_rwlock_init(&c->lock, NULL);
    *out = c;
    return 0;
}

void catalog_free(struct catalog *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->n; i++)
        meta_unref(c->at[i]);
    free(c->at);
    ps_map_fini(&c->hashes);
    ps_map_fini(&c->ids);
    pthread_rwlock_destroy(&c->lock);
    free(c);
}

// --- look-up; with the lock

// The place of the first key that is not before this one.
static size_t place_of(const struct catalog *c, const uint8_t key[ES_REG_KEY_LEN])
{
    size_t low = 0, high = c->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (memcmp(c->at[mid]->key, key, ES_REG_KEY_LEN) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool is_at(const struct catalog *c, size_t place, const uint8_t key[ES_REG_KEY_LEN])
{
    return place < c->n && memcmp(c->at[place]->key, key, ES_REG_KEY_LEN) == 0;
}

struct meta *catalog_find(struct catalog *c, const char *key)
{
    uint8_t octets[ES_REG_KEY_LEN];
    struct meta *m = NULL;
    if (ps_num_hex(key, octets, ES_REG_KEY_LEN) != 0)
        return NULL;
    pthread_rwlock_rdlock(&c->lock);
    size_t place = place_of(c, octets);
    if (is_at(c, place, octets))
        m = meta_ref(c->at[place]);
    pthread_rwlock_unlock(&c->lock);
    return m;
}

static struct meta *find_in(struct catalog *c, const struct ps_map *map, const void *key)
{
    pthread_rwlock_rdlock(&c->lock);
    struct meta *m = ps_map_get(map, key);
    if (m != NULL)
        m = meta_ref(m);
    pthread_rwlock_unlock(&c->lock);
    return m;
}

struct meta *catalog_find_hash(struct catalog *c, const uint8_t hash[32])
{
    return find_in(c, &c->hashes, hash);
}

struct meta *catalog_find_id(struct catalog *c, int64_t id)
{
    return find_in(c, &c->ids, &id);
}

size_t catalog_count(struct catalog *c)
{
    pthread_rwlock_rdlock(&c->lock);
    size_t n = c->n;
    pthread_rwlock_unlock(&c->lock);
    return n;
}

// --- changes

static int enter(struct catalog *c, struct meta *m)
{
    size_t place = place_of(c, m->key);
    if (is_at(c, place, m->key) || ps_map_get(&c->hashes, m->hash) != NULL)
        return PS_EDUPLICATE;
    if (c->n == c->cap) {
        size_t cap = c->cap == 0 ? 64 : 2 * c->cap;
        struct meta **at = realloc(c->at, cap * sizeof *at);
        if (at == NULL)
            return -ENOMEM;
        c->at = at;
        c->cap = cap;
    }
    if (ps_map_put(&c->hashes, m->hash, m) != 0)
        return -ENOMEM;
    if (ps_map_put(&c->ids, &m->id, m) != 0) {
        (void)ps_map_take(&c->hashes, m->hash);
        return -ENOMEM;
    }
    memmove(c->at + place + 1, c->at + place, (c->n - place) * sizeof *c->at);
    c->at[place] = meta_ref(m);
    c->n++;
    return 0;
}

int catalog_add(struct catalog *c, struct meta *m)
{
    pthread_rwlock_wrlock(&c->lock);
    int err = enter(c, m);
    pthread_rwlock_unlock(&c->lock);
    return err;
}

void catalog_remove(struct catalog *c, const struct meta *m)
{
    pthread_rwlock_wrlock(&c->lock);
    size_t place = place_of(c, m->key);
    if (is_at(c, place, m->key)) {
        struct meta *found = c->at[place];
        (void)ps_map_take(&c->hashes, found->hash);
        (void)ps_map_take(&c->ids, &found->id);
        memmove(c->at + place, c->at + place + 1, (c->n - place - 1) * sizeof *c->at);
        c->n--;
        meta_unref(found);
    }
    pthread_rwlock_unlock(&c->lock);
}

// --- search

static bool has_param(const struct meta *m, const struct filter_param *p)
{
    char key[2 * ES_REG_KEY_LEN + 1];
    const char *value = meta_get(m, p->key);
    if (strcmp(p->key, "metadata-key") == 0) {
        meta_key_text(m, key);
        value = key;
    }
    for (size_t i = 0; value != NULL && i < p->nvalues; i++)
        if (strcmp(value, p->values[i]) == 0)
            return true;
    return false;
}

static bool in_time(const struct filter *f, const struct meta *m, int event)
{
    int64_t at = f->by_time ? meta_updated(m, event) : 0;
    return !f->by_time || (at > 0 && at >= f->from && at <= f->to);
}

// An event type that is registered, with its base.
static bool event_matches(const struct filter *f, const struct meta *m, int event)
{
    bool base = (!f->by_summary || f->summary == ES_SUMMARY_BASE) && (!f->by_window || f->window == 0);
    return (!f->by_event || f->event == event) && base && in_time(f, m, event);
}

static bool summary_matches(const struct filter *f, const struct meta *m, const struct es_summary *s)
{
    return (!f->by_event || f->event == s->event) && (!f->by_summary || f->summary == s->type) &&
           (!f->by_window || f->window == s->window) && in_time(f, m, s->event);
}

static bool any_event_matches(const struct filter *f, const struct meta *m)
{
    for (size_t i = 0; i < m->nevents; i++)
        if (event_matches(f, m, m->event[i]))
            return true;
    for (size_t i = 0; i < m->nsummaries; i++)
        if (summary_matches(f, m, &m->summaries[i]))
            return true;
    return false;
}

bool filter_matches(const struct filter *f, const struct meta *m)
{
    for (size_t i = 0; i < f->nparams; i++)
        if (!has_param(m, &f->params[i]))
            return false;
    if (f->by_event || f->by_summary || f->by_window)
        return any_event_matches(f, m);
    return in_time(f, m, -1);
}

size_t catalog_matches(struct catalog *c, const struct filter *f)
{
    size_t n = 0;
    pthread_rwlock_rdlock(&c->lock);
    for (size_t i = 0; i < c->n; i++)
        n += filter_matches(f, c->at[i]);
    pthread_rwlock_unlock(&c->lock);
    return n;
}

void search_begin(struct search *s, struct catalog *c, const struct filter *f)
{
    *s = (struct search){.catalog = c, .filter = f};
}

static size_t look(struct search *s, const struct meta **out, size_t max)
{
    const struct catalog *c = s->catalog;
    size_t n = 0, place = s->begun ? place_of(c, s->after) : 0;
    if (s->begun && is_at(c, place, s->after))
        place++;
    for (; n < max && place < c->n; place++) {
        const struct meta *m = c->at[place];
        memcpy(s->after, m->key, ES_REG_KEY_LEN);
        s->begun = true;
        if (filter_matches(s->filter, m))
            out[n++] = meta_ref(m);
    }
    return n;
}

size_t search_next(struct search *s, const struct meta **out, size_t max)
{
    pthread_rwlock_rdlock(&s->catalog->lock);
    size_t n = look(s, out, max);
    pthread_rwlock_unlock(&s->catalog->lock);
    return n;
}

void search_skip(struct search *s, size_t offset)
{
    const struct meta *passed[HELD_MAX];
    while (offset > 0) {
        size_t n = search_next(s, passed, offset < HELD_MAX ? offset : HELD_MAX);
        if (n == 0)
            return;
        for (size_t i = 0; i < n; i++)
            meta_unref(passed[i]);
        offset -= n;
    }
}
