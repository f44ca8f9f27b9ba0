// SPDX-License-Identifier: Apache-2.0
// jq programs from the scripts of rules: the script, our definitions for it, and what gathers its result. Lines
// keep their numbers.
#pragma once
#include "limits/lim_read.h"
#include "limits/lim_rules.h"

// The member under which a task carries what a script has said of it so far.
#define LIM_PRIVATE "__pslimits"

// Reads {"script": text or lines, "args": {...}, "output-raw": bool} and enters it in the rules; NULL, and told, if
// it is none. of is copied.
struct lim_program *lim_script_read(struct lim_rules *rules, struct ps_jnode object,
                                    enum lim_script_kind kind, const char *of, struct lim_faults *faults);
void lim_program_free(struct lim_program *p);
