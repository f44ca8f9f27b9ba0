// SPDX-License-Identifier: Apache-2.0
// Runs a tool as psched does, and prints what would be the result of the run:
//   tl_drive [-n] [-p PARTICIPANT] [-P PARTICIPANT-DATA] [-d SECONDS] [-c CHANGE,DATA] [-l PLUGINS] [-s STREAMS]
//            TOOL TYPE SPEC
// -n: with names of the DNS; -r ADDRESS:PORT: of that server. -d: how long the run is (else as the tool says). -c: in this context. -k SECONDS: is
// cancelled behind its start. Each result is a line "local ..." and one "merged ..."; at the end "ended WORD".
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "loop/ps_proc.h"
#include "tool/tl_orphans.h"
#include "tool/tl_plugin.h"
#include "tool/tl_run.h"
#include "tool/tl_streams.h"

struct drive {
    struct ps_loop *loop;
    struct ps_dns *dns;
    struct tl_site site;
    struct tl_plugins *plugins;
    struct tl_streams *streams;
    struct tl_runner *runner;
    struct tl_run *run;
    struct ps_timer *cancel;
    struct tl_run_ask ask;
    struct tl_context context;
    const char *plugin_dir, *stream_dir, *resolver;
    double seconds, cancel_after;
    bool names, failed;
};

static ps_ns wall(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

static void got_result(void *ctx, const struct tl_result *r)
{
    struct drive *d = ctx;

    d->failed = d->failed || !r->succeeded;
    printf("local %s\nmerged %s\n", r->local, r->merged);
    fflush(stdout);
}

static void got_end(void *ctx, enum tl_run_end how)
{
    static const char *const words[] = {"done", "overdue", "cancelled"};
    struct drive *d = ctx;

    d->run = NULL;
    printf("ended %s\n", words[how]);
    ps_loop_stop(d->loop);
}

static void cancel(void *ctx)
{
    struct drive *d = ctx;

    if (d->run)
        tl_run_cancel(d->run);
}

static void got_start(void *ctx)
{
    struct drive *d = ctx;

    printf("started\n");
    fflush(stdout);
    if (d->cancel_after > 0 && ps_timer_new(d->loop, &d->cancel, cancel, d) == 0)
        ps_timer_start(d->cancel, (ps_ns)(d->cancel_after * (double)PS_SEC));
}

static void got_gap(void *ctx, double seconds, const char *why)
{
    (void)ctx;
    printf("gap %g s: %s\n", seconds, why);
    fflush(stdout);
}

static void got_trouble(void *ctx, const char *why)
{
    struct drive *d = ctx;

    d->failed = d->failed || why;
    printf("trouble %s\n", why ? why : "is over");
    fflush(stdout);
}

static const struct tl_run_ops ops = {
    .result = got_result, .ended = got_end, .started = got_start, .gap = got_gap, .trouble = got_trouble};

// How long it takes, as the tool says; and why it cannot, if it cannot.
static int plan(struct drive *d)
{
    const struct tl_tool *tool = tl_tool_find(d->ask.tool);
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault;
    struct tl_reasons why;
    struct tl_test test = {.type = d->ask.type};
    struct tl_span span = {.duration = 60 * PS_SEC};
    int bad = ps_jdoc_parse(&doc, "spec", d->ask.spec, d->ask.spec_len, &fault);

    if (bad) {
        fprintf(stderr, "tl_drive: %s\n", fault.text);
        return bad;
    }
    test.spec = ps_jdoc_root(doc);
    if (tool && !tl_can_run(tool, &d->site, &test, &why)) {
        for (size_t i = 0; i < why.n; i++)
            printf("cannot %s\n", why.text[i]);
        bad = PS_EUNSUPPORTED;
    } else if (tool) {
        bad = tl_duration(tool, &test, &span);
    }
    ps_jdoc_free(doc);
    d->ask.duration = d->seconds > 0 ? (ps_ns)(d->seconds * (double)PS_SEC) : span.duration;
    return bad;
}

static void begin(void *ctx)
{
    struct drive *d = ctx;
    struct tl_runner_conf conf = {.site = &d->site,
                                  .dns = d->dns,
                                  .tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
                                  .streams = d->streams,
                                  .plugins = d->plugins};
    struct ps_fault fault = {""};
    int err = tl_runner_new(d->loop, &conf, &d->runner);

    d->ask.start = wall();
    if (!err)
        err = tl_run_start(d->runner, &d->ask, &ops, d, &d->run, &fault);
    if (err) {
        fprintf(stderr, "tl_drive: %s\n", fault.text);
        d->failed = true;
        ps_loop_stop(d->loop);
    }
}

static void tell_bad(void *ctx, const char *path, const char *why)
{
    (void)ctx;
    fprintf(stderr, "bad %s: %s\n", path, why);
}

static int open_dns(struct drive *d)
{
    struct ps_hostport at;
    struct ps_addr server;
    struct ps_dns_conf conf = {0};

    if (d->resolver) {
        if (ps_hostport_parse(d->resolver, 53, false, &at) || ps_addr_parse(at.host, at.port, &server))
            return -EINVAL;
        conf.servers = &server;
        conf.nservers = 1;
    }
    return ps_dns_new(d->loop, &conf, &d->dns);
}

static int prepare(struct drive *d, struct ps_fault *fault)
{
    struct tl_streams_conf streams = {.site = &d->site, .dir = d->stream_dir};
    int err = ps_loop_new(&d->loop);

    if (!err)
        err = ps_proc_adopt(d->loop);
    if (!err && (d->names || d->resolver))
        err = open_dns(d);
    if (!err && d->stream_dir)
        err = tl_streams_new(d->loop, &streams, &d->streams, fault);
    if (!err && d->plugin_dir)
        err = tl_plugins_load(d->loop, &d->plugin_dir, 1, begin, tell_bad, d, &d->plugins, fault);
    else if (!err)
        err = ps_defer(d->loop, begin, d);
    return err;
}

static int take_options(struct drive *d, int argc, char **argv)
{
    int c;
    char *comma;

    while ((c = getopt(argc, argv, "np:P:d:c:l:s:k:r:")) != -1) {
        if (c == 'n')
            d->names = true;
        else if (c == 'r')
            d->resolver = optarg;
        else if (c == 'p')
            d->ask.participant = (unsigned)atoi(optarg);
        else if (c == 'P')
            d->ask.participant_data = optarg;
        else if (c == 'd')
            d->seconds = atof(optarg);
        else if (c == 'k')
            d->cancel_after = atof(optarg);
        else if (c == 'l')
            d->plugin_dir = optarg;
        else if (c == 's')
            d->stream_dir = optarg;
        else if (c == 'c' && (comma = strchr(optarg, ','))) {
            *comma = '\0';
            d->context = (struct tl_context){optarg, comma + 1};
            d->ask.contexts = &d->context;
            d->ask.ncontexts = 1;
        } else
            return -EINVAL;
    }
    return argc - optind == 3 ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
    struct drive d = {.ask = {.task = "00000000-0000-0000-0000-000000000002"}};
    struct ps_fault fault = {""};
    char run[TL_ORPHANS_RUN];
    int err = take_options(&d, argc, argv);

    // Of this process alone: who has ended a run kills what bears its mark.
    snprintf(run, sizeof run, "00000000-0000-0000-0000-%012ld", (long)getpid());
    d.ask.run = run;
    if (err) {
        fprintf(stderr, "usage: tl_drive [options] TOOL TYPE SPEC\n");
        return 2;
    }
    d.ask.tool = argv[optind];
    d.ask.type = argv[optind + 1];
    d.ask.spec = argv[optind + 2];
    d.ask.spec_len = strlen(d.ask.spec);
    tl_site_look(&d.site, NULL);
    if (plan(&d))
        return 1;
    err = prepare(&d, &fault);
    if (err)
        fprintf(stderr, "tl_drive: %s\n", *fault.text ? fault.text : ps_strerror(err));
    else
        ps_loop_run(d.loop);
    tl_runner_free(d.runner);
    tl_streams_free(d.streams);
    tl_plugins_free(d.plugins);
    ps_timer_free(d.cancel);
    ps_dns_free(d.dns);
    ps_loop_free(d.loop);
    return err || d.failed;
}
