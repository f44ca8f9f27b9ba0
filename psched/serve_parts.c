// SPDX-License-Identifier: Apache-2.0
// What the site consists of.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "base/ps_err.h"
#include "psched/archiving.h"
#include "psched/health.h"
#include "psched/planner.h"
#include "psched/runner.h"
#include "psched/serve_impl.h"
#include "psched/store.h"
#include "psched/task.h"
#include "psched/waiters.h"
#include "tool/tl_orphans.h"

static int in_words(int err, struct ps_fault *fault, const char *what)
{
    if (err && !fault->text[0])
        ps_fault_set(fault, NULL, 0, "%s: %s", what, ps_strerror(err));
    return err;
}

static int make_outlook(struct serve *s, struct ps_fault *fault)
{
    struct site *t = &s->site;
    struct ps_clocksource_conf source;
    struct ps_dns_conf dns = {0};
    int err = ps_localnet_new(t->loop, &t->localnet);

    if (!err)
        err = ps_dns_new(t->loop, &dns, &t->dns);
    if (!err)
        err = ps_clocksource_env(&source);
    if (!err)
        err = ps_clocksource_new(t->loop, t->clock, &source, NULL, NULL, &t->source);
    if (!err)
        err = ps_jq_new(t->loop, NULL, &t->jq);
    if (!err && s->now.limits[0])
        err = ps_ctl_asker_new(t->loop, s->now.limits, &t->limits);
    return in_words(err, fault, "cannot look around");
}

static int make_folder(const struct serve *s, const char *name, char out[PATH_MAX + 32],
                       struct ps_fault *fault)
{
    snprintf(out, PATH_MAX + 32, "%s/%s", s->now.data, name);
    if (mkdir(out, 0700) == 0 || errno == EEXIST)
        return 0;
    ps_fault_set(fault, out, 0, "cannot be made: %s", strerror(errno));
    return -errno;
}

// What a psched that was killed has left behind is ended: its runs have failed.
static void end_orphans(struct serve *s)
{
    int n = tl_orphans_kill(NULL);

    if (n > 0)
        ps_log(&s->log, PS_LOG_WARN, "tools", "%d processes of former runs were ended", n);
    else if (n < 0)
        ps_log(&s->log, PS_LOG_WARN, "tools", "cannot look for processes of former runs: %s", ps_strerror(n));
}

static int make_tools(struct serve *s, struct ps_fault *fault)
{
    struct site *t = &s->site;
    char tmp[PATH_MAX + 32], streams[PATH_MAX + 32];
    struct tl_streams_conf streams_conf = {.site = &t->programs, .dir = streams, .log = &s->log};
    struct tl_runner_conf runner_conf = {.site = &t->programs, .dns = t->dns, .tmp = tmp};
    int err = make_folder(s, "runs", tmp, fault);

    end_orphans(s);
    if (!err)
        tl_runner_sweep(tmp);
    tl_site_look(&t->programs, NULL);
    if (!err)
        err = make_folder(s, "streams", streams, fault);
    if (!err)
        err = tl_streams_new(t->loop, &streams_conf, &t->streams, fault);
    runner_conf.streams = t->streams;
    runner_conf.plugins = t->plugins;
    if (!err)
        err = tl_runner_new(t->loop, &runner_conf, &t->runner);
    if (!err)
        err = runner_new(&t->runs);
    return in_words(err, fault, "tools cannot be used");
}

int serve_parts(struct serve *s, struct ps_fault *fault)
{
    struct site *t = &s->site;
    int err = make_outlook(s, fault);

    if (!err)
        err = store_open(&t->store, s->now.data, fault);
    if (!err)
        err = make_tools(s, fault);
    if (!err)
        err = tasks_new(&t->tasks);
    if (!err)
        err = waiters_new(t, &t->waiters);
    if (!err)
        err = planner_new(&t->planner, t);
    if (!err)
        err = health_new(&t->health, t);
    if (!err)
        err = archiving_new(&t->archiving, t, fault);
    if (!err)
        err = planner_restore(t->planner, fault);
    return in_words(err, fault, "cannot start");
}

void serve_parts_end(struct serve *s)
{
    struct site *t = &s->site;

    runner_free(t->runs);
    tl_runner_free(t->runner);
    tl_streams_free(t->streams);
    archiving_free(t->archiving);
    health_free(t->health);
    planner_free(t->planner);
    waiters_free(t->waiters);
    tasks_free(t->tasks);
    tl_plugins_free(t->plugins);
    ps_ctl_asker_free(t->limits);
    if (t->jq)
        ps_jq_free(t->jq);
    ps_clocksource_free(t->source);
    ps_dns_free(t->dns);
    ps_localnet_free(t->localnet);
    store_close(t->store);
}
