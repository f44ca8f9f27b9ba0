// SPDX-License-Identifier: Apache-2.0
// One result, all its values, as the octets of a row; doc/psarchive-format.md tells which.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "psarchive/meta.h"
#include "psarchive/phrase.h"
#include "esmond/es_value.h"

struct row {
    size_t n; // ascending by event
    struct {
        uint8_t event;
        struct es_value value;
    } at[ES_EVENT_COUNT];
};

void row_fini(struct row *row);
// NULL: it is not there.
struct es_value *row_find(struct row *row, int event);
// Takes the value over; it is not there yet.
void row_add(struct row *row, int event, struct es_value *value);

// w is cleared before and ended; ts is for the phrases.
int row_pack(struct bitput *w, const struct row *row, const struct meta *m, int64_t ts, struct phrases *p);
// Which event types it has values of (bits), without reading those. PS_EMALFORMED.
int row_events(const uint8_t *data, size_t len, const struct meta *m, uint64_t *events);
// The values of the events of `wanted` (bits), the others are passed over. PS_EMALFORMED; -ENOMEM; or of the
// database. *out is empty after an error.
int row_unpack(const uint8_t *data, size_t len, const struct meta *m, struct phrases *p, uint64_t wanted,
               struct row *out);
