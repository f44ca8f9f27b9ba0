// SPDX-License-Identifier: Apache-2.0
// psched plugins: the tests, tools, archivers and contexts that a scheduler has.
#include <string.h>
#include "psched/cli.h"
#include "psched/cli_print.h"
#include "psched/cli_verb.h"

#define KINDS 4

static const char *const kinds[KINDS] = {"tests", "tools", "archivers", "contexts"};

enum { OPT_JSON = 940 };

static const struct ps_opt table[] = {
    {OPT_JSON, "json", NULL, "as JSON", NULL},
    CLI_HOST_ROW,
    {'h', "help", NULL, "this text", NULL},
    CLI_WHERE_ROWS,
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psched plugins",
    "[options] [tests|tools|archivers|contexts]",
    "Lists what a scheduler can do.",
    NULL,
    table,
};

static int read_option(void *ctx, int letter, const char *value)
{
    (void)value;
    if (letter == OPT_JSON)
        *(bool *)ctx = true;
    return -1;
}

static const struct cli_verb verb = {"plugins",
                                     &prog,
                                     read_option,
                                     false,
                                     0,
                                     1,
                                     "tests, tools, archivers, contexts, or nothing for all of them"};

static void put_plugin(struct ps_jnode n)
{
    struct ps_jnode tests = ps_jnode_member(n, "tests");
    const char *cls = cli_str(n, "scheduling-class", NULL);

    printf("  %-16.60s ", cli_str(n, "name", "?"));
    cli_put(stdout, cli_str(n, "description", ""));
    if (cls) {
        printf(" (");
        cli_put(stdout, cls);
        printf(")");
    }
    if (ps_jnode_count(tests) > 0) {
        printf(" (for ");
        cli_put_names(stdout, tests, "?");
        printf(")");
    }
    putchar('\n');
}

static int list(struct cli_link *l, const char *kind, bool json, bool heading)
{
    struct ps_jdoc *doc;
    char url[40];

    snprintf(url, sizeof url, "/%s?expanded=1", kind);
    int status = cli_get(l, url, 0, &doc);
    if (status)
        return status;
    if (json)
        cli_put_json(stdout, ps_jdoc_root(doc));
    if (heading && !json)
        printf("%s:\n", kind);
    for (struct ps_jnode n = ps_jnode_first(ps_jdoc_root(doc)); !json && ps_jnode_there(n);
         n = ps_jnode_next(n))
        put_plugin(n);
    ps_jdoc_free(doc);
    return 0;
}

static bool is_kind(const char *word)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i], word) == 0)
            return true;
    return false;
}

static int list_all(struct cli_link *l, bool json)
{
    int status = 0;

    for (size_t i = 0; i < KINDS && !status; i++)
        status = list(l, kinds[i], json, true);
    return status;
}

static int run(struct cli_link *l, void *json, int n, char **operands)
{
    if (n && !is_kind(operands[0]))
        return cli_fail(l, CLI_USAGE, "'%s' is none of tests, tools, archivers and contexts", operands[0]);
    return n ? list(l, operands[0], *(bool *)json, false) : list_all(l, *(bool *)json);
}

int cli_plugins_main(int argc, char **argv)
{
    bool json = false;

    return cli_verb_main(&verb, argc, argv, &json, run);
}
