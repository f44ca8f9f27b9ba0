// SPDX-License-Identifier: Apache-2.0
#include "powstream/run.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_daemon.h"
#include "loop/ps_sd.h"
#include "powstream/streams_file.h"

#define WATCH_EVERY PS_SEC
#define RETRY_EVERY (20 * PS_SEC) // of streams that cannot begin
#define FILES_A_STREAM 6u
#define FILES_BESIDE 64u
#define ASK_PATIENCE (30 * PS_SEC)
// Signals closer together than this are one: timeout(1), for one, sends each twice.
#define ONE_SIGNAL (200 * PS_MSEC)
// For name look-ups, of which each may hang: libuv's four would hold up the fifth stream.
#define THREADS "16"

static int tell(const struct run *r, const char *what, const char *why)
{
    (void)r;
    fprintf(stderr, "powstream: %s: %s\n", what, why);
    return 1;
}

// --- the clock

// Not worth to cut every session: it stands in their results. Of a clock that was set and set back nobody knows
// how far it was off meanwhile.
static bool is_small(const struct ps_step *step)
{
    ps_ns by = step->after > step->before ? step->after - step->before : step->before - step->after;
    return by > 0 && by < PS_MSEC;
}

static void on_step(void *ctx, const struct ps_step *step)
{
    struct run *r = ctx;
    double by = (double)(step->after - step->before) / (double)PS_SEC;
    if (step->after == step->before)
        ps_log(&r->log, PS_LOG_WARN, "clock", "set and set back, or by less than 0.1 ms");
    else
        ps_log(&r->log, PS_LOG_WARN, "clock", "set by %+.6f s", by);
    if (is_small(step))
        return;
    set_clock_set(r->set, ps_ntp_from_ns(step->last_good), ps_ntp_from_ns(step->before),
                  ps_ntp_from_ns(step->after));
}

// Every second, before a stream acts, and before a session's file is ended: notice of a step may still wait,
// and how far the clock is known to have been right is how far a session may reach.
static void look(void *ctx)
{
    struct run *r = ctx;
    ps_clockwatch_look(r->clockwatch);
}

static void on_watch(void *ctx)
{
    struct run *r = ctx;
    ps_clock_refresh(r->ground.clock);
    look(r);
    if (ps_loop_mono() - r->retried > RETRY_EVERY) {
        r->retried = ps_loop_mono();
        set_retry(r->set);
    }
    if (atomic_exchange(&r->stdout_gone, false)) {
        ps_log(&r->log, PS_LOG_FATAL, "output", "standard output does not take the results any more");
        r->status = 1;
        r->ending = 1;
        set_finish(r->set);
    }
}

static void on_broken(void *ctx)
{
    struct run *r = ctx; // on the sink's thread: the watch sees it
    atomic_store(&r->stdout_gone, true);
}

// --- signals, reload

int run_reload(struct run *r, size_t *failed, struct ps_fault *fault)
{
    struct streams_file f;
    if (r->o->streams_path == NULL) {
        ps_fault_set(fault, NULL, 0, "there is no file to read: it was started without --streams");
        return PS_ESTATE;
    }
    int err = streams_file_load(&f, r->o->streams_path, &r->o->stream, fault);
    if (err != 0)
        return err;
    *failed = set_replace(r->set, f.confs, f.n);
    ps_log(&r->log, PS_LOG_INFO, "streams", "%zu read from %s", f.n, r->o->streams_path);
    streams_file_free(&f);
    return 0;
}

static void on_hup(struct run *r)
{
    struct ps_fault fault = {""};
    size_t failed;
    if (r->o->streams_path == NULL)
        set_reset(r->set);
    else if (run_reload(r, &failed, &fault) != 0)
        ps_log(&r->log, PS_LOG_WARN, "streams", "%s; the streams stay as they are", fault.text);
}

// Asked twice: no waiting for servers. Once more: for nothing at all.
static void end(struct run *r, int signum)
{
    r->ended = ps_loop_mono();
    switch (r->ending++) {
    case 0:
        ps_log(&r->log, PS_LOG_INFO, NULL, "ending: %s", strsignal(signum));
        (void)ps_sd_notify("STOPPING=1");
        set_finish(r->set);
        break;
    case 1:
        ps_log(&r->log, PS_LOG_INFO, NULL, "ending without waiting for servers: %s", strsignal(signum));
        set_abandon(r->set);
        break;
    default:
        ps_loop_stop(r->ground.loop);
    }
}

static void on_signal(void *ctx, int signum)
{
    struct run *r = ctx;
    if (signum == SIGHUP && r->ending == 0)
        on_hup(r);
    if (signum != SIGINT && signum != SIGTERM)
        return;
    if (r->ending == 0 || ps_loop_mono() - r->ended > ONE_SIGNAL)
        end(r, signum);
}

static void on_finished(void *ctx)
{
    struct run *r = ctx;
    ps_loop_stop(r->ground.loop);
}

// --- set-up

static void open_log(struct run *r)
{
    ps_log_init(&r->log, "powstream");
    r->log.level = r->o->verbose > 0 && r->o->level < PS_LOG_DEBUG ? PS_LOG_DEBUG : r->o->level;
    r->log.location = r->o->verbose > 1;
    (void)ps_log_open_syslog(&r->log, r->o->facility); // known
    if (r->o->syslog_only)
        r->log.file = NULL;
}

static void raise_limits(void)
{
    ps_daemon_raise_files(0);
    (void)setenv("UV_THREADPOOL_SIZE", THREADS, 0);
}

// Without its stamps it goes on with the kernel's.
static void open_hw(struct run *r)
{
    struct ps_fault why = {""};
    if (r->o->hw != NULL && ps_hwstamp_open(r->o->hw, &r->hw, &why) != 0)
        ps_log(&r->log, PS_LOG_WARN, "clock", "--hw-timestamps: %s; the kernel's arrival times are used",
               why.text);
}

static int make_ground(struct run *r)
{
    struct ground *g = &r->ground;
    ps_ns offset;
    int err = ps_clock_env_offset(&offset);
    if (err == 0)
        err = ps_loop_new(&g->loop);
    if (err == 0)
        err = ps_clock_new(&g->clock, offset);
    if (err == 0)
        open_hw(r);
    struct ps_pump_conf pc = {.loop = g->loop,
                              .clock = g->clock,
                              .ports = r->o->ports,
                              .device = r->o->device,
                              .realtime = true,
                              .limited = PS_LOG_DEBUG,
                              .precise = r->o->precise,
                              .log = &r->log,
                              .hw = r->hw};
    if (err == 0)
        err = ps_pump_new(&g->pump, &pc);
    if (err == 0)
        err = names_new(&g->names, g->loop);
    if (err == 0)
        err = ps_timer_new(g->loop, &r->watch, on_watch, r);
    g->log = &r->log;
    g->device = r->o->device;
    return err;
}

static void on_source(void *ctx, const struct ps_source *source)
{
    struct run *r = ctx;
    char text[PS_CLOCKSOURCE_TEXT];
    ps_log(&r->log, PS_LOG_INFO, "clock", "%s", ps_clocksource_text(source, text));
}

static int use_source(struct run *r)
{
    struct ps_clocksource_conf conf;
    int err = ps_clocksource_env(&conf);
    if (err != 0) {
        tell(r, "OWAMP_DEBUG_CLOCKSOURCE", "wants chrony=, ntpd= and ptp4l=, or none");
        return err;
    }
    err = ps_clocksource_new(r->ground.loop, r->ground.clock, &conf, on_source, r, &r->clocksource);
    if (err == 0)
        ps_clocksource_use(r->clocksource);
    return err;
}

static int set_up(struct run *r)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
    int err = make_ground(r);
    if (err == 0)
        err = sink_new(&r->sink, on_broken, r);
    struct stream_env env = {.ground = &r->ground, .sink = r->sink};
    if (err == 0)
        err = set_new(&r->set, &env, r, on_finished);
    if (err == 0)
        err = ps_clockwatch_new(r->ground.loop, r->ground.clock, on_step, r, &r->clockwatch);
    if (err == 0)
        err = use_source(r);
    for (size_t i = 0; err == 0 && i < sizeof signals / sizeof *signals; i++)
        err = ps_signal_add(r->ground.loop, signals[i], on_signal, r);
    if (err != 0)
        return err;
    r->ground.look = look;
    r->ground.look_ctx = r;
    r->started = ps_ntp_from_ns(ps_clock_now(r->ground.clock));
    ps_timer_repeat(r->watch, WATCH_EVERY);
    return 0;
}

static int begin(struct run *r)
{
    struct ps_fault fault = {""};
    size_t failed = 0;
    int err = 0;
    if (r->o->control_path != NULL)
        err = ps_ctl_listen(r->ground.loop, r->o->control_path, PS_CTL_MODE, control_request, r, &r->ctl,
                            &fault);
    if (err == 0 && r->o->streams_path != NULL)
        err = run_reload(r, &failed, &fault);
    else if (err == 0)
        err = set_add(r->set, &r->o->stream, &fault);
    if (err != 0) {
        fprintf(stderr, "powstream: %s\n", fault.text[0] != '\0' ? fault.text : ps_strerror(err));
        return err;
    }
    return 0;
}

// Better told now than when the first stream fails.
static void warn_descriptors(struct run *r)
{
    struct rlimit files;
    size_t measuring, n = set_count(r->set, &measuring), want = n * FILES_A_STREAM + FILES_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < want)
        ps_log(&r->log, PS_LOG_WARN, NULL,
               "%zu streams need about %zu descriptors, and the limit is %llu (ulimit -n)", n, want,
               (unsigned long long)files.rlim_cur);
}

static void take_down(struct run *r)
{
    ps_ctl_close(r->ctl);
    set_free(r->set);
    size_t unwritten = sink_free(r->sink);
    if (unwritten > 0) {
        ps_log(&r->log, PS_LOG_WARN, "output", "%zu results could not be written", unwritten);
        r->status = 1;
    }
    names_free(r->ground.names);
    ps_clockwatch_free(r->clockwatch);
    ps_clocksource_free(r->clocksource);
    ps_timer_free(r->watch);
    ps_pump_free(r->ground.pump);
    ps_hwstamp_free(r->hw);
    ps_loop_free(r->ground.loop);
    ps_clock_free(r->ground.clock);
    ps_log_flush(&r->log);
}

int run_streams(const struct options *o)
{
    struct run *r = calloc(1, sizeof *r);
    if (r == NULL)
        return 1;
    r->o = o;
    r->status = 1;
    open_log(r);
    raise_limits();
    int err = set_up(r);
    if (err != 0) {
        tell(r, "cannot start", ps_strerror(err));
    } else if (begin(r) == 0) {
        warn_descriptors(r);
        (void)ps_sd_notify("READY=1");
        r->status = 0;
        if (ps_loop_run(r->ground.loop) != 0)
            r->status = 1;
    }
    take_down(r);
    int status = r->status;
    free(r);
    return status;
}

// --- the other ways to be called

static int flushed(void)
{
    if (fflush(stdout) == 0)
        return 0;
    fprintf(stderr, "powstream: standard output did not take the text\n");
    return 1;
}

static int check_stream(const struct stream_conf *c)
{
    struct ps_fault fault = {""};
    int err = stream_check(c, &fault);
    if (err == 0)
        return 0;
    fprintf(stderr, "powstream: %s: %s\n", c->name, fault.text[0] != '\0' ? fault.text : ps_strerror(err));
    return 1;
}

int run_check(const struct options *o)
{
    struct streams_file f = {NULL, 0};
    struct ps_fault fault = {""};
    int bad = 0;
    if (o->streams_path == NULL) {
        bad = check_stream(&o->stream);
    } else if (streams_file_load(&f, o->streams_path, &o->stream, &fault) != 0) {
        fprintf(stderr, "powstream: %s\n", fault.text);
        return 1;
    }
    for (size_t i = 0; i < f.n; i++)
        bad |= check_stream(&f.confs[i]);
    size_t n = o->streams_path == NULL ? 1 : f.n;
    if (bad == 0)
        printf("%zu %s, all good\n", n, n == 1 ? "stream" : "streams");
    streams_file_free(&f);
    return bad != 0 ? 1 : flushed();
}

#define WORD "abcdefghijklmnopqrstuvwxyz-"

int run_tell(const struct options *o)
{
    struct ps_fault fault = {""};
    char *request, *reply;
    size_t len;
    bool json = o->tell[strspn(o->tell, " \t")] == '{';
    if (!json && (o->tell[0] == '\0' || strspn(o->tell, WORD) != strlen(o->tell))) {
        fprintf(stderr,
                "powstream: --tell: '%s': wants a word, as status, list or reload, or a JSON object, as "
                "{\"verb\": \"remove\", \"name\": \"x\"}\n",
                o->tell);
        return 1;
    }
    if (asprintf(&request, "%s%s%s", json ? "" : "{\"verb\":\"", o->tell, json ? "" : "\"}") < 0)
        return 1;
    int err = ps_ctl_call(o->control_path, request, ASK_PATIENCE, &reply, &len, &fault);
    free(request);
    if (err != 0) {
        fprintf(stderr, "powstream: %s\n", fault.text);
        return 1;
    }
    printf("%s\n", reply);
    bool ok = strncmp(reply, "{\"ok\":true", 10) == 0;
    free(reply);
    return flushed() != 0 || !ok;
}
