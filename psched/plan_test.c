// SPDX-License-Identifier: Apache-2.0
#include "psched/plan_test.h"
#include <string.h>
#include "base/ps_err.h"
#include "tool/tl_spec.h"
#include "tool/tl_tool.h"

#define IP_UDP 28 // octets of their headers
#define IP_ICMP 28
#define OWAMP_PACKET 14  // octets of an open test packet without padding
#define HOPS 12          // of a path
#define PROBE 60         // octets of a traceroute's probe; answers are as long, about
#define SEGMENT 1500     // octets of a throughput test's packets
#define PACKET_COUNT 100 // defaults of the fact sheet, 3.2
#define STREAM_COUNT 600
#define PACKET_INTERVAL 0.1
#define PING_COUNT 5
#define PING_LENGTH 56

// What was measured of psarchive (doc/psarchive-format.md, psarchive size): a result as a row with its roll-ups, and
// what is kept of its document.
struct stored {
    double row, document;
};

struct kind {
    const char *test;
    void (*run)(struct plan_run *out, struct ps_jnode spec);
    double packets, octets; // where there is no function
    struct stored stored;
};

// tests that send what their spec says

static void rtt(struct plan_run *out, struct ps_jnode spec)
{
    const double n = (double)tl_spec_count(spec, "count", PING_COUNT);
    const double octets = (double)tl_spec_count(spec, "length", PING_LENGTH) + IP_ICMP;
    out->packets = 2 * n;
    out->bits = 8 * 2 * n * octets;
}

static double owamp_octets(struct ps_jnode spec)
{
    return (double)tl_spec_count(spec, "packet-padding", 0) + OWAMP_PACKET + IP_UDP;
}

static void latency(struct plan_run *out, struct ps_jnode spec)
{
    out->packets = (double)tl_spec_count(spec, "packet-count", PACKET_COUNT);
    out->bits = 8 * out->packets * owamp_octets(spec);
}

static void latencybg(struct plan_run *out, struct ps_jnode spec)
{
    const double interval = tl_spec_double(spec, "packet-interval", PACKET_INTERVAL);
    const double count = (double)tl_spec_count(spec, "packet-count", STREAM_COUNT);
    out->packets = (double)out->duration / (double)PS_SEC / interval;
    out->bits = 8 * out->packets * owamp_octets(spec);
    out->results = out->packets / count;
}

static void trace(struct plan_run *out, struct ps_jnode spec)
{
    const double probes = HOPS * (double)tl_spec_count(spec, "queries", 1);
    out->packets = 2 * probes;
    out->bits = 8 * 2 * probes * (double)tl_spec_count(spec, "length", PROBE);
}

static void throughput(struct plan_run *out, struct ps_jnode spec)
{
    const ps_ns d = tl_spec_duration(spec, "duration", 10 * PS_SEC) + tl_spec_duration(spec, "omit", 0);
    uint64_t bandwidth = 0;
    out->rate_is_a_guess = !tl_spec_u64(spec, "bandwidth", &bandwidth) || bandwidth == 0;
    if (!out->rate_is_a_guess)
        out->bits = (double)bandwidth * (double)tl_spec_count(spec, "parallel", 1);
    out->bits *= (double)d / (double)PS_SEC; // of the rate that is assumed, otherwise
    out->packets = out->bits / (8 * SEGMENT);
}

// Others are small: their packets and octets are about those of one such exchange.
static const struct kind kinds[] = {
    {"clock", NULL, 40, 12000, {500, 300}},      {"dns", NULL, 2, 250, {500, 300}},
    {"http", NULL, 30, 20000, {500, 300}},       {"idle", NULL, 0, 0, {500, 300}},
    {"idlebgm", NULL, 0, 0, {500, 300}},         {"idleex", NULL, 0, 0, {500, 300}},
    {"latency", latency, 0, 0, {142, 171}},      {"latencybg", latencybg, 0, 0, {88, 201}},
    {"mtu", NULL, 20, 20000, {500, 300}},        {"noop", NULL, 0, 0, {500, 300}},
    {"psresponse", NULL, 20, 6000, {500, 300}},  {"rtt", rtt, 0, 0, {70, 145}},
    {"simplestream", NULL, 10, 800, {500, 300}}, {"throughput", throughput, 0, 0, {2080, 1040}},
    {"trace", trace, 0, 0, {330, 155}},
};
static const struct kind other = {"", NULL, 20, 10000, {500, 300}};

static const struct kind *kind_of(const char *test)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].test, test) == 0)
            return &kinds[i];
    return &other;
}

// The tool that is named, or the first that runs such tests.
static const struct tl_tool *tool_for(const char *test, const char *name)
{
    const struct tl_tool *t;
    if (name != NULL)
        return tl_tool_find(name);
    for (size_t i = 0; (t = tl_tool_at(i)) != NULL; i++)
        if (tl_tool_does(t, test))
            return t;
    return NULL;
}

int plan_test_run(struct plan_run *out, const struct sp_test *t, struct ps_jnode spec, const char *tool,
                  double rate, struct ps_fault *fault)
{
    const struct tl_test test = {sp_test_name(t), spec};
    const struct tl_tool *own = tool_for(test.type, tool);
    const struct kind *k = kind_of(test.type);
    struct tl_span span;
    if (own == NULL || tl_duration(own, &test, &span) != 0) {
        ps_fault_set(fault, NULL, 0, "no tool that psched brings along runs %s%s%s", test.type,
                     tool != NULL ? " by the name of " : "", tool != NULL ? tool : "");
        return PS_EUNSUPPORTED;
    }
    *out = (struct plan_run){
        .duration = span.duration, .packets = k->packets, .bits = 8 * k->octets, .results = 1};
    if (k->run == throughput)
        out->bits = rate;
    if (k->run != NULL)
        k->run(out, spec);
    out->octets = k->stored.row + k->stored.document;
    return 0;
}
