// SPDX-License-Identifier: Apache-2.0
// Parameters of a registration from JSON, as esmond keeps them: text. Pure.
#pragma once
#include "json/ps_jdoc.h"
#include "esmond/es_reg.h"

// Numbers become their text, true and false "True" and "False", arrays and objects their JSON; null and what is not
// there is passed over. The fault names what does not fit (PS_ELIMIT); -ENOMEM.
int es_param_set(struct es_reg *r, const char *key, struct ps_jnode n, struct ps_fault *fault);
// Objects and arrays as a parameter for each of what they hold: key-name, key-0. Names that begin with "_" are left
// out.
int es_param_flatten(struct es_reg *r, const char *key, struct ps_jnode n, struct ps_fault *fault);

// The body of esmond's POST that registers: every member is a parameter, but for "event-types", a list of
// {"event-type", "summaries": [{"summary-type", "summary-window"}]}. Not checked yet. PS_EMALFORMED, PS_EUNKNOWN,
// PS_ERANGE, PS_ELIMIT, with a fault that names the place; -ENOMEM.
int es_param_registration(struct es_reg *r, struct ps_jnode root, struct ps_fault *fault);
// The same of what another archive's list has of a metadata: its key is passed over.
int es_param_listed(struct es_reg *r, struct ps_jnode object, struct ps_fault *fault);
