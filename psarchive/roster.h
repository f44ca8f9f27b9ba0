// SPDX-License-Identifier: Apache-2.0
// Which meta it was that documents implied before. The documents of a stream or a task imply the same registration
// again and again; what it was made of (map.h) leads to the meta, without making it. By any thread.
#pragma once
#include <stdint.h>
#include "psarchive/catalog.h"

#define ROSTER_DIGEST 32 // octets of SHA-256 of what a registration is made of

struct roster;
// The catalog has to live as long.
int roster_new(struct roster **out, struct catalog *c);
void roster_free(struct roster *r); // NULL is fine
// The meta, with a reference; it may have been purged meanwhile. NULL: not known.
const struct meta *roster_find(struct roster *r, const uint8_t digest[ROSTER_DIGEST]);
// What was made is this registration: if the catalog has it, that is remembered, and the meta returned with a
// reference. NULL: it has not, or there is no memory.
const struct meta *roster_note(struct roster *r, const uint8_t digest[ROSTER_DIGEST],
                               const struct es_reg *reg);
// The point-to-point meta of powstream's stream of this name that was written last, with a reference; source and
// destination as the stream calls them, NULL: any. NULL: there is none.
const struct meta *roster_stream(struct roster *r, const char *stream, const char *source,
                                 const char *destination);
