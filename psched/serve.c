// SPDX-License-Identifier: Apache-2.0
#include "psched/serve.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_daemon.h"
#include "loop/ps_priv.h"
#include "loop/ps_proc.h"
#include "loop/ps_sd.h"
#include "psched/archiving.h"
#include "psched/planner.h"
#include "psched/rest.h"
#include "psched/serve_impl.h"
#include "psched/waiters.h"

ps_ns site_now(const struct site *s)
{
    return ps_clock_now(s->clock);
}

// --- HTTP

static int make_httpd(struct serve *s)
{
    struct ps_httpd_conf http = ps_httpd_defaults;
    int err;

    http.merge_slashes = true; // pScheduler's leads ask for "/pscheduler//api"
    http.text_errors = true;   // as its errors are
    err = ps_front_open(&s->front, &http);
    s->site.httpd = s->front.httpd;
    return err;
}

static int load_certificate(struct serve *s, struct ps_fault *fault)
{
    return ps_places_tls(&s->now.front.places) ? serve_certificate(s, fault) : 0;
}

// When all is there that requests need.
static void tell_listening(struct serve *s)
{
    ps_front_tell(&s->front);
    if (s->now.front.control[0])
        ps_log(&s->log, PS_LOG_INFO, NULL, "requests about this daemon on %s", s->now.front.control);
    serve_warn(s);
    (void)ps_sd_notify("READY=1");
}

// --- reload and end

int serve_reload(void *serve, struct ps_fault *fault)
{
    struct serve *s = serve;
    struct settings was = s->now;
    char kept[256];
    int err = serve_settings(&s->next, s->o, fault);

    if (err) {
        settings_fini(&s->next);
        return err;
    }
    if (settings_keep_fixed(&s->next, &s->now, kept, sizeof kept)[0])
        ps_log(&s->log, PS_LOG_WARN, NULL, PS_KEYS_KEPT, kept);
    s->now = s->next;
    settings_fini(&was);
    err = load_certificate(s, fault);
    planner_reconf(s->site.planner);
    archiving_reload(s->site.archiving);
    serve_warn(s);
    if (!err)
        ps_log(&s->log, PS_LOG_INFO, NULL, "read the configuration anew");
    return err;
}

static void streams_ended(void *ctx)
{
    struct serve *s = ctx;

    ps_loop_stop(s->site.loop);
}

// Streams put what they have into their spool before; who asks a second time does not wait for that.
static void end(void *ctx)
{
    struct serve *s = ctx;
    bool first = ps_front_end(&s->front);

    if (s->site.streams && first)
        tl_streams_stop(s->site.streams, streams_ended, s);
    else
        ps_loop_stop(s->site.loop);
}

// --- the life

// Ports below 1024 stay possible; what tools need beyond that they have by their files' modes.
static int become(const struct settings *c, struct ps_fault *fault)
{
    return c->front.user[0] ? ps_daemon_become(c->front.user, c->front.group, PS_KEEP_BIND, fault) : 0;
}

static void name_host(struct serve *s)
{
    if (s->now.name[0])
        snprintf(s->site.name, sizeof s->site.name, "%s", s->now.name);
    else if (gethostname(s->site.name, sizeof s->site.name - 1) != 0)
        snprintf(s->site.name, sizeof s->site.name, "localhost");
}

static void plugin_is_bad(void *ctx, const char *path, const char *why)
{
    struct serve *s = ctx;

    ps_log(&s->log, PS_LOG_WARN, "plugins", "%s is left out: %s", path, why);
}

static void make_folder(struct serve *s, const char *socket)
{
    if (ps_daemon_make_folder(socket, s->now.front.user, s->now.front.group))
        ps_log(&s->log, PS_LOG_INFO, NULL, "made the folder of %s", socket);
}

// The rest of the start, when plug-ins are known.
static void go_on(void *ctx)
{
    struct serve *s = ctx;
    struct ps_fault fault = {""};
    int err;

    make_folder(s, s->now.front.unix_path);
    make_folder(s, s->now.front.control);
    err = become(&s->now, &fault);
    if (!err)
        err = ps_daemon_hold_folder(s->now.data, "psched", &s->lock_fd, &fault);
    if (!err)
        err = serve_parts(s, &fault);
    if (!err)
        err = rest_routes(&s->site);
    if (!err)
        err = load_certificate(s, &fault);
    if (!err)
        err = ps_front_listen(&s->front, &fault);
    if (err) {
        ps_log(&s->log, PS_LOG_FATAL, NULL, "%s", fault.text[0] ? fault.text : ps_strerror(err));
        s->front.failed = true;
        ps_loop_stop(s->site.loop);
        return;
    }
    tell_listening(s);
}

static int load_plugins(struct serve *s, struct ps_fault *fault)
{
    const char *const dirs[] = {s->now.plugins, tl_plugin_own()};

    return tl_plugins_load(s->site.loop, dirs, sizeof dirs / sizeof dirs[0], go_on, plugin_is_bad, s,
                           &s->site.plugins, fault);
}

static int start(void *ctx, struct ps_fault *fault)
{
    struct serve *s = ctx;
    int err = ps_loop_new(&s->front.loop);

    name_host(s);
    s->site.loop = s->front.loop;
    if (!err)
        err = ps_clock_new(&s->site.clock, 0);
    if (!err)
        err = ps_proc_adopt(s->site.loop);
    if (!err)
        err = make_httpd(s);
    if (!err)
        err = ps_front_signals(&s->front);
    if (!err)
        err = load_plugins(s, fault);
    s->site.started = s->site.clock ? site_now(&s->site) : 0;
    return err;
}

static void stop(void *ctx)
{
    struct serve *s = ctx;

    waiters_end(s->site.waiters);
    ps_front_close(&s->front);
    serve_parts_end(s);
    ps_timer_free(s->certificate);
    if (s->site.loop)
        ps_loop_free(s->site.loop);
    ps_clock_free(s->site.clock);
}

static int settings(void *ctx, struct ps_fault *fault)
{
    struct serve *s = ctx;

    return serve_settings(&s->now, s->o, fault);
}

static int check(void *ctx, struct ps_fault *fault)
{
    struct serve *s = ctx;

    return serve_check(&s->now, fault);
}

static const struct ps_front_own own = {
    .settings = settings,
    .check = check,
    .start = start,
    .stop = stop,
    .reload = serve_reload,
    .stays = "what was in force stays",
    .end = end,
    .verbs = serve_verbs,
    .nverbs = SERVE_VERBS,
};

int serve_main(int argc, char **argv)
{
    static struct serve s;
    struct serve_options o;
    enum ps_opt_next next = serve_options_read(&o, argc, argv);
    int status;

    if (next != PS_OPT_RUN)
        return next == PS_OPT_DONE ? PS_FRONT_DONE : PS_FRONT_USAGE;
    s.o = &o;
    ps_log_init(&s.log, "psched");
    s.log.level = o.front.level;
    s.front =
        (struct ps_front){.own = &own, .ctx = &s, .conf = &s.now.front, .data = s.now.data, .log = &s.log};
    s.site.log = &s.log;
    s.site.settings = &s.now;
    status = ps_front_run(&s.front, &o.front);
    settings_fini(&s.now);
    ps_log_flush(&s.log);
    return status;
}
