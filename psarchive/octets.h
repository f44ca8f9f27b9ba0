// SPDX-License-Identifier: Apache-2.0
// What results take in an archive that is there, by the kind of test: the newest rows of some of its metas are looked
// at.
#pragma once
#include "psarchive/sizing.h"
#include "psarchive/store.h"

struct octets {
    uint64_t rows, documents;    // that were looked at; none: all below is not known
    struct sizing_octets octets; // what is not known is as sizing_measured has it
};

// all has SIZING_TESTS places. 0 or an error of the database.
int octets_measure(struct store *s, struct octets *all);
