// SPDX-License-Identifier: Apache-2.0
// One object laid over another: members of both that are objects are merged in their turn, other members of `over`
// replace those of `under`.
#pragma once
#include "base/ps_buf.h"
#include "json/ps_jdoc.h"

// Appends the JSON of it. 0, -ENOMEM, PS_ELIMIT.
int lim_merge(struct ps_jnode under, struct ps_jnode over, struct ps_buf *out);
// Appends a string as JSON writes it.
int lim_put_string(struct ps_buf *out, const char *s);
