// SPDX-License-Identifier: Apache-2.0
// The directory's records in memory: found by their uri, by what they say, and by queries. What is here and what the
// store has are kept alike by who calls both. Pure.
#pragma once
#include <stdbool.h>
#include "base/ps_list.h"
#include "base/ps_out.h"
#include "lsregister/dir_draft.h"
#include "lsregister/dir_query.h"

#define DIR_UUID 16
#define DIR_TOKEN 32 // octets of a token's hash
#define DIR_URI_MAX (sizeof "lookup//" + DIR_TYPE_MAX + 36)

struct dir_rec {
    uint8_t uuid[DIR_UUID];
    uint8_t identity[DIR_IDENTITY];
    int64_t id;         // in the store
    int64_t expires_ms; // since 1970
    int32_t ttl_s;      // as it was asked for; DIR_TTL_NONE, DIR_TTL_EMPTY
    uint32_t num;       // its place; rises in the order of registration
    uint32_t type;      // term
    uint8_t *token;     // DIR_TOKEN octets; NULL: none
    char *way;          // of its lease (dir_way.h); NULL: its host's own
    bool renewed;
    bool pending; // the store does not have it yet: nobody sees it
    bool leaving; // the store is about to lose it
    bool upward;  // the upper server is to have it
    bool refused; // the upper server did not want it, which was told
    uint16_t nterms;
    uint32_t terms[];
};

struct dir_index;
int dir_index_new(struct dir_index **out);
void dir_index_free(struct dir_index *ix); // NULL is fine

// Enters a record of a draft, whose strings are copied. expires_ms, id, token, way and renewed are the caller's to set.
// token and way (malloc'd) become the record's. PS_ERANGE: too many different keys; PS_EDUPLICATE: the uuid is taken;
// -ENOMEM.
int dir_index_add(struct dir_index *ix, const struct dir_draft *d, const uint8_t uuid[DIR_UUID],
                  struct dir_rec **out);
void dir_index_remove(struct dir_index *ix, struct dir_rec *rec); // frees it
size_t dir_index_count(const struct dir_index *ix);
// NULL: there is none.
struct dir_rec *dir_index_by_uuid(const struct dir_index *ix, const uint8_t uuid[DIR_UUID]);
struct dir_rec *dir_index_by_identity(const struct dir_index *ix, const uint8_t identity[DIR_IDENTITY]);
// "lookup/TYPE/UUID", with or without a slash or a scheme and host in front. NULL: none of that uri, or none that
// anybody may see.
struct dir_rec *dir_index_by_uri(const struct dir_index *ix, const char *uri);
struct dir_rec *dir_index_by_path(const struct dir_index *ix, const char *type, const char *uuid);
// Up to max records from place *at on whose lease ended before ms; *at goes on. 0: that was all.
size_t dir_index_ended(const struct dir_index *ix, uint32_t *at, int64_t ms, struct dir_rec **out,
                       size_t max);
// All records, in their order: begin with *at = 0; NULL at the end. Nothing may change meanwhile.
struct dir_rec *dir_index_each(const struct dir_index *ix, uint32_t *at);

// --- of a record

const char *dir_index_uri(const struct dir_index *ix, const struct dir_rec *rec, char out[DIR_URI_MAX]);
// The first value of a key; NULL: it has none.
const char *dir_index_value(const struct dir_index *ix, const struct dir_rec *rec, const char *key);
// Its members into an object that is open: what was registered, then uri, expires, state and ttl, as upstream's
// clients want them. state: NULL for registered or renewed.
void dir_index_write(const struct dir_index *ix, const struct dir_rec *rec, const char *state,
                     struct ps_json *j);
// The values of one key, as they stand in the record. False: it has no such key, and nothing was written.
bool dir_index_write_key(const struct dir_index *ix, const struct dir_rec *rec, const char *key,
                         struct ps_json *j);

// --- queries

// What a query found, in the order of registration. Records that go meanwhile are left out.
struct dir_hits {
    uint32_t *nums;
    size_t n, at;
    struct ps_list node; // the index knows of it, and gives it new numbers
};
// Those that are met at now_ms. hits is to be given to dir_hits_fini when it went well. -ENOMEM.
int dir_index_search(struct dir_index *ix, const struct dir_query *q, int64_t now_ms, struct dir_hits *hits);
// The next; NULL: that was all.
struct dir_rec *dir_hits_next(const struct dir_index *ix, struct dir_hits *hits, int64_t now_ms);
void dir_hits_fini(struct dir_hits *hits);

// For queries (dir_search.c).
uint32_t dir_index_top(const struct dir_index *ix); // all places are below
struct dir_rec *dir_index_at(const struct dir_index *ix, uint32_t num);
const struct dir_terms *dir_index_terms(const struct dir_index *ix);
void dir_index_know(struct dir_index *ix, struct dir_hits *hits);
