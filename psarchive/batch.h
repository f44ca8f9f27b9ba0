// SPDX-License-Identifier: Apache-2.0
// One transaction: puts are judged and written one by one, and are durable together.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "psarchive/put.h"
#include "psarchive/store.h"

struct batch;
int batch_new(struct batch **out, struct store *s);
void batch_free(struct batch *b); // NULL is fine

// now: seconds since 1970, the time-updated of what is written.
int batch_begin(struct batch *b, int64_t now);
// What the put asks for. 0: it is in the transaction; PS_EDUPLICATE, PS_ENOTFOUND, PS_EUNKNOWN: nothing of it is, and
// the transaction is as before. Any other error: the transaction has to be rolled back. The put's err is not set.
int batch_put(struct batch *b, struct put *p);
// 0: all is durable, and the catalog knows it. Otherwise nothing of it is.
int batch_commit(struct batch *b);
void batch_rollback(struct batch *b);
// Writes down when what was last written, which a commit does once a minute only. Nothing to write is nothing done.
int batch_note(struct batch *b);
// Whether another process has written: then the catalog takes in what it registered and purged. A transaction begins
// with it. An error: what was not taken in is by the next one.
int batch_look(struct batch *b);
// Somebody changed the database otherwise (purge).
void batch_forget(struct batch *b);
