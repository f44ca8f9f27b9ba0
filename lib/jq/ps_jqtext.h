// SPDX-License-Identifier: Apache-2.0
// From a program as people write it to the text that jq compiles. Named arguments are bound to members of the
// input, so that one compilation serves all their values; `import` and `include`, which jq takes at the very
// beginning alone, are moved there; and all that is added stands in the program's first line, so that the lines
// in jq's messages are the program's own.
//
// With arguments $a and $b jq is to be given [a, b, input].
#pragma once
#include "base/ps_buf.h"
#include "jq/ps_jq.h"

struct ps_jqtext_parts {
    struct ps_jq_value text, prelude; // without NULs
    const struct ps_jq_value *names;
    size_t nnames;
};

struct ps_jqtext_fault {
    const char *why;
    unsigned line; // of the text
};

// Appends the text and a NUL. PS_ESYNTAX with the fault: a module is named in a way that could lead out of the
// library ("import "/etc/x" ...", a search path), or what is a comment to one jq is none to another. -ENOMEM,
// PS_ELIMIT.
int ps_jqtext_compose(const struct ps_jqtext_parts *parts, struct ps_buf *out, struct ps_jqtext_fault *fault);
// Whether it can be the name of an argument.
bool ps_jqtext_is_name(const char *name, size_t len);
// Whether it is within the bounds and its names are names: 0, PS_ELIMIT, -EINVAL.
int ps_jqtext_check(const struct ps_jq_source *s);
