// SPDX-License-Identifier: Apache-2.0
// The options that the verbs share, and what -h and -V do.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/ps_opt.h"

enum {
    VERB_DATA = 256,
    VERB_JSON,
    VERB_FROM,
    VERB_TO,
    VERB_OWN = 300, // letters of a verb's own begin here
};

struct verb_options {
    const char *data; // NULL: the default
    bool json;
    int64_t now, from, to; // seconds since 1970
    // A letter of the verb's own: 0, or an error that was told.
    int (*own)(void *ctx, int letter, const char *value);
    void *ctx;
    int argc; // operands
    char **argv;
};

// Reads them. -1: go on; else the exit status.
int verb_options_read(struct verb_options *o, const struct ps_opt_prog *prog, int argc, char **argv);
