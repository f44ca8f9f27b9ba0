// SPDX-License-Identifier: Apache-2.0
// tracepath of iputils: a line an answer, more than one for a hop when the path's MTU was found there.
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "tool/tl_hops.h"
#include "tool/tl_icmp.h"
#include "tool/tl_spec.h"

#define DURATION (94 * PS_SEC) // 30 hops, three tries of a second each, and look-ups

static void can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    static const char *const none[] = {"algorithm", "first-ttl", "fragment",   "ip-tos",
                                       "sendwait",  "wait",      "flow-label", NULL};
    const char *type = tl_spec_str(test->spec, "probe-type");

    (void)site;
    tl_reason_schema(why, test, 1);
    tl_reason_keys(why, test, none);
    if (type && strcmp(type, "udp") != 0)
        tl_reason(why, "Does not support the probe type %.40s.", type);
    if (tl_spec_count(test->spec, "queries", 1) != 1)
        tl_reason(why, "Supports one query only.");
    if (tl_spec_has(test->spec, "source"))
        tl_reason(why, "Does not support source.");
}

static void duration(const struct tl_test *test, struct tl_span *out)
{
    (void)test;
    out->duration = DURATION;
}

static void command(const struct tl_job *job, struct tl_argv *argv)
{
    uint64_t n;

    tl_argv_add(argv, "-n");
    if (job->family)
        tl_argv_add(argv, job->family == 4 ? "-4" : "-6");
    if (tl_spec_u64(job->test.spec, "length", &n))
        tl_argv_opt(argv, "-l", "%" PRIu64, n);
    if (tl_spec_u64(job->test.spec, "hops", &n))
        tl_argv_opt(argv, "-m", "%" PRIu64, n);
    if (tl_spec_u64(job->test.spec, "dest-port", &n))
        tl_argv_opt(argv, "-p", "%" PRIu64, n);
    tl_argv_operand(argv, job->far);
}

// --- what it writes

static void take_word(struct tl_hop *hop, const char *word, char **save)
{
    const char *end;
    ps_ns rtt;

    if (strcmp(word, "pmtu") == 0) {
        const char *mtu = strtok_r(NULL, " \t", save);
        unsigned long n = mtu ? strtoul(mtu, NULL, 10) : 0;
        hop->mtu = n <= 1 << 24 ? (unsigned)n : 0;
    } else if (word[0] == '!') {
        hop->error = tl_icmp_mark(word) ? tl_icmp_mark(word) : "other";
    } else if (tl_millis(word, &end, &rtt) && strcmp(end, "ms") == 0) {
        hop->has_rtt = true;
        hop->rtt = rtt;
    }
}

// " 1:  192.0.2.1     3.045ms pmtu 1500", " 2:  no reply", " 1?: [LOCALHOST]  pmtu 1400"
static void take_answer(struct tl_hops *h, unsigned number, char *words)
{
    char *save = NULL, *word = strtok_r(words, " \t", &save);
    struct tl_hop one = {.answered = true}, *hop;

    if (!word || strcmp(word, "[LOCALHOST]") == 0)
        return;
    hop = tl_hops_at(h, number, 0);
    if (!hop || strcmp(word, "no") == 0 || strlen(word) >= sizeof one.ip)
        return;
    snprintf(one.ip, sizeof one.ip, "%s", word);
    while ((word = strtok_r(NULL, " \t", &save)))
        take_word(&one, word, &save);
    if (hop->answered && one.mtu == 0)
        one.mtu = hop->mtu;
    *hop = one;
}

static bool take_line(struct tl_hops *h, char *line)
{
    char *p = line + strspn(line, " "), *end;
    unsigned long number;

    if (!isdigit((unsigned char)*p))
        return false;
    number = strtoul(p, &end, 10);
    end += *end == '?';
    if (number < 1 || number > TL_HOPS || *end != ':')
        return false;
    take_answer(h, (unsigned)number, end + 1);
    return true;
}

static void parse(const struct tl_said *said, struct tl_names *names, struct tl_answer *a)
{
    tl_hops_parse(said, 1, take_line, "tracepath", names, a);
}

const struct tl_tool tl_tracepath = {
    .name = "tracepath",
    .description = "Hops on the way, and its MTU, by tracepath",
    .tests = {"trace"},
    .preference = -10,
    .program = TL_TRACEPATH,
    .can_run = can_run,
    .duration = duration,
    .command = command,
    .parse = parse,
};
