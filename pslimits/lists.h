// SPDX-License-Identifier: Apache-2.0
// The lists of networks that rules name by URL: fetched, kept fresh, looked up.
#pragma once
#include "base/ps_log.h"
#include "http/ps_httpc.h"
#include "pslimits/witness.h"

struct lists;
struct regime;

struct lists_conf {
    struct ps_loop *loop;
    struct ps_httpc *http;
    const char *cache;  // a folder for the last good copies; NULL: none are kept
    bool patient;       // questions wait for the first attempt; else there is no answer until then
    struct ps_log *log; // what becomes of attempts; NULL: nobody wants to know
};

// Begins to fetch the lists of a regime's rules. What `former` (NULL: none) has of the same source is taken over
// from it until the first attempt succeeds. 0 or a negative code.
int lists_new(const struct lists_conf *conf, struct regime *regime, struct lists *former, struct lists **out);
void lists_free(struct lists *l); // NULL is fine
void lists_ask(struct lists *l, const struct lim_ask *ask, struct question *q);

// For a daemon's status; false: there is no i-th.
struct lists_state {
    const char *source, *why; // why: of the last failure; "": none
    size_t networks;
    ps_ns age;         // of the list in force; -1: there is none
    size_t strange;    // its lines that hold no network
    int first_strange; // of them
    int copy_err;      // the copy on disk could not be read or written: a code; 0: it could, or there is none
};
bool lists_look(const struct lists *l, size_t i, struct lists_state *out);
