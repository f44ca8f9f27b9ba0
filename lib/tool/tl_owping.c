// SPDX-License-Identifier: Apache-2.0
// owping -R, ours or upstream's: a line of eight fields a packet.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "tool/tl_latency.h"
#include "tool/tl_spec.h"

#define COUNT 100
#define INTERVAL 0.1
#define PORT 861

static void can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    static const char *const none[] = {"traverse-nat", NULL};
    const char *protocol = tl_spec_str(test->spec, "protocol");
    uint64_t tos = tl_spec_count(test->spec, "ip-tos", 0);

    (void)site;
    tl_reason_schema(why, test, 4);
    tl_reason_flip(why, test);
    tl_reason_keys(why, test, none);
    if (tl_spec_flag(test->spec, "reverse", false))
        tl_reason(why, "Does not support reverse.");
    if (protocol && strcmp(protocol, "owamp") != 0)
        tl_reason(why, "Supports the protocol owamp only, not %.40s.", protocol);
    if (tos & 3)
        tl_reason(why, "Supports an ip-tos that is a DSCP, a multiple of 4, only.");
    if (tl_spec_count(test->spec, "packet-count", COUNT) > TL_LATENCY_PACKETS)
        tl_reason(why, "Supports no more than %d packets.", TL_LATENCY_PACKETS);
}

static void duration(const struct tl_test *test, struct tl_span *out)
{
    double count = (double)tl_spec_count(test->spec, "packet-count", COUNT);
    double interval = tl_spec_double(test->spec, "packet-interval", INTERVAL);
    double seconds = 1.1 * count * interval + count / 50000 + 11;

    seconds += (double)tl_spec_count(test->spec, "packet-timeout", 0);
    out->duration = (ps_ns)(seconds < 1e8 ? seconds : 1e8) * PS_SEC;
}

static void command(const struct tl_job *job, struct tl_argv *argv)
{
    struct ps_jnode spec = job->test.spec, ports = ps_jnode_member(spec, "data-ports");
    uint64_t n, low, high;

    tl_argv_add(argv, "-R");
    if (tl_spec_u64(spec, "ip-tos", &n))
        tl_argv_opt(argv, "-D", "%" PRIu64, n >> 2 & 63);
    if (tl_spec_u64(spec, "packet-padding", &n))
        tl_argv_opt(argv, "-s", "%" PRIu64, n);
    if (tl_spec_u64(ports, "lower", &low) && tl_spec_u64(ports, "upper", &high))
        tl_argv_opt(argv, "-P", "%" PRIu64 "-%" PRIu64, low, high);
    tl_argv_opt(argv, "-c", "%" PRIu64, tl_spec_count(spec, "packet-count", COUNT));
    tl_argv_opt(argv, "-i", "%.9g", tl_spec_double(spec, "packet-interval", INTERVAL));
    if (tl_spec_u64(spec, "packet-timeout", &n) && n > 0)
        tl_argv_opt(argv, "-L", "%" PRIu64, n);
    if (job->family)
        tl_argv_add(argv, job->family == 4 ? "-4" : "-6");
    tl_argv_add(argv, tl_spec_flag(spec, "flip", false) ? "-f" : "-t");
    if (job->near) {
        tl_argv_add(argv, "-S");
        tl_argv_operand(argv, job->near);
    }
    tl_argv_server(argv, job->far, (unsigned)tl_spec_count(spec, "ctrl-port", PORT));
}

// --- what it writes

static bool take_number(const char *text, uint64_t max, uint64_t *out)
{
    return text && ps_num_u64(text, 10, 0, max, out) == 0;
}

static bool take_seconds(const char *text, double *out)
{
    return text && ps_num_double(text, 0, 1e10, out) == 0;
}

// seq, sent, synchronised, error, received, synchronised, error, ttl
static bool take_line(char *line, struct tl_packet *p)
{
    char *save = NULL, *f[8];
    uint64_t seq, sent_synced, received_synced, ttl;

    for (int i = 0; i < 8; i++)
        f[i] = strtok_r(i == 0 ? line : NULL, " \t", &save);
    if (!take_number(f[0], UINT32_MAX, &seq) || !take_number(f[1], UINT64_MAX, &p->sent) ||
        !take_number(f[2], 1, &sent_synced) || !take_seconds(f[3], &p->sent_err) ||
        !take_number(f[4], UINT64_MAX, &p->received) || !take_number(f[5], 1, &received_synced) ||
        !take_seconds(f[6], &p->received_err) || !take_number(f[7], 255, &ttl) ||
        strtok_r(NULL, " \t", &save))
        return false;
    p->seq = (uint32_t)seq;
    p->sent_synced = sent_synced;
    p->received_synced = received_synced;
    p->ttl = (unsigned)ttl;
    return true;
}

static int take_all(struct tl_latency *l, const char *text)
{
    char line[TL_LINE];
    struct tl_packet p;
    int err = 0;

    while (!err && tl_line(&text, line)) {
        if (line[0] != '\0')
            err = take_line(line, &p) ? tl_latency_add(l, &p) : PS_EMALFORMED;
    }
    return err;
}

static void parse(const struct tl_said *said, struct tl_names *names, struct tl_answer *a)
{
    struct tl_latency *l = tl_latency_new(tl_spec_double(said->test.spec, "bucket-width", 0.001),
                                          tl_spec_flag(said->test.spec, "output-raw", false));
    int err = l ? take_all(l, said->out) : 0;

    (void)names;
    if (!l)
        tl_answer_fail(a, "not enough memory");
    else if (said->status != 0 || (!err && tl_latency_packets(l) == 0))
        tl_answer_blame(a, said, "owping");
    else if (err)
        tl_answer_fail(a, "owping: its output cannot be read: %s", ps_strerror(err));
    else {
        tl_latency_put(l, tl_answer_begin(a, 1));
        tl_answer_end(a);
    }
    tl_latency_free(l);
}

const struct tl_tool tl_owping = {
    .name = "owping",
    .description = "One-way delay and loss by owping",
    .tests = {"latency"},
    .program = TL_OWPING,
    .flat = true,
    .mute = true,
    .can_run = can_run,
    .duration = duration,
    .command = command,
    .parse = parse,
};
