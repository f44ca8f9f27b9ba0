// SPDX-License-Identifier: Apache-2.0
// Results of latencybg as a mesh makes them: a minute each of 600 packets, over paths with a delay of their own.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/ps_rand.h"
#include "esmond/es_value.h"

#define MESH_START INT64_C(1700000400) // the beginning of an hour
#define MESH_STEP 60

// So many delays about the path's own, some with a queue in front of them; buckets of 0.1 ms printed with two
// decimals, as powstream's are. The caller's (es_value_fini).
struct es_value mesh_delays(struct ps_rand *r, uint64_t path, unsigned packets);
void mesh_uuid(struct ps_rand *r, char out[37]);
// The document of the minute that begins at ts (seconds since 1970), as powstream writes it. The caller's to free.
char *mesh_powstream(struct ps_rand *r, uint64_t path, int64_t ts, size_t *len);
// The same as pScheduler's http archiver sends the result of a run.
char *mesh_run(struct ps_rand *r, uint64_t path, int64_t ts, size_t *len);
