// SPDX-License-Identifier: Apache-2.0
// A record as somebody sent it: what the lookup service takes, drops and refuses. (Fact sheet of the lookup service,
// 1.2 and 1.6.) Pure.
//
// A record is a flat object whose values are arrays of strings. A string alone is taken for an array of one; what is
// no string in an array becomes ""; members of other types are dropped, and so are those that the server sets itself
// (uri, expires, state) and those that begin with '_'.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include "base/ps_out.h"
#include "json/ps_jdoc.h"

#define DIR_BODY_MAX ((size_t)128 << 10) // octets of a record in a request
#define DIR_KEYS_MAX 256                 // keys of a record
#define DIR_VALUES_MAX 4096              // values of all of them
#define DIR_KEY_MAX 128                  // octets of a key
#define DIR_VALUE_MAX 8192               // octets of a value
#define DIR_TYPE_MAX 64                  // octets of a type
#define DIR_IDENTITY 16

// One value of a key; the pairs of a key stand together, in their order.
struct dir_pair {
    const char *key;
    const char *value; // NULL: the key has an empty array
};

struct dir_draft {
    struct dir_pair *pairs; // strings belong to the document
    size_t n, cap;
    const char *type;               // "host", "service": the first of them
    const char *client;             // client-uuid; NULL: none
    int64_t ttl_s;                  // seconds; DIR_TTL_NONE, DIR_TTL_EMPTY
    uint8_t identity[DIR_IDENTITY]; // equal for records that are the same but for order and repetition
};

// d is of all zeros, and to be given to dir_draft_fini in any case, before the document goes. Faults say what is
// wrong: PS_EMALFORMED (no object), PS_ENOTFOUND (no type), PS_ESYNTAX (a type that does not fit into a URI),
// PS_ELIMIT, PS_ERANGE (a ttl that is no duration), -ENOMEM.
int dir_draft_read(struct dir_draft *d, struct ps_jnode root, struct ps_fault *fault);
void dir_draft_fini(struct dir_draft *d);
// The first value of a key; NULL: there is none.
const char *dir_draft_get(const struct dir_draft *d, const char *key);
// The members that d's pairs are, into an object that is open.
void dir_draft_write(const struct dir_draft *d, struct ps_json *j);
// "ttl" of a request: a string, or an array of which the first counts. Nothing (no node, no string in it): DIR_TTL_NONE.
// PS_ERANGE with the fault told.
int dir_draft_ttl(struct ps_jnode ttl, int64_t *out, struct ps_fault *fault);
