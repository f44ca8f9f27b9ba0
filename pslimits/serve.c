// SPDX-License-Identifier: Apache-2.0
#include "pslimits/serve.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_daemon.h"
#include "loop/ps_priv.h"
#include "loop/ps_sd.h"
#include "pslimits/confine.h"
#include "pslimits/exits.h"
#include "pslimits/ground.h"
#include "pslimits/service.h"

#define FILES_WANTED 32768

struct server {
    const struct options *o;
    struct ps_log log;
    struct ps_loop *loop;
    struct ps_addr resolver;
    struct facts *facts;
    struct rules_file *rules;
    struct service *service;
    struct ps_ctl *ctl;
    char confined[PS_HOLD_TEXT]; // what holds; "": nothing
    int status;
};

static int complain(struct server *s, const char *what, const char *why)
{
    fprintf(stderr, "pslimits: %s%s%s\n", what, why ? ": " : "", why ? why : "");
    s->status = EXIT_SYSTEM;
    ps_loop_stop(s->loop);
    return -1;
}

static unsigned conns_max(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur / 2 > SERVICE_CONNS)
        return SERVICE_CONNS;
    return (unsigned)(r.rlim_cur / 2);
}

// The socket is there when there are rules to answer by.
static int begin(struct server *s)
{
    struct ps_fault fault = {""};
    int err = ps_ctl_listen(s->loop, s->o->socket, PS_CTL_MODE, service_request, s->service, &s->ctl, &fault);
    if (err)
        return complain(s, fault.text[0] ? fault.text : ps_strerror(err), NULL);
    ps_ctl_set_conns(s->ctl, conns_max());
    ps_log(&s->log, PS_LOG_INFO, "serve", "listening on %s", s->o->socket);
    (void)ps_sd_notify("READY=1");
    return 0;
}

static void told(void *ctx)
{
    struct server *s = ctx;
    struct rules_file_state st;
    rules_file_look(s->rules, &st);
    if (!s->ctl && st.stale)
        complain(s, "there are no good rules to begin with", "see pslimits check");
    else if (!s->ctl)
        begin(s);
    else
        (void)ps_sd_notify("READY=1");
    service_reloaded(s->service);
}

static void on_signal(void *ctx, int signum)
{
    struct server *s = ctx;
    if (signum != SIGHUP) {
        (void)ps_sd_notify("STOPPING=1");
        ps_loop_stop(s->loop);
        return;
    }
    ps_sd_reloading();
    rules_file_reload(s->rules);
}

static int unknown(const char *what, const char *name, int err)
{
    fprintf(stderr, "pslimits: %s \"%s\": %s\n", what, name, ps_strerror(err));
    return err;
}

static int become(const struct options *o)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int err = o->user ? ps_priv_user(o->user, &uid, &gid) : 0;
    if (err)
        return unknown("user", o->user, err);
    if (o->group)
        err = ps_priv_group(o->group, &gid);
    if (err)
        return unknown("group", o->group, err);
    if (!err && (o->user || o->group))
        err = ps_priv_drop(uid, gid, 0);
    if (!err)
        err = ps_priv_no_new();
    if (err)
        fprintf(stderr, "pslimits: %s\n", ps_strerror(err));
    return err;
}

static int add_signals(struct server *s)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
    int err = 0;
    for (size_t i = 0; i < sizeof signals / sizeof *signals && !err; i++)
        err = ps_signal_add(s->loop, signals[i], on_signal, s);
    return err;
}

// A copy that cannot be kept would be missed only when it is needed.
static int check_cache(const char *folder)
{
    struct stat st;
    int err = stat(folder, &st) != 0 ? -errno : 0;
    if (!err && !S_ISDIR(st.st_mode))
        err = -ENOTDIR;
    if (!err && access(folder, R_OK | W_OK | X_OK) != 0)
        err = -errno;
    if (err)
        fprintf(stderr, "pslimits: --cache %s: %s; it is to be a folder where this user may write\n", folder,
                ps_strerror(err));
    return err;
}

static int open_all(struct server *s)
{
    const struct options *o = s->o;
    struct facts_conf facts = {o->resolver ? &s->resolver : NULL, o->cache, false, &s->log};
    int err = facts_new(s->loop, &facts, &s->facts);
    if (!err)
        err = rules_file_new(s->loop, s->facts, o->file, &s->log, told, s, &s->rules);
    if (!err && !o->unconfined)
        err = confine(o, facts_jq(s->facts), &s->log, s->confined);
    struct service_conf conf = {s->loop, s->facts, s->rules, &s->log, o->file, s->confined};
    if (!err)
        err = service_new(&conf, &s->service);
    return err ? err : add_signals(s);
}

static void close_all(struct server *s)
{
    ps_ctl_close(s->ctl);
    service_free(s->service);
    rules_file_free(s->rules);
    facts_free(s->facts);
    if (s->loop)
        ps_loop_free(s->loop);
    ps_log_flush(&s->log);
}

int serve_run(const struct options *o)
{
    struct server s = {.o = o};
    ps_log_init(&s.log, "pslimits");
    s.log.level = o->debug ? PS_LOG_DEBUG : PS_LOG_INFO;
    ps_daemon_raise_files(FILES_WANTED);
    (void)signal(SIGPIPE, SIG_IGN);
    if (o->resolver && ground_resolver(o->resolver, &s.resolver) != EXIT_YES)
        return EXIT_USAGE;
    if (become(o) != 0 || (o->cache && check_cache(o->cache) != 0))
        return EXIT_SYSTEM;
    if (geteuid() == 0)
        ps_log(&s.log, PS_LOG_WARN, "serve", "runs as root; -U USER has it become another");
    int err = ps_loop_new(&s.loop);
    if (!err)
        err = open_all(&s);
    if (!err) {
        rules_file_reload(s.rules);
        err = ps_loop_run(s.loop);
    }
    if (err < 0) {
        fprintf(stderr, "pslimits: %s\n", ps_strerror(err));
        s.status = EXIT_SYSTEM;
    }
    close_all(&s);
    return s.status;
}
