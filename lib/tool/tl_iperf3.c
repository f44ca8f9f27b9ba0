// SPDX-License-Identifier: Apache-2.0
// iperf3 --json.
#include <inttypes.h>
#include <string.h>
#include "tool/tl_iperf3_auth.h"
#include "tool/tl_spec.h"
#include "tool/tl_throughput.h"

#define PORT 5201
#define LASTS (10 * PS_SEC)
#define LINK_RTT (200 * PS_MSEC)
#define OVERHEAD (5 * PS_SEC)
#define HEAD_START (3 * PS_SEC)

// --- before

static void can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    (void)site;
    tl_reason_schema(why, test, 7);
    if (tl_spec_flag(test->spec, "reverse-connections", false))
        tl_reason(why, "Does not support reverse-connections.");
    if (tl_spec_flag(test->spec, "bandwidth-strict", false))
        tl_reason(why, "Does not support bandwidth-strict.");
    if (tl_spec_has(test->spec, "flow-label") && tl_spec_family(test->spec) == 4)
        tl_reason(why, "There are no flow labels in IPv4.");
    if (tl_spec_flag(test->spec, "udp", false) && tl_spec_flag(test->spec, "zero-copy", false))
        tl_reason(why, "There is no zero-copy with UDP.");
}

// For a far host more time is needed to agree on the test.
static ps_ns set_up_time(const struct tl_test *test)
{
    ps_ns rtt = tl_spec_duration(test->spec, "link-rtt", LINK_RTT),
          t = (rtt < 3600 * PS_SEC ? rtt : 3600 * PS_SEC) * 20;

    return t > PS_SEC ? t : PS_SEC;
}

static void duration(const struct tl_test *test, struct tl_span *out)
{
    out->duration = set_up_time(test) + tl_spec_duration(test->spec, "omit", 0) +
                    tl_spec_duration(test->spec, "duration", LASTS) + OVERHEAD;
}

static ps_ns lag(const struct tl_job *job)
{
    return job->participant == 0 && !tl_throughput_is_single(&job->test) ? HEAD_START : 0;
}

static void add_number(struct tl_argv *argv, struct ps_jnode spec, const char *key, const char *option)
{
    uint64_t n;

    if (tl_spec_u64(spec, key, &n))
        tl_argv_opt(argv, option, "%" PRIu64, n);
}

static void add_flag(struct tl_argv *argv, struct ps_jnode spec, const char *key, const char *option)
{
    if (tl_spec_flag(spec, key, false))
        tl_argv_add(argv, option);
}

static void add_seconds(struct tl_argv *argv, struct ps_jnode spec, const char *key, const char *option)
{
    if (tl_spec_has(spec, key))
        tl_argv_opt(argv, option, "%" PRId64, tl_round_up(tl_spec_duration(spec, key, 0)) / PS_SEC);
}

static void add_affinity(struct tl_argv *argv, struct ps_jnode spec)
{
    uint64_t client, server;

    if (!tl_spec_u64(spec, "client-cpu-affinity", &client))
        return;
    if (tl_spec_u64(spec, "server-cpu-affinity", &server))
        tl_argv_opt(argv, "-A", "%" PRIu64 ",%" PRIu64, client, server);
    else
        tl_argv_opt(argv, "-A", "%" PRIu64, client);
}

static void add_rate(struct tl_argv *argv, struct ps_jnode spec)
{
    uint64_t rate, burst;

    if (!tl_spec_u64(spec, "bandwidth", &rate))
        return;
    if (tl_spec_u64(spec, "burst-size", &burst))
        tl_argv_opt(argv, "-b", "%" PRIu64 "/%" PRIu64, rate, burst);
    else
        tl_argv_opt(argv, "-b", "%" PRIu64, rate);
}

// The server's answers to UDP would leave from the address that the kernel likes best, and the client takes them from
// the one alone that it called. By TCP they come from there anyway.
static const char *local_end(const struct tl_job *job)
{
    const char *told = tl_spec_str(job->test.spec, "local-address");

    if (job->participant > 0)
        return tl_spec_flag(job->test.spec, "udp", false) ? job->here : NULL;
    return told ? told : job->near;
}

static void add_bind(const struct tl_job *job, struct tl_argv *argv)
{
    const char *local = local_end(job);

    if (!local)
        return;
    tl_argv_add(argv, "-B");
    tl_argv_operand(argv, local);
}

static void add_common(const struct tl_job *job, struct tl_argv *argv)
{
    tl_argv_opt(argv, "-p", "%u", tl_throughput_port(job, "server_port", PORT));
    if (job->family)
        tl_argv_add(argv, job->family == 4 ? "-4" : "-6");
    add_bind(job, argv);
}

static void client_command(const struct tl_job *job, struct tl_argv *argv)
{
    struct ps_jnode spec = job->test.spec;
    const char *congestion = tl_spec_str(spec, "congestion");

    add_common(job, argv);
    tl_argv_add(argv, "-c");
    tl_argv_operand(argv, tl_throughput_dest(job));
    tl_argv_opt(argv, "-t", "%" PRId64, tl_round_up(tl_spec_duration(spec, "duration", LASTS)) / PS_SEC);
    tl_argv_add(argv, "--json");
    add_seconds(argv, spec, "interval", "-i");
    add_number(argv, spec, "parallel", "-P");
    add_number(argv, spec, "window-size", "-w");
    add_number(argv, spec, "mss", "-M");
    add_seconds(argv, spec, "omit", "-O");
    add_rate(argv, spec);
    add_number(argv, spec, "fq-rate", "--fq-rate");
    add_flag(argv, spec, "udp", "-u");
    add_number(argv, spec, "buffer-length", "-l");
    add_number(argv, spec, "ip-tos", "-S");
    if (congestion) {
        tl_argv_add(argv, "-C");
        tl_argv_operand(argv, congestion);
    }
    add_flag(argv, spec, "zero-copy", "-Z");
    add_number(argv, spec, "flow-label", "-L");
    add_flag(argv, spec, "no-delay", "-N");
    add_flag(argv, spec, "reverse", "-R");
    add_affinity(argv, spec);
}

// The client may come late, and only then does it say how long it takes.
static void server_command(const struct tl_job *job, struct tl_argv *argv)
{
    tl_argv_add(argv, "-s");
    tl_argv_add(argv, "-1");
    tl_argv_opt(argv, "--idle-timeout", "%" PRId64, tl_round_up(job->duration + HEAD_START) / PS_SEC);
    tl_argv_add(argv, "--json");
    add_common(job, argv);
}

static void command(const struct tl_job *job, struct tl_argv *argv)
{
    if (job->participant == 0)
        client_command(job, argv);
    else
        server_command(job, argv);
    tl_iperf3_auth_command(job, argv);
}

static void partner(const struct tl_job *job, struct tl_argv *argv)
{
    tl_argv_add(argv, "-s");
    tl_argv_add(argv, "-1");
    tl_argv_opt(argv, "-p", "%u", job->port);
}

// By the schema a server of pScheduler's knows that this client can show a password, and asks for one.
static void data(const struct tl_site *site, const struct tl_test *test, unsigned participant, unsigned port,
                 struct ps_json *j)
{
    if (tl_throughput_is_single(test))
        return;
    if (participant == 0)
        ps_json_put_u64(j, "schema", TL_IPERF3_SCHEMA);
    ps_json_put_str(j, "iperf3-version", site->iperf3_version);
    if (participant == 1)
        ps_json_put_u64(j, "server_port", port ? port : PORT);
}

// --- behind: what is copied of a stream or a sum, number by number

static const struct {
    const char *from, *to;
} members[] = {
    {"socket", "stream-id"},
    {"start", "start"},
    {"end", "end"},
    {"bytes", "throughput-bytes"},
    {"bits_per_second", "throughput-bits"},
    {"jitter_ms", "jitter"},
    {"packets", "sent"},
    {"lost_packets", "lost"},
    {"retransmits", "retransmits"},
    {"snd_cwnd", "tcp-window-size"},
    {"rtt", "rtt"},
    {"mean_rtt", "rtt"},
    {"omitted", "omitted"},
};

static void put_members(struct ps_jnode from, struct ps_json *j)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct ps_jnode n = ps_jnode_member(from, members[i].from);
        enum ps_jtype type = ps_jnode_type(n);
        if (type == PS_JTYPE_NUMBER || type == PS_JTYPE_BOOL)
            ps_jnode_put(j, members[i].to, n);
    }
}

static void put_item(struct ps_jnode from, struct ps_jnode received, struct ps_json *j)
{
    struct ps_jnode rate = ps_jnode_member(received, "bits_per_second");

    ps_json_open(j, '{');
    put_members(from, j);
    if (ps_jnode_type(rate) == PS_JTYPE_NUMBER)
        ps_jnode_put(j, "receiver-throughput-bits", rate);
    ps_json_close(j, '}');
}

static void put_intervals(struct ps_jnode document, struct ps_json *j)
{
    struct ps_jnode all = ps_jnode_member(document, "intervals");

    ps_json_put_open(j, "intervals", '[');
    for (struct ps_jnode i = ps_jnode_first(all); ps_jnode_there(i); i = ps_jnode_next(i)) {
        struct ps_jnode streams = ps_jnode_member(i, "streams"), none = {0};
        ps_json_open(j, '{');
        ps_json_put_open(j, "streams", '[');
        for (struct ps_jnode s = ps_jnode_first(streams); ps_jnode_there(s); s = ps_jnode_next(s))
            put_item(s, none, j);
        ps_json_close(j, ']');
        ps_json_key(j, "summary");
        put_item(ps_jnode_member(i, "sum"), none, j);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
}

static struct ps_jnode first_of(struct ps_jnode object, const char *key, const char *otherwise)
{
    struct ps_jnode n = ps_jnode_member(object, key);

    return ps_jnode_there(n) ? n : ps_jnode_member(object, otherwise);
}

// With UDP "sum" has what was lost; "sum_sent" has it as none.
static void put_summary(struct ps_jnode document, bool udp, struct ps_json *j)
{
    struct ps_jnode end = ps_jnode_member(document, "end"), streams = ps_jnode_member(end, "streams");

    ps_json_put_open(j, "summary", '{');
    ps_json_put_open(j, "streams", '[');
    for (struct ps_jnode s = ps_jnode_first(streams); ps_jnode_there(s); s = ps_jnode_next(s))
        put_item(first_of(s, "udp", "sender"), ps_jnode_member(s, "receiver"), j);
    ps_json_close(j, ']');
    ps_json_key(j, "summary");
    put_item(udp ? first_of(end, "sum", "sum_sent") : first_of(end, "sum_sent", "sum"),
             ps_jnode_member(end, "sum_received"), j);
    ps_json_close(j, '}');
}

static void put_settings(struct ps_jnode document, bool udp, struct ps_json *j)
{
    static const char *const keys[][2] = {{"tcp_mss", "mss"},
                                          {"tcp_mss_default", "mss"},
                                          {"sock_bufsize", "requested-tcp-window-size"},
                                          {"sndbuf_actual", "tcp-window-size"}};
    struct ps_jnode start = ps_jnode_member(document, "start");

    for (size_t i = 0; !udp && i < sizeof keys / sizeof *keys; i++) {
        uint64_t n = tl_spec_count(start, keys[i][0], 0);
        if (n > 0)
            ps_json_put_u64(j, keys[i][1], n);
    }
}

static void put_all(struct ps_jnode document, const struct tl_test *test, struct tl_answer *a)
{
    struct ps_jnode start = ps_jnode_member(ps_jnode_member(document, "start"), "test_start");
    const char *protocol = tl_spec_str(start, "protocol");
    bool udp = protocol ? strcmp(protocol, "UDP") == 0 : tl_spec_flag(test->spec, "udp", false);
    struct ps_json *j = tl_answer_begin(a, 0);

    put_intervals(document, j);
    put_summary(document, udp, j);
    put_settings(document, udp, j);
    tl_answer_end(a);
}

// With parallel streams iperf3 repeats keys of "start".
static void parse(const struct tl_said *said, struct tl_names *names, struct tl_answer *a)
{
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault = {""};
    struct ps_jnode root;
    const char *error;

    (void)names;
    if (ps_jdoc_parse_careless(&doc, "iperf3", said->out, said->out_len, &fault)) {
        if (said->status != 0)
            tl_answer_blame(a, said, "iperf3");
        tl_answer_fail(a, "iperf3: its output cannot be read: %s", fault.text);
        return;
    }
    root = ps_jdoc_root(doc);
    error = tl_spec_str(root, "error");
    if (error)
        tl_answer_fail(a, "iperf3: %s", error);
    else if (said->status != 0)
        tl_answer_blame(a, said, "iperf3");
    else if (ps_jnode_count(ps_jnode_member(root, "end")) == 0)
        tl_answer_fail(a, "iperf3: the test did not come to its end");
    else
        put_all(root, &said->test, a);
    ps_jdoc_free(doc);
}

// Reverse it is the server that sends, and the sender's result has all but what came.
static void merge(const struct tl_test *test, struct ps_jnode results, struct ps_json *j)
{
    bool server_tells = tl_spec_flag(test->spec, "reverse", false) &&
                        tl_spec_flag(ps_jnode_next(ps_jnode_first(results)), "succeeded", false);

    tl_throughput_merge(results, server_tells, j);
}

const struct tl_tool tl_iperf3 = {
    .name = "iperf3",
    .description = "Throughput by iperf3",
    .tests = {"throughput"},
    .preference = 10,
    .program = TL_IPERF3,
    .flat = true,
    .mute = true,
    .can_run = can_run,
    .duration = duration,
    .command = command,
    .secrets = tl_iperf3_auth_secrets,
    .parse = parse,
    .lag = lag,
    .partner = partner,
    .data = data,
    .merge = merge,
};
