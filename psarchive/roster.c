// SPDX-License-Identifier: Apache-2.0
#include "psarchive/roster.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 16384 // a power of two; a later one takes the place of an earlier one

struct entry {
    uint8_t digest[ROSTER_DIGEST];
    const struct meta *meta; // a reference is held; NULL: the slot is free
};

struct roster {
    struct catalog *catalog;
    pthread_mutex_t mutex;
    struct entry at[SLOTS];
};

int roster_new(struct roster **out, struct catalog *c)
{
    struct roster *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    r->catalog = c;
    pthread_mutex_init(&r->mutex, NULL);
    *out = r;
    return 0;
}

void roster_free(struct roster *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        meta_unref(r->at[i].meta);
    pthread_mutex_destroy(&r->mutex);
    free(r);
}

static struct entry *slot_of(struct roster *r, const uint8_t digest[ROSTER_DIGEST])
{
    uint32_t first;
    memcpy(&first, digest, sizeof first);
    return &r->at[first % SLOTS];
}

const struct meta *roster_find(struct roster *r, const uint8_t digest[ROSTER_DIGEST])
{
    const struct meta *m = NULL;
    pthread_mutex_lock(&r->mutex);
    const struct entry *e = slot_of(r, digest);
    if (e->meta != NULL && memcmp(e->digest, digest, ROSTER_DIGEST) == 0)
        m = meta_ref(e->meta);
    pthread_mutex_unlock(&r->mutex);
    return m;
}

const struct meta *roster_note(struct roster *r, const uint8_t digest[ROSTER_DIGEST],
                               const struct es_reg *reg)
{
    uint8_t hash[32];
    struct meta *m = registration_hash(reg, hash) == 0 ? catalog_find_hash(r->catalog, hash) : NULL;
    if (m == NULL)
        return NULL;
    pthread_mutex_lock(&r->mutex);
    struct entry *e = slot_of(r, digest);
    const struct meta *before = e->meta;
    memcpy(e->digest, digest, ROSTER_DIGEST);
    e->meta = meta_ref(m);
    pthread_mutex_unlock(&r->mutex);
    meta_unref(before);
    return m;
}

// --- streams

static void want(struct filter *f, const char *key, const char *value)
{
    struct filter_param *p = &f->params[f->nparams];
    if (value == NULL)
        return;
    *p = (struct filter_param){.key = key, .values = {value}, .nvalues = 1};
    f->nparams++;
}

static bool is_later(const struct meta *m, const struct meta *than)
{
    if (than == NULL)
        return true;
    int64_t a = meta_updated(m, -1), b = meta_updated(than, -1);
    return a != b ? a > b : m->id > than->id;
}

const struct meta *roster_stream(struct roster *r, const char *stream, const char *source,
                                 const char *destination)
{
    struct filter f = {.by_event = true, .event = es_event_find("failures")};
    const struct meta *found, *best = NULL;
    struct search search;
    want(&f, "psuite-stream", stream);
    want(&f, "tool-name", "powstream");
    want(&f, "subject-type", "point-to-point");
    want(&f, "input-source", source);
    want(&f, "input-destination", destination);
    search_begin(&search, r->catalog, &f);
    while (search_next(&search, &found, 1) > 0) {
        const struct meta *worse = is_later(found, best) ? best : found;
        best = worse == best ? found : best;
        meta_unref(worse);
    }
    return best;
}
