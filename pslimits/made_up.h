// SPDX-License-Identifier: Apache-2.0
// The witness that answers from a table, so that a test of rules needs neither network nor luck. jq runs all the same.
#pragma once
#include "limits/lim_read.h"
#include "pslimits/witness.h"

#define MADE_UP_NAMES 16
#define MADE_UP_ASNS 64

// Facts of a case. What is not said is not so: no names, no lists, no interface of this host, no answer of a server.
struct made_up {
    const char *names[MADE_UP_NAMES];
    size_t nnames;
    uint32_t asns[MADE_UP_ASNS], peers[MADE_UP_ASNS];
    size_t nasns, npeers;
    bool bogon, local_interface, local_subnet;
    struct ps_jnode lists;  // names of the identifiers whose lists have the requester
    struct ps_jnode fetch;  // by the name of the limit: a status, or what the server answers
    struct ps_jnode silent; // names of those who get no answer
};

// {"names", "asns", "peer-asns", "bogon", "local-interface", "local-subnet", "lists", "url-fetch", "no-answer"}
// Names of identifiers and limits are those of the rules.
void made_up_read(struct made_up *m, struct ps_jnode object, const struct lim_rules *rules,
                  struct lim_faults *faults);
// A witness's function; ctx is a struct made_up.
void made_up_ask(void *ctx, const struct lim_ask *ask, struct question *q);
