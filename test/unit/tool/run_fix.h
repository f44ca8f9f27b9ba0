// SPDX-License-Identifier: Apache-2.0
// A folder with plug-ins that the test writes, programs that stand in for tools, and what came of a run.
#pragma once
#include "tool/tl_run.h"
#include "test/unit/loop/loop_fix.h"
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_proc.h"
#include "tool/tl_orphans.h"
#include "tool/tl_plugin.h"

#define FIX __attribute__((unused)) static

static struct world {
    char dir[100], tmp[120];
    struct fix *f;
    struct tl_site site;
    struct tl_plugins *plugins;
    struct tl_runner *runner;
    struct tl_run *run;
    char uuid[TL_ORPHANS_RUN];
    int results, ends;
    bool succeeded, stop_at_start;
    enum tl_run_end how;
    char error[600], local[65536], merged[65536], parts[4096], all[4096];
} w;

FIX int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

FIX void write_file(const char *path, const char *script)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fprintf(f, "#!/bin/sh\n%s\n", script);
    assert_int_equal(fchmod(fileno(f), 0700), 0);
    fclose(f);
}

FIX void write_method(const char *class, const char *method, const char *script)
{
    char path[300];

    snprintf(path, sizeof path, "%s/%s", w.dir, class);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/t", w.dir, class);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/t/%s", w.dir, class, method);
    write_file(path, script);
}

// A program that stands in for a tool's.
FIX void stand_in(enum tl_program p, const char *script)
{
    char path[TL_PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", w.dir, tl_program_name(p));
    memcpy(w.site.path[p], path, sizeof path);
    write_file(path, script);
}

FIX int make_world(void **state)
{
    memset(&w, 0, sizeof w);
    strcpy(w.dir, "/tmp/tl-run-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    strcat(strcpy(w.tmp, w.dir), "/tmp");
    mkdir(w.tmp, 0700);
    snprintf(w.uuid, sizeof w.uuid, "00000000-0000-4000-9000-%012d", (int)getpid());
    setup(state);
    w.f = *state;
    assert_int_equal(ps_proc_adopt(w.f->loop), 0);
    return 0;
}

FIX int drop_world(void **state)
{
    tl_runner_free(w.runner);
    tl_plugins_free(w.plugins);
    teardown(state);
    nftw(w.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_world, drop_world)

// Deadlines of tools are longer than those of other tests.
FIX void run_loop(void)
{
    ps_timer_start(w.f->guard, 60 * PS_SEC);
    ps_loop_run(w.f->loop);
    ps_timer_stop(w.f->guard);
}

FIX ps_ns wall(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

FIX void got_result(void *ctx, const struct tl_result *r)
{
    size_t n = strlen(w.all);

    (void)ctx;
    w.results++;
    w.succeeded = r->succeeded;
    snprintf(w.error, sizeof w.error, "%s", r->error ? r->error : "");
    snprintf(w.local, sizeof w.local, "%s", r->local);
    snprintf(w.merged, sizeof w.merged, "%s", r->merged);
    snprintf(w.parts, sizeof w.parts, "%s", r->parts ? r->parts : "");
    snprintf(w.all + n, sizeof w.all - n, "%.200s\n", r->merged);
}

FIX void got_end(void *ctx, enum tl_run_end how)
{
    (void)ctx;
    w.ends++;
    w.how = how;
    w.run = NULL;
    ps_loop_stop(w.f->loop);
}

FIX void got_start(void *ctx)
{
    (void)ctx;
    if (w.stop_at_start)
        ps_loop_stop(w.f->loop);
}

FIX const struct tl_run_ops ops = {.result = got_result, .ended = got_end, .started = got_start};

FIX void loaded(void *ctx)
{
    (void)ctx;
    ps_loop_stop(w.f->loop);
}

FIX void make_runner(size_t output_max)
{
    struct tl_runner_conf conf = {.site = &w.site, .tmp = w.tmp, .output_max = output_max};
    const char *const dir = w.dir;
    struct ps_fault fault = {""};

    assert_int_equal(tl_plugins_load(w.f->loop, &dir, 1, loaded, NULL, NULL, &w.plugins, &fault), 0);
    run_loop();
    conf.plugins = w.plugins;
    assert_int_equal(tl_runner_new(w.f->loop, &conf, &w.runner), 0);
}

FIX void begin(const char *tool, const char *type, const char *spec, struct tl_run_ask *more)
{
    struct tl_run_ask ask = more ? *more : (struct tl_run_ask){.duration = 60 * PS_SEC};
    struct ps_fault fault = {""};
    int err;

    if (!w.runner)
        make_runner(0);
    ask.tool = tool;
    ask.run = w.uuid;
    ask.task = "00000000-0000-4000-9000-000000000002";
    ask.type = type;
    ask.spec = spec;
    ask.spec_len = strlen(spec);
    ask.start = ask.start ? ask.start : wall();
    err = tl_run_start(w.runner, &ask, &ops, NULL, &w.run, &fault);
    if (err)
        fail_msg("%s", fault.text);
}

FIX void run(const char *tool, const char *type, const char *spec, struct tl_run_ask *more)
{
    begin(tool, type, spec, more);
    run_loop();
    assert_int_equal(w.ends, 1);
    assert_int_equal(tl_runner_running(w.runner), 0);
}

FIX void plug_in(const char *script)
{
    write_method("tool", "enumerate", "echo '{\"name\":\"t\",\"tests\":[\"x\"]}'");
    write_method("tool", "run", script);
}

FIX size_t left_in_tmp(void)
{
    DIR *d = opendir(w.tmp);
    size_t n = 0;

    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

FIX size_t left_running(void)
{
    struct tl_orphan found[16];
    size_t n;

    assert_int_equal(tl_orphans_find(w.uuid, found, 16, &n), 0);
    return n;
}
