// SPDX-License-Identifier: Apache-2.0
// jq_rate [-d SECONDS] [-n OUTSTANDING] [-w WORKERS]: how many runs of programs as limits have them the workers of
// lib/jq do in a second, with so many asked at a time, and how long each took.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_num.h"
#include "jq/ps_jq.h"
#include "load_proc.h"

#define SAMPLES_MAX ((size_t)4 << 20)
#define OUTSTANDING_MAX 10000

static const char task[] = "{\"schema\":1,\"test\":{\"type\":\"throughput\",\"spec\":{\"schema\":1,"
                           "\"source\":\"a.example.net\",\"dest\":"
                           "\"b.example.net\",\"duration\":\"PT20S\",\"udp\":true,\"bandwidth\":50000000,"
                           "\"parallel\":1}},\"schedule\":"
                           "{\"repeat\":\"PT1H\",\"slip\":\"PT10M\",\"randslip\":true,\"max-runs\":10},"
                           "\"tool\":\"iperf3\",\"archives\":[]}";
static const char hints[] = "{\"requester\":\"192.0.2.7\",\"server\":\"192.0.2.1\"}";

static const struct kind {
    const char *name, *text, *prelude;
} kinds[] = {
    {"identity", ".", NULL},
    {"a comparison or two",
     "if .test.spec.udp and ((.test.spec.bandwidth // 1e12) > 1e8) then \"UDP over 100M\" else true end",
     NULL},
    {"a duration (pscheduler/iso8601)",
     "import \"pscheduler/iso8601\" as i;\nif .test.type == \"throughput\" and\n"
     "i::duration_as_seconds(.test.spec.duration // \"PT10S\") > 20 then \"20 s maximum\" else true end",
     NULL},
    {"a rewrite with its definitions",
     "import \"pscheduler/si\" as si;\n.\n| if hint(\"requester\") | startswith(\"192.0.2.\") then\n"
     ".test.spec.bandwidth = si::as_integer(\"10M\") | change(\"throttled\") else . end",
     "def hint($n): $hints[$n]; def change($m): .\"#diags\" += [$m];"},
};

struct bench {
    uint64_t seconds, outstanding, workers;
    struct ps_loop *loop;
    struct ps_jq *jq;
    struct ps_jq_program *program;
    ps_ns until;
    uint64_t running;
    ps_ns *samples;
    size_t nsamples;
};

struct question {
    struct bench *b;
    ps_ns asked;
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "jq_rate: %s: %s\n", what, why);
    exit(4);
}

static void ask(struct question *q);

static void answered(void *ctx, const struct ps_jq_result *r)
{
    struct question *q = ctx;
    struct bench *b = q->b;
    ps_ns now = ps_loop_mono();
    if (r->err != 0)
        fail("a run failed", r->why);
    if (b->nsamples < SAMPLES_MAX)
        b->samples[b->nsamples++] = now - q->asked;
    b->running--;
    if (now < b->until)
        ask(q);
    else if (b->running == 0)
        ps_loop_stop(b->loop);
}

static void ask(struct question *q)
{
    const struct ps_jq_value input = {task, sizeof task - 1}, args[] = {{hints, sizeof hints - 1}};
    q->asked = ps_loop_mono();
    q->b->running++;
    int err = ps_jq_run(q->b->program, &input, args, answered, q, NULL);
    if (err != 0)
        fail("cannot ask", "the queue is full");
}

static void run_for(struct bench *b, struct question *all, uint64_t outstanding, ps_ns time)
{
    b->nsamples = 0;
    b->until = ps_loop_mono() + time;
    for (uint64_t i = 0; i < outstanding; i++) {
        all[i].b = b;
        ask(&all[i]);
    }
    ps_loop_run(b->loop);
}

static int by_size(const void *a, const void *b)
{
    ps_ns x = *(const ps_ns *)a, y = *(const ps_ns *)b;
    return (x > y) - (x < y);
}

static double percentile_us(const struct bench *b, double p)
{
    return b->nsamples == 0 ? 0 : (double)b->samples[(size_t)((double)(b->nsamples - 1) * p)] / 1e3;
}

static void usage_now(struct load_usage *u)
{
    if (load_usage_read(getpid(), true, u) != 0)
        fail("/proc", "cannot be read");
}

static void measure(struct bench *b, const struct kind *k, uint64_t outstanding, struct question *all)
{
    struct load_usage before, after;
    run_for(b, all, outstanding, PS_SEC / 5); // compiles it
    usage_now(&before);
    ps_ns start = ps_loop_mono();
    run_for(b, all, outstanding, (ps_ns)b->seconds * PS_SEC);
    double took = (double)(ps_loop_mono() - start) / 1e9;
    usage_now(&after);
    qsort(b->samples, b->nsamples, sizeof b->samples[0], by_size);
    double n = (double)b->nsamples;
    printf("%-34s%8llu%10.0f%10.0f%10.0f%10.0f%10.1f%10.0f\n", k->name, (unsigned long long)outstanding,
           n / took, percentile_us(b, 0.5), percentile_us(b, 0.99), percentile_us(b, 0.999),
           (after.cpu_s - before.cpu_s) * 1e6 / n, (double)after.own_bytes / 1024);
    fflush(stdout);
}

static void measure_kind(struct bench *b, const struct kind *k, struct question *all)
{
    const char *names[] = {"hints"};
    const struct ps_jq_source s = {
        .text = k->text, .len = strlen(k->text), .prelude = k->prelude, .names = names, .nnames = 1};
    if (ps_jq_program_new(b->jq, &s, &b->program) != 0)
        fail(k->name, "is no program");
    measure(b, k, 1, all);
    if (b->outstanding > 1)
        measure(b, k, b->outstanding, all);
    ps_jq_program_free(b->program);
}

static int usage(void)
{
    fputs("usage: jq_rate [-d SECONDS] [-n OUTSTANDING] [-w WORKERS]\n", stderr);
    return 2;
}

static int take_options(struct bench *b, int argc, char **argv)
{
    for (int c; (c = getopt(argc, argv, "d:n:w:")) != -1;) {
        int err = 0;
        if (c == 'd')
            err = ps_num_u64(optarg, 10, 1, 3600, &b->seconds);
        else if (c == 'n')
            err = ps_num_u64(optarg, 10, 1, OUTSTANDING_MAX, &b->outstanding);
        else if (c == 'w')
            err = ps_num_u64(optarg, 10, 1, 64, &b->workers);
        if (c == '?' || err != 0)
            return usage();
    }
    return optind < argc ? usage() : 0;
}

int main(int argc, char **argv)
{
    static struct question all[OUTSTANDING_MAX];
    struct bench b = {.seconds = 3, .outstanding = 100, .workers = 1};
    int rc = take_options(&b, argc, argv);
    if (rc != 0)
        return rc;
    struct ps_jq_conf conf = {.workers = (unsigned)b.workers};
    b.samples = calloc(SAMPLES_MAX, sizeof b.samples[0]);
    if (b.samples == NULL || ps_loop_new(&b.loop) != 0 || ps_jq_new(b.loop, &conf, &b.jq) != 0)
        fail("start", "out of memory");
    printf("%-34s%8s%10s%10s%10s%10s%10s%10s\n", "program", "asked", "runs/s", "p50, us", "p99, us",
           "p99.9, us", "CPU, us", "KiB");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        measure_kind(&b, &kinds[i], all);
    ps_jq_free(b.jq);
    ps_loop_free(b.loop);
    free(b.samples);
    return 0;
}
