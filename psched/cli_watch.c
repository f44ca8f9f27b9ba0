// SPDX-License-Identifier: Apache-2.0
#include "psched/cli_watch.h"
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_num.h"
#include "psched/cli.h"
#include "psched/cli_print.h"
#include "psched/cli_verb.h"

#define WAIT_MOST 60 // seconds of a request for a run that is not over, or not there
#define URL_MAX 4096
#define RESTART (60 * PS_SEC)   // for which a scheduler may be away
#define NONE_YET "No run yet: " // how the server begins to say why

struct watch {
    struct cli_link *l;
    const struct cli_watch_conf *conf;
    struct ps_jnode task;
    size_t seen;
    bool failed;
    bool terminal;      // a countdown can be shown
    char why[512];      // there is no run yet; ""
    bool waited;        // for a run that did not come
    ps_ns start, end;   // of the run that is waited for, or was
    char href[URL_MAX]; // of it
};

// progress

static bool talks(const struct watch *w)
{
    return cli_result_talks(&w->conf->result);
}

static void put_countdown(void *ctx)
{
    const struct watch *w = ctx;
    ps_ns now = cli_now();
    char span[CLI_SPAN];

    if (now < w->start)
        fprintf(stderr, "\r\033[KStarts in %s ", cli_span(w->start - now, span));
    else if (now < w->end)
        fprintf(stderr, "\r\033[KRunning, %s left ", cli_span(w->end - now, span));
    else
        fprintf(stderr, "\r\033[KWaiting for the result ");
    fflush(stderr);
}

static void clear_countdown(const struct watch *w)
{
    if (w->terminal) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
}

static void announce(struct watch *w, struct ps_jnode run)
{
    char span[CLI_SPAN];
    ps_ns now = cli_now();

    w->start = w->end = 0;
    snprintf(w->href, sizeof w->href, "%s", cli_str(run, "href", ""));
    (void)cli_time(run, "start-time", &w->start);
    (void)cli_time(run, "end-time", &w->end);
    if (!talks(w))
        return;
    printf("%sNext scheduled run:\n", w->seen ? "\n" : "");
    cli_put(stdout, cli_str(run, "href", "?"));
    printf("\nStarts ");
    cli_put(stdout, cli_str(run, "start-time", "?"));
    if (w->start > now)
        printf(" (in %s)", cli_span(w->start - now, span));
    printf("\nEnds   ");
    cli_put(stdout, cli_str(run, "end-time", "?"));
    if (w->end > now)
        printf(" (in %s)", cli_span(w->end - now, span));
    printf("\nWaiting for the result...\n\n");
    fflush(stdout);
}

// runs

// Asks again and again until the run is over; *out is its last document.
static int wait_over(struct watch *w, const char *href, struct ps_jdoc **out)
{
    char url[URL_MAX];
    int status;

    snprintf(url, sizeof url, "%s?wait-merged=1&wait=%d", href, WAIT_MOST);
    if (w->terminal) {
        put_countdown(w);
        cli_link_tick(w->l, put_countdown, w);
    }
    do {
        status = cli_get(w->l, url, (WAIT_MOST + 30) * PS_SEC, out);
        if (status || cli_state_over(cli_str(ps_jdoc_root(*out), "state", "")))
            break;
        ps_jdoc_free(*out);
    } while (true);
    cli_link_tick(w->l, NULL, NULL);
    clear_countdown(w);
    return status;
}

static int show_run(struct watch *w, struct ps_jnode run)
{
    struct ps_jdoc *over = NULL;

    announce(w, run);
    int status = wait_over(w, cli_str(run, "href", ""), &over);
    if (status)
        return status;
    status = cli_result_show(w->l, &w->conf->result, ps_jdoc_root(over), w->task, ++w->seen);
    ps_jdoc_free(over);
    w->failed = w->failed || status == CLI_NO;
    return status == CLI_NO ? 0 : status;
}

// Why there is none, once.
static void tell_none_yet(struct watch *w, const char *text)
{
    char why[sizeof w->why];

    snprintf(why, sizeof why, "%.*s", (int)strcspn(text, "\n"), text);
    if (strcmp(why, w->why) != 0 && talks(w) && strncmp(why, NONE_YET, sizeof NONE_YET - 1) == 0) {
        cli_put(stdout, why);
        printf("\nWaiting for it...\n");
        fflush(stdout);
    }
    snprintf(w->why, sizeof w->why, "%s", why);
}

// The first or the next run that there is, *out NULL when there is none by now.
static int run_by_href(struct watch *w, bool first, struct ps_jdoc **out)
{
    const char *href =
        cli_str(ps_jnode_member(w->task, "detail"), first ? "first-run-href" : "next-run-href", NULL);
    struct ps_fault fault = {""};
    struct cli_answer a;
    char url[URL_MAX];
    int status = 0;

    if (!href)
        return cli_fail(w->l, CLI_PEER, "the task has no %s-run-href", first ? "first" : "next");
    w->waited = w->why[0] != '\0';
    snprintf(url, sizeof url, "%s?wait=%d", href, w->waited ? WAIT_MOST : 0);
    cli_ask(w->l, "GET", url, NULL, (WAIT_MOST + 30) * PS_SEC, &a);
    *out = NULL;
    if (!a.err && a.status == 404)
        tell_none_yet(w, a.body);
    else if (a.err || a.status != 200)
        status = cli_tell(w->l, url, &a);
    else if (ps_jdoc_parse_foreign(out, NULL, a.body, a.len, &fault))
        status = cli_fail(w->l, CLI_PEER, "%s: %s", url, fault.text);
    cli_answer_fini(&a);
    return status;
}

// The run behind the one that was shown last: it may have begun meanwhile, so that it is not the next one any more.
static int run_behind(struct watch *w, struct ps_jdoc **out)
{
    const char *href = cli_str(ps_jnode_member(w->task, "detail"), "runs-href", NULL), *run = NULL;
    char url[URL_MAX], time[PS_ISO8601_TIME];
    struct ps_jdoc *list;

    snprintf(url, sizeof url, "%s?start=%s&limit=2", href ? href : "", ps_iso8601_put_utc(w->start, time));
    int status = href ? cli_get_maybe(w->l, url, 0, &list) : 0;
    if (status || !href || !list)
        return status;
    for (struct ps_jnode n = ps_jnode_first(ps_jdoc_root(list)); ps_jnode_there(n) && !run;
         n = ps_jnode_next(n))
        if (ps_jnode_str(n, 1, URL_MAX, &run, NULL) == 0 && strcmp(run, w->href) == 0)
            run = NULL;
    if (run)
        status = cli_get_maybe(w->l, run, 0, out);
    ps_jdoc_free(list);
    return status;
}

// pScheduler tells a run that is over to be the next one until its start has passed.
static void forget_shown(struct watch *w, struct ps_jdoc **run)
{
    if (!*run || w->seen == 0 || strcmp(cli_str(ps_jdoc_root(*run), "href", ""), w->href) != 0)
        return;
    ps_jdoc_free(*run);
    *run = NULL;
    cli_link_wait(w->l, PS_SEC);
}

static int next_run(struct watch *w, struct ps_jdoc **out)
{
    *out = NULL;
    int status = w->seen > 0 ? run_behind(w, out) : 0;
    if (status || *out)
        return status;
    status = run_by_href(w, w->conf->first && w->seen == 0, out);
    if (!status)
        forget_shown(w, out);
    return status;
}

// task: as it is now; without one it is gone.
static int end(const struct watch *w, struct ps_jnode task)
{
    struct ps_jnode detail = ps_jnode_member(task, "detail");
    const char *why = cli_str(detail, "last-reason", NULL);

    if (!ps_jnode_there(task))
        why = "the task is gone";
    else if (!cli_bool(detail, "enabled"))
        why = "the task is cancelled";
    if (talks(w))
        printf("%sNo further runs are scheduled.\n", w->seen ? "\n" : "");
    if (w->seen == 0 && (why || !talks(w))) {
        fflush(stdout);
        return cli_fail(w->l, CLI_NO, "there is no run to wait for%s%s", why ? ": " : "", why ? why : "");
    }
    return w->failed || w->seen == 0 ? CLI_NO : CLI_DONE;
}

// There is no run by now. True: nor will there be one, and *status is what is said at the end.
static bool is_over(struct watch *w, int *status)
{
    struct ps_jdoc *doc;
    char url[URL_MAX];
    bool over;

    snprintf(url, sizeof url, "%s?detail=1", cli_str(w->task, "href", ""));
    *status = cli_get_maybe(w->l, url, 0, &doc);
    if (*status)
        return true;
    struct ps_jnode task = ps_jdoc_root(doc), detail = ps_jnode_member(task, "detail");
    over = !doc || !cli_bool(detail, "enabled") || cli_bool(detail, "over") ||
           (w->waited && !ps_jnode_there(ps_jnode_member(detail, "over"))); // others' servers do not say
    if (over)
        *status = end(w, task);
    ps_jdoc_free(doc);
    return over;
}

static int each_run(struct watch *w)
{
    uint64_t most = w->conf->runs ? w->conf->runs : UINT64_MAX;
    int status = 0;

    while (!status && w->seen < most) {
        struct ps_jdoc *run;
        status = next_run(w, &run);
        if (!status && !run) {
            if (is_over(w, &status))
                return status;
            continue;
        }
        w->why[0] = '\0';
        if (!status)
            status = show_run(w, ps_jdoc_root(run));
        ps_jdoc_free(run);
    }
    return status ? status : w->failed ? CLI_NO : CLI_DONE;
}

static int tell_multi(struct watch *w)
{
    if (talks(w)) {
        printf("This task has many results for each run, which come in the background.\nThose that there are "
               "by now "
               "have the URLs at\n  ");
        cli_put(stdout, cli_str(ps_jnode_member(w->task, "detail"), "runs-href", "?"));
        printf("\nand are shown by:\n  psched result URL\n");
    }
    return CLI_DONE;
}

int cli_watch(struct cli_link *l, const struct cli_watch_conf *c, const char *task_url)
{
    struct watch w = {.l = l, .conf = c};
    struct ps_jdoc *task;
    char url[URL_MAX];

    snprintf(url, sizeof url, "%s?detail=1", task_url);
    int status = cli_get(l, url, 0, &task);
    if (status)
        return status;
    w.task = ps_jdoc_root(task);
    cli_link_patience(l, RESTART);
    w.terminal = talks(&w) && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
    if (cli_bool(ps_jnode_member(w.task, "detail"), "multi-result"))
        status = tell_multi(&w);
    else
        status = each_run(&w);
    ps_jdoc_free(task);
    return status;
}

// the verb

enum { OPT_FIRST = 940, OPT_RUNS };

static const struct ps_opt table[] = {
    {OPT_FIRST, "first", NULL, "begin with the task's first run, not the next one", NULL},
    {OPT_RUNS, "runs", "N", "that many, and no more", NULL},
    CLI_RESULT_ROWS,
    {'h', "help", NULL, "this text", NULL},
    CLI_HOST_ROW,
    CLI_WHERE_ROWS,
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psched watch",
    "[options] TASK-URL|TASK-UUID",
    "Waits for the runs of a task and prints what came of each.",
    "The exit status is 0 when all succeeded, and 1 when one did not or there was none.",
    table,
};

static int read_option(void *ctx, int letter, const char *value)
{
    struct cli_watch_conf *c = ctx;
    int taken = cli_result_option(&c->result, "watch", letter, value);

    if (taken < 0)
        return CLI_USAGE;
    if (letter == OPT_FIRST)
        c->first = true;
    if (letter == OPT_RUNS && ps_num_u64(value, 10, 1, UINT32_MAX, &c->runs) != 0) {
        fprintf(stderr, "psched watch: --runs: wants a number of at least 1; got '%s'\n", value);
        return CLI_USAGE;
    }
    return -1;
}

static const struct cli_verb verb = {"watch", &prog, read_option, false, 1, 1, "one URL of a task"};

static int watch_place(struct cli_link *l, void *conf, int n, char **operands)
{
    struct ps_buf place;

    (void)n;
    ps_buf_init(&place, 0);
    int status = cli_link_place(l, operands[0], &place);
    if (!status)
        status = cli_watch(l, conf, (const char *)ps_buf_head(&place));
    ps_buf_fini(&place);
    return status;
}

int cli_watch_main(int argc, char **argv)
{
    struct cli_watch_conf conf = {.runs = 0};

    return cli_verb_main(&verb, argc, argv, &conf, watch_place);
}
