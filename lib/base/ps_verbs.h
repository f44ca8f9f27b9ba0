// SPDX-License-Identifier: Apache-2.0
// A program of verbs: `psched task ...`. Its --help lists them; each has options of its own (ps_opt.h).
#pragma once
#include <stddef.h>

struct ps_verb {
    const char *name;
    int (*run)(int argc, char **argv); // the verb is argv[0]; returns the exit status
    const char *help;
};

struct ps_verbs {
    const char *program, *about;
    const struct ps_verb *at;
    size_t n;        // PS_VERBS_MAX at most
    const char *see; // manual pages: "psched(1), psched.conf(5)"
};
#define PS_VERBS_MAX 32

// All of main. Returns the exit status: the verb's, and that of --help and --version, but 4 when standard output did not
// take what they printed, which is told unless its reader went away; 2 for a word that is no verb.
int ps_verbs_main(const struct ps_verbs *v, int argc, char **argv);
