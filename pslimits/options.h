// SPDX-License-Identifier: Apache-2.0
// pslimits' command line: a verb, and what it takes.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_FILE "/etc/pscheduler/limits.conf"
#define OPTIONS_SOCKET "/run/pslimits/pslimits.sock"
#define OPTIONS_HINTS 16

enum verb { VERB_CHECK, VERB_EXPLAIN, VERB_TRY, VERB_OWAMP, VERB_INIT, VERB_SERVE, VERB_ASK, VERBS };

struct options {
    enum verb verb;
    const char *file; // of rules, of a limits file; "-": standard input
    bool json, quiet;
    // explain
    const char *hints[OPTIONS_HINTS]; // "NAME=VALUE"
    size_t nhints;
    const char *requester, *task, *start, *duration;
    bool as_is; // no rewrite
    // try
    const char *cases;
    // owamp
    const char *users;
    // serve and ask
    const char *socket, *cache, *user, *group, *request;
    bool debug, unconfined;
    // where facts come from
    const char *resolver; // ADDRESS[:PORT]; NULL: the system's
};

enum options_next { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_USAGE };
// Says itself what is wrong. DONE: help or version was printed.
enum options_next options_read(struct options *o, int argc, char **argv);
