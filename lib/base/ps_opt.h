// SPDX-License-Identifier: Apache-2.0
// Command lines from one table: letters, long names, help text. Wraps getopt_long.
#pragma once
#include <stdbool.h>
#include <stdio.h>

struct ps_opt {
    int letter;        // the short option, or a value >= 256 for a long one alone; 0 ends the table
    const char *name;  // the long name; NULL: none. A letter of 0 with a help text is not allowed
    const char *arg;   // NULL: none; "N": required; "[N]": optional and attached
    const char *help;  // NULL: works, but is not listed
    const char *group; // a heading printed before this option in the help; NULL: none
};

struct ps_opt_prog {
    const char *name;     // as printed in messages
    const char *synopsis; // "[options] host"
    const char *about;    // a paragraph under the usage line
    const char *notes;    // after the options: examples, see also; may be NULL
    const struct ps_opt *opts;
};

struct ps_opt_iter {
    const struct ps_opt_prog *prog;
    int argc;
    char **argv;
    bool posix; // stop at the first operand
    char *shorts;
    void *longs;       // struct option[]
    const char *value; // of the option just returned; NULL if none was given
};

int ps_opt_begin(struct ps_opt_iter *it, const struct ps_opt_prog *prog, int argc, char **argv, bool posix);
// The next option's letter; -1 when they are done (operands start at argv[ps_opt_index(it)]);
// '?' after an unknown option or a missing argument, with a message on stderr that names it.
int ps_opt_next(struct ps_opt_iter *it);
int ps_opt_index(const struct ps_opt_iter *it);
// Takes the next word of the command line too, for an option of two values; NULL: there is none.
const char *ps_opt_more(struct ps_opt_iter *it);
void ps_opt_end(struct ps_opt_iter *it);
// A command line without operands. Help (h) and version (V) are answered; set is told of every other option, and of what
// it does not take (not 0) it tells the reason on stderr itself. PS_OPT_USAGE: what is wrong has been told.
enum ps_opt_next { PS_OPT_RUN, PS_OPT_DONE, PS_OPT_USAGE };
enum ps_opt_next ps_opt_read(const struct ps_opt_prog *prog, int argc, char **argv,
                             int (*set)(void *ctx, int letter, const char *value), void *ctx);
// The help, wrapped for 80 columns.
void ps_opt_help(const struct ps_opt_prog *prog, FILE *out);
// "NAME (psuite) VERSION" and the licence line.
void ps_opt_version(const struct ps_opt_prog *prog, FILE *out);
