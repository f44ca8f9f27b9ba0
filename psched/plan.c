// SPDX-License-Identifier: Apache-2.0
// psched plan: options, and what comes of them.
#include "psched/plan.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_num.h"
#include "base/ps_opt.h"

#define HOUR (3600 * PS_SEC)
#define EACH_HOUR_MOST 48 // hours that are shown one by one
#define RATE 1e9
#define SEED 1 // of sliprand: a plan is the same each time

enum { OPT_FROM = 900, OPT_FOR, OPT_RATE, OPT_HORIZON, OPT_HOURS, OPT_JSON, OPT_UTC };

static const struct ps_opt table[] = {
    {OPT_FROM, "from", "TIME", "begin there (the next whole hour)", "The plan"},
    {OPT_FOR, "for", "DURATION", "as long as that, in whole hours (P7D)", NULL},
    {OPT_HORIZON, "horizon", "DURATION", "how far ahead runs are planned (P1D)", NULL},
    {OPT_RATE, "rate", "BITS", "bits a second of throughput tests that have no bandwidth (1g)", NULL},
    {OPT_UTC, "utc", NULL, "read repeat-cron by UTC, not by the local time", NULL},
    {OPT_HOURS, "hours", NULL, "show each hour, however many there are", "Output"},
    {OPT_JSON, "json", NULL, "as JSON", NULL},
    {'h', "help", NULL, "this text", "Other"},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psched plan",
    "[options] FILE",
    "Runs the scheduler over the tasks in a file with a clock of its own, and tells what this host would "
    "have to do: "
    "load for each hour, exclusive time, conflicts, packets and bits a second, growth of the archive. "
    "Nothing is "
    "measured. FILE (-: standard input) has a task, an array of tasks, or an object with an array \"tasks\".",
    "Examples:\n"
    "  psched plan mesh.json\n"
    "  psched plan --from 2027-01-01T00:00:00Z --for P1D --json mesh.json\n"
    "Exit status: 0 done; 1 some runs would not be carried out; 2 usage; 4 the file cannot be read.\n"
    "See psched(1).",
    table,
};

struct wishes {
    ps_ns from, span, horizon;
    uint64_t rate;
    bool hours, json, utc;
};

static int bad(const char *option, const char *value, const char *wanted)
{
    fprintf(stderr, "psched plan: %s: wants %s; got '%s'\n", option, wanted, value);
    return 2;
}

static int read_from(struct wishes *w, const char *value)
{
    struct ps_when when;
    if (ps_iso8601_time(value, &when) != 0 || when.at < 0 || when.at % HOUR != 0)
        return bad("--from", value, "a whole hour as 2027-01-01T00:00:00Z");
    w->from = when.at;
    return 0;
}

static int read_span(const char *option, const char *value, ps_ns *out)
{
    if (ps_iso8601_duration(value, out) != 0 || *out < HOUR || *out > PLAN_HOURS_MAX * HOUR)
        return bad(option, value, "a duration from PT1H to P366D");
    return 0;
}

// 0, or the exit status.
static int read_option(struct wishes *w, int letter, const char *value)
{
    switch (letter) {
    case OPT_FROM:
        return read_from(w, value);
    case OPT_FOR:
        return read_span("--for", value, &w->span);
    case OPT_HORIZON:
        return read_span("--horizon", value, &w->horizon);
    case OPT_RATE:
        if (ps_num_scaled(value, UINT64_C(1000000000000000), &w->rate) != 0 || w->rate == 0)
            return bad("--rate", value, "bits a second as 10g");
        return 0;
    case OPT_UTC:
        w->utc = true;
        return 0;
    case OPT_HOURS:
        w->hours = true;
        return 0;
    case OPT_JSON:
        w->json = true;
        return 0;
    default:
        return 2;
    }
}

// -1: go on; else the exit status.
static int read_options(struct wishes *w, int argc, char **argv, const char **file)
{
    struct ps_opt_iter it;
    int letter, status = -1;
    if (ps_opt_begin(&it, &prog, argc, argv, false) != 0)
        return 4;
    while (status == -1 && (letter = ps_opt_next(&it)) != -1) {
        if (letter == 'h')
            ps_opt_help(&prog, stdout);
        else if (letter == 'V')
            ps_opt_version(&prog, stdout);
        status = letter == 'h' || letter == 'V' ? 0 : read_option(w, letter, it.value);
        if (status == 0 && letter != 'h' && letter != 'V')
            status = -1;
    }
    const int at = ps_opt_index(&it);
    ps_opt_end(&it);
    if (status == -1 && at != argc - 1) {
        fprintf(stderr, "psched plan: wants one file; --help tells more\n");
        return 2;
    }
    *file = status == -1 ? argv[at] : NULL;
    return status;
}

static ps_ns next_hour(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return ((ps_ns)t.tv_sec / 3600 + 1) * HOUR;
}

static struct sch_conf conf_of(const struct wishes *w)
{
    struct sch_conf c = sch_conf_default;
    c.horizon = c.horizon_background = w->horizon;
    c.keep = PS_SEC; // what is over has been counted
    c.tasks_max = c.tasks_per_requester = PLAN_TASKS_MAX;
    c.children_max = c.children_per_requester = UINT32_MAX;
    c.runs_max = c.runs_per_requester = 2000000;
    c.zone = w->utc ? sch_zone_utc : sch_zone_local;
    c.seed = SEED;
    return c;
}

static int print(const struct plan *p, const struct wishes *w)
{
    int err = 0;
    if (w->json)
        err = plan_json(p, stdout);
    else
        plan_text(p, stdout, w->hours || p->nhours <= EACH_HOUR_MOST);
    if (err != 0 || fflush(stdout) != 0) {
        fprintf(stderr, "psched plan: standard output: %s\n", ps_strerror(err != 0 ? err : -5));
        return 4;
    }
    return p->sum.lost > 0 ? 1 : 0;
}

int plan_main(int argc, char **argv)
{
    struct wishes w = {.span = 7 * 24 * HOUR, .horizon = 24 * HOUR, .rate = (uint64_t)RATE, .from = -1};
    struct plan p = {0};
    struct ps_fault fault = {.text = ""};
    const char *file;
    int status = read_options(&w, argc, argv, &file);
    if (status != -1)
        return status;
    const struct sch_conf conf = conf_of(&w);
    p.rate = (double)w.rate;
    p.from = w.from >= 0 ? w.from : next_hour();
    p.to = p.from + (w.span + HOUR - 1) / HOUR * HOUR;
    int err = plan_load(&p, file, &fault);
    if (err == 0)
        err = plan_live(&p, &conf, &fault);
    if (err != 0)
        fprintf(stderr, "psched plan: %s\n", fault.text[0] != '\0' ? fault.text : ps_strerror(err));
    status = err != 0 ? 4 : print(&p, &w);
    plan_fini(&p);
    return status;
}
