// SPDX-License-Identifier: Apache-2.0
// Histograms as bits: the distances between the keys and the counts in Golomb codes of the order that makes them
// shortest.
#pragma once
#include "psarchive/bits.h"
#include "esmond/es_hist.h"

// A settled histogram.
void hist_pack(struct bitput *w, const struct es_hist *h);
// What comes back is settled; *out is empty after an error. The error is r's, or -ENOMEM.
int hist_unpack(struct bitget *r, struct es_hist *out);
