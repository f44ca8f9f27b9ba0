// SPDX-License-Identifier: Apache-2.0
// What psched task was asked for, and the document that is made of it. For the verb's files alone.
#pragma once
#include "psched/cli_link.h"
#include "psched/cli_verb.h"
#include "psched/cli_watch.h"

#define TASK_LISTS_MAX 64

struct task_words {
    const char *at[TASK_LISTS_MAX];
    size_t n;
};

// What options say; NULL: nothing.
struct task_ask {
    struct cli_where where;
    struct cli_watch_conf watch;
    bool url_only, export_only;
    const char *import; // a file, "-" for standard input
    const char *type;   // of the test; "-": as imported
    const char *const *args;
    size_t nargs;
    struct task_words archives, tools;
    const char *contexts, *reference; // JSON, or "@FILE"
    const char *key, *lead_bind, *priority, *keep_after_archive;
    const char *start, *slip, *repeat, *repeat_cron, *until, *max_runs;
    bool sliprand, debug;
    char hidden[CLI_KEY]; // the key, which is not left in argv
};

// Reads the command line. -1: go on; else the exit status.
int task_options(struct task_ask *a, int argc, char **argv);
// The name of an option of the task among the words of a test; NULL: there is none.
const char *task_option_among(const char *const *words, size_t n);

// Makes the task's document in ASCII, with a NUL behind it, out of the options, an imported one and the specification
// (JSON; NULL: the imported one's). It is a valid task but for what only a scheduler can know. 0 or an exit status.
int task_compose(const struct cli_link *l, const struct task_ask *a, struct ps_jnode imported,
                 const char *spec, struct ps_buf *out);
