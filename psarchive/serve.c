// SPDX-License-Identifier: Apache-2.0
#include "psarchive/serve.h"
#include <errno.h>
#include "base/ps_err.h"
#include "loop/ps_daemon.h"
#include "loop/ps_sd.h"
#include "psarchive/confine.h"
#include "psarchive/page.h"
#include "psarchive/rest.h"
#include "psarchive/retention.h"
#include "psarchive/results.h"
#include "psarchive/serve_impl.h"

// --- HTTP

static int listen_first(struct serve *s, struct ps_fault *fault)
{
    struct ps_httpd_conf http = ps_httpd_defaults;
    int err;

    http.body_total = (size_t)s->now.bodies;
    err = ps_front_start(&s->front, &http, fault);
    s->site.loop = s->front.loop;
    s->site.httpd = s->front.httpd;
    return err;
}

static int make_routes(struct serve *s)
{
    int err = rest_routes(&s->site);

    if (!err)
        err = results_routes(&s->site);
    if (!err)
        err = page_routes(&s->site);
    if (!err)
        err = metrics_new(&s->metrics, &s->site);
    return err ? err : metrics_route(s->metrics);
}

// --- the store

// Of the disk, and not of a put alone.
static bool is_disk(int err)
{
    return err == -ENOSPC || err == -EDQUOT || err == -EIO || err == -EROFS;
}

// When it begins and when it is over.
static void tell_trouble(struct serve *s)
{
    struct writer_state w;
    int trouble;

    writer_look(s->site.writer, &w);
    trouble = is_disk(w.trouble) ? w.trouble : 0;
    if (trouble && trouble != s->trouble)
        ps_log(&s->log, PS_LOG_WARN, "store", "%s: nothing is written: %s%s", store_path(s->site.store),
               ps_strerror(trouble), trouble == -ENOSPC ? ", or less than free-floor: make room" : "");
    else if (!trouble && s->trouble)
        ps_log(&s->log, PS_LOG_INFO, "store", "writing goes on");
    s->trouble = trouble;
}

static void port_ready(void *ctx, int bits)
{
    struct serve *s = ctx;

    (void)bits;
    port_reap(s->site.port);
    tell_trouble(s);
}

static int open_store(struct serve *s, struct ps_fault *fault)
{
    const struct store_conf conf = {.dir = s->now.data, .floor = s->now.floor, .check = true};
    int err = ps_daemon_hold_folder(s->now.data, "psarchive", &s->lock_fd, fault);

    if (!err)
        err = store_open(&s->site.store, &conf, fault);
    if (!err)
        err = reader_new(&s->site.reader, s->site.store, fault);
    if (!err && store_was_made(s->site.store))
        ps_log(&s->log, PS_LOG_INFO, NULL, "a new archive is made in %s", s->now.data);
    // With the archive's folder made, and before there are threads.
    if (!err && s->now.sandbox)
        err = confine(&s->now, s->o->front.file, &s->log, s->front.confined, fault);
    if (!err)
        err = writer_start(&s->site.writer, s->site.store, fault);
    if (!err) {
        s->site.catalog = store_catalog(s->site.store);
        err = roster_new(&s->site.roster, s->site.catalog);
    }
    return err;
}

static int open_port(struct serve *s)
{
    int err = port_new(&s->site.port, s->site.writer);

    if (!err)
        err = ps_watch_new(s->site.loop, port_fd(s->site.port), port_ready, s, &s->watch);
    if (!err)
        ps_watch_set(s->watch, PS_WATCH_READ);
    return err;
}

// --- reload and end

int serve_reload(void *serve, struct ps_fault *fault)
{
    struct serve *s = serve;
    struct settings was = s->now;
    char kept[256];
    int err = serve_settings(&s->next, s->o, fault);

    if (!err)
        err = ps_front_certificate(&s->front, &s->next.front, fault);
    if (!err)
        err = keeper_reload(s->keeper, s->next.retention, fault);
    if (err) {
        settings_fini(&s->next);
        ps_hold_explain(s->front.confined, err, fault);
        return err;
    }
    if (settings_keep_fixed(&s->next, &s->now, kept, sizeof kept)[0])
        ps_log(&s->log, PS_LOG_WARN, NULL, PS_KEYS_KEPT, kept);
    s->now = s->next;
    settings_fini(&was);
    ps_log(&s->log, PS_LOG_INFO, NULL, "read the configuration anew");
    return 0;
}

static void idle(void *ctx)
{
    struct serve *s = ctx;

    ps_loop_stop(s->site.loop);
}

static void end(void *ctx)
{
    struct serve *s = ctx;

    if (!ps_front_end(&s->front))
        return;
    s->site.idle = idle;
    s->site.idle_ctx = s;
    ps_front_close(&s->front);
    metrics_free(s->metrics); // a job as long as it lives, and so is the keeper
    keeper_free(s->keeper);
}

// --- the life

static int start(void *ctx, struct ps_fault *fault)
{
    struct serve *s = ctx;
    int err = listen_first(s, fault);

    if (!err)
        err = open_store(s, fault);
    if (!err)
        err = open_port(s);
    if (!err)
        err = keeper_new(&s->keeper, &s->site, s->now.retention, fault);
    if (!err)
        err = make_routes(s);
    if (!err)
        err = inlets_start(&s->site.inlets, &s->site, fault);
    if (!err)
        err = ps_front_signals(&s->front);
    if (!err) {
        ps_front_tell(&s->front);
        (void)ps_sd_notify("READY=1");
    }
    return err;
}

static void stop(void *ctx)
{
    struct serve *s = ctx;

    if (s->front.httpd) // it could not start
        end(s);
    inlets_stop(s->site.inlets);
    port_free(s->site.port);
    ps_watch_free(s->watch);
    if (s->site.loop)
        ps_loop_free(s->site.loop);
    writer_stop(s->site.writer);
    roster_free(s->site.roster);
    if (s->site.reader)
        reader_free(s->site.reader);
    store_close(s->site.store);
}

static int settings(void *ctx, struct ps_fault *fault)
{
    struct serve *s = ctx;

    return serve_settings(&s->now, s->o, fault);
}

static int check(void *ctx, struct ps_fault *fault)
{
    struct serve *s = ctx;

    return serve_check(&s->now, &s->o->front, fault);
}

static const struct ps_front_own own = {
    .settings = settings,
    .check = check,
    .start = start,
    .stop = stop,
    .reload = serve_reload,
    .stays = "all stays as it is",
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
    ps_log_init(&s.log, "psarchive");
    s.log.level = o.front.level;
    s.front =
        (struct ps_front){.own = &own, .ctx = &s, .conf = &s.now.front, .data = s.now.data, .log = &s.log};
    s.site = (struct site){.log = &s.log, .settings = &s.now, .started = site_now()};
    status = ps_front_run(&s.front, &o.front);
    settings_fini(&s.now);
    ps_log_flush(&s.log);
    return status;
}
