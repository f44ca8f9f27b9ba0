// SPDX-License-Identifier: Apache-2.0
// Lists of labels and values: "Label ... value" for terminals, a table in HTML. For lib/spec alone.
#pragma once
#include "spec/sp_put.h"
#include "spec/sp_text.h"

#define SP_LINES_MAX 64

struct sp_lines {
    struct {
        char label[48];
        char *value; // owned
    } at[SP_LINES_MAX];
    size_t n;
};

// Adds a line; past SP_LINES_MAX, or without memory, there are no more. Values of any length.
void sp_lines_add(struct sp_lines *l, const char *label, const char *value, const char *unit);
// A member of a JSON document, told as form says; nothing when it is not there or null.
void sp_lines_add_node(struct sp_lines *l, const char *label, struct ps_jnode n, enum sp_value form,
                       const char *unit);
// Writes them all and gives their memory back.
void sp_lines_put(struct sp_lines *l, enum sp_mime mime, struct sp_text_of *t);
