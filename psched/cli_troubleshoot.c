// SPDX-License-Identifier: Apache-2.0
// psched troubleshoot: step by step, what of a scheduler works and what does not.
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "loop/ps_loop.h"
#include "psched/cli.h"
#include "psched/cli_print.h"
#include "psched/cli_verb.h"

#define TRY_TIMEOUT (15 * PS_SEC)
#define RUN_TIMEOUT 60 // seconds for the test's run and its archivings
#define URL_MAX 4096
#define SAFE_APART PS_SEC

enum { OPT_QUICK = 940, OPT_STATS, OPT_JSON };

static const struct ps_opt table[] = {
    {OPT_QUICK, "quick", NULL, "do not run a test", NULL},
    {OPT_STATS, "stats", NULL, "with what the scheduler counts", NULL},
    {OPT_JSON, "json", NULL, "as JSON", NULL},
    CLI_HOST_ROW,
    {'h', "help", NULL, "this text", NULL},
    CLI_WHERE_ROWS,
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psched troubleshoot",
    "[options] [HOST]",
    "Tries what a scheduler (this host's) does, step by step: whether it answers, its clock, plug-ins, parts "
    "and "
    "limits, and a test of a second with its way into archives. With another HOST, that one as well, and how "
    "far the "
    "clocks are apart.",
    "The exit status is 1 when something is not as it should be.",
    table,
};

struct trial {
    bool quick, stats;
    bool bad;             // something was
    struct ps_json *json; // NULL: text
    struct ps_json out;   // what it is then
    const char *step;     // that is being tried
};

static int read_option(void *ctx, int letter, const char *value)
{
    struct trial *t = ctx;

    (void)value;
    if (letter == OPT_QUICK)
        t->quick = true;
    else if (letter == OPT_STATS)
        t->stats = true;
    else if (letter == OPT_JSON)
        t->json = &t->out;
    return -1;
}

static const struct cli_verb verb = {"troubleshoot", &prog, read_option, false, 0, 1, "one host at most"};

// steps

static void begin(struct trial *t, const char *what)
{
    t->step = what;
    if (t->json)
        return;
    printf("  %s... ", what);
    fflush(stdout);
}

static void put_step(struct trial *t, bool well, const char *text)
{
    ps_json_open(t->json, '{');
    ps_json_put_str(t->json, "step", t->step);
    ps_json_put_bool(t->json, "ok", well);
    ps_json_put_str(t->json, "text", *text ? text : NULL);
    ps_json_close(t->json, '}');
}

static void good(struct trial *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void good(struct trial *t, const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (t->json) {
        put_step(t, true, text);
        return;
    }
    printf("OK%s", *text ? " (" : "");
    cli_put(stdout, text);
    printf("%s\n", *text ? ")" : "");
}

static void bad(struct trial *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void bad(struct trial *t, const char *fmt, ...)
{
    char text[600];
    va_list ap;

    t->bad = true;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (t->json) {
        put_step(t, false, text);
        return;
    }
    printf("FAILED: ");
    cli_put(stdout, text);
    putchar('\n');
}

// The steps of one host, or of both.
static void open_steps(struct trial *t, const char *whose)
{
    if (!t->json) {
        printf("%s:\n", whose);
        return;
    }
    ps_json_open(t->json, '{');
    ps_json_put_str(t->json, "host", whose);
    ps_json_put_open(t->json, "steps", '[');
}

static void close_steps(struct trial *t)
{
    if (!t->json)
        return;
    ps_json_close(t->json, ']');
    ps_json_close(t->json, '}');
}

static void open_all(struct trial *t)
{
    if (!t->json)
        return;
    ps_json_init(t->json, stdout, true);
    ps_json_open(t->json, '{');
    ps_json_put_open(t->json, "hosts", '[');
}

static void close_all(struct trial *t)
{
    if (!t->json) {
        printf(t->bad ? "\nSomething is not as it should be.\n" : "\nAll is well.\n");
        return;
    }
    ps_json_close(t->json, ']');
    ps_json_put_bool(t->json, "well", !t->bad);
    ps_json_close(t->json, '}');
    (void)ps_json_end(t->json);
}

// The document of a step; what is wrong is told as the step's failure. NULL: there is none.
static struct ps_jdoc *fetch(struct trial *t, struct cli_link *l, const char *url)
{
    struct ps_jdoc *doc = NULL;
    struct cli_answer a;

    cli_ask(l, "GET", url, NULL, TRY_TIMEOUT, &a);
    if (a.err)
        bad(t, "%s", a.why);
    else if (a.status != 200)
        bad(t, "HTTP status %d: %.300s", a.status, a.body);
    else if (ps_jdoc_parse_foreign(&doc, NULL, a.body, a.len, NULL) != 0)
        bad(t, "the answer is no JSON");
    cli_answer_fini(&a);
    return doc;
}

static bool try_ping(struct trial *t, struct cli_link *l)
{
    begin(t, "Does a pScheduler answer");
    struct ps_jdoc *doc = fetch(t, l, "/");
    const char *text;
    bool alive = doc && ps_jnode_str(ps_jdoc_root(doc), 0, SIZE_MAX, &text, NULL) == 0;

    if (alive)
        good(t, "%s", text);
    else if (doc)
        bad(t, "something answers, but not a pScheduler");
    ps_jdoc_free(doc);
    return alive;
}

static void try_api(struct trial *t, struct cli_link *l)
{
    begin(t, "API level");
    struct ps_jdoc *doc = fetch(t, l, "/api");
    int64_t level;

    if (doc && ps_jnode_i64(ps_jdoc_root(doc), 1, 1000, &level, NULL) == 0)
        good(t, "%d", (int)level);
    else if (doc)
        bad(t, "the answer is no number");
    ps_jdoc_free(doc);
}

// What the clock shows, and when that was by our monotonic clock, for try_apart.
struct clock_seen {
    bool seen;
    ps_ns at, asked;
};

static void try_clock(struct trial *t, struct cli_link *l, struct clock_seen *c)
{
    begin(t, "Clock");
    ps_ns before = ps_loop_mono();
    struct ps_jdoc *doc = fetch(t, l, "/clock");
    struct ps_jnode n = ps_jdoc_root(doc);

    c->asked = (before + ps_loop_mono()) / 2;
    c->seen = doc && cli_time(n, "time", &c->at);
    if (c->seen && cli_bool(n, "synchronized"))
        good(t, "synchronized by %s", cli_str(n, "source", "unknown"));
    else if (c->seen)
        bad(t, "it is not synchronized; start chrony or ntpd");
    else if (doc)
        bad(t, "the answer has no time");
    ps_jdoc_free(doc);
}

static void try_plugins(struct trial *t, struct cli_link *l, const char *kind, bool needed)
{
    char what[40], url[40];

    snprintf(what, sizeof what, "Plug-ins: %s", kind);
    snprintf(url, sizeof url, "/%s", kind);
    begin(t, what);
    struct ps_jdoc *doc = fetch(t, l, url);
    size_t n = doc ? ps_jnode_count(ps_jdoc_root(doc)) : 0;
    if (doc && (n > 0 || !needed))
        good(t, "%zu", n);
    else if (doc)
        bad(t, "there are none");
    ps_jdoc_free(doc);
}

static void try_services(struct trial *t, struct ps_jnode status)
{
    struct ps_jnode n = ps_jnode_first(ps_jnode_member(status, "services"));
    const char *late;

    for (; ps_jnode_there(n); n = ps_jnode_next(n)) {
        char what[60];
        snprintf(what, sizeof what, "Service %.40s", ps_jnode_key(n));
        begin(t, what);
        late = cli_str(n, "overdue", NULL);
        if (late)
            bad(t, "overdue by %s", late);
        else
            good(t, "%s", "");
    }
}

// What a psched knows to be wrong; others do not say.
static void try_own(struct trial *t, struct ps_jnode own)
{
    const char *trouble = cli_str(own, "trouble", NULL);

    if (!ps_jnode_there(own))
        return;
    begin(t, "Does it know of trouble");
    if (trouble)
        bad(t, "%s", trouble);
    else
        good(t, "%s", "");
}

static void try_status(struct trial *t, struct cli_link *l)
{
    begin(t, "Status");
    struct ps_jdoc *doc = fetch(t, l, "/status");
    if (!doc)
        return;
    struct ps_jnode n = ps_jdoc_root(doc), limits = ps_jnode_member(n, "limits"),
                    runs = ps_jnode_member(n, "runs");
    good(t, "last run finished %s, scheduled %s", cli_str(runs, "last-finished", "never"),
         cli_str(runs, "last-scheduled", "never"));
    try_services(t, n);
    begin(t, "Limits");
    if (cli_bool(limits, "ok"))
        good(t, "%s", "");
    else
        bad(t, "%s", cli_str(limits, "error", "they are not in order"));
    try_own(t, ps_jnode_member(n, "psched"));
    ps_jdoc_free(doc);
}

static void try_pause(struct trial *t, struct cli_link *l)
{
    begin(t, "Does it start runs");
    struct ps_jdoc *doc = fetch(t, l, "/stat/control/pause");
    if (doc && cli_bool(ps_jdoc_root(doc), "is_paused"))
        bad(t, "it is paused; psched resume lets it go on");
    else if (doc)
        good(t, "%s", "");
    ps_jdoc_free(doc);
}

static void try_stats(struct trial *t, struct cli_link *l)
{
    static const char *const stats[] = {
        "archiving/backlog", "archiving/upcoming", "http-queue/backlog", "http-queue/length", "runs/pending",
        "runs/on-deck",      "runs/running",       "runs/cleanup",       "runs/finished",     "runs/overdue",
        "runs/missed",       "runs/failed",        "runs/preempted",     "runs/nonstart",
    };

    for (size_t i = 0; i < sizeof stats / sizeof stats[0]; i++) {
        char url[60];
        int64_t v;
        snprintf(url, sizeof url, "/stat/%s", stats[i]);
        begin(t, stats[i]);
        struct ps_jdoc *doc = fetch(t, l, url);
        if (doc && ps_jnode_i64(ps_jdoc_root(doc), 0, INT64_MAX, &v, NULL) == 0)
            good(t, "%" PRId64, v);
        else if (doc)
            bad(t, "the answer is no number");
        ps_jdoc_free(doc);
    }
}

// a test of a second, to two archives that keep nothing

static const char idle_task[] =
    "{\"schema\":1,\"test\":{\"type\":\"idle\",\"spec\":{\"schema\":1,\"duration\":\"PT1S\"}},\"schedule\":{"
    "\"slip\":"
    "\"PT10M\"},\"archives\":[{\"archiver\":\"bitbucket\",\"data\":{},\"transform\":{\"script\":\".\"}},"
    "{\"archiver\":\"bitbucket\",\"data\":{},\"transform\":{\"script\":\".\"}}]}";

static bool submit(struct trial *t, struct cli_link *l, char url[URL_MAX])
{
    struct ps_jdoc *doc = NULL;
    struct cli_answer a;
    const char *text = NULL;

    begin(t, "Submitting a test");
    cli_ask(l, "POST", "/tasks", idle_task, TRY_TIMEOUT, &a);
    if (a.err)
        bad(t, "%s", a.why);
    else if (a.status != 200)
        bad(t, "HTTP status %d: %.300s", a.status, a.body);
    else if (ps_jdoc_parse_foreign(&doc, NULL, a.body, a.len, NULL) != 0 ||
             ps_jnode_str(ps_jdoc_root(doc), 1, URL_MAX - 100, &text, NULL) != 0)
        bad(t, "the answer is not the URL of a task");
    if (text) {
        snprintf(url, URL_MAX, "%s/runs/first", text);
        good(t, "%s", text);
    }
    ps_jdoc_free(doc);
    cli_answer_fini(&a);
    return text != NULL;
}

static bool all_archived(struct ps_jnode run, size_t *n)
{
    struct ps_jnode a = ps_jnode_first(ps_jnode_member(run, "archivings"));
    bool all = ps_jnode_there(a);

    for (*n = 0; ps_jnode_there(a); a = ps_jnode_next(a)) {
        all = all && cli_bool(a, "completed") && cli_bool(a, "archived");
        ++*n;
    }
    return all;
}

// The run's document when done says that it is so, or when the time is over; NULL: a failure was told.
static struct ps_jdoc *wait_until(struct trial *t, struct cli_link *l, const char *url,
                                  bool (*done)(struct ps_jnode run))
{
    ps_ns end = ps_loop_mono() + RUN_TIMEOUT * PS_SEC;
    struct ps_jdoc *doc = fetch(t, l, url);

    while (doc && !done(ps_jdoc_root(doc)) && ps_loop_mono() < end) {
        ps_jdoc_free(doc);
        cli_link_wait(l, PS_SEC / 4);
        doc = fetch(t, l, url);
    }
    return doc;
}

static bool is_over(struct ps_jnode run)
{
    static const char *const over[] = {"finished", "failed",    "missed",  "overdue",
                                       "nonstart", "preempted", "canceled"};
    const char *state = cli_str(run, "state", "");

    for (size_t i = 0; i < sizeof over / sizeof over[0]; i++)
        if (strcmp(over[i], state) == 0)
            return true;
    return false;
}

static bool is_archived(struct ps_jnode run)
{
    size_t n;

    return all_archived(run, &n) && n >= 2;
}

static void try_run(struct trial *t, struct cli_link *l)
{
    char url[URL_MAX];
    struct ps_jdoc *run;

    if (!submit(t, l, url))
        return;
    begin(t, "Running it");
    run = wait_until(t, l, url, is_over);
    bool finished = run && strcmp(cli_str(ps_jdoc_root(run), "state", ""), "finished") == 0;
    if (finished)
        good(t, "%s", "");
    else if (run)
        bad(t, "%s: %s", cli_str(ps_jdoc_root(run), "state-display", "?"),
            cli_str(ps_jdoc_root(run), "errors", "no reason is given"));
    ps_jdoc_free(run);
    if (!finished)
        return;
    begin(t, "Archiving its result");
    run = wait_until(t, l, url, is_archived);
    if (run && is_archived(ps_jdoc_root(run)))
        good(t, "%s", "");
    else if (run)
        bad(t, "it was not done after %d s; psched result --archivings tells more", RUN_TIMEOUT);
    ps_jdoc_free(run);
}

// hosts

static int try_host(struct trial *t, struct cli_where *where, const char *host, struct clock_seen *clock)
{
    static const char *const kinds[] = {"tests", "tools", "archivers", "contexts"};
    struct cli_link *l;

    where->host = host;
    int status = cli_link_new(&l, verb.name, where);
    if (status)
        return status;
    open_steps(t, host ? host : t->json ? CLI_LOCAL : "This host");
    if (try_ping(t, l)) {
        try_api(t, l);
        try_clock(t, l, clock);
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            try_plugins(t, l, kinds[i], strcmp(kinds[i], "contexts") != 0);
        try_status(t, l);
        try_pause(t, l);
        if (t->stats)
            try_stats(t, l);
        if (!t->quick)
            try_run(t, l);
    }
    close_steps(t);
    cli_link_free(l);
    return 0;
}

static void try_apart(struct trial *t, const struct clock_seen *a, const struct clock_seen *b)
{
    ps_ns apart = (b->at - a->at) - (b->asked - a->asked);

    if (!a->seen || !b->seen)
        return;
    apart = apart < 0 ? -apart : apart;
    open_steps(t, "Both");
    begin(t, "Clocks");
    if (apart < SAFE_APART)
        good(t, "%.3f s apart", (double)apart / (double)PS_SEC);
    else
        bad(t, "they are %.3f s apart, too much for tests between these hosts",
            (double)apart / (double)PS_SEC);
    close_steps(t);
}

int cli_troubleshoot_main(int argc, char **argv)
{
    struct trial t = {.bad = false};
    struct clock_seen clocks[2] = {{.seen = false}, {.seen = false}};
    struct cli_where where;
    int at;

    int status = cli_verb_begin(&verb, argc, argv, &where, &t, &at);
    if (status >= 0)
        return status;
    open_all(&t);
    status = try_host(&t, &where, where.host, &clocks[0]);
    if (!status && at < argc) {
        status = try_host(&t, &where, argv[at], &clocks[1]);
        try_apart(&t, &clocks[0], &clocks[1]);
    }
    if (!status)
        close_all(&t);
    return status ? status : t.bad ? CLI_NO : CLI_DONE;
}
