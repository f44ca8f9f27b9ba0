// SPDX-License-Identifier: Apache-2.0
// psched result: what came of a run.
#include <string.h>
#include "base/ps_err.h"
#include "psched/cli.h"
#include "psched/cli_print.h"
#include "psched/cli_result.h"
#include "psched/cli_verb.h"

enum { OPT_ARCHIVINGS = 940, OPT_DIAGS };

static const struct ps_opt table[] = {
    {OPT_ARCHIVINGS, "archivings", NULL, "what became of the archivings, too", NULL},
    {OPT_DIAGS, "diags", NULL, "what the tools said, too", NULL},
    CLI_RESULT_ROWS,
    {'h', "help", NULL, "this text", NULL},
    CLI_HOST_ROW,
    CLI_WHERE_ROWS,
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psched result",
    "[options] RUN-URL|TASK-URL|TASK-UUID",
    "Prints what came of a run; of a task's first one when it is a task that is named.",
    "The exit status is 0 when the run succeeded and 1 when it did not, or is not over.",
    table,
};

static int read_option(void *ctx, int letter, const char *value)
{
    struct cli_result_conf *c = ctx;

    if (cli_result_option(c, "result", letter, value) < 0)
        return CLI_USAGE;
    if (letter == OPT_ARCHIVINGS)
        c->archivings = true;
    else if (letter == OPT_DIAGS)
        c->diags = true;
    return -1;
}

static const struct cli_verb verb = {"result", &prog, read_option, false, 1, 1, "one URL of a run or task"};

static int show(struct cli_link *l, const struct cli_result_conf *c, struct ps_jnode run)
{
    const char *state = cli_str(run, "state", "");
    struct ps_jdoc *task;
    char url[4096];

    if (!cli_state_over(state))
        return cli_fail(l, CLI_NO, "the run is not over: %s, from %s to %s",
                        cli_str(run, "state-display", state), cli_str(run, "start-time", "?"),
                        cli_str(run, "end-time", "?"));
    snprintf(url, sizeof url, "%s?detail=1", cli_str(run, "task-href", ""));
    int status = cli_get(l, url, 0, &task);
    if (status)
        return status;
    status = cli_result_show(l, c, run, ps_jdoc_root(task), 1);
    ps_jdoc_free(task);
    return status;
}

static int result_of(struct cli_link *l, void *conf, int n, char **operands)
{
    struct ps_buf place;
    struct ps_jdoc *run;

    (void)n;
    ps_buf_init(&place, 0);
    int status = cli_link_place(l, operands[0], &place);
    if (!status && !strstr((const char *)ps_buf_head(&place), "/runs/")) {
        ps_buf_cut(&place, ps_buf_len(&place) - 1);
        status = ps_buf_printf(&place, "/runs/first?wait=0%c", '\0') ? CLI_SYSTEM : 0;
    }
    if (!status)
        status = cli_get(l, (const char *)ps_buf_head(&place), 0, &run);
    if (!status) {
        status = show(l, conf, ps_jdoc_root(run));
        ps_jdoc_free(run);
    }
    ps_buf_fini(&place);
    return status;
}

int cli_result_main(int argc, char **argv)
{
    struct cli_result_conf conf = {.format = CLI_TEXT};

    return cli_verb_main(&verb, argc, argv, &conf, result_of);
}
