// SPDX-License-Identifier: Apache-2.0
#include "psarchive/serve.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_priv.h"
#include "loop/ps_sd.h"
#include "psarchive/page.h"
#include "psarchive/rest.h"
#include "psarchive/retention.h"
#include "psarchive/results.h"
#include "psarchive/serve_impl.h"

// --- HTTP

static bool trusts(void *ctx, const struct ps_addr *peer)
{
    const struct serve *s = ctx;
    const struct settings *now = s->site.settings;

    return peer->len ? nets_have(&now->proxies, peer) : now->proxy_unix;
}

static int make_httpd(struct serve *s)
{
    const struct settings *c = &s->now;
    struct ps_httpd_conf conf = ps_httpd_defaults;

    conf.body_total = (size_t)c->bodies;
    conf.conns_max = c->connections;
    conf.conns_per_net = c->connections_per_net;
    conf.rate = c->rate;
    conf.trusts = trusts;
    conf.ctx = s;
    return ps_httpd_new(s->site.loop, &conf, &s->site.httpd);
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

// All addresses: of IPv4 alone where there is no IPv6.
static int listen_at(struct serve *s, const struct settings_listen *l, struct ps_addr *bound,
                     struct ps_fault *fault)
{
    struct ps_addr v4;
    int err = ps_httpd_listen(s->site.httpd, &l->addr, l->tls, bound, fault);

    if (err == -EAFNOSUPPORT && ps_addr_is_any(&l->addr) &&
        ps_addr_parse("0.0.0.0", ps_addr_port(&l->addr), &v4) == 0)
        err = ps_httpd_listen(s->site.httpd, &v4, l->tls, bound, fault);
    return err;
}

static int listen_all(struct serve *s, struct ps_fault *fault)
{
    const struct settings *c = &s->now;
    int err = c->certificate[0] ? ps_httpd_tls(s->site.httpd, c->certificate, c->key, fault) : 0;

    for (size_t i = 0; !err && i < c->nlistens; i++)
        err = listen_at(s, &c->listens[i], &s->bound[i], fault);
    if (!err && c->unix_path[0])
        err = ps_httpd_listen_unix(s->site.httpd, c->unix_path, c->unix_mode, fault);
    if (!err && c->control[0])
        err = ps_ctl_listen(s->site.loop, c->control, PS_CTL_MODE, serve_control, s, &s->ctl, fault);
    return err;
}

// When all is there that requests need.
static void tell_listening(struct serve *s)
{
    char text[PS_ADDR_STRLEN];

    if (s->now.unix_path[0])
        ps_log(&s->log, PS_LOG_INFO, NULL, "listening on %s", s->now.unix_path);
    for (size_t i = 0; i < s->now.nlistens; i++)
        ps_log(&s->log, PS_LOG_INFO, NULL, "listening on %s%s", ps_addr_text(&s->bound[i], text),
               s->now.listens[i].tls ? " (TLS)" : "");
    (void)ps_sd_notify("READY=1");
}

// --- the store

static void port_ready(void *ctx, int bits)
{
    struct serve *s = ctx;

    (void)bits;
    port_reap(s->site.port);
}

static int open_store(struct serve *s, struct ps_fault *fault)
{
    const struct store_conf conf = {.dir = s->now.data, .floor = s->now.floor, .check = true};
    int err = store_open(&s->site.store, &conf, fault);

    if (!err)
        err = reader_new(&s->site.reader, s->site.store, fault);
    if (!err)
        err = writer_start(&s->site.writer, s->site.store, fault);
    if (!err)
        s->site.catalog = store_catalog(s->site.store);
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

// What a running server cannot change.
static void keep_fixed(struct settings *next, const struct settings *now)
{
    memcpy(next->data, now->data, sizeof next->data);
    next->floor = now->floor;
    next->body = now->body;
}

int serve_reload(struct serve *s, struct ps_fault *fault)
{
    struct settings was = s->now;
    int err = serve_settings(&s->next, s->o, fault);

    if (!err && s->next.certificate[0])
        err = ps_httpd_tls(s->site.httpd, s->next.certificate, s->next.key, fault);
    if (!err)
        err = keeper_reload(s->keeper, s->next.retention, fault);
    if (err) {
        settings_fini(&s->next);
        return err;
    }
    keep_fixed(&s->next, &s->now);
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

void serve_end(struct serve *s)
{
    if (s->ending)
        return;
    s->ending = true;
    (void)ps_sd_notify("STOPPING=1");
    ps_log(&s->log, PS_LOG_INFO, NULL, "ending");
    s->site.idle = idle;
    s->site.idle_ctx = s;
    ps_ctl_close(s->ctl);
    s->ctl = NULL;
    ps_httpd_close(s->site.httpd);
    metrics_free(s->metrics); // a job as long as it lives, and so is the keeper
    keeper_free(s->keeper);
}

// What systemd wants to hear of a reload (Type=notify-reload).
static void tell_reloading(void)
{
    char text[80];

    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(ps_loop_mono() / PS_USEC));
    (void)ps_sd_notify(text);
}

static void signalled(void *ctx, int signum)
{
    struct serve *s = ctx;
    struct ps_fault fault = {""};

    if (signum != SIGHUP) {
        serve_end(s);
        return;
    }
    if (s->ending)
        return;
    tell_reloading();
    if (serve_reload(s, &fault))
        ps_log(&s->log, PS_LOG_WARN, NULL, "%s; all stays as it is", fault.text);
    (void)ps_sd_notify("READY=1");
}

// --- the life

static void raise_files(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

// Root becomes somebody else once the ports are bound and the key is read; nobody gains anything from here on.
static int become(struct serve *s, struct ps_fault *fault)
{
    const struct settings *c = &s->now;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int err = 0;

    if (uid == 0 && c->user[0])
        err = ps_priv_user(c->user, &uid, &gid);
    if (!err && geteuid() == 0 && c->group[0])
        err = ps_priv_group(c->group, &gid);
    if (!err)
        err = ps_priv_drop(uid, gid, 0);
    if (!err)
        err = ps_priv_no_new();
    if (err)
        ps_fault_set(fault, NULL, 0, "cannot become user '%s' group '%s': %s", c->user, c->group,
                     ps_strerror(err));
    return err;
}

static int listen_first(struct serve *s, struct ps_fault *fault)
{
    int err = ps_loop_new(&s->site.loop);

    if (!err)
        err = make_httpd(s);
    if (!err)
        err = listen_all(s, fault);
    return err ? err : become(s, fault);
}

static int start(struct serve *s, struct ps_fault *fault)
{
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
        err = ps_signal_add(s->site.loop, SIGTERM, signalled, s);
    if (!err)
        err = ps_signal_add(s->site.loop, SIGINT, signalled, s);
    if (!err)
        err = ps_signal_add(s->site.loop, SIGHUP, signalled, s);
    if (err && !fault->text[0])
        ps_fault_set(fault, NULL, 0, "cannot start: %s", ps_strerror(err));
    return err;
}

static void stop(struct serve *s)
{
    inlets_stop(s->site.inlets);
    port_free(s->site.port);
    ps_watch_free(s->watch);
    if (s->site.loop)
        ps_loop_free(s->site.loop);
    writer_stop(s->site.writer);
    if (s->site.reader)
        reader_free(s->site.reader);
    store_close(s->site.store);
}

static int serve(struct serve *s)
{
    struct ps_fault fault = {""};
    int err = start(s, &fault);

    if (err) {
        ps_log(&s->log, PS_LOG_FATAL, NULL, "%s", fault.text);
        if (s->site.httpd)
            serve_end(s);
    } else {
        tell_listening(s);
        ps_loop_run(s->site.loop);
    }
    stop(s);
    return err ? 4 : 0;
}

static int check(const struct settings *s)
{
    struct retention *policy = NULL;
    struct ps_fault fault = {""};

    if (s->retention[0] && retention_load(&policy, s->retention, &fault)) {
        fprintf(stderr, "psarchive serve: %s\n", fault.text);
        return 2;
    }
    retention_free(policy);
    printf("psarchive serve: the configuration is good: data in %s\n", s->data);
    return 0;
}

int serve_main(int argc, char **argv)
{
    static struct serve s;
    struct serve_options o;
    struct ps_fault fault = {""};
    enum serve_next next = serve_options_read(&o, argc, argv);
    int status;

    if (next != SERVE_RUN)
        return next == SERVE_DONE ? 0 : 2;
    s.o = &o;
    ps_log_init(&s.log, "psarchive");
    s.log.level = o.level;
    s.site = (struct site){.log = &s.log, .settings = &s.now, .started = site_now()};
    if (serve_settings(&s.now, &o, &fault)) {
        fprintf(stderr, "psarchive serve: %s\n", fault.text);
        status = 2;
    } else if (o.check) {
        status = check(&s.now);
    } else {
        raise_files();
        status = serve(&s);
    }
    settings_fini(&s.now);
    ps_log_flush(&s.log);
    return status;
}
