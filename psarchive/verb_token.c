// SPDX-License-Identifier: Apache-2.0
// psarchive token: who may write.
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/settings.h"
#include "psarchive/token.h"
#include "psarchive/verb_options.h"
#include "psarchive/verbs.h"
#include "psarchive/when.h"
#include "psarchive/workplace.h"

static const struct ps_opt table[] = {
    {VERB_DATA, "data", "DIR", "the archive's directory (" SETTINGS_DATA ")", NULL},
    {'h', "help", NULL, "this text", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psarchive token",
    "[options] add NAME | remove NAME | list",
    "add: prints a new token, with which NAME may write; it is not kept and cannot be shown again. remove: "
    "the token of "
    "NAME is no longer valid, at once. list: the names, and since when.",
    "Clients send it as \"Authorization: Token 0123...\".\n"
    "Exit status: 0 done; 1 there is no such name, or it has a token already; 2 usage; 4 it failed.\n"
    "See psarchive(1).",
    table,
};

static void print_one(void *ctx, const char *name, int64_t created)
{
    char when[WHEN_SIZE];
    (void)ctx;
    printf("%s\t%s\n", when_text(created, when), name);
}

static int answer(const char *verb, int err, const struct ps_fault *fault)
{
    if (err == 0)
        return workplace_flush(verb, EXIT_DONE);
    int status = err == PS_EDUPLICATE || err == PS_ENOTFOUND ? EXIT_NO
                 : err == PS_EMALFORMED                      ? EXIT_USAGE
                                                             : EXIT_SYSTEM;
    return workplace_fail(verb, status, "%s", fault->text);
}

static int act(struct workplace *w, const char *what, const char *name)
{
    struct ps_fault fault = {""};
    char token[TOKEN_LEN + 1];
    int err;
    if (strcmp(what, "list") == 0) {
        err = token_list(w->reader, print_one, NULL);
        if (err != 0)
            ps_fault_set(&fault, store_path(w->store), 0, "%s", ps_strerror(err));
    } else if (strcmp(what, "add") == 0) {
        err = token_add(w->store, name, token, &fault);
        if (err == 0)
            printf("%s\n", token);
    } else
        err = token_remove(w->store, name, &fault);
    return answer("token", err, &fault);
}

static int run(const char *data, int argc, char **argv)
{
    struct workplace w;
    bool list = argc == 1 && strcmp(argv[0], "list") == 0;
    bool add = argc == 2 && strcmp(argv[0], "add") == 0;
    if (!list && !add && (argc != 2 || strcmp(argv[0], "remove") != 0))
        return workplace_fail("token", EXIT_USAGE, "wants add NAME, remove NAME or list; --help tells more");
    int status = workplace_open(&w, "token", data,
                                list  ? WORKPLACE_READ
                                : add ? WORKPLACE_MAKE
                                      : WORKPLACE_CHANGE);
    if (status != 0)
        return status;
    status = act(&w, argv[0], list ? NULL : argv[1]);
    workplace_close(&w);
    return status;
}

int token_main(int argc, char **argv)
{
    struct verb_options o = {0};
    int status = verb_options_read(&o, &prog, argc, argv);
    return status >= 0 ? status : run(o.data, o.argc, o.argv);
}
