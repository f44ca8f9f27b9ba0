// SPDX-License-Identifier: Apache-2.0
// nuttcp -fparse: a line an interval and one for the whole, as name=value.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_num.h"
#include "tool/tl_spec.h"
#include "tool/tl_throughput.h"

#define CONTROL_PORT 5000
#define DATA_PORT 5101
#define LASTS (10 * PS_SEC)
#define OVERHEAD (6 * PS_SEC)
#define HEAD_START (2 * PS_SEC)
#define INTERVALS_MAX 100000
#define MEBIBYTE 1048576.0

// --- before

static void can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    static const char *const none[] = {"omit",
                                       "no-delay",
                                       "congestion",
                                       "zero-copy",
                                       "flow-label",
                                       "local-address",
                                       "client-cpu-affinity",
                                       "server-cpu-affinity",
                                       "burst-size",
                                       "fq-rate",
                                       NULL};

    (void)site;
    tl_reason_schema(why, test, 7);
    for (const char *const *key = none; *key; key++) {
        struct ps_jnode n = ps_jnode_member(test->spec, *key);
        if (ps_jnode_there(n) && (ps_jnode_type(n) != PS_JTYPE_BOOL || tl_spec_flag(test->spec, *key, false)))
            tl_reason(why, "Does not support %s.", *key);
    }
    if (tl_spec_flag(test->spec, "reverse-connections", false))
        tl_reason(why, "Does not support reverse-connections.");
}

static void duration(const struct tl_test *test, struct tl_span *out)
{
    out->duration = tl_spec_duration(test->spec, "duration", LASTS) + OVERHEAD;
}

static ps_ns lag(const struct tl_job *job)
{
    return job->participant == 0 && !tl_throughput_is_single(&job->test) ? HEAD_START : 0;
}

static void add_number(struct tl_argv *argv, struct ps_jnode spec, const char *key, const char *option)
{
    uint64_t n;

    if (tl_spec_u64(spec, key, &n))
        tl_argv_addf(argv, "%s%" PRIu64, option, n);
}

static void add_ports(const struct tl_job *job, struct tl_argv *argv)
{
    struct ps_jnode server = ps_jnode_next(ps_jnode_first(job->parts));

    tl_argv_addf(argv, "-p%u",
                 job->port ? job->port + 1 : (unsigned)tl_spec_count(server, "data_port_start", DATA_PORT));
    tl_argv_addf(argv, "-P%u", tl_throughput_port(job, "server_port", CONTROL_PORT));
}

// Kbit/s; "i" holds to it at every moment, not on average.
static void add_rate(struct tl_argv *argv, struct ps_jnode spec)
{
    bool strict = tl_spec_flag(spec, "bandwidth-strict", false), udp = tl_spec_flag(spec, "udp", false);
    uint64_t rate;

    if (tl_spec_u64(spec, "bandwidth", &rate))
        tl_argv_addf(argv, "-R%s%" PRIu64, strict ? "i" : "", rate / 1000 ? rate / 1000 : 1);
    else if (udp)
        tl_argv_add(argv, "-Ru");
}

static void client_command(const struct tl_job *job, struct tl_argv *argv)
{
    struct ps_jnode spec = job->test.spec;
    uint64_t n;

    tl_argv_add(argv, "-fparse");
    add_ports(job, argv);
    if (job->family)
        tl_argv_add(argv, job->family == 4 ? "-4" : "-6");
    tl_argv_addf(argv, "-T%" PRId64, tl_round_up(tl_spec_duration(spec, "duration", LASTS)) / PS_SEC);
    tl_argv_addf(argv, "-i%" PRId64, tl_round_up(tl_spec_duration(spec, "interval", PS_SEC)) / PS_SEC);
    add_number(argv, spec, "parallel", "-N");
    if (tl_spec_u64(spec, "window-size", &n))
        tl_argv_addf(argv, "-w%" PRIu64, n / 1024 ? n / 1024 : 1);
    add_number(argv, spec, "mss", "-M");
    add_rate(argv, spec);
    if (tl_spec_flag(spec, "udp", false))
        tl_argv_add(argv, "-u");
    add_number(argv, spec, "buffer-length", "-l");
    if (tl_spec_u64(spec, "ip-tos", &n))
        tl_argv_addf(argv, "-c%" PRIu64 "t", n & 255);
    if (tl_spec_flag(spec, "reverse", false)) { // data come here, and the connection for them is ours
        tl_argv_add(argv, "-r");
        tl_argv_add(argv, "-F");
    }
    tl_argv_operand(argv, tl_throughput_dest(job));
}

static void server_command(const struct tl_job *job, struct tl_argv *argv)
{
    tl_argv_add(argv, "-S");
    tl_argv_add(argv, "-1");
    tl_argv_add(argv, "--nofork");
    add_ports(job, argv);
    if (job->family)
        tl_argv_add(argv, job->family == 4 ? "-4" : "-6");
}

static void command(const struct tl_job *job, struct tl_argv *argv)
{
    if (job->participant == 0)
        client_command(job, argv);
    else
        server_command(job, argv);
}

static void data(const struct tl_site *site, const struct tl_test *test, unsigned participant, unsigned port,
                 struct ps_json *j)
{
    (void)site;
    if (participant != 1 || tl_throughput_is_single(test))
        return;
    ps_json_put_u64(j, "server_port", port ? port : CONTROL_PORT);
    ps_json_put_u64(j, "data_port_start", port ? port + 1 : DATA_PORT);
}

// --- behind

struct reading {
    bool whole; // of the test, not of an interval
    double megabytes, seconds, rate, retrans, cwnd, rtt, drop, packets, jitter;
    bool has_retrans, has_cwnd, has_rtt, has_drop, has_jitter;
};

static const struct {
    const char *name;
    size_t value, has; // offsets; has 0: none
} names_of[] = {
    {"megabytes", offsetof(struct reading, megabytes), 0},
    {"real_sec", offsetof(struct reading, seconds), 0},
    {"real_seconds", offsetof(struct reading, seconds), 0},
    {"rate_Mbps", offsetof(struct reading, rate), 0},
    {"retrans", offsetof(struct reading, retrans), offsetof(struct reading, has_retrans)},
    {"cwnd", offsetof(struct reading, cwnd), offsetof(struct reading, has_cwnd)},
    {"rtt_ms", offsetof(struct reading, rtt), offsetof(struct reading, has_rtt)},
    {"drop", offsetof(struct reading, drop), offsetof(struct reading, has_drop)},
    {"pkt", offsetof(struct reading, packets), 0},
    {"msMaxJitter", offsetof(struct reading, jitter), offsetof(struct reading, has_jitter)},
};

static void take_pair(struct reading *r, const char *name, const char *value)
{
    double v;

    if (ps_num_double(value, 0, 1e15, &v))
        return;
    r->whole = r->whole || strcmp(name, "real_seconds") == 0;
    for (size_t i = 0; i < sizeof names_of / sizeof *names_of; i++) {
        if (strcmp(names_of[i].name, name) != 0)
            continue;
        memcpy((char *)r + names_of[i].value, &v, sizeof v);
        if (names_of[i].has)
            ((char *)r)[names_of[i].has] = true;
    }
}

// true: it is a line of numbers.
static bool take_line(char *line, struct reading *r)
{
    char *save = NULL;

    memset(r, 0, sizeof *r);
    if (!strstr(line, "megabytes="))
        return false;
    for (char *word = strtok_r(line, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
        char *equals = strchr(word, '=');
        if (!equals)
            continue;
        *equals = '\0';
        take_pair(r, word, equals + 1);
    }
    return r->seconds > 0;
}

static void put_whole(struct ps_json *j, const char *key, double value)
{
    ps_json_put_u64(j, key, (uint64_t)llround(value));
}

static void put_reading(const struct reading *r, double start, struct ps_json *j)
{
    ps_json_open(j, '{');
    ps_json_put_u64(j, "stream-id", 1);
    ps_json_put_double(j, "start", start);
    ps_json_put_double(j, "end", round((start + r->seconds) * 100) / 100);
    put_whole(j, "throughput-bytes", r->megabytes * MEBIBYTE);
    ps_json_put_double(j, "throughput-bits", round(r->rate * 1e6));
    if (r->has_retrans)
        put_whole(j, "retransmits", r->retrans);
    if (r->has_cwnd)
        put_whole(j, "tcp-window-size", r->cwnd * 1024);
    if (r->has_rtt)
        put_whole(j, "rtt", r->rtt * 1000);
    if (r->has_drop) {
        put_whole(j, "sent", r->packets);
        put_whole(j, "lost", r->drop);
    }
    if (r->has_jitter)
        ps_json_put_double(j, "jitter", r->jitter);
    ps_json_close(j, '}');
}

static void put_both(const struct reading *r, double start, struct ps_json *j)
{
    ps_json_open(j, '{');
    ps_json_put_open(j, "streams", '[');
    put_reading(r, start, j);
    ps_json_close(j, ']');
    ps_json_key(j, "summary");
    put_reading(r, start, j);
    ps_json_close(j, '}');
}

// Its last line of numbers is of the whole.
static bool find_whole(const char *text, struct reading *whole)
{
    char line[TL_LINE];
    struct reading r;
    bool found = false;

    while (tl_line(&text, line)) {
        if (take_line(line, &r) && r.whole) {
            *whole = r;
            found = true;
        }
    }
    return found;
}

static void put_intervals(const char *text, struct ps_json *j)
{
    char line[TL_LINE];
    struct reading r;
    double start = 0;
    unsigned n = 0;

    ps_json_put_open(j, "intervals", '[');
    while (tl_line(&text, line) && n < INTERVALS_MAX) {
        if (!take_line(line, &r) || r.whole)
            continue;
        put_both(&r, start, j);
        start = round((start + r.seconds) * 100) / 100;
        n++;
    }
    ps_json_close(j, ']');
}

// "nuttcp-t: v6.1.2: Error: connect: Connection refused", with lines of little use around it.
static bool take_error(const char *text, struct tl_answer *a)
{
    const char *error = strstr(text, "Error: ");

    if (error)
        tl_answer_fail(a, "nuttcp: %.*s", (int)strcspn(error + 7, "\n"), error + 7);
    return error != NULL;
}

static void parse(const struct tl_said *said, struct tl_names *names, struct tl_answer *a)
{
    struct reading whole;
    struct ps_json *j;

    (void)names;
    if (said->participant == 1 && said->status == 0) { // the server says nothing of its own
        (void)tl_answer_begin(a, 0);
        tl_answer_end(a);
        return;
    }
    if (said->status != 0 || !find_whole(said->out, &whole)) {
        if (!take_error(said->err, a) && !take_error(said->out, a))
            tl_answer_blame(a, said, "nuttcp");
        return;
    }
    j = tl_answer_begin(a, 0);
    put_intervals(said->out, j);
    ps_json_key(j, "summary");
    put_both(&whole, 0, j);
    tl_answer_end(a);
}

// The client tells all, reverse as well.
static void merge(const struct tl_test *test, struct ps_jnode results, struct ps_json *j)
{
    (void)test;
    tl_throughput_merge(results, false, j);
}

const struct tl_tool tl_nuttcp = {
    .name = "nuttcp",
    .description = "Throughput by nuttcp",
    .tests = {"throughput"},
    .preference = 5,
    .program = TL_NUTTCP,
    .flat = true,
    .can_run = can_run,
    .duration = duration,
    .command = command,
    .parse = parse,
    .lag = lag,
    .partner = server_command,
    .data = data,
    .merge = merge,
};
