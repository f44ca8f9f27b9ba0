// SPDX-License-Identifier: Apache-2.0
// Documents of a spool that cannot be stored, set aside for a person to look at: in the folder "refused" of the
// spool, ID.json the document and ID.reason why. When there are REFUSED_MAX, no more are kept.
#pragma once
#include <stddef.h>
#include "spool/ps_spool.h"

#define REFUSED_MAX 1000

struct refused {
    int dir; // descriptor; -1: not there yet
    char *path;
    unsigned n; // documents in it
};
// Counts what is there.
int refused_open(struct refused *r, const char *spool);
void refused_close(struct refused *r);
// 0: it is there, durable; PS_ELIMIT: there are too many, and it is not kept; -ENOSPC, ...: it has to wait.
int refused_put(struct refused *r, const struct ps_spool_record *rec, const char *reason);
