// SPDX-License-Identifier: Apache-2.0
// A time for each event type of a metadata, as tables of the database have them: the meta, and in the order of its
// event types 8 octets each.
#pragma once
#include <stdatomic.h>
#include <stdint.h>
#include "psarchive/meta.h"

struct store;

// Never lowers one.
void mark_raise(_Atomic int64_t *mark, int64_t at);
// What the query tells (meta, body), into the metas of the catalog, each to where it has them.
int marks_load(struct store *s, const char *query, _Atomic int64_t *(*where)(struct meta *m));
