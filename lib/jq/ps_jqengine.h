// SPDX-License-Identifier: Apache-2.0
// libjq as a worker has it: programs in slots, frames in, frames out. The only includer of jq.h. It loops,
// aborts and ends the process with what it is given; that is what the worker is for.
#pragma once
#include "jq/ps_jqframe.h"

struct ps_jqengine;

// library: the folder that modules come from. output: octets of the outputs of a run at most. no_memory does not
// return. 0 or -ENOMEM.
int ps_jqengine_new(const char *library, size_t output, void (*no_memory)(void *), struct ps_jqengine **out);
void ps_jqengine_free(struct ps_jqengine *e);
// Appends the answer to a COMPILE or RUN. PS_EPROTO, PS_EMALFORMED: it is no frame that a worker is sent;
// -ENOMEM.
int ps_jqengine_answer(struct ps_jqengine *e, const struct ps_jqframe *f, struct ps_buf *out);
