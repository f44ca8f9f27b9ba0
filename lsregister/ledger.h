// SPDX-License-Identifier: Apache-2.0
// What outlives the process, in a folder of its own:
//
//     identity.json        the client-uuid, and of which machine it is
//     registrations.json   what is registered where, what is to be deleted, names of addresses, and how services were asked
//     off                  registration is off, whoever has asked for it
//     lock                 held by the one registrar that may write here
//
// Each is written whole or not at all. Without registrations.json, whatever has become of it, the registrar finds its
// records by the client-uuid.
#pragma once
#include <stdbool.h>
#include "base/ps_conf.h"
#include "lsregister/registrar.h"

struct ledger {
    char *dir;
    int lock; // -1: not held
    char uuid[REGISTRAR_UUID];
    char *server;        // in use last; NULL: none
    struct record names; // of addresses, as the DNS had them last
    struct words asked;  // how services were asked last that answered, a line each
};

// Opens the folder to write: makes it where it is missing, locks it, finds the client-uuid. That comes from
// identity.json unless it is another machine's (a copied disk), else from uuid_file (may be NULL), else it is new.
// machine: what tells this machine from others; NULL: nothing does. -EBUSY: another registrar has it; -errno; the fault
// says it in words. l has to be closed either way.
int ledger_open(struct ledger *l, const char *dir, const char *uuid_file, const char *machine,
                struct ps_fault *fault);
// The same to look only: nothing is made or locked; uuid is "" where there is none yet.
int ledger_look(struct ledger *l, const char *dir, struct ps_fault *fault);
void ledger_close(struct ledger *l);
// Takes another client-uuid from now on. 0 or -errno.
int ledger_rename(struct ledger *l, const char *machine, struct ps_fault *fault);

// Reads registrations.json into a registrar that is new. A file that is missing or damaged leaves it empty; the damage
// is told by the fault and put aside as registrations.json.bad (unless only looking). 0, or a negative code for damage.
int ledger_load(struct ledger *l, struct registrar *r, struct ps_fault *fault);
int ledger_save(struct ledger *l, const struct registrar *r, struct ps_fault *fault);

bool ledger_is_off(const struct ledger *l);
int ledger_set_off(const struct ledger *l, bool off, struct ps_fault *fault);

// The text of registrations.json: pure. To be freed; NULL: no memory.
int ledger_parse(struct ledger *l, struct registrar *r, const char *text, size_t len, struct ps_fault *fault);
char *ledger_format(const struct ledger *l, const struct registrar *r, size_t *len);
