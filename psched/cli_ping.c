// SPDX-License-Identifier: Apache-2.0
// psched ping: is a scheduler there? psched clock: how far are clocks apart?
#include "base/ps_iso8601.h"
#include "base/ps_num.h"
#include "base/ps_out.h"
#include "loop/ps_loop.h"
#include "psched/cli.h"
#include "psched/cli_print.h"
#include "psched/cli_verb.h"

#define PING_TIMEOUT 5
#define CLOCK_TIMEOUT 15
#define TIMEOUT_MAX 86400
#define APART PS_SEC // from which clocks are not safe for tests of two hosts

enum { OPT_TIMEOUT = 940, OPT_JSON };

struct patience {
    const char *verb;
    double seconds;
    bool quiet, json;
};

static int read_option(void *ctx, int letter, const char *value)
{
    struct patience *p = ctx;
    ps_ns d;

    if (letter == 'q')
        p->quiet = true;
    if (letter == OPT_JSON)
        p->json = true;
    if (letter != OPT_TIMEOUT || ps_num_double(value, 0.001, TIMEOUT_MAX, &p->seconds) == 0)
        return -1;
    if (ps_iso8601_duration(value, &d) == 0 && d > 0 && d < TIMEOUT_MAX * PS_SEC) {
        p->seconds = (double)d / (double)PS_SEC;
        return -1;
    }
    fprintf(stderr, "psched %s: --timeout: wants seconds, or a duration as in PT5S; got '%s'\n", p->verb,
            value);
    return CLI_USAGE;
}

static ps_ns timeout_of(const struct patience *p)
{
    return (ps_ns)(p->seconds * (double)PS_SEC);
}

// ping

static const struct ps_opt ping_table[] = {
    {OPT_TIMEOUT, "timeout", "SECONDS", "how long to wait (5)", NULL},
    {'q', "quiet", NULL, "say nothing; the exit status tells", NULL},
    {OPT_JSON, "json", NULL, "as JSON", NULL},
    {'h', "help", NULL, "this text", NULL},
    CLI_WHERE_ROWS,
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog ping_prog = {
    "psched ping",
    "[options] [HOST[:PORT]]",
    "Tells whether a host (this one) has a pScheduler that answers.",
    "The exit status is 0 when it has, and 1 when not.",
    ping_table,
};

static const struct cli_verb ping_verb = {"ping", &ping_prog, read_option, false, 0, 1, "one host at most"};

static void put_alive(const char *host, bool alive)
{
    struct ps_json j;

    ps_json_init(&j, stdout, true);
    ps_json_open(&j, '{');
    ps_json_put_str(&j, "host", host);
    ps_json_put_bool(&j, "alive", alive);
    ps_json_close(&j, '}');
    (void)ps_json_end(&j);
}

static int ping(struct cli_link *l, const char *host, const struct patience *p)
{
    struct cli_answer a;
    struct ps_jdoc *doc = NULL;

    cli_ask(l, "GET", "/", NULL, timeout_of(p), &a);
    bool alive = !a.err && a.status == 200 && ps_jdoc_parse(&doc, NULL, a.body, a.len, NULL) == 0 &&
                 ps_jnode_type(ps_jdoc_root(doc)) == PS_JTYPE_STRING;
    if (p->json)
        put_alive(host, alive);
    else if (alive && !p->quiet)
        printf("%s: pScheduler is alive\n", host);
    if (!alive && !p->quiet && a.err)
        (void)cli_tell(l, host, &a);
    else if (!alive && !p->quiet)
        (void)cli_fail(l, CLI_NO, "%s: something answers, but not a pScheduler (HTTP status %d)", host,
                       a.status);
    ps_jdoc_free(doc);
    cli_answer_fini(&a);
    return alive ? CLI_DONE : CLI_NO;
}

int cli_ping_main(int argc, char **argv)
{
    struct patience p = {.verb = "ping", .seconds = PING_TIMEOUT};
    struct cli_where where;
    struct cli_link *l;
    int at;

    int status = cli_verb_begin(&ping_verb, argc, argv, &where, &p, &at);
    if (status >= 0)
        return status;
    where.host = at < argc ? argv[at] : NULL;
    status = cli_link_new(&l, ping_verb.name, &where);
    if (!status)
        status = ping(l, where.host ? where.host : CLI_LOCAL, &p);
    cli_link_free(l);
    return status;
}

// clock

static const struct ps_opt clock_table[] = {
    {OPT_TIMEOUT, "timeout", "SECONDS", "how long to wait for each (15)", NULL},
    {'q', "quiet", NULL, "say nothing; the exit status tells", NULL},
    {OPT_JSON, "json", NULL, "as JSON", NULL},
    {'h', "help", NULL, "this text", NULL},
    CLI_WHERE_ROWS,
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog clock_prog = {
    "psched clock",
    "[options] [HOST [HOST]]",
    "Shows the clocks of two hosts (one of them this one, or this one alone) and how far they are apart.",
    "The exit status is 1 when they are a second or more apart, which is too much for tests of two hosts.",
    clock_table,
};

static const struct cli_verb clock_verb = {"clock", &clock_prog, read_option,        false,
                                           0,       2,           "two hosts at most"};

// What a clock was, and when that was in the middle of the question, by our monotonic clock.
struct reading {
    const char *host;
    struct ps_jdoc *clock;
    ps_ns at, asked;
};

static void readings_fini(struct reading r[2])
{
    ps_jdoc_free(r[0].clock);
    ps_jdoc_free(r[1].clock);
}

static void put_clock(const char *host, struct ps_jnode clock)
{
    const char *reference = cli_str(clock, "reference", NULL);

    printf("%-30s ", host);
    cli_put(stdout, cli_str(clock, "time", "?"));
    printf(" %s", cli_bool(clock, "synchronized") ? "synchronized, " : "not synchronized, ");
    cli_put(stdout, cli_str(clock, "source", "unknown"));
    if (reference) {
        printf(", ");
        cli_put(stdout, reference);
    }
    putchar('\n');
}

static int read_clock(struct cli_where *where, const char *host, const struct patience *p,
                      struct reading *out)
{
    struct cli_link *l;

    out->host = host ? host : CLI_LOCAL;
    where->host = host;
    int status = cli_link_new(&l, "clock", where);
    if (status)
        return status;
    ps_ns before = ps_loop_mono();
    status = cli_get(l, "/clock", timeout_of(p), &out->clock);
    out->asked = (before + ps_loop_mono()) / 2;
    if (!status && !cli_time(ps_jdoc_root(out->clock), "time", &out->at))
        status = cli_fail(l, CLI_PEER, "%s: the answer has no time", out->host);
    if (!status && !p->quiet && !p->json)
        put_clock(out->host, ps_jdoc_root(out->clock));
    cli_link_free(l);
    return status;
}

static ps_ns apart_of(const struct reading *a, const struct reading *b)
{
    ps_ns apart = (b->at - a->at) - (b->asked - a->asked);

    return apart < 0 ? -apart : apart;
}

// What each clock said, and how far they are apart where there are two.
static void put_clocks(const struct reading r[2], size_t n, ps_ns apart)
{
    char text[PS_ISO8601_DURATION];
    struct ps_json j;

    ps_json_init(&j, stdout, true);
    ps_json_open(&j, '{');
    ps_json_put_open(&j, "clocks", '[');
    for (size_t i = 0; i < n; i++) {
        ps_json_open(&j, '{');
        ps_json_put_str(&j, "host", r[i].host);
        ps_json_key(&j, "clock");
        ps_jnode_put(&j, NULL, ps_jdoc_root(r[i].clock));
        ps_json_close(&j, '}');
    }
    ps_json_close(&j, ']');
    if (n == 2) {
        ps_json_put_str(&j, "difference", ps_iso8601_put_duration(apart / PS_USEC * PS_USEC, text));
        ps_json_put_bool(&j, "safe", apart < APART);
    }
    ps_json_close(&j, '}');
    (void)ps_json_end(&j);
}

static void put_apart(ps_ns apart)
{
    char text[PS_ISO8601_DURATION];

    printf("\nDifference: %s, %s\n", ps_iso8601_put_duration(apart / PS_USEC * PS_USEC, text),
           apart < APART ? "safe" : "unsafe: tests of these two hosts may fail");
}

static int compare(const struct reading r[2], size_t n, const struct patience *p)
{
    ps_ns apart = n == 2 ? apart_of(&r[0], &r[1]) : 0;

    if (p->json)
        put_clocks(r, n, apart);
    else if (n == 2 && !p->quiet)
        put_apart(apart);
    return apart < APART ? CLI_DONE : CLI_NO;
}

int cli_clock_main(int argc, char **argv)
{
    struct patience p = {.verb = "clock", .seconds = CLOCK_TIMEOUT};
    struct cli_where where;
    struct reading readings[2] = {{.clock = NULL}, {.clock = NULL}};
    int at;

    int status = cli_verb_begin(&clock_verb, argc, argv, &where, &p, &at);
    if (status >= 0)
        return status;
    const char *first = argc - at == 2 ? argv[at] : NULL, *second = argc - at ? argv[argc - 1] : NULL;
    status = read_clock(&where, first, &p, &readings[0]);
    if (!status && second)
        status = read_clock(&where, second, &p, &readings[1]);
    if (!status)
        status = compare(readings, second ? 2 : 1, &p);
    readings_fini(readings);
    return status;
}
