// SPDX-License-Identifier: Apache-2.0
// Result documents as what esmond keeps of them, a registration and values: those of pScheduler's runs, as its archivers
// send them, and powstream's own (report/ow_result.h). Pure: names of hosts are looked up by the caller.
// (Fact sheet of the archive, 3 and 6.)
//
//     struct es_map m;
//     err = es_map_begin(&m, ps_jdoc_root(doc), &fault);    what document is it, and which hosts does it name?
//     for each of m.hosts with a name that is not known:    (a name that resolves to nothing: leave it)
//         es_map_found(&m.hosts[i], addrs, n);
//     if (!err)
//         err = es_map_register(&m, &reg, &fault);          its registration
//     if (!err)
//         err = es_map_values(&m, put, ctx, &fault);        and what was measured
//
// PS_ERESOLVE may be gone later, any other error never.
#pragma once
#include "base/ps_addr.h"
#include "esmond/es_reg.h"
#include "esmond/es_value.h"
#include "json/ps_jdoc.h"

enum es_map_role { ES_MAP_SOURCE, ES_MAP_DEST, ES_MAP_AGENT, ES_MAP_ROLES };

struct es_map_host {
    const char *name;      // NULL: the document names none
    bool known;            // no look-up is wanted: it was an address, or es_map_found was called
    struct ps_addr v4, v6; // len 0: none of that family
};

enum es_map_kind {
    ES_MAP_RUN,
    ES_MAP_MEASUREMENT,
    ES_MAP_GAP,  // the names of its hosts may be but one: the other end was not known yet
    ES_MAP_STEP, // nothing to keep
};

// What becomes of a run's result.
enum es_map_form {
    ES_MAP_MAPPED, // values, if the test is known here; else all of it, as pscheduler-raw
    ES_MAP_BOTH,   // values, and all of it
    ES_MAP_RAW,    // all of it
};

// Points into the document, which has to live as long.
struct es_map {
    struct ps_jnode root;
    enum es_map_kind kind;
    const char *test;        // "throughput", "latencybg", ...
    struct ps_jnode spec;    // of a run
    struct ps_jnode outcome; // of a run: its result; what measured nothing has none
    int64_t ts;              // seconds since 1970
    struct es_map_host hosts[ES_MAP_ROLES];
    char url_host[2][256]; // hosts that stand in URLs

    // The caller's to change behind es_map_begin.
    enum es_map_form form; // ES_MAP_MAPPED
    const struct es_summary
        *summaries;    // in place of pScheduler's own, of the event types that are registered;
    size_t nsummaries; // NULL: pScheduler's own
};

// PS_EUNSUPPORTED: no result document; PS_EMALFORMED, PS_ERANGE and such: one that lacks something; the fault tells.
int es_map_begin(struct es_map *m, struct ps_jnode root, struct ps_fault *fault);
// Another measurement agent than the run's lead; the name has to live as long.
void es_map_agent(struct es_map *m, const char *name);
// Addresses of a host: the first of each family is taken.
void es_map_found(struct es_map_host *h, const struct ps_addr *addrs, size_t n);
// Whether there is more to be kept of the test than its result as it is.
bool es_map_knows(const struct es_map *m);
// Fills and judges (es_reg_check) a registration that is initialised; the caller's also after an error. PS_ERESOLVE: a
// host without an address, or ends without a family in common; PS_EMALFORMED and such, with the fault told; -ENOMEM
// without. What ES_MAP_STEP is has none.
int es_map_register(const struct es_map *m, struct es_reg *out, struct ps_fault *fault);
// Gets a value of an event type that is registered, to keep or to free, also when it fails. An error ends the giving.
typedef int (*es_map_put)(void *ctx, int64_t ts, int event, struct es_value *v);
int es_map_values(const struct es_map *m, es_map_put put, void *ctx, struct ps_fault *fault);

#define ES_MAP_DIGEST 32 // octets of SHA-256
// Of what the registration of a document is made of: two documents that have the same imply the same one. It may well be
// made of more than that.
int es_map_key(const struct es_map *m, uint8_t digest[ES_MAP_DIGEST]);
