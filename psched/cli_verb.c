// SPDX-License-Identifier: Apache-2.0
#include "psched/cli_verb.h"
#include <string.h>
#include "psched/cli.h"

static int read_option(const struct cli_verb *v, struct cli_where *w, void *ctx, int letter,
                       const char *value)
{
    if (letter == '?')
        return CLI_USAGE;
    if (letter == 'h') {
        ps_opt_help(v->prog, stdout);
        return CLI_DONE;
    }
    if (cli_where_option(w, letter, value) || !v->option)
        return -1;
    return v->option(ctx, letter, value);
}

int cli_verb_begin(const struct cli_verb *v, int argc, char **argv, struct cli_where *w, void *ctx, int *at)
{
    struct ps_opt_iter it;
    int letter, status = -1;

    *w = (struct cli_where){NULL, NULL, NULL, NULL, false};
    if (ps_opt_begin(&it, v->prog, argc, argv, v->posix) != 0)
        return CLI_SYSTEM;
    while (status < 0 && (letter = ps_opt_next(&it)) != -1)
        status = read_option(v, w, ctx, letter, it.value);
    *at = ps_opt_index(&it);
    ps_opt_end(&it);
    if (status < 0 && (argc - *at < v->min || argc - *at > v->max)) {
        fprintf(stderr, "psched %s: wants %s; --help tells more\n", v->name, v->want);
        status = CLI_USAGE;
    }
    return status;
}

int cli_verb_main(const struct cli_verb *v, int argc, char **argv, void *ctx,
                  int (*run)(struct cli_link *l, void *ctx, int n, char **operands))
{
    struct cli_where where;
    struct cli_link *l;
    int at, status = cli_verb_begin(v, argc, argv, &where, ctx, &at);

    if (status >= 0)
        return status;
    status = cli_link_new(&l, v->name, &where);
    if (!status)
        status = run(l, ctx, argc - at, argv + at);
    cli_link_free(l);
    return status;
}

const char *cli_hide(char **argv, const char *value, char out[CLI_KEY])
{
    size_t len = value ? strlen(value) : 0;

    if (!value || len >= CLI_KEY)
        return value;
    memcpy(out, value, len + 1);
    for (; *argv; argv++) {
        size_t whole = strlen(*argv);
        if (whole >= len && *argv + (whole - len) == value)
            memset(*argv + (whole - len), 'x', len);
    }
    return out;
}

void cli_put_help(const char *verb, const struct ps_buf *text)
{
    static const char begins[] = "Usage: task [task options]"; // as pScheduler's does
    const char *help = (const char *)ps_buf_head(text);
    size_t len = ps_buf_len(text), at = sizeof begins - 1;

    if (len < at || memcmp(help, begins, at) != 0)
        at = 0;
    else
        printf("Usage: psched %s [%s options]", verb, verb);
    fwrite(help + at, 1, len - at, stdout);
}
