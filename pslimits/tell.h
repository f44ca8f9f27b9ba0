// SPDX-License-Identifier: Apache-2.0
// A verdict with its reasons, for people and as JSON.
#pragma once
#include <stdio.h>
#include "base/ps_out.h"
#include "limits/lim_eval.h"

// The way to the verdict, a line for each step.
void tell_text(FILE *f, const struct lim_verdict *v);
// Members of an object that is open: passed, why, priority, task if it was rewritten, reasons as a tree if wanted.
void tell_json(struct ps_json *j, const struct lim_verdict *v, bool reasons);
