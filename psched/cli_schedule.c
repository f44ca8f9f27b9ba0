// SPDX-License-Identifier: Apache-2.0
// psched schedule: what ran and what will.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_out.h"
#include "psched/cli.h"
#include "psched/cli_print.h"
#include "psched/cli_verb.h"

#define TYPES_MAX 64
#define HOUR (3600 * PS_SEC)

enum { OPT_TASK = 940, OPT_FILTER, OPT_INVERT, OPT_FORMAT, OPT_JSON, OPT_VERBOSE };

static const struct ps_opt table[] = {
    {OPT_TASK, "task", "URL|UUID", "the runs of that task alone; without a time, all of them", NULL},
    {OPT_FILTER, "filter-test", "TYPE", "runs of that test alone; again for each", NULL},
    {OPT_INVERT, "invert", NULL, "all but these tests", NULL},
    {OPT_FORMAT, "format", "FORMAT", "plain or json (plain)", NULL},
    {OPT_JSON, "json", NULL, "the same as --format json", NULL},
    {OPT_VERBOSE, "verbose", NULL, "with what is known of errors", NULL},
    CLI_HOST_ROW,
    {'h', "help", NULL, "this text", NULL},
    CLI_WHERE_ROWS,
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psched schedule",
    "[options] [DELTA | START END]",
    "Lists the runs of a time: of the next hour, of DELTA (PT1H the next hour, -PT1H the last one), or from "
    "START to "
    "END (2026-01-31T12:00:00Z).",
    NULL,
    table,
};

struct listing {
    const char *task;
    const char *types[TYPES_MAX];
    size_t ntypes;
    bool invert, json, verbose;
    bool always; // of a task, all its runs
    ps_ns from, to;
};

static int bad(const char *fmt, const char *value)
{
    fputs("psched schedule: ", stderr);
    fprintf(stderr, "%s; got '%s'\n", fmt, value);
    return CLI_USAGE;
}

static int read_option(void *ctx, int letter, const char *value)
{
    struct listing *s = ctx;

    if (letter == OPT_TASK)
        s->task = value;
    else if (letter == OPT_INVERT)
        s->invert = true;
    else if (letter == OPT_VERBOSE)
        s->verbose = true;
    else if (letter == OPT_FILTER && s->ntypes == TYPES_MAX)
        return bad("--filter-test: too many of them", value);
    else if (letter == OPT_FILTER)
        s->types[s->ntypes++] = value;
    else if (letter == OPT_FORMAT && strcmp(value, "json") != 0 && strcmp(value, "plain") != 0)
        return bad("--format: wants plain or json", value);
    else if (letter == OPT_FORMAT)
        s->json = strcmp(value, "json") == 0;
    else if (letter == OPT_JSON)
        s->json = true;
    return -1;
}

static const struct cli_verb verb = {
    "schedule", &prog, read_option, false, 0, 2, "nothing, a duration, or two times"};

// the range

static int read_when(const char *text, ps_ns *out)
{
    struct ps_when when;

    if (ps_iso8601_time(text, &when) != 0)
        return bad("wants a time, as in 2026-01-31T12:00:00Z", text);
    *out = when.at;
    return 0;
}

static int read_range(struct listing *s, int n, char **words)
{
    ps_ns now = cli_now(), d = HOUR;
    bool past = n == 1 && words[0][0] == '-';

    s->always = n == 0 && s->task;
    if (n == 2) {
        int status = read_when(words[0], &s->from);
        if (!status)
            status = read_when(words[1], &s->to);
        return !status && s->to <= s->from ? bad("wants an end behind the start", words[1]) : status;
    }
    if (n == 1 && ps_iso8601_duration(words[0] + (past || words[0][0] == '+'), &d) != 0)
        return bad("wants a duration, as in PT1H or -PT1H", words[0]);
    s->from = past ? now - d : now;
    s->to = past ? now : now + d;
    return 0;
}

// "-PT1H" would be taken for letters of options.
static void shield(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "-P", 2) == 0 || strncmp(argv[i], "-p", 2) == 0)
            argv[i][0] = '~';
}

static void unshield(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "~P", 2) == 0 || strncmp(argv[i], "~p", 2) == 0)
            argv[i][0] = '-';
}

// runs

static bool is_listed(const struct listing *s, struct ps_jnode run)
{
    const char *type = cli_str(ps_jnode_member(ps_jnode_member(run, "task"), "test"), "type", NULL);
    size_t i = 0;

    if (s->ntypes == 0)
        return true;
    if (!type)
        type = cli_str(ps_jnode_member(run, "test"), "name", "");
    while (i < s->ntypes && strcmp(s->types[i], type) != 0)
        i++;
    return (i < s->ntypes) != s->invert;
}

static void put_run(const struct listing *s, struct ps_jnode run)
{
    const char *errors = cli_str(run, "errors", NULL), *warning = cli_str(run, "warning", NULL);
    int64_t priority = 0;

    cli_put(stdout, cli_str(run, "start-time", "?"));
    printf(" - ");
    cli_put(stdout, cli_str(run, "end-time", "?"));
    printf("  (");
    cli_put(stdout, cli_str(run, "state-display", "?"));
    printf(")\n");
    cli_put(stdout, cli_str(ps_jnode_member(run, "test"), "name", "?"));
    if (ps_jnode_count(ps_jnode_member(run, "cli")))
        putchar(' ');
    cli_put_words(stdout, ps_jnode_member(run, "cli"));
    printf(" (Run with tool '");
    cli_put(stdout, cli_str(ps_jnode_member(run, "tool"), "name", "?"));
    printf("'");
    if (ps_jnode_i64(ps_jnode_member(run, "priority"), INT64_MIN, INT64_MAX, &priority, NULL) == 0)
        printf(", priority %lld", (long long)priority);
    printf(")\n");
    cli_put(stdout, cli_str(run, "href", "?"));
    putchar('\n');
    if (s->verbose && errors) {
        cli_put(stdout, errors);
        putchar('\n');
    }
    if (s->verbose && warning) {
        printf("Warning: ");
        cli_put(stdout, warning);
        putchar('\n');
    }
}

static void put_plain(const struct listing *s, struct ps_jnode runs)
{
    bool any = false;

    for (struct ps_jnode n = ps_jnode_first(runs); ps_jnode_there(n); n = ps_jnode_next(n)) {
        if (!is_listed(s, n))
            continue;
        if (any)
            printf("\n\n");
        put_run(s, n);
        any = true;
    }
    if (!any)
        printf("There is nothing on the schedule%s.\n", s->always ? " of that task" : " in that time");
}

static void put_array(const struct listing *s, struct ps_jnode runs)
{
    struct ps_json j;

    ps_json_init(&j, stdout, false);
    ps_json_open(&j, '[');
    for (struct ps_jnode n = ps_jnode_first(runs); ps_jnode_there(n); n = ps_jnode_next(n))
        if (is_listed(s, n))
            ps_jnode_put(&j, NULL, n);
    ps_json_close(&j, ']');
    (void)ps_json_end(&j);
}

static int make_url(const struct listing *s, struct ps_buf *url)
{
    // In whole seconds, so that what begins in the present one is in it.
    const struct ps_when from = {.at = s->from}, to = {.at = s->to + PS_SEC - 1};
    char start[PS_ISO8601_TIME], stop[PS_ISO8601_TIME];
    const char *id = s->task ? strstr(s->task, "/tasks/") : NULL;

    int err = ps_buf_printf(url, "/schedule?");
    if (!err && !s->always)
        err = ps_buf_printf(url, "start=%s&end=%s&", ps_iso8601_put_time(&from, start),
                            ps_iso8601_put_time(&to, stop));
    if (!err && s->task)
        err = ps_buf_printf(url, "task=");
    if (!err && s->task)
        err = cli_escape(url, id ? id + strlen("/tasks/") : s->task);
    return err ? err : ps_buf_append(url, "", 1);
}

static int list(struct cli_link *l, const struct listing *s)
{
    struct ps_jdoc *doc = NULL;
    struct ps_buf url;

    ps_buf_init(&url, 0);
    int err = make_url(s, &url);
    int status = err ? cli_fail(l, CLI_SYSTEM, "%s", ps_strerror(err))
                     : cli_get(l, (const char *)ps_buf_head(&url), 0, &doc);
    if (!status && s->json)
        put_array(s, ps_jdoc_root(doc));
    else if (!status)
        put_plain(s, ps_jdoc_root(doc));
    ps_jdoc_free(doc);
    ps_buf_fini(&url);
    return status;
}

int cli_schedule_main(int argc, char **argv)
{
    struct listing s = {.task = NULL};
    struct cli_where where;
    struct cli_link *l;
    int at;

    shield(argc, argv);
    int status = cli_verb_begin(&verb, argc, argv, &where, &s, &at);
    unshield(argc, argv);
    if (status >= 0)
        return status;
    status = read_range(&s, argc - at, argv + at);
    if (status)
        return status;
    status = cli_link_new(&l, verb.name, &where);
    if (!status)
        status = list(l, &s);
    cli_link_free(l);
    return status;
}
