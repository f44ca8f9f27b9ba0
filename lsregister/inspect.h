// SPDX-License-Identifier: Apache-2.0
// What would be registered now, for verbs that look and change nothing: the host is looked at as the daemon does, and what
// it has noted down is read.
#pragma once
#include "loop/ps_loop.h"
#include "lsregister/ledger.h"
#include "lsregister/plan.h"

struct inspect_conf {
    const struct plan *plan;
    const char *root;               // of the system's files; ""
    const struct ps_addr *resolver; // NULL: the system's
};

struct inspected {
    struct ledger ledger;
    struct registrar *registrar; // knows what is registered, and what is wished for
    struct wishes wishes;
    struct words notes;
    struct words asked; // how services were asked that answer
};

// Blocks for as long as the DNS and the services take. 0, or an error with the fault told. out has to be freed either way.
int inspect(const struct inspect_conf *conf, struct inspected *out, struct ps_fault *fault);
void inspected_fini(struct inspected *i);
