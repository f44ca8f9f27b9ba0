// SPDX-License-Identifier: Apache-2.0
// What a check found, as lines or as JSON.
#pragma once
#include "limits/lim_fault.h"

struct report {
    const char *name; // of the file
    const struct lim_faults *faults;
    const char *holds; // what a good file holds, in words; NULL: nothing is known
    size_t unchecked;  // scripts of which it is not known whether they are good
};

// FILE:LINE: [warning: ]PATH: TEXT; HINT, a line each, and a line that sums up. quiet: no such line where nothing
// is wrong. 0, or -EIO and told when standard output did not take it.
int report_text(const struct report *r, bool quiet);
int report_json(const struct report *r);
