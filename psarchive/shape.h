// SPDX-License-Identifier: Apache-2.0
// Texts about metadata that are measured alike differ in two things, where they are found and when they were updated. A
// list of thousands makes the rest once for each kind.
#pragma once
#include "psarchive/jtext.h"
#include "psarchive/meta.h"

#define SHAPES_MAX 16

// In a text that is to be a shape these stand for what differs: the path, and the time of the event type whose number
// plus one is the octet behind it. No text has them otherwise.
#define SHAPE_PATH '\1'
#define SHAPE_TIME '\2'

struct shape;

// Those that were needed last. All zero at first.
struct shapes {
    struct shape *at[SHAPES_MAX];
    size_t next; // to be replaced
};

void shapes_fini(struct shapes *s);
// That of the metadata; make writes its text if it is not there yet. NULL: out of memory.
const struct shape *shapes_get(struct shapes *s, const struct meta *m,
                               void (*make)(struct jtext *j, const struct meta *m));
// Writes the text for the metadata, which have that shape.
void shape_put(struct jtext *j, const struct shape *s, const struct meta *m, const char *path, size_t len);
// When a point of the event type was last written, as it stands in a text; "null": never. How many octets; no NUL.
size_t shape_time(char out[24], const struct meta *m, int event);
