// SPDX-License-Identifier: Apache-2.0
// What the verbs that judge once stand on: a loop, facts, and rules from a file.
#pragma once
#include "pslimits/facts.h"
#include "pslimits/load.h"
#include "pslimits/options.h"

struct ground {
    struct ps_loop *loop;
    struct facts *facts;
    struct lim_faults faults; // of the rules
    struct lim_rules *rules;  // NULL: they are not good, or not there
    size_t unchecked;         // scripts that jq could not be asked about
    char *name;               // of what the rules were read from: the file's, or its URL
    struct ps_addr resolver;
    int status; // of what could not be had: an exit status
};

// Says itself what is wrong, but for faults of the rules. An exit status; ground_fini in any case.
int ground_init(struct ground *g, const struct options *o);
// --resolver ADDR[:PORT]. EXIT_USAGE and told where it is none.
int ground_resolver(const char *text, struct ps_addr *out);
void ground_fini(struct ground *g);
// Reads the rules of a file, and what is wrong with them. An exit status: EXIT_YES, unless the file or what it
// names cannot be had, which is told.
int ground_load(struct ground *g, const char *path);
// Rules that are in force; EXIT_SYSTEM with what is wrong told, where there are none.
// lists: those that the rules name by URL are fetched.
int ground_regime(struct ground *g, const char *path, bool lists, struct regime **out);
