// SPDX-License-Identifier: Apache-2.0
// Metadata: what is measured, from where to where, by what, and which event types and summaries there are of it.
// A registration (esmond/es_reg.h) is what somebody asks for; a meta is what the archive has, with its key.
// The same registration (without regard to case and order) is the same meta, whenever and wherever it is made:
// the key is the beginning of its hash.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "esmond/es_reg.h"

// Immutable but for what is marked; shared between threads, and counted.
struct meta {
    int64_t id; // in the database
    uint8_t key[ES_REG_KEY_LEN];
    uint8_t hash[32];
    int64_t created;               // seconds since 1970
    const struct es_param *params; // sorted by key
    size_t nparams;
    uint64_t events; // bit n: event type n
    uint8_t nevents;
    uint8_t event[ES_EVENT_COUNT];      // ascending
    const struct es_summary *summaries; // sorted by event, type, window
    size_t nsummaries;
    uint32_t windows[ES_REG_WINDOWS_MAX]; // different ones > 0, ascending
    size_t nwindows;
    atomic_uint refs;
    // When a point of event[i] was last written, seconds since 1970; 0: never. Written by the writer's thread
    // when it has committed. That of all: the newest.
    _Atomic int64_t *updated;
    // Points of event[i] older than this were purged (purged.h); 0: none. The writer's.
    _Atomic int64_t *purged;
    _Atomic int64_t newest; // no point is newer than this ts; -1: there is none
    int64_t looked;         // version of the database for which that holds; the writer's
};

// From a registration that was checked. 0 or -ENOMEM; *out has one reference.
int meta_new(const struct es_reg *r, int64_t id, int64_t created, struct meta **out);
// The registration that it was; what it points to is the meta's, and not to be freed.
void meta_registration(const struct meta *m, struct es_reg *out);
struct meta *meta_ref(const struct meta *m);                 // returns it
void meta_unref(const struct meta *m);                       // NULL is fine
const char *meta_get(const struct meta *m, const char *key); // a parameter; NULL: not there
void meta_key_text(const struct meta *m, char out[2 * ES_REG_KEY_LEN + 1]);
bool meta_has_event(const struct meta *m, int event);
bool meta_has_summary(const struct meta *m, int event, enum es_summary_type type, uint32_t window);
// Whether it has any summary of this event type and window.
bool meta_rolls_up(const struct meta *m, int event, uint32_t window);
// When a point of this event type was last written; 0: never. event < 0: of any.
int64_t meta_updated(const struct meta *m, int event);
// The octets that stand for it in the database, and back. A foreign byte is refused: PS_EMALFORMED.
int meta_pack(const struct es_reg *r, uint8_t **out, size_t *len);
int meta_unpack(const uint8_t *data, size_t len, struct es_reg *out);
// SHA-256 of what makes it the one that it is.
int registration_hash(const struct es_reg *r, uint8_t out[32]);
