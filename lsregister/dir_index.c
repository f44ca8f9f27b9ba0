// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_index.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_map.h"
#include "lsregister/dir_lease.h"
#include "lsregister/dir_terms.h"
#include "lsregister/dir_uuid.h"

#define SLACK 65536 // places that may be empty before all are given new ones

struct dir_index {
    struct dir_terms *terms;
    struct dir_rec **at; // by place; NULL: gone
    uint32_t top, cap, live;
    struct ps_map by_uuid, by_identity;
    struct ps_list hits;
};

int dir_index_new(struct dir_index **out)
{
    struct dir_index *ix = calloc(1, sizeof *ix);
    int err = ix ? dir_terms_new(&ix->terms) : -ENOMEM;

    if (ix)
        ps_list_init(&ix->hits);
    if (!err)
        err = ps_map_init(&ix->by_uuid, DIR_UUID);
    if (!err)
        err = ps_map_init(&ix->by_identity, DIR_IDENTITY);
    if (err) {
        dir_index_free(ix);
        return err;
    }
    *out = ix;
    return 0;
}

static void rec_free(struct dir_rec *rec)
{
    if (!rec)
        return;
    free(rec->token);
    free(rec->way);
    free(rec);
}

void dir_index_free(struct dir_index *ix)
{
    if (!ix)
        return;
    for (uint32_t i = 0; i < ix->top; i++)
        rec_free(ix->at[i]);
    free(ix->at);
    ps_map_fini(&ix->by_uuid);
    ps_map_fini(&ix->by_identity);
    dir_terms_free(ix->terms);
    free(ix);
}

size_t dir_index_count(const struct dir_index *ix)
{
    return ix->live;
}

uint32_t dir_index_top(const struct dir_index *ix)
{
    return ix->top;
}

struct dir_rec *dir_index_at(const struct dir_index *ix, uint32_t num)
{
    return ix->at[num];
}

const struct dir_terms *dir_index_terms(const struct dir_index *ix)
{
    return ix->terms;
}

void dir_index_know(struct dir_index *ix, struct dir_hits *hits)
{
    ps_list_append(&ix->hits, &hits->node);
}

// --- places

static void renumber_hits(struct dir_hits *hits, const uint32_t *to)
{
    size_t n = 0, at = 0;

    for (size_t i = 0; i < hits->n; i++) {
        if (i == hits->at)
            at = n;
        if (to[hits->nums[i]] != UINT32_MAX)
            hits->nums[n++] = to[hits->nums[i]];
    }
    hits->at = hits->at == hits->n ? n : at;
    hits->n = n;
}

// Empty places go, the order stays. Without memory for that it waits for another time.
static void close_ranks(struct dir_index *ix)
{
    uint32_t *to = ix->top > 2 * ix->live + SLACK ? reallocarray(NULL, ix->top, sizeof *to) : NULL;
    uint32_t n = 0;

    if (!to)
        return;
    for (uint32_t i = 0; i < ix->top; i++) {
        struct dir_rec *rec = ix->at[i];

        to[i] = rec ? n : UINT32_MAX;
        if (!rec)
            continue;
        rec->num = n;
        ix->at[n++] = rec;
    }
    ix->top = n;
    dir_terms_renumber(ix->terms, to);
    PS_LIST_EACH(it, &ix->hits)
        renumber_hits(PS_CONTAINER(it, struct dir_hits, node), to);
    free(to);
}

static int make_place(struct dir_index *ix)
{
    uint32_t cap = ix->cap ? ix->cap + ix->cap / 2 : 1024;
    struct dir_rec **at;

    close_ranks(ix);
    if (ix->top < ix->cap)
        return 0;
    at = reallocarray(ix->at, cap, sizeof(struct dir_rec *));
    if (!at)
        return -ENOMEM;
    ix->at = at;
    ix->cap = cap;
    return 0;
}

// --- in and out

static void drop_terms(struct dir_index *ix, struct dir_rec *rec)
{
    for (uint16_t i = 0; i < rec->nterms; i++)
        dir_terms_drop(ix->terms, rec->terms[i]);
    rec->nterms = 0;
}

// A value that comes twice in a record is one term that it has twice.
static int add_terms(struct dir_index *ix, struct dir_rec *rec, const struct dir_draft *d)
{
    int err = 0;

    for (size_t i = 0; !err && i < d->n; i++) {
        err = dir_terms_add(ix->terms, d->pairs[i].key, d->pairs[i].value, rec->num, &rec->terms[i]);
        if (!err)
            rec->nterms++;
        if (!err && d->pairs[i].value == d->type)
            rec->type = rec->terms[i];
    }
    if (err)
        drop_terms(ix, rec);
    return err;
}

static int enter(struct dir_index *ix, struct dir_rec *rec, const struct dir_draft *d)
{
    int err = add_terms(ix, rec, d);

    if (err)
        return err;
    err = ps_map_put(&ix->by_uuid, rec->uuid, rec);
    if (!err)
        err = ps_map_put(&ix->by_identity, rec->identity, rec);
    if (!err)
        return 0;
    (void)ps_map_take(&ix->by_uuid, rec->uuid);
    drop_terms(ix, rec);
    return err;
}

int dir_index_add(struct dir_index *ix, const struct dir_draft *d, const uint8_t uuid[DIR_UUID],
                  struct dir_rec **out)
{
    struct dir_rec *rec;
    int err = make_place(ix);

    if (!err && ps_map_get(&ix->by_uuid, uuid))
        err = PS_EDUPLICATE;
    if (err)
        return err;
    rec = calloc(1, sizeof *rec + d->n * sizeof rec->terms[0]);
    if (!rec)
        return -ENOMEM;
    memcpy(rec->uuid, uuid, DIR_UUID);
    memcpy(rec->identity, d->identity, DIR_IDENTITY);
    rec->ttl_s = dir_lease_kept(d->ttl_s);
    rec->num = ix->top;
    err = enter(ix, rec, d);
    if (err) {
        free(rec);
        return err;
    }
    ix->at[ix->top++] = rec;
    ix->live++;
    *out = rec;
    return 0;
}

void dir_index_remove(struct dir_index *ix, struct dir_rec *rec)
{
    if (ps_map_get(&ix->by_identity, rec->identity) == rec)
        (void)ps_map_take(&ix->by_identity, rec->identity);
    (void)ps_map_take(&ix->by_uuid, rec->uuid);
    ix->at[rec->num] = NULL;
    ix->live--;
    drop_terms(ix, rec);
    rec_free(rec);
}

// --- look-ups

struct dir_rec *dir_index_by_uuid(const struct dir_index *ix, const uint8_t uuid[DIR_UUID])
{
    return ps_map_get(&ix->by_uuid, uuid);
}

struct dir_rec *dir_index_by_identity(const struct dir_index *ix, const uint8_t identity[DIR_IDENTITY])
{
    return ps_map_get(&ix->by_identity, identity);
}

struct dir_rec *dir_index_by_path(const struct dir_index *ix, const char *type, const char *uuid)
{
    uint8_t octets[DIR_UUID];
    struct dir_rec *rec = dir_uuid_parse(uuid, octets) == 0 ? dir_index_by_uuid(ix, octets) : NULL;

    return rec && !rec->pending && strcmp(dir_terms_value(ix->terms, rec->type), type) == 0 ? rec : NULL;
}

struct dir_rec *dir_index_by_uri(const struct dir_index *ix, const char *uri)
{
    char type[DIR_TYPE_MAX + 1];
    const char *slash, *host = strstr(uri, "://");
    size_t len;

    if (host)
        uri = strchr(host + 3, '/') ? strchr(host + 3, '/') : "";
    uri += strspn(uri, "/");
    if (strncmp(uri, "lookup/", 7) != 0)
        return NULL;
    uri += 7;
    slash = strchr(uri, '/');
    len = slash ? (size_t)(slash - uri) : sizeof type;
    if (len >= sizeof type)
        return NULL;
    memcpy(type, uri, len);
    type[len] = '\0';
    return dir_index_by_path(ix, type, slash + 1);
}

size_t dir_index_ended(const struct dir_index *ix, uint32_t *at, int64_t ms, struct dir_rec **out, size_t max)
{
    size_t n = 0;

    for (; *at < ix->top && n < max; (*at)++) {
        struct dir_rec *rec = ix->at[*at];

        if (rec && !rec->pending && !rec->leaving && rec->expires_ms <= ms)
            out[n++] = rec;
    }
    return n;
}

struct dir_rec *dir_index_each(const struct dir_index *ix, uint32_t *at)
{
    while (*at < ix->top) {
        struct dir_rec *rec = ix->at[(*at)++];

        if (rec)
            return rec;
    }
    return NULL;
}

// --- of a record

const char *dir_index_uri(const struct dir_index *ix, const struct dir_rec *rec, char out[DIR_URI_MAX])
{
    char *end = stpcpy(stpcpy(out, "lookup/"), dir_terms_value(ix->terms, rec->type));

    *end++ = '/';
    dir_uuid_text(rec->uuid, end);
    return out;
}

const char *dir_index_value(const struct dir_index *ix, const struct dir_rec *rec, const char *key)
{
    for (uint16_t i = 0; i < rec->nterms; i++)
        if (strcmp(dir_terms_key(ix->terms, rec->terms[i]), key) == 0)
            return dir_terms_value(ix->terms, rec->terms[i]);
    return NULL;
}

// The values of the key that term i is of; where the next key begins.
static uint16_t write_array(const struct dir_index *ix, const struct dir_rec *rec, uint16_t i,
                            struct ps_json *j)
{
    uint32_t first = rec->terms[i];

    ps_json_put_open(j, dir_terms_key(ix->terms, first), '[');
    for (; i < rec->nterms && dir_terms_same_key(ix->terms, first, rec->terms[i]); i++) {
        const char *value = dir_terms_value(ix->terms, rec->terms[i]);

        if (value)
            ps_json_str(j, value);
    }
    ps_json_close(j, ']');
    return i;
}

static void write_ttl(const struct dir_rec *rec, struct ps_json *j)
{
    char text[DIR_LEASE_TEXT];

    if (rec->ttl_s == DIR_TTL_NONE)
        return;
    ps_json_put_open(j, "ttl", '[');
    if (rec->ttl_s != DIR_TTL_EMPTY)
        ps_json_str(j, dir_lease_text(rec->ttl_s, text));
    ps_json_close(j, ']');
}

static const char *state_of(const struct dir_rec *rec)
{
    return rec->renewed ? "renewed" : "registered";
}

void dir_index_write(const struct dir_index *ix, const struct dir_rec *rec, const char *state,
                     struct ps_json *j)
{
    char uri[DIR_URI_MAX], at[DIR_TIME_TEXT];

    for (uint16_t i = 0; i < rec->nterms;)
        i = write_array(ix, rec, i, j);
    ps_json_put_str(j, "uri", dir_index_uri(ix, rec, uri));
    ps_json_put_str(j, "expires", dir_lease_time(rec->expires_ms, at));
    ps_json_put_str(j, "state", state ? state : state_of(rec));
    write_ttl(rec, j);
}

static bool write_own(const struct dir_index *ix, const struct dir_rec *rec, const char *key,
                      struct ps_json *j)
{
    char uri[DIR_URI_MAX], at[DIR_TIME_TEXT];

    if (strcmp(key, "uri") == 0)
        ps_json_put_str(j, "uri", dir_index_uri(ix, rec, uri));
    else if (strcmp(key, "expires") == 0)
        ps_json_put_str(j, "expires", dir_lease_time(rec->expires_ms, at));
    else if (strcmp(key, "state") == 0)
        ps_json_put_str(j, "state", state_of(rec));
    else if (strcmp(key, "ttl") == 0 && rec->ttl_s != DIR_TTL_NONE)
        write_ttl(rec, j);
    else
        return false;
    return true;
}

bool dir_index_write_key(const struct dir_index *ix, const struct dir_rec *rec, const char *key,
                         struct ps_json *j)
{
    for (uint16_t i = 0; i < rec->nterms; i++) {
        if (strcmp(dir_terms_key(ix->terms, rec->terms[i]), key) != 0)
            continue;
        (void)write_array(ix, rec, i, j);
        return true;
    }
    return write_own(ix, rec, key, j);
}
