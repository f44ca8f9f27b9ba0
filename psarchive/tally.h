// SPDX-License-Identifier: Apache-2.0
// The histogram of a roll-up, which others are added to again and again. Those of one path have the same keys, most of
// them one after the other: then it is an array of counts, and nothing is searched or moved. Others stay as they are.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "psarchive/bits.h"
#include "esmond/es_hist.h"

struct tally_dense;
struct tally { // all zeros: empty
    struct es_hist hist;
    struct tally_dense *dense; // NULL: all is in hist; else hist is empty
};

void tally_fini(struct tally *t);
// Adds the counts of a settled histogram, or takes them away. Errors as of es_hist_merge; t is unchanged then.
int tally_add(struct tally *t, const struct es_hist *more, bool minus);
// Makes it a histogram: all is in t->hist then. 0 or -ENOMEM.
int tally_settle(struct tally *t);
bool tally_equal(const struct tally *a, const struct tally *b);
size_t tally_octets(const struct tally *t); // of memory
// As hist_pack and hist_unpack.
void tally_pack(struct bitput *w, const struct tally *t);
int tally_unpack(struct bitget *r, struct tally *out);
