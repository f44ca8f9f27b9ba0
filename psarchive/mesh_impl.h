// SPDX-License-Identifier: Apache-2.0
// What the files behind mesh.h share. For them alone.
#pragma once
#include "psarchive/mesh.h"

struct mesh {
    struct ps_jnode root;
    const struct mesh_sink *sink;
    struct ps_fault *fault;
    bool noted[4]; // each thing is told once
};

enum mesh_note { MESH_JQ, MESH_NAME, MESH_AGENT, MESH_INCLUDES };
void mesh_tell(struct mesh *m, enum mesh_note what);

// A member of a group's list: an address as a selector gives it.
struct mesh_member {
    struct ps_jnode selector, address, host; // host: not there if it has none
    const char *name;                        // of the address
    const char *label;                       // NULL: none is wanted
    bool disabled, no_agent;
};

// "NAME" of an object in a section ("addresses") of the template; what names it is at.
int mesh_find(struct mesh *m, const char *section, struct ps_jnode at, const char *name,
              struct ps_jnode *out);
// A text in an object: NULL when it is not there.
const char *mesh_text(struct ps_jnode object, const char *key);
bool mesh_true(struct ps_jnode object, const char *key);

// Whether a class has an address, as far as that can be known: what cannot is counted in. 1, 0, or an error.
int mesh_class_has(struct mesh *m, struct ps_jnode class, struct ps_jnode address);
