// SPDX-License-Identifier: Apache-2.0
// The options of psched task.
#include <stdlib.h>
#include <string.h>
#include "psched/cli.h"
#include "psched/cli_task.h"

#define ENV_ASSIST "PSCHEDULER_ASSIST"
#define ENV_PRIORITY "PSCHEDULER_PRIORITY"
#define ENV_SLIP "PSCHEDULER_SLIP"
#define SLIP_DEFAULT "PT5M"

enum {
    OPT_ARCHIVE = 940,
    OPT_ASSIST,
    OPT_CONTEXT,
    OPT_DEBUG,
    OPT_EXPORT,
    OPT_IMPORT,
    OPT_KEEP,
    OPT_KEY,
    OPT_LEAD_BIND,
    OPT_MAX_RUNS,
    OPT_PRIORITY,
    OPT_REFERENCE,
    OPT_REPEAT,
    OPT_CRON,
    OPT_SLIP,
    OPT_SLIPRAND,
    OPT_START,
    OPT_TOOL,
    OPT_UNTIL,
    OPT_URL,
};

static const struct ps_opt table[] = {
    {OPT_START, "start", "WHEN", "when it starts: a time, PT10M from now, @PT1H for the next full hour",
     "Schedule"},
    {OPT_SLIP, "slip", "DURATION", "how late a run may start (" SLIP_DEFAULT ")", NULL},
    {OPT_SLIPRAND, "sliprand", NULL, "start at a random time in that", NULL},
    {OPT_REPEAT, "repeat", "DURATION", "again so often", NULL},
    {OPT_CRON, "repeat-cron", "SPEC", "again at such times, as in '0,30 * * * *'", NULL},
    {OPT_UNTIL, "until", "TIME", "and no longer than that", NULL},
    {OPT_MAX_RUNS, "max-runs", "N", "and no more than that", NULL},
    {OPT_ARCHIVE, "archive", "JSON|@FILE", "where results go; again for each", "Task"},
    {OPT_KEEP, "keep-after-archive", "DURATION", "how long a run is kept when it has been archived", NULL},
    {OPT_TOOL, "tool", "NAME", "a tool to use; again for each, preferred ones first", NULL},
    {OPT_PRIORITY, "priority", "N", "what goes before others; more is sooner", NULL},
    {OPT_CONTEXT, "context", "JSON|@FILE", "the contexts to run in", NULL},
    {OPT_KEY, "key", "TEXT", "who knows it sees what is secret", NULL},
    {OPT_REFERENCE, "reference", "JSON|@FILE", "of your own, kept with the task", NULL},
    {OPT_LEAD_BIND, "lead-bind", "ADDR", "the address that the lead speaks to others from", NULL},
    {OPT_DEBUG, "debug", NULL, "tools tell more", NULL},
    {OPT_IMPORT, "import", "FILE", "begin with that task; - is standard input", "Input and output"},
    {OPT_EXPORT, "export", NULL, "print the task and do not submit it", NULL},
    {OPT_URL, "url", NULL, "print the task's URL and do not wait for results", NULL},
    CLI_RESULT_ROWS,
    {'h', "help", NULL, "this text; behind a test, the test's", NULL},
    {OPT_ASSIST, "assist", "HOST[:PORT]", "the scheduler to ask (this host's)", NULL},
    CLI_WHERE_ROWS,
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psched task",
    "[options] TEST [test options]",
    "Has a test done, once or again and again, and shows what comes of it.",
    "Tests: clock, dns, http, idle, idlebgm, idleex, latency, latencybg, mtu, noop, psresponse, rtt, "
    "simplestream, "
    "throughput, trace, and what plug-ins add. \"psched task TEST --help\" tells the options of one; - is "
    "the test that "
    "was imported.",
    table,
};

static int add(struct task_words *w, const char *name, const char *value)
{
    if (w->n == TASK_LISTS_MAX) {
        fprintf(stderr, "psched task: --%s: given more than %d times\n", name, TASK_LISTS_MAX);
        return CLI_USAGE;
    }
    w->at[w->n++] = value;
    return -1;
}

// Where the value of an option of one value goes.
static const char **place_of(struct task_ask *a, int letter)
{
    const struct {
        int letter;
        const char **place;
    } places[] = {
        {OPT_ASSIST, &a->where.host},
        {OPT_CONTEXT, &a->contexts},
        {OPT_IMPORT, &a->import},
        {OPT_KEY, &a->key},
        {OPT_KEEP, &a->keep_after_archive},
        {OPT_LEAD_BIND, &a->lead_bind},
        {OPT_MAX_RUNS, &a->max_runs},
        {OPT_PRIORITY, &a->priority},
        {OPT_REFERENCE, &a->reference},
        {OPT_REPEAT, &a->repeat},
        {OPT_CRON, &a->repeat_cron},
        {OPT_SLIP, &a->slip},
        {OPT_START, &a->start},
        {OPT_UNTIL, &a->until},
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (places[i].letter == letter)
            return places[i].place;
    return NULL;
}

static void read_switch(struct task_ask *a, int letter)
{
    if (letter == OPT_SLIPRAND)
        a->sliprand = true;
    else if (letter == OPT_DEBUG)
        a->debug = true;
    else if (letter == OPT_EXPORT)
        a->export_only = true;
    else if (letter == OPT_URL)
        a->url_only = true;
}

static int read_option(struct task_ask *a, int letter, const char *value)
{
    int taken = letter == '?' ? -1 : cli_result_option(&a->watch.result, "task", letter, value);

    if (taken != 0)
        return taken < 0 ? CLI_USAGE : -1;
    if (letter == 'h') {
        ps_opt_help(&prog, stdout);
        return CLI_DONE;
    }
    if (letter == OPT_ARCHIVE)
        return add(&a->archives, "archive", value);
    if (letter == OPT_TOOL)
        return add(&a->tools, "tool", value);
    if (place_of(a, letter))
        *place_of(a, letter) = value;
    else if (!cli_where_option(&a->where, letter, value))
        read_switch(a, letter);
    return -1;
}

static const char *from_env(const char *value, const char *name)
{
    const char *env = value ? NULL : getenv(name);

    return env && *env ? env : value;
}

static void take_environment(struct task_ask *a)
{
    a->where.host = from_env(a->where.host, ENV_ASSIST);
    a->priority = from_env(a->priority, ENV_PRIORITY);
    if (!a->import && !a->export_only) {
        a->slip = from_env(a->slip, ENV_SLIP);
        a->slip = a->slip ? a->slip : SLIP_DEFAULT;
    }
}

const char *task_option_among(const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strcspn(words[i], "=");

        if (strncmp(words[i], "--", 2) != 0)
            continue;
        for (const struct ps_opt *o = table; o->letter; o++)
            if (o->letter != 'h' && strlen(o->name) == len - 2 &&
                strncmp(words[i] + 2, o->name, len - 2) == 0)
                return o->name;
    }
    return NULL;
}

int task_options(struct task_ask *a, int argc, char **argv)
{
    struct ps_opt_iter it;
    int letter, status = -1;

    a->watch.first = true;
    if (ps_opt_begin(&it, &prog, argc, argv, true) != 0)
        return CLI_SYSTEM;
    while (status < 0 && (letter = ps_opt_next(&it)) != -1)
        status = read_option(a, letter, it.value);
    int at = ps_opt_index(&it);
    ps_opt_end(&it);
    if (status >= 0)
        return status;
    if (at >= argc) {
        fprintf(stderr, "psched task: wants a test; --help tells more\n");
        return CLI_USAGE;
    }
    a->key = cli_hide(argv, a->key, a->hidden);
    a->type = argv[at];
    a->args = (const char *const *)(argv + at + 1);
    a->nargs = (size_t)(argc - at - 1);
    take_environment(a);
    return -1;
}
