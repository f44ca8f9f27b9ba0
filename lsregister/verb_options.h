// SPDX-License-Identifier: Apache-2.0
// The options that the verbs share, what -h and -V do, and how a configuration is read.
#pragma once
#include <stdbool.h>
#include "base/ps_addr.h"
#include "base/ps_opt.h"
#include "lsregister/plan.h"

enum {
    VERB_JSON = 256,
    VERB_OWN = 300, // letters of a verb's own begin here
};

#define VERB_CONFIG "/etc/perfsonar/lsregister.conf"
#define VERB_CONFIG_UPSTREAM "/etc/perfsonar/lsregistrationdaemon.conf"

// Beginnings of tables of options.
#define VERB_OPT_CONFIG                                                                                 \
    {                                                                                                   \
        'c', "config", "FILE",                                                                          \
            "the configuration (" VERB_CONFIG ", or where that is not, " VERB_CONFIG_UPSTREAM ")", NULL \
    }
#define VERB_OPT_JSON                            \
    {                                            \
        VERB_JSON, "json", NULL, "as JSON", NULL \
    }
#define VERB_OPT_END                                                                     \
    {'h', "help", NULL, "this text", NULL}, {'V', "version", NULL, "the version", NULL}, \
    {                                                                                    \
        0, NULL, NULL, NULL, NULL                                                        \
    }

struct verb_options {
    const char *config; // NULL: whichever of the two is there
    bool json;
    // A letter of the verb's own: 0, or an error that was told.
    int (*own)(void *ctx, int letter, const char *value);
    void *ctx;
    int argc; // operands
    char **argv;
};

// Reads them; there may be so many operands at most. -1: go on; else the exit status.
int verb_options_read(struct verb_options *o, const struct ps_opt_prog *prog, int max, int argc, char **argv);
// Tells on standard error, as "lsregister VERB: ...", and returns the status.
int verb_fail(const struct ps_opt_prog *prog, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
// Flushes standard output: the status, or EXIT_SYSTEM when it did not take the text, which is told.
int verb_flush(const struct ps_opt_prog *prog, int status);
// The file that config stands for (see above); "-" is standard input.
const char *verb_config_path(const char *config);
// Reads it: 0, or an error with the fault told. p has to be freed either way.
int verb_load(const char *path, struct plan *p, struct ps_fault *fault);
// An operand of --resolver: 0, or a fault that was told.
int verb_resolver(const struct ps_opt_prog *prog, const char *text, struct ps_addr *out);
