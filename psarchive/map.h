// SPDX-License-Identifier: Apache-2.0
// Result documents (esmond/es_map.h) as what is to be written.
#pragma once
#include "esmond/es_map.h"
#include "psarchive/put.h"
#include "psarchive/roster.h"

// What a document whose hosts are known has to write; *out NULL: there is nothing to keep. *out: registration and
// values; the caller's, see put.h. Whether the document is kept as well (put_document with the raw text of its root and
// m->ts) is his choice. Errors as es_map_register and es_map_values: after PS_ERESOLVE it may go well later, after
// another one set the document aside.
// roster: knows registrations that were made before; NULL: none does.
// A gap is a failure of the stream that the roster finds; where it finds none, one of its own metadata.
int map_make(const struct es_map *m, struct roster *roster, struct put **out, struct ps_fault *fault);
// Whether its text can be kept with its values. Not a gap's, which says no more: its second may be that in which the
// next measurement begins, and two documents of one second are two runs.
bool map_has_document(const struct es_map *m);
