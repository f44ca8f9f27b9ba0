// SPDX-License-Identifier: Apache-2.0
// What pScheduler does with any JSON document: comments and secrets are left out, and documents are held against
// a pattern (fact sheet 1.1, 1.5). Pure.
#pragma once
#include "base/ps_out.h"
#include "json/ps_jdoc.h"

enum {
    SP_JSON_UNCOMMENT = 1, // keys that begin with '#' are left out at any depth
    SP_JSON_SANITISE = 2,  // what stands behind keys that begin with '_' is null, at any depth
    SP_JSON_SORT = 4,      // members of objects in the order of their keys
};
// Writes a copy of the value; flags as above. Numbers are kept as they were written. A node that is not there is
// null, and so is what would be nested deeper than struct ps_json has levels: see sp_json_depth.
void sp_json_put(struct ps_json *j, struct ps_jnode n, unsigned flags);
// The same as a document of its own. 0 or -ENOMEM; what cannot be read back (it is nested too deep) is PS_EMALFORMED.
int sp_json_copy(struct ps_jdoc **out, struct ps_jnode n, unsigned flags);
// Arrays and objects inside each other: 0 for a scalar.
unsigned sp_json_depth(struct ps_jnode n);
// Whether value holds all that pattern says: each member of an object, recursively; for each member of an array
// one in value's that holds it, in any order; scalars that are equal (numbers by value). An array also holds a
// scalar that is one of its members. (The json argument of GET /tasks; PostgreSQL's "@>".)
bool sp_json_contains(struct ps_jnode value, struct ps_jnode pattern);
