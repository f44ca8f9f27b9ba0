// SPDX-License-Identifier: Apache-2.0
// psched cancel: no more runs of a task.
#include "base/ps_err.h"
#include "psched/cli.h"
#include "psched/cli_verb.h"

enum { OPT_KEY = 940 };

static const struct ps_opt table[] = {
    {OPT_KEY, "key", "TEXT", "the task's key, where it has one", NULL},
    {'h', "help", NULL, "this text", NULL},
    CLI_HOST_ROW,
    CLI_WHERE_ROWS,
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psched cancel",
    "[options] TASK-URL|TASK-UUID",
    "Ends a task: there are no more runs of it, and the one that is running is stopped.",
    NULL,
    table,
};

static int read_option(void *ctx, int letter, const char *value)
{
    const char **key = ctx;

    if (letter == OPT_KEY)
        *key = value;
    return -1;
}

static const struct cli_verb verb = {"cancel", &prog, read_option, false, 1, 1, "one URL of a task"};

static int with_key(struct ps_buf *url, const char *key)
{
    if (!key)
        return 0;
    ps_buf_cut(url, ps_buf_len(url) - 1);
    int err = ps_buf_printf(url, "?key=");
    if (!err)
        err = cli_escape(url, key);
    return err ? err : ps_buf_append(url, "", 1);
}

static int cancel(struct cli_link *l, const char *what, const char *key)
{
    struct cli_answer a = {.status = 0};
    struct ps_buf url;

    ps_buf_init(&url, 0);
    int status = cli_link_place(l, what, &url);
    if (!status && with_key(&url, key) != 0)
        status = cli_fail(l, CLI_SYSTEM, "%s", ps_strerror(PS_ELIMIT));
    if (!status) {
        cli_ask(l, "DELETE", (const char *)ps_buf_head(&url), NULL, 0, &a);
        if (a.err || a.status != 200)
            status = cli_tell(l, (const char *)ps_buf_head(&url), &a);
    }
    cli_answer_fini(&a);
    ps_buf_fini(&url);
    return status;
}

int cli_cancel_main(int argc, char **argv)
{
    struct cli_where where;
    const char *key = NULL;
    char hidden[CLI_KEY];
    struct cli_link *l;
    int at;

    int status = cli_verb_begin(&verb, argc, argv, &where, &key, &at);
    if (status >= 0)
        return status;
    key = cli_hide(argv, key, hidden);
    status = cli_link_new(&l, verb.name, &where);
    if (!status)
        status = cancel(l, argv[at], key);
    cli_link_free(l);
    return status;
}
