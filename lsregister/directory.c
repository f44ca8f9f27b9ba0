// SPDX-License-Identifier: Apache-2.0
// lsregister directory: a lookup server, from start to end.
#include <errno.h>
#include <string.h>
#include "base/ps_err.h"
#include "loop/ps_access.h"
#include "loop/ps_daemon.h"
#include "loop/ps_sd.h"
#include "lsregister/dir_rest.h"
#include "lsregister/directory_impl.h"
#include "lsregister/verbs.h"

// --- HTTP

static int listen_first(struct directory *d, struct ps_fault *fault)
{
    struct ps_httpd_conf http = ps_httpd_defaults;
    int err;

    http.merge_slashes = true; // the Perl client asks for "//lookup/activehosts.json"
    http.text_errors = true;   // as this protocol's errors are
    err = ps_front_start(&d->front, &http, fault);

    d->site.loop = d->front.loop;
    d->site.httpd = d->front.httpd;
    return err;
}

// --- the store

static void queue_ready(void *ctx, int bits)
{
    struct directory *d = ctx;

    (void)bits;
    (void)ps_dbqueue_reap(dir_store_queue(d->site.store));
}

static int open_store(struct directory *d, struct ps_fault *fault)
{
    int err = dir_store_open(&d->site.store, d->now.data, fault);

    if (!err)
        err = dir_index_new(&d->site.index);
    if (!err)
        err = dir_store_load(d->site.store, d->site.index, fault);
    if (!err)
        err = dir_upper_new(&d->upper, &d->site, fault);
    // With the data's files made, and before there are threads.
    if (!err)
        err = directory_confine(d, fault);
    if (!err)
        err = dir_store_start(d->site.store, fault);
    if (!err)
        err = ps_watch_new(d->site.loop, ps_dbqueue_fd(dir_store_queue(d->site.store)), queue_ready, d,
                           &d->watch);
    if (!err)
        ps_watch_set(d->watch, PS_WATCH_READ);
    return err;
}

static int start_parts(struct directory *d)
{
    int err = dir_rest_routes(&d->site);

    if (!err)
        err = dir_hosts_start(&d->hosts, &d->site);
    if (!err)
        err = dir_prune_start(&d->prune, &d->site);
    if (!err)
        err = dir_snapshot_start(&d->snapshot, &d->site);
    if (!err)
        dir_upper_start(d->upper);
    return err;
}

// --- reload and end

int directory_reload(void *directory, struct ps_fault *fault)
{
    struct directory *d = directory;
    struct dir_settings was = d->now;
    char kept[256];
    int err = directory_settings(&d->next, d->o, fault);

    if (!err)
        err = directory_confine_reload(d, &d->next, fault);
    if (!err)
        err = ps_front_certificate(&d->front, &d->next.front, fault);
    if (err) {
        dir_settings_fini(&d->next);
        ps_hold_explain(d->front.confined, err, fault);
        return err;
    }
    if (dir_settings_keep_fixed(&d->next, &d->now, kept, sizeof kept)[0])
        ps_log(&d->log, PS_LOG_WARN, NULL, PS_KEYS_KEPT, kept);
    d->now = d->next;
    dir_settings_fini(&was);
    dir_hosts_reload(d->hosts);
    dir_prune_reload(d->prune);
    dir_snapshot_reload(d->snapshot);
    dir_upper_reload(d->upper);
    ps_log(&d->log, PS_LOG_INFO, NULL, "read the configuration anew");
    return 0;
}

static void idle(void *ctx)
{
    struct directory *d = ctx;

    ps_loop_stop(d->site.loop);
}

static void end(void *ctx)
{
    struct directory *d = ctx;

    if (!ps_front_end(&d->front))
        return;
    d->site.idle = idle;
    d->site.idle_ctx = d;
    dir_job_begin(&d->site); // so that nothing below is the last
    ps_front_close(&d->front);
    dir_hosts_stop(d->hosts);
    dir_prune_stop(d->prune);
    dir_snapshot_stop(d->snapshot);
    dir_upper_stop(d->upper);
    dir_job_end(&d->site);
}

// --- the life

static int start(void *ctx, struct ps_fault *fault)
{
    struct directory *d = ctx;
    int err = listen_first(d, fault);

    if (!err)
        err = open_store(d, fault);
    if (!err)
        err = start_parts(d);
    if (!err)
        err = ps_front_signals(&d->front);
    if (err)
        return err;
    ps_log(&d->log, PS_LOG_INFO, NULL, "%zu records in %s", dir_index_count(d->site.index), d->now.data);
    ps_front_tell(&d->front);
    (void)ps_sd_notify("READY=1");
    return 0;
}

static void stop(void *ctx)
{
    struct directory *d = ctx;

    if (d->front.httpd) // it could not start
        end(d);
    if (d->site.store)
        dir_store_stop(d->site.store);
    ps_watch_free(d->watch);
    if (d->site.loop)
        ps_loop_free(d->site.loop);
    dir_store_close(d->site.store);
    dir_index_free(d->site.index);
}

// --- looking at the configuration

// SQLite has files beside its own.
static int check_data(const struct dir_settings *s, struct ps_fault *fault)
{
    static const char *const beside[] = {"", "-wal", "-shm", ".lock"};
    char file[PATH_MAX + 8];
    int err = 0;

    for (size_t i = 0; !err && i < sizeof beside / sizeof beside[0]; i++) {
        snprintf(file, sizeof file, "%s%s", s->data, beside[i]);
        err = ps_access_file("data", file, fault);
    }
    return err;
}

static int check(void *ctx, struct ps_fault *fault)
{
    const struct directory *d = ctx;
    const struct dir_settings *s = &d->now;
    int err = ps_front_check_user(&s->front, fault);

    if (!err)
        err = check_data(s, fault);
    if (!err && s->snapshot[0])
        err = ps_access_file("snapshot", s->snapshot, fault);
    if (!err)
        ps_front_warn_of_reload(&s->front, d->o);
    return err;
}

// --- all of it

static int settings(void *ctx, struct ps_fault *fault)
{
    struct directory *d = ctx;

    return directory_settings(&d->now, d->o, fault);
}

static const struct ps_front_own own = {
    .settings = settings,
    .check = check,
    .start = start,
    .stop = stop,
    .reload = directory_reload,
    .stays = "all stays as it is",
    .end = end,
    .verbs = directory_verbs,
    .nverbs = DIRECTORY_VERBS,
};

int directory_main(int argc, char **argv)
{
    static struct directory d;
    struct ps_front_options o;
    enum ps_opt_next next = directory_options_read(&o, argc, argv);
    int status;

    if (next != PS_OPT_RUN)
        return next == PS_OPT_DONE ? PS_FRONT_DONE : PS_FRONT_USAGE;
    d.o = &o;
    ps_log_init(&d.log, "lsregister");
    d.log.level = o.level;
    d.front =
        (struct ps_front){.own = &own, .ctx = &d, .conf = &d.now.front, .data = d.now.data, .log = &d.log};
    d.site = (struct dir_site){.log = &d.log, .settings = &d.now, .started = dir_now_ms() * PS_MSEC};
    status = ps_front_run(&d.front, &o);
    dir_settings_fini(&d.now);
    ps_log_flush(&d.log);
    return status;
}
