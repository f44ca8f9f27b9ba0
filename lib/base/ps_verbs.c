// SPDX-License-Identifier: Apache-2.0
#include "base/ps_verbs.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_near.h"
#include "base/ps_opt.h"

enum { DONE = 0, NO = 1, USAGE = 2, SYSTEM = 4 };

static const struct ps_opt options[] = {
    {'h', "help", NULL, "this text; after a verb, its own", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static int width(const struct ps_verbs *v)
{
    size_t widest = 0;

    for (size_t i = 0; i < v->n; i++)
        widest = strlen(v->at[i].name) > widest ? strlen(v->at[i].name) : widest;
    return (int)widest + 2;
}

static void help(const struct ps_verbs *v, const struct ps_opt_prog *prog)
{
    ps_opt_help(prog, stdout);
    printf("\nVerbs:\n");
    for (size_t i = 0; i < v->n; i++)
        printf("  %-*s%s\n", width(v), v->at[i].name, v->at[i].help);
    printf("\nSee %s.\n", v->see);
}

static int unknown(const struct ps_verbs *v, const char *word)
{
    const char *names[PS_VERBS_MAX];
    char hint[PS_NEAR_HINT];

    assert(v->n <= PS_VERBS_MAX);
    for (size_t i = 0; i < v->n; i++)
        names[i] = v->at[i].name;
    if (word)
        fprintf(stderr, "%s: unknown verb '%.40s'%s; try '%s --help'\n", v->program, word,
                ps_near_hint(word, names, v->n, hint), v->program);
    else
        fprintf(stderr, "%s: no verb; try '%s --help'\n", v->program, v->program);
    return USAGE;
}

static int run(const struct ps_verbs *v, int argc, char **argv)
{
    const struct ps_opt_prog prog = {v->program, "VERB [options]", v->about, NULL, options};
    const char *word = argc > 1 ? argv[1] : NULL;

    for (size_t i = 0; word && i < v->n; i++)
        if (strcmp(word, v->at[i].name) == 0)
            return v->at[i].run(argc - 1, argv + 1);
    if (word && (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0))
        help(v, &prog);
    else if (word && (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0))
        ps_opt_version(&prog, stdout);
    else
        return unknown(v, word);
    return DONE;
}

// An answer that cannot be written is none; a reader that went away wanted no more.
int ps_verbs_main(const struct ps_verbs *v, int argc, char **argv)
{
    int status = run(v, argc, argv);

    errno = 0;
    if ((fflush(stdout) == 0 && !ferror(stdout)) || status > NO)
        return status;
    if (errno != EPIPE)
        fprintf(stderr, "%s: the output cannot be written: %s\n", v->program, strerror(errno ? errno : EIO));
    return SYSTEM;
}
