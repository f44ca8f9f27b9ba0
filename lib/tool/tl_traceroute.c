// SPDX-License-Identifier: Apache-2.0
// traceroute ("Modern traceroute for Linux"): a line a hop, with as many probes as were asked for.
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "tool/tl_hops.h"
#include "tool/tl_icmp.h"
#include "tool/tl_spec.h"

#define HOPS 30
#define WAIT (5 * PS_SEC) // traceroute's own

static const char *probe_type(const struct tl_test *test)
{
    const char *type = tl_spec_str(test->spec, "probe-type");

    return type ? type : "udp";
}

static void can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    static const char *const none[] = {"algorithm", NULL};
    const char *type = probe_type(test);

    tl_reason_schema(why, test, 2);
    tl_reason_keys(why, test, none);
    if (strcmp(type, "udp") != 0 && strcmp(type, "icmp") != 0 && strcmp(type, "tcp") != 0)
        tl_reason(why, "Does not support the probe type %.40s.", type);
    else if (strcmp(type, "udp") != 0 && !site->raw)
        tl_reason(why, "The probe type %s needs root.", type);
    if (tl_spec_has(test->spec, "flow-label") && tl_spec_family(test->spec) == 4)
        tl_reason(why, "There are no flow labels in IPv4.");
    if (tl_spec_count(test->spec, "queries", 1) > TL_HOPS_PATHS)
        tl_reason(why, "Supports no more than %d queries.", TL_HOPS_PATHS);
    if (tl_spec_count(test->spec, "hops", HOPS) > TL_HOPS)
        tl_reason(why, "Supports no more than %d hops.", TL_HOPS);
}

static void duration(const struct tl_test *test, struct tl_span *out)
{
    uint64_t hops = tl_spec_count(test->spec, "hops", HOPS),
             queries = tl_spec_count(test->spec, "queries", 1);
    ps_ns pause = tl_spec_duration(test->spec, "sendwait", 0);

    hops = hops < TL_HOPS ? hops : TL_HOPS;
    queries = queries < TL_HOPS_PATHS ? queries : TL_HOPS_PATHS;
    pause = pause < 60 * PS_SEC ? pause : 60 * PS_SEC;
    out->duration = tl_spec_duration(test->spec, "wait", WAIT) + (ps_ns)(hops * queries) * pause + 2 * PS_SEC;
    if (tl_spec_flag(test->spec, "hostnames", true))
        out->duration += 2 * PS_SEC;
    if (tl_spec_flag(test->spec, "as", true))
        out->duration += 2 * PS_SEC;
}

static void command(const struct tl_job *job, struct tl_argv *argv)
{
    struct ps_jnode spec = job->test.spec;
    const char *type = probe_type(&job->test);
    uint64_t hops = tl_spec_count(spec, "hops", HOPS), length;

    tl_argv_opt(argv, "-q", "%" PRIu64, tl_spec_count(spec, "queries", 1));
    if (job->family)
        tl_argv_add(argv, job->family == 4 ? "-4" : "-6");
    if (strcmp(type, "udp") != 0)
        tl_argv_add(argv, strcmp(type, "icmp") == 0 ? "-I" : "-T");
    if (!tl_spec_flag(spec, "fragment", true))
        tl_argv_add(argv, "-F");
    if (job->family != 4)
        tl_argv_number(argv, "-l", spec, "flow-label");
    tl_argv_number(argv, "-f", spec, "first-ttl");
    if (job->near) {
        tl_argv_add(argv, "-s");
        tl_argv_operand(argv, job->near);
    }
    tl_argv_opt(argv, "-m", "%" PRIu64, hops);
    tl_argv_opt(argv, "-N", "%" PRIu64, hops);
    tl_argv_add(argv, "-n");
    tl_argv_number(argv, "-p", spec, "dest-port");
    tl_argv_number(argv, "-t", spec, "ip-tos");
    if (tl_spec_has(spec, "wait"))
        tl_argv_seconds(argv, "-w", tl_spec_duration(spec, "wait", WAIT));
    if (tl_spec_has(spec, "sendwait"))
        tl_argv_seconds(argv, "-z", tl_spec_duration(spec, "sendwait", 0));
    tl_argv_operand(argv, job->far);
    if (tl_spec_u64(spec, "length", &length))
        tl_argv_addf(argv, "%" PRIu64, length);
}

// --- what it writes

// "!X"; "!F-1400" with the MTU behind it.
static void take_mark(struct tl_hop *hop, char *mark)
{
    char *mtu = strchr(mark, '-');

    if (mtu) {
        unsigned long n = strtoul(mtu + 1, NULL, 10);
        hop->mtu = n <= 65535 ? (unsigned)n : 0;
        *mtu = '\0';
    }
    hop->error = tl_icmp_mark(mark) ? tl_icmp_mark(mark) : "other";
}

// " 4  * 192.0.2.1  3.045 ms !X 198.51.100.1  2.1 ms": an address holds for the probes behind it.
static void take_hop(struct tl_hops *h, unsigned number, char *words)
{
    char *save = NULL, *word = strtok_r(words, " \t", &save);
    char ip[TL_NAMES_ADDR] = "";
    struct tl_hop *hop = NULL;
    unsigned path = 0;
    const char *end;
    ps_ns rtt;

    for (; word; word = strtok_r(NULL, " \t", &save)) {
        if (strcmp(word, "*") == 0) {
            hop = tl_hops_at(h, number, path++);
        } else if (word[0] == '!') {
            if (hop && hop->answered)
                take_mark(hop, word);
        } else if (save && strncmp(save, "ms", 2) == 0 && tl_millis(word, &end, &rtt) && *end == '\0') {
            hop = tl_hops_at(h, number, path++);
            if (hop && ip[0])
                *hop = (struct tl_hop){.answered = true, .has_rtt = true, .rtt = rtt};
            if (hop && ip[0])
                memcpy(hop->ip, ip, sizeof ip);
        } else if (strchr(word, '.') || strchr(word, ':')) {
            snprintf(ip, sizeof ip, "%s", strlen(word) < sizeof ip ? word : "");
        }
    }
}

static bool take_line(struct tl_hops *h, char *line)
{
    char *p = line + strspn(line, " "), *end;
    unsigned long number;

    if (!isdigit((unsigned char)*p))
        return false;
    number = strtoul(p, &end, 10);
    if (number < 1 || number > TL_HOPS || *end != ' ')
        return false;
    take_hop(h, (unsigned)number, end);
    return true;
}

// It says why, and behind that of which argument.
static const char *cause(const struct tl_said *said, char line[TL_LINE])
{
    const char *at = said->err;

    return strstr(at, "\nCannot handle ") && tl_line(&at, line) ? line : said->err;
}

static void parse(const struct tl_said *said, struct tl_names *names, struct tl_answer *a)
{
    uint64_t first = tl_spec_count(said->test.spec, "first-ttl", 1);
    char line[TL_LINE];
    struct tl_said what = *said;

    what.err = cause(said, line);
    tl_hops_parse(&what, first <= TL_HOPS ? (unsigned)first : 1, take_line, "traceroute", names, a);
}

const struct tl_tool tl_traceroute = {
    .name = "traceroute",
    .description = "Hops on the way by traceroute",
    .tests = {"trace"},
    .program = TL_TRACEROUTE,
    .can_run = can_run,
    .duration = duration,
    .command = command,
    .parse = parse,
};
