// SPDX-License-Identifier: Apache-2.0
// What the parts of a batch share.
#pragma once
#include "base/ps_map.h"
#include "psarchive/batch.h"
#include "psarchive/documents.h"
#include "psarchive/row.h"
#include "psarchive/store_impl.h"
#include "psarchive/windows.h"

// What a transaction did to a meta.
struct touch {
    const struct meta *meta; // a reference is held
    bool fresh;              // registered in this transaction
    uint64_t events;         // written
    int64_t newest;          // ts of the newest point, with those of this transaction
};

struct batch {
    struct store *store;
    struct phrases *phrases;
    struct windows *windows;
    struct documents *documents;
    struct ps_stmt *meta_add, *point_get, *point_add, *point_set, *seen_set;
    struct ps_map touched; // by the meta's id
    struct ps_map hashes;  // of the fresh ones, the same touches
    struct ps_map unnoted; // metas by id, whose time-updated is not written down
    struct bitput bits;
    int64_t now, noted;
};

// The values of one ts, and what there is of it.
struct plan {
    int64_t ts;
    size_t from, to; // of the put's values
    struct row *old; // NULL: no row
};

// --- runs (batch_run.c)
// *other: the put's document is of this second, and there is another one. 0 or an error.
int batch_other_document(struct batch *b, const struct put *p, int64_t meta, int64_t ts, bool *other);

enum kin {
    KIN_UNKNOWN, // neither is told
    KIN_SAME,    // of one run
    KIN_OTHER,
};
// What the values of a plan, which has a row, are to that.
int batch_kin(struct batch *b, const struct put *p, const struct plan *pl, int64_t meta, enum kin *out);

// --- sums (batch_sums.c)

// Sets them, and notes up to when points are not taken any more. 0 or an error.
int batch_sums(struct batch *b, struct touch *t, struct put *p);

// --- metas (batch_meta.c)

// The meta that the put is for, registered if need be. PS_ENOTFOUND, or an error.
int batch_meta(struct batch *b, struct put *p, struct touch **out);
// After the commit: the catalog gets them, and what was written when. And after a rollback.
int batch_publish(struct batch *b);
void batch_drop_touched(struct batch *b);
