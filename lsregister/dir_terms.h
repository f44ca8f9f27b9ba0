// SPDX-License-Identifier: Apache-2.0
// The dictionary of the directory's records: each value of a key that some record has is a term, kept once, with the
// records that have it. A record is a list of terms; a value that thousands share costs each of them eight octets.
// Terms are found by their text in any case of ASCII letters, or walked through key by key for patterns. Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIR_KEYS_ALL 4096 // different keys in all records

struct dir_terms;
int dir_terms_new(struct dir_terms **out);
void dir_terms_free(struct dir_terms *t); // NULL is fine

// The term of a key and a value (NULL: an empty array), made when there is none; one more record, of number num, has
// it. Numbers come in rising order. PS_ERANGE: too many keys; -ENOMEM.
int dir_terms_add(struct dir_terms *t, const char *key, const char *value, uint32_t num, uint32_t *term);
// A record that has it goes. Its number stays in the list until dir_terms_renumber, or goes with the term when no
// record has it any more.
void dir_terms_drop(struct dir_terms *t, uint32_t term);

const char *dir_terms_key(const struct dir_terms *t, uint32_t term);
const char *dir_terms_value(const struct dir_terms *t, uint32_t term); // NULL: an empty array
// Whether two terms have the same key.
bool dir_terms_same_key(const struct dir_terms *t, uint32_t a, uint32_t b);
// Numbers of records that have or had it, rising; good until the next change.
const uint32_t *dir_terms_records(const struct dir_terms *t, uint32_t term, size_t *n);
// Calls each() with every term of the key that the value, which may be a pattern, stands for. An error of each() ends
// it and is returned.
int dir_terms_find(const struct dir_terms *t, const char *key, const char *value,
                   int (*each)(void *ctx, uint32_t term), void *ctx);
// Number n becomes to[n]; UINT32_MAX: there is no such record any more. The order stays.
void dir_terms_renumber(struct dir_terms *t, const uint32_t *to);
// How many terms there are.
size_t dir_terms_count(const struct dir_terms *t);
