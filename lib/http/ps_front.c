// SPDX-License-Identifier: Apache-2.0
#include "http/ps_front.h"
#include <signal.h>
#include "base/ps_err.h"
#include "loop/ps_daemon.h"
#include "loop/ps_priv.h"
#include "loop/ps_sd.h"

// --- the start

static bool trusts(void *front, const struct ps_addr *peer)
{
    const struct ps_front *f = front;

    return ps_front_trusts(f->conf, peer);
}

int ps_front_open(struct ps_front *f, const struct ps_httpd_conf *http)
{
    struct ps_httpd_conf conf = *http;

    conf.conns_max = f->conf->connections;
    conf.conns_per_net = f->conf->connections_per_net;
    conf.rate = f->conf->rate;
    conf.trusts = trusts;
    conf.ctx = f;
    return ps_httpd_new(f->loop, &conf, &f->httpd);
}

int ps_front_certificate(struct ps_front *f, const struct ps_front_conf *conf, struct ps_fault *fault)
{
    return conf->certificate[0] ? ps_httpd_tls(f->httpd, conf->certificate, conf->key, fault) : 0;
}

static void asked(void *front, struct ps_ctl_request req, const char *line, size_t len)
{
    const struct ps_front *f = front;

    ps_ctl_obey(f->own->verbs, f->own->nverbs, f->ctx, req, line, len);
}

static int listen_here(struct ps_front *f, struct ps_fault *fault)
{
    const struct ps_front_conf *c = f->conf;
    int err = c->unix_path[0] ? ps_httpd_listen_unix(f->httpd, c->unix_path, c->unix_mode, fault) : 0;

    return err || !c->control[0] ? err
                                 : ps_ctl_listen(f->loop, c->control, PS_CTL_MODE, asked, f, &f->ctl, fault);
}

int ps_front_listen(struct ps_front *f, struct ps_fault *fault)
{
    const struct ps_front_conf *c = f->conf;
    int err = ps_httpd_listen_all(f->httpd, &c->places, f->bound, fault), back;

    // Sockets that root makes are for the group that it will be of.
    if (!err)
        err = ps_daemon_group(c->user, c->group, fault);
    if (err)
        return err;
    err = listen_here(f, fault);
    back = ps_daemon_group_back();
    return err ? err : back;
}

int ps_front_start(struct ps_front *f, const struct ps_httpd_conf *http, struct ps_fault *fault)
{
    int err = ps_loop_new(&f->loop);

    if (!err)
        err = ps_front_open(f, http);
    if (!err)
        err = ps_front_certificate(f, f->conf, fault);
    if (!err)
        err = ps_front_listen(f, fault);
    if (!err)
        err = ps_daemon_become(f->conf->user, f->conf->group, 0, fault);
    return err ? err : ps_priv_no_new();
}

void ps_front_tell(const struct ps_front *f)
{
    if (f->conf->unix_path[0])
        ps_log(f->log, PS_LOG_INFO, NULL, "listening on %s", f->conf->unix_path);
    ps_httpd_tell(&f->conf->places, f->bound, f->log);
}

// --- signals

static void signalled(void *front, int signum)
{
    struct ps_front *f = front;
    struct ps_fault fault = {""};

    if (signum != SIGHUP) {
        f->own->end(f->ctx);
        return;
    }
    if (f->ending)
        return;
    ps_sd_reloading();
    if (f->own->reload(f->ctx, &fault))
        ps_log(f->log, PS_LOG_WARN, NULL, "%s; %s", fault.text, f->own->stays);
    (void)ps_sd_notify("READY=1");
}

int ps_front_signals(struct ps_front *f)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    int err = 0;

    for (size_t i = 0; !err && i < sizeof signals / sizeof signals[0]; i++)
        err = ps_signal_add(f->loop, signals[i], signalled, f);
    return err;
}

// --- the life and its end

static void live(struct ps_front *f)
{
    struct ps_fault fault = {""};
    int err = f->own->start(f->ctx, &fault);

    if (err && !fault.text[0])
        ps_fault_set(&fault, NULL, 0, "cannot start: %s", ps_strerror(err));
    if (err) {
        f->failed = true;
        ps_log(f->log, PS_LOG_FATAL, NULL, "%s", fault.text);
    } else {
        ps_loop_run(f->loop);
    }
    f->own->stop(f->ctx);
}

int ps_front_run(struct ps_front *f, const struct ps_front_options *o)
{
    struct ps_fault fault = {""};
    int err = f->own->settings(f->ctx, &fault);

    if (!err && o->check)
        err = f->own->check(f->ctx, &fault);
    if (err) {
        fprintf(stderr, "%s: %s\n", o->prog->name, fault.text[0] ? fault.text : ps_strerror(err));
        return PS_FRONT_FAULTY;
    }
    if (o->check) {
        printf("%s: the configuration is good: data in %s\n", o->prog->name, f->data);
        return PS_FRONT_DONE;
    }
    ps_daemon_raise_files(0);
    live(f);
    return f->failed ? PS_FRONT_SYSTEM : PS_FRONT_DONE;
}

bool ps_front_end(struct ps_front *f)
{
    if (f->ending)
        return false;
    f->ending = true;
    if (!f->failed) { // or why it ends has been said
        (void)ps_sd_notify("STOPPING=1");
        ps_log(f->log, PS_LOG_INFO, NULL, "ending");
    }
    return true;
}

void ps_front_close(struct ps_front *f)
{
    ps_ctl_close(f->ctl);
    f->ctl = NULL;
    ps_httpd_close(f->httpd);
    f->httpd = NULL;
}

// --- the status

void ps_front_put_http(const struct ps_front *f, struct ps_json *j)
{
    struct ps_httpd_stats h;

    ps_httpd_stats(f->httpd, &h);
    ps_json_put_u64(j, "connections", h.conns);
    ps_json_put_u64(j, "connections-refused", h.conns_refused);
    ps_json_put_u64(j, "connections-dropped", h.conns_dropped);
    ps_json_put_u64(j, "requests", h.requests);
    ps_json_put_u64(j, "refused", h.status[4]);
    ps_json_put_u64(j, "failed", h.status[5]);
}
