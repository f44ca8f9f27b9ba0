// SPDX-License-Identifier: Apache-2.0
// How the registrar is: written as JSON, by the daemon or from its ledger, and printed for people from that.
#pragma once
#include <stdio.h>
#include "base/ps_out.h"
#include "lsregister/ledger.h"

struct status_of {
    const struct registrar *registrar;
    const struct ledger *ledger;
    const struct words *notes; // NULL: not known
    const char *no_server;     // NULL, "": there is one
    bool serving;              // the daemon itself tells
    ps_ns started;             // when it began; 0: not known
    const char *confined;      // what confines the daemon, in words; NULL, "": nothing
    const char *faulty;        // why the configuration of now is not in force; NULL, "": it is
};

// The members of an object that is open.
void status_write(const struct status_of *s, struct ps_json *j);
// Prints what status_write has written. 0, or PS_EMALFORMED with the fault told.
int status_print(FILE *out, const char *text, size_t len, struct ps_fault *fault);
// What to do about an answer that was a failure; "": nothing. Pure.
const char *status_advice(const struct registrar_entry *e);
