// SPDX-License-Identifier: Apache-2.0
// The directory's records as a file that others can fetch: a JSON array, as a query without a filter gives it.
#pragma once
#include <stdint.h>
#include "lsregister/dir_site.h"

// Writes every record of the database `data` whose lease has not ended at now_ms into the file, which appears whole
// or not at all. *n: how many. For a worker: it has a handle of its own. Errors with the fault told.
int dir_snapshot_write(const char *data, const char *file, int64_t now_ms, uint64_t *n,
                       struct ps_fault *fault);

// Writes it as often as the settings say, and serves it at /lookup/snapshot.json.
struct dir_snapshot;
int dir_snapshot_start(struct dir_snapshot **out, struct dir_site *s);
void dir_snapshot_stop(struct dir_snapshot *sn);   // NULL is fine
void dir_snapshot_reload(struct dir_snapshot *sn); // the settings are others
