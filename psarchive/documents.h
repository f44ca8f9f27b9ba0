// SPDX-License-Identifier: Apache-2.0
// Documents as they came, compressed against the first one of their meta: results of one test are much alike.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "db/ps_db.h"

struct documents;
int documents_new(struct documents **out, struct ps_db *db);
void documents_free(struct documents *d); // NULL is fine
void documents_forget(struct documents *d);

// In a transaction. One that is there stays.
int documents_add(struct documents *d, int64_t meta, int64_t ts, const char *text, size_t len);
// *text is the caller's. PS_ENOTFOUND; PS_EMALFORMED; ...
int documents_get(struct documents *d, int64_t meta, int64_t ts, char **text, size_t *len);
