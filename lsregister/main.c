// SPDX-License-Identifier: Apache-2.0
// lsregister(1): a verb, and what it does.
#include <stdio.h>
#include <string.h>
#include "base/ps_near.h"
#include "base/ps_opt.h"
#include "lsregister/exits.h"
#include "lsregister/verbs.h"

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} verbs[] = {
    {"serve", serve_main, "register this host, and keep it registered"},
    {"once", once_main, "the same once, for cron"},
    {"status", status_main, "what is registered where, and what to do"},
    {"verify", verify_main, "what the lookup server has, held against what it should"},
    {"record", record_main, "what would be registered"},
    {"find", find_main, "hosts and services of others"},
    {"communities", communities_main, "communities, and how many are in them"},
    {"withdraw", withdraw_main, "delete what is registered"},
    {"off", off_main, "turn registration off, and delete what is registered"},
    {"on", on_main, "turn it on again"},
    {"check", check_main, "what is wrong with a configuration"},
    {"directory", directory_main, "a lookup server: keeps what hosts register, and is asked for it"},
};

#define VERBS (sizeof verbs / sizeof *verbs)

static const struct ps_opt table[] = {
    {'h', "help", NULL, "this text; after a verb, its own", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "lsregister",
    "VERB [options]",
    "Tells the lookup service of perfSONAR of this host, so that others find it, and finds others.",
    NULL,
    table,
};

static void help(void)
{
    ps_opt_help(&prog, stdout);
    printf("\nVerbs:\n");
    for (size_t i = 0; i < VERBS; i++)
        printf("  %-12s%s\n", verbs[i].name, verbs[i].help);
    printf("\nSee lsregister(1), lsregister-directory(1), lsregister.conf(5).\n");
}

static int unknown(const char *word)
{
    const char *names[VERBS];
    char hint[PS_NEAR_HINT];
    for (size_t i = 0; i < VERBS; i++)
        names[i] = verbs[i].name;
    if (word)
        fprintf(stderr, "lsregister: unknown verb '%.40s'%s; try 'lsregister --help'\n", word,
                ps_near_hint(word, names, VERBS, hint));
    else
        fprintf(stderr, "lsregister: no verb; try 'lsregister --help'\n");
    return EXIT_USAGE;
}

static int printed(void)
{
    if (fflush(stdout) == 0)
        return EXIT_DONE;
    fprintf(stderr, "lsregister: standard output did not take the text\n");
    return EXIT_SYSTEM;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    if (!word)
        return unknown(NULL);
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(word, verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        help();
    else if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0)
        ps_opt_version(&prog, stdout);
    else
        return unknown(word);
    return printed();
}
