// SPDX-License-Identifier: Apache-2.0
#include "pslimits/options.h"
#include <stdio.h>
#include <string.h>
#include "base/ps_near.h"
#include "base/ps_opt.h"

enum {
    OPT_RUN = 256,
    OPT_AS_IS,
    OPT_CASES,
    OPT_JSON,
    OPT_RESOLVER,
    OPT_CACHE,
    OPT_NO_SANDBOX,
};

#define OPT_END                             \
    {'h', "help", NULL, "this text", NULL}, \
    {                                       \
        0, NULL, NULL, NULL, NULL           \
    }

static const struct ps_opt top_options[] = {
    {'h', "help", NULL, "this text; pslimits VERB --help for a verb's", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};
static const struct ps_opt check_options[] = {
    {OPT_JSON, "json", NULL, "what was found as JSON", NULL},
    {'q', "quiet", NULL, "nothing about a good file", NULL},
    OPT_END,
};
static const struct ps_opt owamp_options[] = {
    {'k', "pass-phrases", "FILE", "owamp-server.pfs, to check that assigned users are in it", NULL},
    {OPT_JSON, "json", NULL, "what was found as JSON", NULL},
    {'q', "quiet", NULL, "nothing about a good file", NULL},
    OPT_END,
};
static const struct ps_opt explain_options[] = {
    {'f', "file", "FILE", "the rules (" OPTIONS_FILE ")", NULL},
    {'r', "requester", "IP", "who asks", NULL},
    {'t', "task", "FILE", "what for; -: standard input (idle for two seconds)", NULL},
    {OPT_RUN, "run", "START DURATION",
     "a run of it as it is, without a rewrite, as in --run 2026-06-21T12:00:00Z PT30S", NULL},
    {'i', "hint", "NAME=VALUE", "another hint, such as server=192.0.2.1", NULL},
    {OPT_AS_IS, "as-is", NULL, "the task is not rewritten, as where another host leads", NULL},
    {OPT_RESOLVER, "resolver", "ADDR[:PORT]", "ask this DNS server", NULL},
    {OPT_JSON, "json", NULL, "the verdict and its reasons as JSON", NULL},
    OPT_END,
};
static const struct ps_opt try_options[] = {
    {OPT_CASES, "cases", "CASES", "JSON: requests, made-up facts, and the verdicts that are expected", NULL},
    {OPT_JSON, "json", NULL, "what came of each case as JSON", NULL},
    {'q', "quiet", NULL, "nothing about cases that are as expected", NULL},
    OPT_END,
};
static const struct ps_opt serve_options[] = {
    {'f', "file", "FILE", "the rules (" OPTIONS_FILE "); read again when it changes, and at HUP", NULL},
    {'S', "socket", "SOCKET", "where to listen (" OPTIONS_SOCKET ")", NULL},
    {OPT_CACHE, "cache", "DIR", "keep the last good copies of lists that are fetched here", NULL},
    {OPT_RESOLVER, "resolver", "ADDR[:PORT]", "ask this DNS server", NULL},
    {'U', "user", "USER", "become this user", NULL},
    {'G', "group", "GROUP", "and this group", NULL},
    {OPT_NO_SANDBOX, "no-sandbox", NULL, "no Landlock, no seccomp (but for scripts)", NULL},
    {'v', "verbose", NULL, "log each verdict", NULL},
    OPT_END,
};
static const struct ps_opt ask_options[] = {
    {'S', "socket", "SOCKET", "where it listens (" OPTIONS_SOCKET ")", NULL},
    OPT_END,
};
static const struct ps_opt init_options[] = {OPT_END};

static const struct ps_opt_prog top = {
    "pslimits",
    "VERB [options]",
    "May this requester run this task? Checks, explains and answers by the rules of pScheduler's "
    "limits.conf.",
    "Verbs:\n"
    "  check [FILE]    what is wrong with a file of rules\n"
    "  explain         why somebody may run a task, or not\n"
    "  try FILE        whether a file of rules gives the verdicts that are expected\n"
    "  serve           answers requests over a Unix socket\n"
    "  ask REQUEST     asks the pslimits that serves\n"
    "  owamp FILE      what is wrong with an owamp-server.limits\n"
    "  init [FILE]     a file of rules to begin with\n"
    "Exit status: 0 yes, good; 1 no, faulty; 2 usage; 3 no answer from a daemon or server; 4 system.\n"
    "See pslimits(1), limits.conf(5).",
    top_options,
};

// A verb, its help, and how many operands it takes.
static const struct form {
    const char *name;
    struct ps_opt_prog prog;
    int min, max;
} forms[] = {
    [VERB_CHECK] =
        {"check",
         {"pslimits check", "[options] [FILE]",
          "Checks a file of rules (" OPTIONS_FILE "; -: standard input): every fault with its line, its "
          "place and a hint, and what has no effect as warnings.",
          "Exit status: 0 good; 1 faulty; 2 usage; 4 the file cannot be read, or its scripts not checked.",
          check_options},
         0,
         1},
    [VERB_EXPLAIN] =
        {"explain",
         {"pslimits explain", "--requester IP [options]",
          "Tells the whole way from a request to its verdict.",
          "Examples:\n"
          "  pslimits explain -r 192.0.2.7 -t task.json\n"
          "  pslimits explain -f new.conf -r 192.0.2.7 -t task.json --run 2026-06-21T12:00:00Z PT30S\n"
          "Exit status: 0 passed; 1 denied; 2 usage; 3 what is needed of the network is not to be had; "
          "4 the rules or the task cannot be read, or the rules are faulty.",
          explain_options},
         0,
         0},
    [VERB_TRY] =
        {"try",
         {"pslimits try", "FILE --cases CASES [options]",
          "Judges the requests of CASES by the rules of FILE and compares the verdicts with those expected.",
          "Exit status: 0 all as expected; 1 some are not; 2 usage; 4 a file cannot be read, or is faulty.",
          try_options},
         1,
         1},
    [VERB_SERVE] =
        {"serve",
         {"pslimits serve", "[options]",
          "Answers requests over a Unix socket, a line each, until INT or TERM. Rules that turn bad leave "
          "the last good ones in force; without a file everything passes.",
          "Exit status: 0 ended by a signal; 2 usage; 4 there are no good rules to begin with, or "
          "something cannot be used.",
          serve_options},
         0,
         0},
    [VERB_ASK] =
        {"ask",
         {"pslimits ask", "[options] status|reload|REQUEST",
          "Sends a request to the pslimits that serves and prints the reply. REQUEST is JSON; -: standard "
          "input.",
          "Exit status: 0 passed, done; 1 denied, or an error; 2 usage; 3 nobody answers.", ask_options},
         1,
         1},
    [VERB_OWAMP] = {"owamp",
                    {"pslimits owamp", "[options] FILE",
                     "Checks a file of owampd's limits (-: standard input) for all of its faults.",
                     "Exit status: 0 good; 1 faulty; 2 usage; 4 the file cannot be read.", owamp_options},
                    1,
                    1},
    [VERB_INIT] =
        {"init",
         {"pslimits init", "[FILE]",
          "Writes a commented file of rules that is safe to begin with, to a new FILE or to standard "
          "output.",
          NULL, init_options},
         0,
         1},
};

#define FORMS (sizeof forms / sizeof *forms)

static int complain(const char *name, const char *text)
{
    fprintf(stderr, "%s: %s; try '%s --help'\n", name, text, name);
    return -1;
}

static int set_run(struct options *o, struct ps_opt_iter *it)
{
    o->start = it->value;
    o->duration = ps_opt_more(it);
    return o->duration ? 0 : complain("pslimits explain", "--run wants a start and a duration");
}

static int add_hint(struct options *o, const char *value)
{
    if (!strchr(value, '=') || value[0] == '=')
        return complain("pslimits explain", "--hint wants NAME=VALUE");
    if (o->nhints == OPTIONS_HINTS)
        return complain("pslimits explain", "there are too many hints");
    o->hints[o->nhints++] = value;
    return 0;
}

static int set_served(struct options *o, int letter, const char *value)
{
    switch (letter) {
    case 'S':
        o->socket = value;
        return 0;
    case OPT_NO_SANDBOX:
        o->unconfined = true;
        return 0;
    case OPT_CACHE:
        o->cache = value;
        return 0;
    case 'U':
        o->user = value;
        return 0;
    case 'G':
        o->group = value;
        return 0;
    case 'v':
        o->debug = true;
        return 0;
    default:
        return -1;
    }
}

static int set_asked(struct options *o, int letter, struct ps_opt_iter *it)
{
    switch (letter) {
    case 'f':
        o->file = it->value;
        return 0;
    case 'r':
        o->requester = it->value;
        return 0;
    case 't':
        o->task = it->value;
        return 0;
    case 'i':
        return add_hint(o, it->value);
    case OPT_RUN:
        return set_run(o, it);
    case OPT_AS_IS:
        o->as_is = true;
        return 0;
    case OPT_RESOLVER:
        o->resolver = it->value;
        return 0;
    default:
        return set_served(o, letter, it->value);
    }
}

static int set_option(struct options *o, int letter, struct ps_opt_iter *it)
{
    switch (letter) {
    case OPT_JSON:
        o->json = true;
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    case 'k':
        o->users = it->value;
        return 0;
    case OPT_CASES:
        o->cases = it->value;
        return 0;
    default:
        return set_asked(o, letter, it);
    }
}

// What a verb cannot do without.
static int settle(const struct options *o, const char *name)
{
    if (o->verb == VERB_EXPLAIN && !o->requester)
        return complain(name, "--requester IP is missing: who asks?");
    if (o->verb == VERB_TRY && !o->cases)
        return complain(name, "--cases CASES is missing");
    return 0;
}

static int take_operands(struct options *o, const struct form *f, char **operands, int n)
{
    if (n < f->min || n > f->max) {
        fprintf(stderr, "%s: usage: %s %s\n", f->prog.name, f->prog.name, f->prog.synopsis);
        return complain(f->prog.name, n < f->min ? "something is missing" : "too many words");
    }
    o->socket = o->socket ? o->socket : OPTIONS_SOCKET;
    if (o->verb == VERB_ASK)
        o->request = operands[0];
    else if (n > 0)
        o->file = operands[0];
    else if (o->verb != VERB_INIT && !o->file)
        o->file = OPTIONS_FILE;
    return settle(o, f->prog.name);
}

static int printed(const char *name)
{
    if (fflush(stdout) == 0)
        return OPTIONS_DONE;
    fprintf(stderr, "%s: standard output did not take the text\n", name);
    return OPTIONS_USAGE;
}

static int read_verb(struct options *o, const struct form *f, struct ps_opt_iter *it)
{
    int letter;
    while ((letter = ps_opt_next(it)) != -1) {
        if (letter == 'h') {
            ps_opt_help(&f->prog, stdout);
            return printed(f->prog.name);
        }
        if (letter == '?' || set_option(o, letter, it) != 0)
            return OPTIONS_USAGE;
    }
    int at = ps_opt_index(it);
    return take_operands(o, f, it->argv + at, it->argc - at) == 0 ? OPTIONS_RUN : OPTIONS_USAGE;
}

static int unknown_verb(const char *word)
{
    const char *names[FORMS];
    char hint[PS_NEAR_HINT], text[200];
    size_t n = 0;
    for (size_t i = 0; i < FORMS; i++)
        if (forms[i].name)
            names[n++] = forms[i].name;
    snprintf(text, sizeof text, "unknown verb '%.40s'%s", word, ps_near_hint(word, names, n, hint));
    complain("pslimits", text);
    return OPTIONS_USAGE;
}

static int read_top(struct ps_opt_iter *it, int *verb_at)
{
    int letter = ps_opt_next(it);
    if (letter == 'h' || letter == 'V') {
        letter == 'h' ? ps_opt_help(&top, stdout) : ps_opt_version(&top, stdout);
        return printed("pslimits");
    }
    if (letter != -1)
        return OPTIONS_USAGE;
    *verb_at = ps_opt_index(it);
    if (*verb_at < it->argc)
        return OPTIONS_RUN;
    complain("pslimits", "no verb");
    return OPTIONS_USAGE;
}

static const struct form *find_form(const char *word)
{
    for (size_t i = 0; i < FORMS; i++)
        if (forms[i].name && strcmp(forms[i].name, word) == 0)
            return &forms[i];
    return NULL;
}

enum options_next options_read(struct options *o, int argc, char **argv)
{
    struct ps_opt_iter it;
    int at = 0, next = OPTIONS_USAGE;
    memset(o, 0, sizeof *o);
    if (ps_opt_begin(&it, &top, argc, argv, true) != 0)
        return OPTIONS_USAGE;
    next = read_top(&it, &at);
    ps_opt_end(&it);
    if (next != OPTIONS_RUN)
        return (enum options_next)next;
    const struct form *f = find_form(argv[at]);
    if (!f)
        return (enum options_next)unknown_verb(argv[at]);
    o->verb = (enum verb)(f - forms);
    if (ps_opt_begin(&it, &f->prog, argc - at, argv + at, false) != 0)
        return OPTIONS_USAGE;
    next = read_verb(o, f, &it);
    ps_opt_end(&it);
    return (enum options_next)next;
}
