// SPDX-License-Identifier: Apache-2.0
// Metadata: what is measured, from where to where, by what, and which event types and summaries there are of it
//. A registration is what somebody asks for; a meta is what the archive has, with its key.
// The same registration (without regard to case and order) is the same meta, whenever and wherever it is made:
// the key is the beginning of its hash.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "psarchive/event.h"

#define META_PARAMS_MAX 256    // of a registration
#define META_KEY_MAX 128       // octets of a parameter's name
#define META_VALUE_MAX 4096    // octets of a parameter's value
#define META_SUMMARIES_MAX 512 // of a registration, over all event types, without base
#define META_WINDOWS_MAX 16    // different windows > 0
#define META_ID_LEN 16         // octets of a key; 32 hexadecimal digits as text

struct param {
    char *key, *value;
};

struct summary {
    uint8_t event;
    uint8_t type;    // enum summary_type, never base
    uint32_t window; // seconds; 0: of each point
};

// --- a registration

struct registration {
    struct param *params; // "subject-type", "source", "destination", "measurement-agent", "tool-name",
    size_t nparams;       // "input-source", "input-destination" and all others
    uint64_t events;      // bit n: event type n is registered
    struct summary *summaries;
    size_t nsummaries;
    bool keyed; // has a key that it had in another archive (import); else the hash makes it
    uint8_t key[META_ID_LEN];
};

void registration_init(struct registration *r);
void registration_fini(struct registration *r);
// Copies both; a key that is there already gets the new value. PS_ELIMIT; -ENOMEM.
int registration_set(struct registration *r, const char *key, const char *value);
const char *registration_get(const struct registration *r, const char *key); // NULL: not there
int registration_event(struct registration *r, int event);
// Registers the event type too. SUMMARY_BASE and what is there already add nothing. PS_EUNSUPPORTED: not for this
// event type; PS_ERANGE: the window; PS_ELIMIT.
int registration_summary(struct registration *r, int event, enum summary_type type, uint32_t window);
// Judges and settles it, which has to be done before it is used: there must be a known subject-type, an event
// type, and of point-to-point source and destination; addresses (source, destination, measurement-agent) must
// be IP addresses and are brought into their one form; sorts. PS_EMALFORMED with the fault told.
int registration_check(struct registration *r, struct ps_fault *fault);

// --- a meta

// Immutable but for what is marked; shared between threads, and counted.
struct meta {
    int64_t id; // in the database
    uint8_t key[META_ID_LEN];
    uint8_t hash[32];
    int64_t created;            // seconds since 1970
    const struct param *params; // sorted by key
    size_t nparams;
    uint64_t events; // bit n: event type n
    uint8_t nevents;
    uint8_t event[EVENT_COUNT];      // ascending
    const struct summary *summaries; // sorted by event, type, window
    size_t nsummaries;
    uint32_t windows[META_WINDOWS_MAX]; // different ones > 0, ascending
    size_t nwindows;
    atomic_uint refs;
    // When a point of event[i] was last written, seconds since 1970; 0: never. Written by the writer's thread
    // when it has committed. That of all: the newest.
    _Atomic int64_t updated[EVENT_COUNT];
    // Points of event[i] older than this were purged (purged.h); 0: none. The writer's.
    _Atomic int64_t purged[EVENT_COUNT];
    _Atomic int64_t newest; // no point is newer than this ts; -1: there is none
    int64_t looked;         // version of the database for which that holds; the writer's
};

// From a registration that was checked. 0 or -ENOMEM; *out has one reference.
int meta_new(const struct registration *r, int64_t id, int64_t created, struct meta **out);
struct meta *meta_ref(const struct meta *m);                 // returns it
void meta_unref(const struct meta *m);                       // NULL is fine
const char *meta_get(const struct meta *m, const char *key); // a parameter; NULL: not there
void meta_key_text(const struct meta *m, char out[2 * META_ID_LEN + 1]);
bool meta_has_event(const struct meta *m, int event);
bool meta_has_summary(const struct meta *m, int event, enum summary_type type, uint32_t window);
// Whether it has any summary of this event type and window.
bool meta_rolls_up(const struct meta *m, int event, uint32_t window);
// When a point of this event type was last written; 0: never. event < 0: of any.
int64_t meta_updated(const struct meta *m, int event);
// The octets that stand for it in the database, and back. A foreign byte is refused: PS_EMALFORMED.
int meta_pack(const struct registration *r, uint8_t **out, size_t *len);
int meta_unpack(const uint8_t *data, size_t len, struct registration *out);
// SHA-256 of what makes it the one that it is.
int registration_hash(const struct registration *r, uint8_t out[32]);
