// SPDX-License-Identifier: Apache-2.0
// The registrar as a machine: what is wished for, what is registered, and which request is next. It does no I/O and
// reads no clock. A server's refusals, its silence and its unreadable answers never lose a key: a key goes when the
// server says that it knows it no more, or when the record was deleted.
//
//     registrar_want(r, wishes);
//     while (registrar_next(r, &now, &ask, &until))      // one request at a time
//         registrar_answer(r, &now, &reply);
//     ... nothing more until `until`, unless something is wished for or a server chosen
#pragma once
#include "lsregister/lswire.h"
#include "lsregister/wishes.h"

#define REGISTRAR_UUID 37      // octets of a client-uuid in text, with the NUL
#define REGISTRAR_ENTRIES 2048 // records that are kept track of, and as many that are to be deleted

// Now, by a clock that only goes forward (for when to act) and by the one on the wall (for what is shown).
struct registrar_now {
    ps_ns mono, wall;
};

struct registrar_conf {
    ps_ns interval; // from one renewal to the next
    ps_ns lease;    // to be asked for; 0: none
    uint64_t seed;  // of the jitter
    // Something worth a line of a log happened; NULL is fine. bad: it is a failure.
    void (*told)(void *ctx, bool bad, const char *text);
    void *ctx;
};

// A record that is or was registered.
struct registrar_entry {
    char *id;       // of its wish
    char *server;   // where
    char *uri;      // NULL: not registered now
    uint64_t sum;   // of what was registered, the keys of other records included
    ps_ns expires;  // by the wall clock, when it was last renewed
    ps_ns renewed;  // when that was; 0: not yet
    bool failed;    // the last answer was a failure
    char last[400]; // the last answer, in words
    // for the machine alone
    ps_ns due;         // when to renew
    ps_ns hold;        // not to be asked for before
    unsigned refusals; // in a row
    struct words told; // complaints since something went well
    bool single;       // to be renewed by itself
};

// One that is to be deleted.
struct registrar_doomed {
    char *server, *uri;
    char client[REGISTRAR_UUID]; // under which it was registered
    ps_ns expires;               // after which the server forgets it by itself; 0: not known
    bool first;                  // stands in the way of its successor
    char last[400];              // why it was not deleted, in words
    // for the machine alone
    ps_ns hold;
    unsigned refusals; // in a row
};

struct registrar;

// uuid: under which records are registered.
int registrar_new(const struct registrar_conf *conf, const char *uuid, struct registrar **out);
void registrar_free(struct registrar *r); // NULL is fine
void registrar_conf_set(struct registrar *r, const struct registrar_conf *conf);

// What is to be registered from now on, nothing for none: the rest is deleted. Copied. 0 or -ENOMEM.
int registrar_want(struct registrar *r, const struct wishes *wishes);
// Where ("http://HOST:PORT/"). What was registered elsewhere is registered anew, and deleted there. NULL: nowhere.
int registrar_use(struct registrar *r, const char *server);
const char *registrar_server(const struct registrar *r); // NULL: none
// Asks the server what it has of us before anything else is asked: after a start, and now and then.
void registrar_audit(struct registrar *r);
// What is due later is due now: renewals, and what is put off after failures.
void registrar_hurry(struct registrar *r);

// The next request. true: ask it; what it points to stays until the answer. false: nothing is to be asked before
// `until` (INT64_MAX: nothing at all), by mono.
bool registrar_next(struct registrar *r, const struct registrar_now *now, const struct lswire_ask **ask,
                    ps_ns *until);
// The answer to the request that registrar_next gave. 0 or -ENOMEM.
int registrar_answer(struct registrar *r, const struct registrar_now *now, const struct lswire_reply *reply);

// State
const char *registrar_uuid(const struct registrar *r);
// Somebody else lives by our client-uuid, as a copy of this host's disk would: registers all anew under another one,
// and deletes what it knows to be its own. The machine notices by itself (registrar_is_shared) but leaves it to its
// owner to find a new one.
bool registrar_is_shared(const struct registrar *r);
// Why the last audit lets one think so without being sure: what this host had registered is gone before its time, while
// records under its client-uuid are there that are not its own. "": it does not.
const char *registrar_suspicion(const struct registrar *r);
int registrar_rename(struct registrar *r, const char *uuid);
const struct registrar_entry *registrar_entries(const struct registrar *r, size_t *n);
const struct registrar_doomed *registrar_doomed(const struct registrar *r, size_t *n);
// Everything wished for is registered, and nothing is left to delete.
bool registrar_is_settled(const struct registrar *r);
// Failures of the server in a row, and since when.
unsigned registrar_failures(const struct registrar *r, ps_ns *since);
const char *registrar_trouble(const struct registrar *r); // the last of them in words; "" after a success
// The record of a wish as it is to be registered now: with its links and the client-uuid. out is empty. 0 or -ENOMEM.
int registrar_compose(const struct registrar *r, const char *id, struct record *out);
// Something has to be noted down (see ledger.h), since the last call.
bool registrar_take_changed(struct registrar *r);

// For reading what was noted down, before the first use.
int registrar_put_entry(struct registrar *r, const struct registrar_entry *e);
// client: NULL: this registrar's.
int registrar_put_doomed(struct registrar *r, const char *server, const char *uri, const char *client,
                         ps_ns expires);
