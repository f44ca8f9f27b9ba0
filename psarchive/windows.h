// SPDX-License-Identifier: Apache-2.0
// The roll-ups that a transaction changes: read when they are first needed, written once, before the commit. Some
// stay in memory for the next transaction.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "db/ps_db.h"
#include "psarchive/put.h"
#include "psarchive/rollup.h"

struct windows;
int windows_new(struct windows **out, struct ps_db *db);
void windows_free(struct windows *w); // NULL is fine

// Adds a value of the point at ts to the roll-ups of all its windows; old is what it replaces (NULL: nothing).
// newest: no point of the meta is newer (INT64_MAX: not known), which saves looking for what is not there.
int windows_add(struct windows *w, const struct meta *m, int64_t newest, int64_t ts, int event,
                const struct es_value *v, const struct es_value *old);
// Makes a roll-up's sum of an event type what another archive has, as of one point. 1: it is so already.
int windows_set(struct windows *w, const struct meta *m, const struct put_sum *sum);
// Writes what was changed.
int windows_flush(struct windows *w);
// After the commit; and after a rollback, or when somebody else has written to the database.
void windows_committed(struct windows *w);
void windows_forget(struct windows *w);
