// SPDX-License-Identifier: Apache-2.0
// Parameters of a registration from JSON, as esmond keeps them: text. Pure.
#pragma once
#include "json/ps_jdoc.h"
#include "psarchive/meta.h"

// Numbers become their text, true and false "True" and "False", arrays and objects their JSON; null and what is not
// there is passed over. The fault names what does not fit (PS_ELIMIT); -ENOMEM.
int param_set(struct registration *r, const char *key, struct ps_jnode n, struct ps_fault *fault);
// Objects and arrays as a parameter for each of what they hold: key-name, key-0. Names that begin with "_" are left
// out.
int param_flatten(struct registration *r, const char *key, struct ps_jnode n, struct ps_fault *fault);

// The body of esmond's POST that registers: every member is a parameter, but for "event-types", a list of
// {"event-type", "summaries": [{"summary-type", "summary-window"}]}. Not checked yet. PS_EMALFORMED, PS_EUNKNOWN,
// PS_ERANGE, PS_ELIMIT, with a fault that names the place; -ENOMEM.
int param_registration(struct registration *r, struct ps_jnode root, struct ps_fault *fault);
