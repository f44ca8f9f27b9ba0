// SPDX-License-Identifier: Apache-2.0
// Answers in esmond's form: metadata, event types, summaries, points. Pure. (Fact sheet of the archive, 1.2 and 1.6.)
#pragma once
#include "psarchive/jtext.h"
#include "psarchive/meta.h"
#include "psarchive/series.h"
#include "psarchive/shape.h"

// Where the client finds the archive.
struct answer_place {
    const char *origin; // "https://archive.example.org"
    const char *path;   // "/esmond/perfsonar/archive"
};

// What stands in the first object of a list. The pages are whole URLs; NULL: there is none.
struct answer_total {
    size_t count;
    const char *previous, *next;
};

// total NULL: it stands alone, or is not the first. shapes: kept over the objects of a list, which take less time then;
// NULL: none.
void answer_meta(struct jtext *j, const struct meta *m, const struct answer_place *at,
                 const struct answer_total *total, struct shapes *shapes);
// An object of "event-types".
void answer_event(struct jtext *j, const struct meta *m, int event, const struct answer_place *at);
// The list of an event type's summaries of that kind; ES_SUMMARY_BASE: of all.
void answer_summaries(struct jtext *j, const struct meta *m, int event, enum es_summary_type type,
                      const struct answer_place *at);
// {"ts": T, "val": V}
void answer_point(struct jtext *j, const struct point *p);
