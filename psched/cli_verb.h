// SPDX-License-Identifier: Apache-2.0
// What all verbs of the command line do with their arguments.
#pragma once
#include "psched/cli_link.h"

struct cli_verb {
    const char *name;
    const struct ps_opt_prog *prog;
    // An option of the verb's own: -1: go on; else an exit status, for which something has been told. NULL: it has none.
    int (*option)(void *ctx, int letter, const char *value);
    bool posix;       // options end at the first operand
    int min, max;     // operands
    const char *want; // "one URL of a task": what they are
};

// Reads the options; help is printed, and those of struct cli_where go to w. *at is the first operand. -1: go on;
// else the exit status.
int cli_verb_begin(const struct cli_verb *v, int argc, char **argv, struct cli_where *w, void *ctx, int *at);
// The whole of a verb that asks one scheduler: its options are read, and run makes the exit status of the n operands.
int cli_verb_main(const struct cli_verb *v, int argc, char **argv, void *ctx,
                  int (*run)(struct cli_link *l, void *ctx, int n, char **operands));

// What all who list processes could read is put away: value, a part of argv, is copied into out and its places are
// overwritten. The copy; value itself when it is NULL or does not fit.
#define CLI_KEY 512
const char *cli_hide(char **argv, const char *value, char out[CLI_KEY]);
// A test's help (sp_cli_help) as that of a verb that takes tests.
void cli_put_help(const char *verb, const struct ps_buf *text);
