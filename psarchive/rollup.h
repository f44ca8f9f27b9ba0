// SPDX-License-Identifier: Apache-2.0
// What a window of time (300 s, an hour, a day) holds of each event type that has a summary of it: how many
// points, and their sum. All is added exactly, so that the order of additions does not show, and what was
// added can be taken away again.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "psarchive/decimal.h"
#include "psarchive/meta.h"
#include "psarchive/tally.h"
#include "esmond/es_value.h"

struct rollup_sum {
    uint8_t event;
    enum es_value_form form; // of its values
    uint64_t points;
    union {
        decimal_sum number;
        struct {
            uint64_t numerator, denominator;
        } ratio;
        struct tally hist;
    };
};

struct rollup {
    uint32_t window;
    size_t n;               // ascending by event: those of the meta with a summary of this window
    struct rollup_sum at[]; // points 0: nothing of it yet
};

int rollup_new(struct rollup **out, const struct meta *m, uint32_t window);
void rollup_free(struct rollup *r);                          // NULL is fine
struct rollup_sum *rollup_find(struct rollup *r, int event); // NULL: no summary of this window
// Adds a value, or takes one away that was added before. An event type without a summary here is passed over.
// PS_ERANGE, PS_ELIMIT, -ENOMEM: nothing was changed.
int rollup_add(struct rollup *r, int event, const struct es_value *v, bool minus);
bool rollup_sums_equal(const struct rollup_sum *a, const struct rollup_sum *b);
bool rollup_equal(const struct rollup *a, const struct rollup *b);
size_t rollup_octets(const struct rollup *r); // of memory

// w is cleared before and ended.
int rollup_pack(struct bitput *w, const struct rollup *r);
// PS_EMALFORMED; -ENOMEM.
int rollup_unpack(const uint8_t *data, size_t len, const struct meta *m, uint32_t window,
                  struct rollup **out);

// What is told of a window: the summary of this type. PS_ENOTFOUND: nothing; -ENOMEM. The rollup may lose its histogram
// to the value.
int rollup_value(struct rollup_sum *s, enum es_summary_type type, struct es_value *out);
