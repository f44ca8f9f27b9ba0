// SPDX-License-Identifier: Apache-2.0
// A record of the lookup service as a value: keys, each with a list of texts (fact sheet 1.2). Pure.
#pragma once
#include <stdint.h>
#include "json/ps_jdoc.h"
#include "base/ps_out.h"
#include "lsregister/words.h"

#define RECORD_KEYS 200     // of a record that is read
#define RECORD_VALUES 1000  // of a key
#define RECORD_OCTETS 65536 // of one value

struct record_key {
    char *name;
    struct words values;
};

// All zeros is an empty record. Keys stand in the order of their octets.
struct record {
    struct record_key *keys;
    size_t n;
};

void record_fini(struct record *r);
// Appends a value to a key's, unless it is there. 0 or -ENOMEM.
int record_add(struct record *r, const char *key, const char *value);
int record_addf(struct record *r, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
// Makes it the key's only value.
int record_set(struct record *r, const char *key, const char *value);
// Makes them the key's values.
int record_put(struct record *r, const char *key, const struct words *values);
void record_drop(struct record *r, const char *key);
// NULL: no such key.
const struct words *record_all(const struct record *r, const char *key);
// The first value; NULL: none.
const char *record_get(const struct record *r, const char *key);
bool record_has(const struct record *r, const char *key, const char *value);
int record_copy(struct record *to, const struct record *from); // to is empty
// Gives every key that `to` lacks the values of `from`.
int record_inherit(struct record *to, const struct record *from);

// Whether a key is the server's, or of how long a record stays, and says nothing of what is registered: ttl, expires,
// uri, state, and what begins with "_".
bool record_is_outer(const char *key);
// The same keys with the same values, their order and the outer keys aside.
bool record_same(const struct record *a, const struct record *b);
// Every value of b is in a, outer keys aside.
bool record_covers(const struct record *a, const struct record *b);
// A number that two records share when they are the same by record_same (and by 1 in 2^64 otherwise).
uint64_t record_sum(const struct record *r);

// Reads what a server says: values may be a text or an array of such; others, empty arrays included, are left out.
// PS_EMALFORMED: no object; PS_ELIMIT: more than the bounds above; -ENOMEM. r is empty, and has to be freed either way.
int record_read(struct record *r, struct ps_jnode n);
// As a JSON object whose values are arrays.
void record_write(const struct record *r, struct ps_json *j);
// The same into an object that is open.
void record_write_keys(const struct record *r, struct ps_json *j);
