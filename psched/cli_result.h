// SPDX-License-Identifier: Apache-2.0
// What came of a run, for people and programs.
#pragma once
#include <stdio.h>
#include "psched/cli_link.h"

enum cli_format { CLI_TEXT, CLI_HTML, CLI_JSON, CLI_NONE };
// "text", "html", "json", "none", and "text/plain" and such. -1: another one.
int cli_format_find(const char *word);

struct cli_result_conf {
    enum cli_format format;
    bool full;          // JSON of all that is known of the run
    bool archivings;    // what became of the archivings, too
    bool diags;         // what the tools said, also when they succeeded
    bool quiet;         // without the heading
    const char *output; // a file's name, in which "%n" is the number of the run; NULL: standard output
};
#define CLI_RESULT_ROWS                                                                        \
    {CLI_OPT_FORMAT, "format", "FORMAT", "text, html or json (text)", NULL},                   \
        {CLI_OPT_JSON, "json", NULL, "the same as --format json", NULL},                       \
        {CLI_OPT_FULL, "full", NULL, "all that is known of the run, as JSON", NULL},           \
        {CLI_OPT_OUTPUT, "output", "FILE", "write results there; %n is a run's number", NULL}, \
    {                                                                                          \
        'q', "quiet", NULL, "results and errors alone", NULL                                   \
    }
enum { CLI_OPT_FORMAT = 920, CLI_OPT_JSON, CLI_OPT_FULL, CLI_OPT_OUTPUT };
// Text for people goes on beside what comes of runs.
bool cli_result_talks(const struct cli_result_conf *c);
// 1: it was one of these options; 0: it is none; -1: it was one with a bad value, which has been told.
int cli_result_option(struct cli_result_conf *c, const char *verb, int letter, const char *value);

// Prints what came of a run that is over. run and task (with detail) are documents of the API; nth is the run's
// number. CLI_DONE: it succeeded. CLI_NO: it did not.
int cli_result_show(struct cli_link *l, const struct cli_result_conf *c, struct ps_jnode run,
                    struct ps_jnode task, size_t nth);
// Whether a state of a run is a last one.
bool cli_state_over(const char *state);
