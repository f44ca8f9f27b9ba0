// SPDX-License-Identifier: Apache-2.0
// Whether an archive is what it should be: the database's own structure, every row of it readable, and the roll-ups
// those that the results make. Of results that a retention policy has removed only the roll-ups are left, which
// are then taken as they are.
#pragma once
#include <stdint.h>
#include "psarchive/store.h"

struct verify {
    uint64_t metas, results, rollups, documents;
    uint64_t faults; // each was told
    void (*tell)(void *ctx, const char *line);
    void *ctx;
};
// 0: it was looked through, faults or not; or an error, which is told too.
int verify_run(struct verify *v, struct reader *r);
