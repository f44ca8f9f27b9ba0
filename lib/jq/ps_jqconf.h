// SPDX-License-Identifier: Apache-2.0
// What workers are started and asked with: what was asked for, the environment, what holds otherwise.
#pragma once
#include "jq/ps_jq.h"
#include "jq/ps_jqhand.h"

struct ps_jqconf {
    struct ps_jq_conf all;      // with defaults for what was zero
    struct ps_jqhand_conf hand; // of each worker; points into the two below
    char *worker, *library;
};

// given NULL: all defaults. 0 or -ENOMEM; ps_jqconf_fini in any case.
int ps_jqconf_init(struct ps_jqconf *c, const struct ps_jq_conf *given);
void ps_jqconf_fini(struct ps_jqconf *c);
