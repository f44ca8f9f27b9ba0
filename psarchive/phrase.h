// SPDX-License-Identifier: Apache-2.0
// JSON texts as bits. Texts that come again and again (the address of a run, a failure's words) are phrases: kept
// once in the database, with holes where the UUIDs were; what comes once is compressed or kept as it is. A
// phrase is made when its text is met for the second time.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "db/ps_db.h"
#include "psarchive/bits.h"
#include "esmond/es_value.h"

struct phrases;
int phrases_new(struct phrases **out, struct ps_db *db);
void phrases_free(struct phrases *p); // NULL is fine
// Forgets what it remembers of the database: after a rollback, and when another process has written to it.
void phrases_forget(struct phrases *p);

// Writes to the database when a phrase is new, or was not used for a day: in a transaction. ts: of the point.
int phrase_pack(struct phrases *p, struct bitput *w, int64_t ts, const char *text, size_t len);
// p may be NULL: then what needs it is refused as malformed.
int phrase_unpack(struct phrases *p, struct bitget *r, struct es_value *out);
// Removes what no point since `ts` uses.
int phrases_purge(struct phrases *p, int64_t ts);
