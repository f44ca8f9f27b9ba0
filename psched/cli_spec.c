// SPDX-License-Identifier: Apache-2.0
#include "psched/cli_spec.h"
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "psched/cli_print.h"
#include "psched/cli_verb.h"
#include "spec/sp_cli.h"

static int by_ourselves(const struct cli_spec *q, const struct sp_test *t, struct ps_buf *out)
{
    struct ps_fault fault = {""};
    int err = sp_from_cli(t, q->args, q->nargs, out, &fault);

    if (err < 0)
        return cli_fail(q->link, CLI_USAGE, "%s: %s", q->type, fault.text[0] ? fault.text : ps_strerror(err));
    if (err == SP_CLI_HELP) {
        cli_put_help(q->verb, out);
        return CLI_DONE;
    }
    return ps_buf_append(out, "", 1) ? CLI_SYSTEM : -1;
}

static char *arguments(const struct cli_spec *q)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    j->ascii = true;
    ps_json_open(j, '[');
    for (size_t i = 0; i < q->nargs; i++)
        ps_json_str(j, q->args[i]);
    ps_json_close(j, ']');
    return ps_text_close(&t, NULL);
}

int cli_test_url(const char *type, const char *what, const char *name, const char *value, struct ps_buf *out)
{
    int err = ps_buf_printf(out, "/tests/");

    if (!err)
        err = cli_escape(out, type);
    if (!err)
        err = ps_buf_printf(out, "/%s?%s=", what, name);
    if (!err)
        err = cli_escape(out, value);
    return err ? err : ps_buf_append(out, "", 1);
}

static int ask(const struct cli_spec *q, const char *url, struct ps_buf *out)
{
    struct cli_answer a = {.status = 0};
    int status;

    cli_ask(q->link, "GET", url, NULL, 0, &a);
    if (!a.err && a.status == 404)
        status =
            cli_fail(q->link, CLI_USAGE, "there is no test '%s'; 'psched plugins tests' lists them", q->type);
    else if (a.err || a.status != 200)
        status = cli_tell(q->link, url, &a);
    else
        status = ps_buf_append(out, a.body, a.len + 1) ? CLI_SYSTEM : -1;
    cli_answer_fini(&a);
    return status;
}

// A test of a plug-in: the scheduler knows it. What it says to --help comes as a refusal.
static int by_scheduler(const struct cli_spec *q, struct ps_buf *out)
{
    struct ps_buf url;
    char *args = arguments(q);
    int err, status;

    ps_buf_init(&url, 0);
    err = args ? cli_test_url(q->type, "spec", "args", args, &url) : -ENOMEM;
    status = err ? cli_fail(q->link, CLI_SYSTEM, "%s", ps_strerror(err))
                 : ask(q, (const char *)ps_buf_head(&url), out);
    ps_buf_fini(&url);
    free(args);
    return status;
}

int cli_spec(const struct cli_spec *q, struct ps_buf *out)
{
    const struct sp_test *t = sp_test_find(q->type);

    return t ? by_ourselves(q, t, out) : by_scheduler(q, out);
}
