// SPDX-License-Identifier: Apache-2.0
// psched free: when could such a test run?
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "psched/cli.h"
#include "psched/cli_print.h"
#include "psched/cli_spec.h"
#include "psched/cli_verb.h"
#include "psched/when.h"
#include "sched/sch_schedule.h"

#define SHOWN 50 // gaps in a text

enum { OPT_START = 940, OPT_END, OPT_JSON };

static const struct ps_opt table[] = {
    {OPT_START, "start", "WHEN", "not before: a time, PT10M from now, @PT1H for the next full hour (now)",
     NULL},
    {OPT_END, "end", "WHEN", "not after (as far as the schedule reaches)", NULL},
    {OPT_JSON, "json", NULL, "as JSON", NULL},
    CLI_HOST_ROW,
    {'h', "help", NULL, "this text; behind a test, the test's", NULL},
    CLI_WHERE_ROWS,
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psched free",
    "[options] TEST [test options]",
    "Tells when such a test could run beside what is on the schedule.",
    "The exit status is 1 when it cannot run in that time.",
    table,
};

struct question {
    const char *start, *end;
    bool json;
    const char *type;
};

// As the server will read it. What is wrong is told. -1, or the exit status.
static int check_start(const char *value)
{
    struct sch_schedule schedule;
    struct ps_fault fault = {""};
    struct ps_jdoc *doc = NULL;
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    const char *why;
    int err;

    ps_json_open(j, '{');
    ps_json_put_str(j, "start", value);
    ps_json_close(j, '}');
    err = ps_jdoc_parse_text(&doc, &t, &fault);
    if (!err)
        err = sch_schedule_read(&schedule, ps_jdoc_root(doc), &fault);
    ps_jdoc_free(doc);
    if (!err)
        return -1;
    why = strstr(fault.text, ": "); // behind the place in the document
    fprintf(stderr, "psched free: --start: %s\n", why ? why + 2 : fault.text);
    return CLI_USAGE;
}

static int check_end(const char *value)
{
    ps_ns end;

    if (when_read(value, cli_now(), &end) == 0)
        return -1;
    fprintf(stderr, "psched free: --end: " WHEN_WANTS "; got '%s'\n", value);
    return CLI_USAGE;
}

static int read_option(void *ctx, int letter, const char *value)
{
    struct question *q = ctx;

    if (letter == OPT_START) {
        q->start = value;
        return check_start(value);
    }
    if (letter == OPT_END) {
        q->end = value;
        return check_end(value);
    }
    if (letter == OPT_JSON)
        q->json = true;
    return -1;
}

static const struct cli_verb verb = {"free", &prog, read_option, true, 1, 100000, "a test"};

static int put_argument(struct ps_buf *url, const char *name, const char *value)
{
    int err = value ? ps_buf_printf(url, "&%s=", name) : 0;

    return err || !value ? err : cli_escape(url, value);
}

// "/free?test={"type":..,"spec":..}&start=..&end=..", with a NUL. spec ends with one.
static int make_url(const struct question *q, const struct ps_buf *spec, struct ps_buf *url)
{
    struct ps_buf test;

    ps_buf_init(&test, 0);
    int err = ps_buf_printf(&test, "{\"type\":\"%s\",\"spec\":%s}", q->type, (const char *)ps_buf_head(spec));
    if (!err)
        err = ps_buf_append(&test, "", 1);
    if (!err)
        err = ps_buf_printf(url, "/free?test=");
    if (!err)
        err = cli_escape(url, (const char *)ps_buf_head(&test));
    if (!err)
        err = put_argument(url, "start", q->start);
    if (!err)
        err = put_argument(url, "end", q->end);
    ps_buf_fini(&test);
    return err ? err : ps_buf_append(url, "", 1);
}

static void put_gap(struct ps_jnode gap)
{
    ps_ns from, to;
    char span[CLI_SPAN];

    printf("  ");
    cli_put(stdout, cli_str(gap, "lower", "?"));
    printf(" to ");
    cli_put(stdout, cli_str(gap, "upper", "?"));
    if (cli_time(gap, "lower", &from) && cli_time(gap, "upper", &to) && to > from)
        printf("  (%s)", cli_span(to - from, span));
    putchar('\n');
}

static void put_text(const struct question *q, struct ps_jnode n)
{
    struct ps_jnode gaps = ps_jnode_member(n, "free");
    size_t shown = 0;

    printf("%s with ", q->type);
    cli_put(stdout, cli_str(n, "tool", "?"));
    printf(" takes ");
    cli_put(stdout, cli_str(n, "duration", "?"));
    printf(" and is ");
    cli_put(stdout, cli_str(n, "class", "?"));
    printf(ps_jnode_count(gaps) ? ". It could run from\n" : ". There is no time for it.\n");
    if (cli_str(n, "errors", NULL)) {
        cli_put(stdout, cli_str(n, "errors", ""));
        printf(".\n");
    }
    for (struct ps_jnode g = ps_jnode_first(gaps); ps_jnode_there(g) && shown < SHOWN;
         g = ps_jnode_next(g), shown++)
        put_gap(g);
    if (ps_jnode_count(gaps) > shown)
        printf("  and %zu more\n", ps_jnode_count(gaps) - shown);
}

static int ask(struct cli_link *l, const struct question *q, const struct ps_buf *spec)
{
    struct ps_jdoc *doc = NULL;
    struct ps_buf url;

    ps_buf_init(&url, 0);
    int err = make_url(q, spec, &url);
    int status = err ? cli_fail(l, CLI_SYSTEM, "%s", ps_strerror(err))
                     : cli_get(l, (const char *)ps_buf_head(&url), 0, &doc);
    ps_buf_fini(&url);
    if (status)
        return status;
    struct ps_jnode n = ps_jdoc_root(doc);
    if (q->json)
        cli_put_json(stdout, n);
    else
        put_text(q, n);
    bool none = ps_jnode_count(ps_jnode_member(n, "free")) == 0;
    ps_jdoc_free(doc);
    return none ? CLI_NO : CLI_DONE;
}

static int ask_of_test(struct cli_link *l, void *question, int argc, char **argv)
{
    struct question *q = question;
    const struct cli_spec test = {l, verb.name, argv[0], (const char *const *)(argv + 1), (size_t)argc - 1};
    struct ps_buf spec;
    int status;

    q->type = argv[0];
    ps_buf_init(&spec, 0);
    status = cli_spec(&test, &spec);
    if (status < 0)
        status = ask(l, q, &spec);
    ps_buf_fini(&spec);
    return status;
}

int cli_free_main(int argc, char **argv)
{
    struct question q = {.start = NULL};

    return cli_verb_main(&verb, argc, argv, &q, ask_of_test);
}
