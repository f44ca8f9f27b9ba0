// SPDX-License-Identifier: Apache-2.0
// Up to when the points of a meta were purged. The roll-ups that counted them may be kept longer: were such a point
// taken again, it would be counted again.
#pragma once
#include "psarchive/meta.h"

struct store;

// Into the metas of the catalog, from the database.
int purged_load(struct store *s);
// In a transaction: points of m->event[i] older than cuts[i] are gone; what was noted before stays, if it is later.
int purged_note(struct store *s, const struct meta *m, const int64_t cuts[ES_EVENT_COUNT]);
// Whether a roll-up may have counted a point of this event type and ts that is not there any longer.
bool purged_counts(const struct meta *m, int event, int64_t ts);
