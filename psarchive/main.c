// SPDX-License-Identifier: Apache-2.0
// psarchive(1): a verb, and what it does.
#include <stdio.h>
#include <string.h>
#include "base/ps_opt.h"
#include "psarchive/serve.h"
#include "psarchive/verbs.h"

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} verbs[] = {
    {"serve", serve_main, "serve the archive over HTTP, and take documents from spools"},
    {"get", get_main, "list metadata, print a series"},
    {"export", export_main, "print metadata and results as lines of JSON"},
    {"import", import_main, "store what such lines, or result documents, hold"},
    {"intake", intake_main, "take the documents of a spool into the archive, once"},
    {"token", token_main, "add, remove and list who may write"},
    {"status", status_main, "what there is, and how much room it takes"},
    {"size", size_main, "what a mesh would need a year"},
    {"verify", verify_main, "look through all of it"},
    {"purge", purge_main, "remove what a retention policy does not keep"},
    {"backup", backup_main, "copy the archive into a file, while it is in use"},
    {"restore", restore_main, "bring it back from such a file"},
};

static const struct ps_opt table[] = {
    {'h', "help", NULL, "this text; after a verb, its own", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psarchive",
    "VERB [options]",
    "Keeps what hosts measured, in one file, and answers as esmond does.",
    NULL,
    table,
};

static void help(void)
{
    ps_opt_help(&prog, stdout);
    printf("\nVerbs:\n");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        printf("  %-10s%s\n", verbs[i].name, verbs[i].help);
    printf("\nSee psarchive(1), psarchive-serve(1).\n");
}

static int unknown(const char *text)
{
    if (text != NULL)
        fprintf(stderr, "psarchive: '%s' is no verb: ", text);
    else
        fprintf(stderr, "psarchive: wants a verb: ");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        fprintf(stderr, "%s%s", i > 0 ? ", " : "", verbs[i].name);
    fprintf(stderr, "; --help tells more\n");
    return 2;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    for (size_t i = 0; word != NULL && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(word, verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    if (word == NULL)
        return unknown(NULL);
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        help();
    else if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0)
        ps_opt_version(&prog, stdout);
    else
        return unknown(word);
    return 0;
}
