// SPDX-License-Identifier: Apache-2.0
// What the files behind sp_cli.h share. For lib/spec alone.
#pragma once
#include "spec/sp_cli.h"
#include "spec/sp_table.h"

// An option as it was given.
struct sp_given {
    const struct sp_key *key; // the first one of that name
    const char *value;        // NULL: a switch
    bool off;                 // "--no-..."
};

struct sp_givens {
    const struct sp_test *test;
    struct sp_given *at;
    size_t n;
    bool help;
};

// Cuts the arguments into options. g->at has room for as many as there are arguments.
int sp_cli_cut(struct sp_givens *g, const char *const *args, size_t nargs, struct ps_fault *fault);
// Writes the specification that they make.
int sp_cli_put(const struct sp_givens *g, struct ps_json *j, struct ps_fault *fault);
