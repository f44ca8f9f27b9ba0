// SPDX-License-Identifier: Apache-2.0
// The programs of a run: the tool, and what has to be there before it.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "tool/tl_freeport.h"
#include "tool/tl_run_impl.h"
#include "tool/tl_spec.h"
#include "tool/tl_throughput.h"

#define PORT_PATIENCE (3 * PS_SEC) // until the other half of a test with itself listens
#define PORT_LOOK (20 * PS_MSEC)
#define PATIENCE_LEAST (5 * PS_SEC) // for a run that begins behind its time
#define ENVIRONMENT 8

struct tl_test tl_run_test(const struct tl_run *run)
{
    return (struct tl_test){run->type, ps_jdoc_root(run->spec)};
}

struct tl_job tl_run_job(const struct tl_run *run)
{
    return (struct tl_job){.site = run->runner->conf.site,
                           .test = tl_run_test(run),
                           // Behind the first participant this end is the test's far one, by whatever name.
                           .near = run->near[0] && run->participant == 0 ? run->near : NULL,
                           .far = run->far,
                           .here = run->participant > 0 && tl_freeport_is_own(run->far) ? run->far : NULL,
                           .family = run->family,
                           .duration = run->duration,
                           .participant = run->participant,
                           .parts = ps_jdoc_root(run->parts),
                           .port = run->port};
}

static ps_ns patience(const struct tl_run *run)
{
    struct timespec ts;
    ps_ns left;

    clock_gettime(CLOCK_REALTIME, &ts);
    left = run->start + run->duration + TL_RUN_LATE - ((ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec);
    return left > PATIENCE_LEAST ? left : PATIENCE_LEAST;
}

// --- one program

static void child_ended(void *ctx, const struct tl_child_end *end);
static void partner_ended(void *ctx, const struct tl_child_end *end);

static void record(void *ctx, const char *text, size_t len)
{
    tl_run_record(ctx, text, len);
}

static int start(struct tl_run *run, const struct tl_argv *argv, const char *input, size_t input_len,
                 bool main, const char *variable, struct ps_fault *fault)
{
    char marks[TL_ORPHANS_MARKS][TL_ORPHANS_MARK], tmpdir[300];
    const char *env[ENVIRONMENT] = {
        "LANG=C", "LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        marks[0], marks[1],   tmpdir,
        variable, NULL};
    struct tl_child_conf conf = {.path = argv->words[0],
                                 .argv = argv->words,
                                 .env = env,
                                 .dir = run->dir,
                                 .input = input,
                                 .input_len = input_len,
                                 .output_max = run->runner->conf.output_max,
                                 .patience = patience(run),
                                 .grace = TL_RUN_GRACE,
                                 .record = main && (run->plugin || run->tool->multi) ? record : NULL};

    tl_orphans_mark(run->uuid, marks);
    snprintf(tmpdir, sizeof tmpdir, "TMPDIR=%.280s", run->dir);
    return tl_child_start(run->runner->loop, &conf, main ? child_ended : partner_ended, run,
                          main ? &run->child : &run->partner, fault);
}

// --- what a plug-in's run is given

static void put_schedule(struct ps_json *j, const struct tl_run *run)
{
    char text[PS_ISO8601_TIME];

    ps_json_put_open(j, "schedule", '{');
    ps_json_put_str(j, "start", ps_iso8601_put_utc(run->start, text));
    tl_put_duration(j, "duration", run->duration);
    ps_json_close(j, '}');
}

static char *make_input(const struct tl_run *run, size_t *len)
{
    const struct tl_test test = tl_run_test(run);
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    ps_json_put_u64(j, "schema", 1);
    ps_json_put_str(j, "task-uuid", run->task);
    put_schedule(j, run);
    tl_put_test(j, &test);
    ps_json_put_u64(j, "participant", run->participant);
    ps_jnode_put(j, "participant-data", ps_jdoc_root(run->parts));
    ps_json_close(j, '}');
    return ps_text_close(&t, len);
}

// --- contexts: programs that change it and start the next one, the last of which starts the tool

static int write_file(const char *path, const char *text, size_t len, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    ssize_t n;

    if (fd < 0)
        return -errno;
    n = write(fd, text, len);
    close(fd);
    return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EIO;
}

// A script that starts argv in its own place, with its input from a file if there is one.
static int write_script(const char *path, const struct tl_argv *argv, const char *input)
{
    struct ps_buf b;
    int err;

    ps_buf_init(&b, 0);
    err = ps_buf_printf(&b, "#!/bin/sh\nexec ");
    if (!err)
        err = tl_argv_show(argv, &b);
    if (!err)
        err = ps_buf_printf(&b, " <%s\n", input ? input : "/dev/null");
    if (!err)
        err = write_file(path, (char *)ps_buf_head(&b), ps_buf_len(&b), 0700);
    ps_buf_fini(&b);
    return err;
}

// {"data":...,"exec":"SCRIPT"} in a file, and the script for who is further out.
static int write_context(struct tl_run *run, size_t i)
{
    char input[320], script[320], *text = NULL;
    struct tl_argv argv;
    int len, err;

    snprintf(input, sizeof input, "%.250s/context%zu.json", run->dir, i);
    snprintf(script, sizeof script, "%.250s/start%zu", run->dir, i);
    len = asprintf(&text, "{\"data\":%s,\"exec\":\"%.250s/start%zu\"}\n", run->contexts[i].data, run->dir,
                   i + 1);
    if (len < 0)
        return -ENOMEM;
    err = write_file(input, text, (size_t)len, 0600);
    free(text);
    tl_argv_init(&argv);
    tl_argv_add(&argv, run->contexts[i].change);
    return err ? err : argv.err ? argv.err : write_script(script, &argv, input);
}

// Puts scripts in the way of run->argv, which is then the outermost.
static int enter_contexts(struct tl_run *run, const char *input, size_t len)
{
    char file[320], script[320];
    int err = 0;

    snprintf(file, sizeof file, "%.250s/input.json", run->dir);
    snprintf(script, sizeof script, "%.250s/start%zu", run->dir, run->ncontexts);
    if (input)
        err = write_file(file, input, len, 0600);
    if (!err)
        err = write_script(script, &run->argv, input ? file : NULL);
    for (size_t i = 0; !err && i < run->ncontexts; i++)
        err = write_context(run, i);
    tl_argv_init(&run->argv);
    tl_argv_addf(&run->argv, "%.250s/start0", run->dir);
    return err;
}

// --- the tool

static void started(struct tl_run *run)
{
    if (run->ops->started)
        run->ops->started(run->ctx);
}

static int write_secrets(const struct tl_run *run, const struct tl_secrets *s, char **variable)
{
    char path[320];
    int err = 0;

    for (size_t i = 0; !err && i < s->n; i++) {
        snprintf(path, sizeof path, "%.250s/%s", run->dir, s->files[i].name);
        err = write_file(path, s->files[i].text, strlen(s->files[i].text), 0600);
    }
    if (!err && s->variable.name && asprintf(variable, "%s=%s", s->variable.name, s->variable.text) < 0) {
        *variable = NULL;
        err = -ENOMEM;
    }
    return err;
}

// *variable: of the environment, to be freed; NULL: none.
static int tell_secrets(struct tl_run *run, char **variable, struct ps_fault *fault)
{
    struct tl_job job = tl_run_job(run);
    struct tl_secrets s = {.n = 0};
    int err;

    *variable = NULL;
    if (!run->tool || !run->tool->secrets)
        return 0;
    run->tool->secrets(&job, &s);
    err = write_secrets(run, &s, variable);
    if (err)
        ps_fault_set(fault, NULL, 0, "%.200s: %s", run->dir, ps_strerror(err));
    return err;
}

static void start_program(struct tl_run *run, const char *input, size_t len)
{
    struct ps_fault fault = {""};
    char *variable = NULL;
    int err = tl_argv_end(&run->argv, &fault);

    if (!err)
        err = tell_secrets(run, &variable, &fault);
    if (!err && run->ncontexts > 0) {
        err = enter_contexts(run, input, len);
        if (err)
            ps_fault_set(&fault, NULL, 0, "the context cannot be changed: %s", ps_strerror(err));
        input = NULL;
    }
    if (!err)
        err = start(run, &run->argv, input, len, true, variable, &fault);
    free(variable);
    if (err)
        tl_run_fail(run, "%s", fault.text);
    else
        started(run);
}

static void start_speaker(struct tl_run *run)
{
    size_t len = 0;
    char *input = make_input(run, &len);

    if (!input)
        tl_run_fail(run, "%s", ps_strerror(-ENOMEM));
    else
        start_program(run, input, len);
    free(input);
}

static void start_tool(struct tl_run *run)
{
    struct tl_job job = tl_run_job(run);
    const struct tl_site *site = run->runner->conf.site;

    tl_argv_init(&run->argv);
    if (site->path[run->tool->program][0] == '\0') {
        tl_run_fail(run, "The program %s is not installed here (Debian: package %s).",
                    tl_program_name(run->tool->program), tl_program_package(run->tool->program));
        return;
    }
    tl_argv_add(&run->argv, site->path[run->tool->program]);
    if (run->tool->probe) {
        tl_argv_add(&run->argv, run->tool->name);
        start_speaker(run);
    } else {
        run->tool->command(&job, &run->argv);
        start_program(run, NULL, 0);
    }
}

static void start_plugin(struct tl_run *run)
{
    char path[TL_ARGV_TEXT / 2];

    if (tl_plugin_path(run->runner->conf.plugins, run->plugin, "run", path, sizeof path)) {
        tl_run_fail(run, "The plug-in %.60s has no method to run.", tl_plugin_name(run->plugin));
        return;
    }
    tl_argv_init(&run->argv);
    tl_argv_add(&run->argv, path);
    start_speaker(run);
}

static void child_ended(void *ctx, const struct tl_child_end *end)
{
    struct tl_run *run = ctx;
    char why[512];

    run->status = end->proc.status;
    run->out = strdup(end->out);
    run->err = strdup(end->err_text);
    run->out_len = run->out ? strlen(run->out) : 0;
    run->err_len = run->err ? strlen(run->err) : 0;
    run->overdue = end->err == PS_ETIMEOUT;
    if (!run->out || !run->err)
        tl_answer_fail(&run->answer, "%s", ps_strerror(-ENOMEM));
    else if (end->err == PS_ELIMIT)
        tl_answer_fail(&run->answer, "The tool wrote more than %zu octets.", run->runner->conf.output_max);
    else if (run->overdue && !(run->tool && run->tool->multi))
        tl_answer_fail(&run->answer, "The tool had not ended %d s behind its time, and was killed.",
                       (int)(TL_RUN_LATE / PS_SEC));
    else if (end->proc.signal && !run->overdue)
        tl_answer_fail(&run->answer, "The tool was %s.", tl_child_why(end, why, sizeof why));
    tl_child_free(run->child);
    tl_child_free(run->partner);
    run->child = run->partner = NULL;
    tl_run_clean(run);
}

// --- a test of this host with itself: the server first

static void partner_ended(void *ctx, const struct tl_child_end *end)
{
    struct tl_run *run = ctx;
    char why[512];

    tl_child_why(end, why, sizeof why);
    tl_child_free(run->partner);
    run->partner = NULL;
    if (!run->child && !run->clean)
        tl_run_fail(run, "The server of the test ended before it began: %s", why);
}

// There is no event that tells when a port is listened on.
static void await_port(struct tl_run *run)
{
    if (!tl_freeport_is_listened(run->port) && ps_loop_mono() < run->port_until)
        tl_run_after(run, PORT_LOOK, await_port);
    else
        start_tool(run);
}

static void start_partner(struct tl_run *run)
{
    struct ps_fault fault = {""};
    struct tl_argv argv;
    struct tl_job job;
    int err;

    run->port = tl_freeport_find();
    job = tl_run_job(run);
    tl_argv_init(&argv);
    tl_argv_add(&argv, run->runner->conf.site->path[run->tool->program]);
    run->tool->partner(&job, &argv);
    err = tl_argv_end(&argv, &fault);
    if (!err)
        err = start(run, &argv, NULL, 0, false, NULL, &fault);
    if (err) {
        tl_run_fail(run, "%s", fault.text);
        return;
    }
    run->port_until = ps_loop_mono() + PORT_PATIENCE;
    await_port(run);
}

// --- powstream

static void stream_record(void *ctx, const char *text, size_t len)
{
    struct tl_run *run = ctx;

    tl_answer_fini(&run->answer);
    tl_answer_init(&run->answer);
    tl_answer_take(&run->answer, true, text, len);
    tl_run_tell(run);
    tl_answer_fini(&run->answer);
    tl_answer_init(&run->answer);
}

static void stream_gap(void *ctx, double seconds, const char *why)
{
    const struct tl_run *run = ctx;

    if (run->ops->gap && !run->silent)
        run->ops->gap(run->ctx, seconds, why);
}

static void stream_trouble(void *ctx, const char *why)
{
    const struct tl_run *run = ctx;

    if (run->ops->trouble && !run->silent)
        run->ops->trouble(run->ctx, why);
}

static void stream_over(struct tl_run *run)
{
    tl_stream_free(run->stream);
    run->stream = NULL;
    run->status = 0; // it has come to its end
    tl_run_clean(run);
}

static void stream_failed(void *ctx, const char *why)
{
    struct tl_run *run = ctx;

    run->stream = NULL;
    tl_answer_fini(&run->answer);
    tl_answer_init(&run->answer);
    tl_answer_fail(&run->answer, "%s", why);
    tl_run_after(run, 0, tl_run_clean);
}

static void start_stream(struct tl_run *run)
{
    static const struct tl_stream_ops ops = {
        .record = stream_record, .gap = stream_gap, .trouble = stream_trouble, .failed = stream_failed};
    struct ps_fault fault = {""};

    if (!run->runner->conf.streams) {
        tl_run_fail(run, "There is no powstream here.");
        return;
    }
    if (tl_stream_new(run->runner->conf.streams, run->uuid, ps_jdoc_root(run->spec), &ops, run, &run->stream,
                      &fault)) {
        tl_run_fail(run, "%s", fault.text);
        return;
    }
    tl_run_after(run, patience(run) - TL_RUN_LATE, stream_over);
    started(run);
}

void tl_run_launch(struct tl_run *run)
{
    struct tl_test test = tl_run_test(run);

    if (run->plugin)
        start_plugin(run);
    else if (!run->tool->command)
        start_stream(run);
    else if (run->tool->partner && tl_throughput_is_loopback(&test))
        start_partner(run);
    else
        start_tool(run);
}
