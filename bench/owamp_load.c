// SPDX-License-Identifier: Apache-2.0
// A load generator for OWAMP servers on this host. See bench/README.md.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_opt.h"
#include "bench/load_report.h"
#include "bench/load_run.h"
#include "owamp/ow_ctl.h"

#define SESSIONS_MAX 100000

enum { EXIT_ANSWER_NO = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 4 };
enum { OPT_JSON = 256, OPT_OPEN_RATE, OPT_ANNOUNCE };

static const struct ps_opt table[] = {
    {'n', "sessions", "N", "how many sessions run at once (default: 1000)", "Load"},
    {'N', "second-sessions", "N", "how many with the second server (default: as with the first)", NULL},
    {'r', "rate", "R", "packets a second in each (default: 10)", NULL},
    {'f', "fixed", NULL, "at fixed intervals; without it the intervals are exponential", NULL},
    {'s', "padding", "OCTETS", "octets of padding in each packet (default: 0)", NULL},
    {'p', "per-connection", "N", "sessions on each control connection (default: 1, as between sites)", NULL},
    {OPT_OPEN_RATE, "open-rate", "N", "open so many sessions a second (default: 200)", NULL},
    {'D', "direction", "WHICH",
     "to (the server receives), from (it sends), or both, one after the other (default)", "Measurement"},
    {'d', "seconds", "S", "how long the server's processor time is counted (default: 20)", NULL},
    {'L', "timeout", "S", "a packet that takes longer is lost (default: 2)", NULL},
    {OPT_JSON, "json", NULL, "print JSON", "Output"},
    {OPT_ANNOUNCE, "announce", NULL, "say on standard error when the counting begins and when it has ended",
     NULL},
    {'h', "help", NULL, "this text", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "owamp_load",
    "[options] NAME=PID@ADDRESS:PORT[,PID@ADDRESS:PORT]...",
    "Opens many sessions with an OWAMP server on this host, lets them run, and prints what they cost the "
    "server and what was measured. With two servers each is measured in turn, and their figures stand side "
    "by "
    "side with the ratio of the first to the second. PID is the server's first process: what counts is "
    "everything that it and its descendants use, so it must run on this host and be yours or you root. A "
    "second "
    "PID@ADDRESS:PORT behind a comma is used for the direction from the server: a server keeps memory that "
    "its "
    "former sessions had, which would be counted for neither.",
    "bench/owamp starts the servers and calls this program: use that, unless a server runs already:\n"
    "  owamp_load -n 100 -d 5 ours=$(cat /run/owamp-server.pid)@127.0.0.1:861\n"
    "Exit codes: 0 done; 1 the first server refused a session or a packet was lost; 2 usage; 4 system.\n"
    "\n"
    "A server that receives has a connection and a file open for each session, the generator a connection "
    "and,\n"
    "when it receives, a file. Where the limit of open files (ulimit -n) is too low for that, -p 2 and more\n"
    "spare connections.",
    table,
};

static int complain(const char *what, const char *value, const char *wants)
{
    fprintf(stderr, "owamp_load: %s '%s': wants %s\n", what, value, wants);
    return PS_ESYNTAX;
}

static int set_unsigned(const char *what, const char *v, uint64_t max, unsigned *out)
{
    uint64_t n;
    char wants[64];
    snprintf(wants, sizeof wants, "a number from 1 to %llu", (unsigned long long)max);
    if (ps_num_u64(v, 10, 1, max, &n) != 0)
        return complain(what, v, wants);
    *out = (unsigned)n;
    return 0;
}

static int set_double(const char *what, const char *v, double min, double max, double *out)
{
    char wants[64];
    snprintf(wants, sizeof wants, "a number from %g to %g", min, max);
    return ps_num_double(v, min, max, out) == 0 ? 0 : complain(what, v, wants);
}

static int set_padding(const char *v, uint32_t *out)
{
    uint64_t n;
    if (ps_num_u64(v, 10, 0, 65000, &n) != 0)
        return complain("-s", v, "a number from 0 to 65000");
    *out = (uint32_t)n;
    return 0;
}

static int set_direction(struct load_conf *c, const char *v)
{
    c->to = strcmp(v, "to") == 0 || strcmp(v, "both") == 0;
    c->from = strcmp(v, "from") == 0 || strcmp(v, "both") == 0;
    return c->to || c->from ? 0 : complain("-D", v, "to, from or both");
}

static int set_option(struct load_conf *c, int letter, const char *v)
{
    switch (letter) {
    case 'n':
        return set_unsigned("-n", v, SESSIONS_MAX, &c->targets[0].sessions);
    case 'N':
        return set_unsigned("-N", v, SESSIONS_MAX, &c->targets[1].sessions);
    case 'r':
        return set_double("-r", v, 0.01, 100000, &c->rate);
    case 's':
        return set_padding(v, &c->padding);
    case 'p':
        return set_unsigned("-p", v, OW_MAX_SESSIONS, &c->per_connection);
    case OPT_OPEN_RATE:
        return set_unsigned("--open-rate", v, 10000, &c->open_rate);
    case 'D':
        return set_direction(c, v);
    case 'd':
        return set_double("-d", v, 0.5, 86400, &c->seconds);
    case 'L':
        return set_double("-L", v, 0.1, 600, &c->timeout);
    case 'f':
        c->fixed = true;
        return 0;
    case OPT_ANNOUNCE:
        c->announce = true;
        return 0;
    default: // --json; all others end the program
        c->json = true;
        return 0;
    }
}

// PID@ADDRESS:PORT
static bool parse_server(char *text, struct load_server *out)
{
    char *at = strchr(text, '@');
    struct ps_hostport hp;
    uint64_t pid;
    if (at == NULL)
        return false;
    *at = '\0';
    out->pid = ps_num_u64(text, 10, 1, INT32_MAX, &pid) == 0 ? (pid_t)pid : 0;
    return out->pid != 0 && ps_hostport_parse(at + 1, OW_PORT, false, &hp) == 0 &&
           ps_addr_parse(hp.host, hp.port, &out->addr) == 0;
}

static bool parse_target(char *text, struct load_target *t)
{
    char *eq = strchr(text, '='), *comma = strchr(text, ',');
    if (eq == NULL || (size_t)(eq - text) >= sizeof t->name || (comma != NULL && comma < eq))
        return false;
    *eq = '\0';
    memcpy(t->name, text, (size_t)(eq - text) + 1);
    if (comma != NULL)
        *comma = '\0';
    bool good = parse_server(eq + 1, &t->server[0]);
    t->server[1] = t->server[0];
    return good && (comma == NULL || parse_server(comma + 1, &t->server[1]));
}

static int add_target(struct load_conf *c, const char *text)
{
    char copy[256];
    if (c->ntargets == LOAD_TARGETS_MAX)
        return complain("server", text, "no more than two of them");
    snprintf(copy, sizeof copy, "%s", text);
    if (!parse_target(copy, &c->targets[c->ntargets]))
        return complain("server", text, "NAME=PID@ADDRESS:PORT");
    c->ntargets++;
    return 0;
}

// The exit code, or -1 to go on.
static int read_options(struct load_conf *c, int argc, char **argv)
{
    struct ps_opt_iter it;
    int letter, code = -1;
    if (ps_opt_begin(&it, &prog, argc, argv, false) != 0)
        return EXIT_SYSTEM;
    while (code < 0 && (letter = ps_opt_next(&it)) != -1) {
        if (letter == 'h' || letter == 'V') {
            letter == 'h' ? ps_opt_help(&prog, stdout) : ps_opt_version(&prog, stdout);
            code = EXIT_SUCCESS;
        } else if (letter == '?' || set_option(c, letter, it.value) != 0) {
            code = EXIT_USAGE;
        }
    }
    for (int i = ps_opt_index(&it); code < 0 && i < argc; i++)
        if (add_target(c, argv[i]) != 0)
            code = EXIT_USAGE;
    ps_opt_end(&it);
    if (code < 0 && c->ntargets == 0) {
        fprintf(stderr, "owamp_load: no server given; try 'owamp_load --help'\n");
        code = EXIT_USAGE;
    }
    if (c->targets[1].sessions == 0)
        c->targets[1].sessions = c->targets[0].sessions;
    return code;
}

// A connection is one, a session that receives a file more, and sessions that send share sockets, eight
// to one at most.
static rlim_t files_wanted(const struct load_conf *c, unsigned sessions)
{
    rlim_t each = c->from ? sessions : sessions / 8;
    return sessions / c->per_connection + each + 200;
}

static int raise_files(const struct load_conf *c)
{
    struct rlimit rl;
    unsigned sessions = c->targets[0].sessions;
    if (c->ntargets == 2 && c->targets[1].sessions > sessions)
        sessions = c->targets[1].sessions;
    rlim_t wanted = files_wanted(c, sessions);
    if (getrlimit(RLIMIT_NOFILE, &rl) != 0)
        return -errno;
    if (wanted > rl.rlim_max) {
        fprintf(
            stderr,
            "owamp_load: %u sessions need %llu open files and the limit is %llu: try 'ulimit -n', or -p 2\n",
            sessions, (unsigned long long)wanted, (unsigned long long)rl.rlim_max);
        return PS_ELIMIT;
    }
    rl.rlim_cur = rl.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &rl) == 0 ? 0 : -errno;
}

static int measure(struct load_report *rep)
{
    const struct load_conf *c = rep->conf;
    char why[160];
    for (int d = 0; d < 2; d++) {
        for (unsigned i = 0; (d == 0 ? c->to : c->from) && i < c->ntargets; i++) {
            const struct load_target *t = &c->targets[i];
            int err = load_run(c, t, d == 0, &rep->results[d][i], why);
            if (err != 0) {
                fprintf(stderr, "owamp_load: %s: %s\n", t->name, why);
                return err;
            }
        }
    }
    return 0;
}

static bool all_well(const struct load_report *rep)
{
    bool well = true;
    for (int d = 0; d < 2; d++) {
        const struct load_result *r = &rep->results[d][0];
        if (d == 0 ? rep->conf->to : rep->conf->from)
            well = well && r->ended == rep->conf->targets[0].sessions && r->counts.lost == 0;
    }
    return well;
}

static void report_free(struct load_report *rep)
{
    for (int d = 0; d < 2; d++)
        for (int i = 0; i < LOAD_TARGETS_MAX; i++)
            load_counts_free(&rep->results[d][i].counts);
    free(rep);
}

int main(int argc, char **argv)
{
    struct load_conf conf = {.targets[0].sessions = 1000,
                             .per_connection = 1,
                             .open_rate = 200,
                             .rate = 10,
                             .seconds = 20,
                             .timeout = 2,
                             .to = true,
                             .from = true};
    int code = read_options(&conf, argc, argv);
    if (code >= 0)
        return code;
    struct load_report *rep = calloc(1, sizeof *rep);
    if (rep == NULL)
        return EXIT_SYSTEM;
    rep->conf = &conf;
    (void)getloadavg(&rep->load_average, 1);
    code =
        raise_files(&conf) == 0 && measure(rep) == 0 && load_report_print(rep, stdout) == 0 ? 0 : EXIT_SYSTEM;
    if (code == 0 && !all_well(rep))
        code = EXIT_ANSWER_NO;
    report_free(rep);
    return code;
}
