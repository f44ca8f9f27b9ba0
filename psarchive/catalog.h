// SPDX-License-Identifier: Apache-2.0
// The metadata of an archive in memory: by key, by hash, and searched with esmond's filters.
// May be used by any thread. Order is that of the keys.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "psarchive/meta.h"

struct catalog;
int catalog_new(struct catalog **out);
void catalog_free(struct catalog *c);

// With a reference for the caller, or NULL.
struct meta *catalog_find(struct catalog *c, const char *key); // as text, case does not matter
struct meta *catalog_find_hash(struct catalog *c, const uint8_t hash[32]);
struct meta *catalog_find_id(struct catalog *c, int64_t id);
size_t catalog_count(struct catalog *c);

// --- search

#define FILTER_PARAMS_MAX 64
#define FILTER_ADDRESSES_MAX 16 // alternatives of one parameter

// A parameter that must have one of these values, compared as they are ("source", "tool-name", "ip-ttl", ...).
// "metadata-key" is one, too. Addresses are in the form that ps_addr_host gives them.
struct filter_param {
    const char *key;
    const char *values[FILTER_ADDRESSES_MAX];
    size_t nvalues;
};

// All zeros finds everything. event, summary and window must hold for the same event type and summary; times
// (inclusive) are compared with that event type's time-updated, or with the newest of any when none is asked for.
struct filter {
    struct filter_param params[FILTER_PARAMS_MAX];
    size_t nparams;
    bool by_event, by_summary, by_window, by_time;
    int event;
    enum es_summary_type summary;
    uint32_t window;
    int64_t from, to; // seconds since 1970; what was never written is never in them
};

bool filter_matches(const struct filter *f, const struct meta *m);
// How many there are.
size_t catalog_matches(struct catalog *c, const struct filter *f);

// A cursor over what matches. It holds nothing but its place: pull as slowly as you like. What is registered or
// purged meanwhile may or may not be seen; none is seen twice.
struct search {
    struct catalog *catalog;
    const struct filter *filter; // must live as long
    uint8_t after[ES_REG_KEY_LEN];
    bool begun;
};
void search_begin(struct search *s, struct catalog *c, const struct filter *f);
// Passes over the next `offset` that match.
void search_skip(struct search *s, size_t offset);
// Up to max of the next ones, each with a reference for the caller. How many; 0: no more.
size_t search_next(struct search *s, const struct meta **out, size_t max);

// --- changes, made by the writer's thread only

int catalog_add(struct catalog *c, struct meta *m); // takes a reference of its own; PS_EDUPLICATE, -ENOMEM
void catalog_remove(struct catalog *c, const struct meta *m);
