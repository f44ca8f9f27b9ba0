// SPDX-License-Identifier: Apache-2.0
// Specifications and results of tests for people (fact sheet 3.2). Pure.
#pragma once
#include "base/ps_buf.h"
#include "spec/sp_test.h"

enum sp_mime { SP_TEXT, SP_HTML };
// "text/plain", "text/html", with or without parameters (";charset=..."). PS_EUNSUPPORTED: another one.
int sp_mime_find(const char *mime, enum sp_mime *out);

// The specification as a list of its settings, its keys in the order of the test's table.
int sp_spec_text(const struct sp_test *t, enum sp_mime mime, struct ps_jnode spec, struct ps_buf *out);
// The (merged) result. spec may be a node that is not there: defaults are taken for what the text needs of it.
// A result that says "succeeded": false is told as failed with its error and diagnostics. What a result lacks or
// has of another type is left out, never a reason to refuse the rest. HTML is escaped. -ENOMEM or PS_ELIMIT (out
// is full; it has what fitted).
int sp_result_text(const struct sp_test *t, enum sp_mime mime, struct ps_jnode spec, struct ps_jnode result,
                   struct ps_buf *out);
