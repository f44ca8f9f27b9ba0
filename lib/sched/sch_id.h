// SPDX-License-Identifier: Apache-2.0
// Names of tasks and runs: UUIDs (RFC 9562) as text in lower case.
#pragma once
#include <stdint.h>

#define SCH_ID 37 // characters, with the NUL

struct ps_rand;
struct sch_key {
    uint8_t octets[16];
};

// A random UUID (version 4) of a seeded generator: to tell runs apart, not to be unguessable.
void sch_id_make(struct ps_rand *rand, struct sch_key *out);
char *sch_id_put(const struct sch_key *key, char out[SCH_ID]); // returns out
// The octets of a UUID, in capitals or not. 0 or PS_ESYNTAX.
int sch_id_read(const char *text, struct sch_key *out);
