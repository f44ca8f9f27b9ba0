// SPDX-License-Identifier: Apache-2.0
// Result documents as what is to be written: those of pScheduler's runs, as its http archiver sends them, and
// powstream's own (report/ow_result.h). Pure: names of hosts are looked up by the caller.
// (Fact sheet of the archive, 3 and 6.)
//
//     struct map m;
//     err = map_begin(&m, ps_jdoc_root(doc), &fault);       what document is it, and which hosts does it name?
//     for each of m.hosts with a name that is not known:    (a name that resolves to nothing: leave it)
//         map_found(&m.hosts[i], addrs, n);
//     if (!err)
//         err = map_make(&m, &put, &fault);                 0 and a put: put_document, give it to the writer
//                                                           0 and NULL: there is nothing to keep
//
// PS_ERESOLVE of map_make may be gone later, any other error never: set the document aside.
#pragma once
#include "base/ps_addr.h"
#include "json/ps_jdoc.h"
#include "psarchive/put.h"

enum map_role { MAP_SOURCE, MAP_DEST, MAP_AGENT, MAP_ROLES };

struct map_host {
    const char *name;      // NULL: the document names none
    bool known;            // no look-up is wanted: it was an address, or map_found was called
    struct ps_addr v4, v6; // len 0: none of that family
};

enum map_kind {
    MAP_RUN,
    MAP_MEASUREMENT,
    MAP_GAP,
    MAP_STEP,     // nothing to keep
    MAP_UNPLACED, // a gap before it was known between whom: neither
};

// Points into the document, which has to live as long.
struct map {
    struct ps_jnode root;
    enum map_kind kind;
    const char *test;        // "throughput", "latencybg", ...
    struct ps_jnode spec;    // of a run
    struct ps_jnode outcome; // of a run: its result; what measured nothing has none
    int64_t ts;              // seconds since 1970
    struct map_host hosts[MAP_ROLES];
    char url_host[2][256]; // hosts that stand in URLs
};

// PS_EUNSUPPORTED: no result document; PS_EMALFORMED, PS_ERANGE and such: one that lacks something; the fault tells.
int map_begin(struct map *m, struct ps_jnode root, struct ps_fault *fault);
// Addresses of a host: the first of each family is taken.
void map_found(struct map_host *h, const struct ps_addr *addrs, size_t n);
// *out: registration and values; the caller's, see put.h. Whether the document is kept as well (put_document with the
// raw text of its root and m->ts) is his choice. PS_ERESOLVE: a host without an address, or ends without a family in
// common; PS_EMALFORMED and such, with the fault told; -ENOMEM without.
int map_make(struct map *m, struct put **out, struct ps_fault *fault);
