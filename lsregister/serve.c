// SPDX-License-Identifier: Apache-2.0
// lsregister serve: registers and renews until it is ended.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_keys.h"
#include "loop/ps_access.h"
#include "loop/ps_ctl_json.h"
#include "loop/ps_daemon.h"
#include "loop/ps_fswatch.h"
#include "loop/ps_priv.h"
#include "loop/ps_sd.h"
#include "lsregister/agent.h"
#include "lsregister/exits.h"
#include "lsregister/serve_confine.h"
#include "lsregister/status.h"
#include "lsregister/verb_options.h"
#include "lsregister/verbs.h"

enum { OPT_ROOT = VERB_OWN, OPT_RESOLVER };

static const struct ps_opt table[] = {
    VERB_OPT_CONFIG,
    {OPT_RESOLVER, "resolver", "ADDR[:PORT]", "ask this DNS server", NULL},
    {OPT_ROOT, "root", "DIR", "what is read of the system stands under DIR, as in a container", NULL},
    {'U', "user", "USER", "become this user", NULL},
    {'G', "group", "GROUP", "and this group", NULL},
    {'n', "check", NULL, "check the configuration, and exit", NULL},
    {'v', "verbose", NULL, "log more", NULL},
    VERB_OPT_END,
};

static const struct ps_opt_prog prog = {
    "lsregister serve",
    "[options]",
    "Registers this host with a lookup server, renews, and keeps up with what changes, until INT or TERM. "
    "What is "
    "registered then stays, and expires unless it is started again.",
    "Signals: HUP reads the configuration anew.\n"
    "Exit status: 0 ended by a signal, or checked and good; 1 the configuration is faulty; 2 usage; 4 it "
    "cannot "
    "serve.\n"
    "See lsregister(1), lsregister.conf(5).",
    table,
};

struct server {
    struct verb_options o;
    const char *path; // of the configuration
    const char *root, *user, *group;
    bool check;
    struct ps_addr resolver;
    bool has_resolver;
    struct ps_log log;
    struct ps_loop *loop;
    struct agent *agent;
    struct ps_ctl *ctl;
    struct ps_fswatch *watch;
    ps_ns started;
    char confined[PS_HOLD_TEXT]; // what holds; "": nothing
    struct ps_fault faulty;      // why the configuration of now is not in force; "": it is
};

// the control socket

static int reload(struct server *s, struct ps_fault *fault)
{
    struct plan *plan = calloc(1, sizeof *plan);
    char kept[256];
    if (!plan)
        return -ENOMEM;
    int err = verb_load(s->path, plan, fault);
    if (!err)
        err = serve_confine_reload(plan, s->confined, fault);
    if (err) {
        ps_hold_explain(s->confined, err, fault);
        plan_fini(plan);
        free(plan);
        s->faulty = *fault;
        ps_log(&s->log, PS_LOG_WARN, "configuration", "%s; the one before stays in force", fault->text);
        return err;
    }
    s->faulty.text[0] = '\0';
    if (plan_keep_fixed(plan, agent_plan(s->agent), kept, sizeof kept)[0])
        ps_log(&s->log, PS_LOG_WARN, NULL, PS_KEYS_KEPT, kept);
    ps_log(&s->log, PS_LOG_INFO, "configuration", "read from %s", s->path);
    agent_replan(s->agent, plan);
    return 0;
}

static int put_status(struct server *s, struct ps_json *j)
{
    struct status_of of = {agent_registrar(s->agent),
                           agent_ledger(s->agent),
                           agent_notes(s->agent),
                           agent_no_server(s->agent),
                           true,
                           s->started,
                           s->confined,
                           s->faulty.text};
    status_write(&of, j);
    return 0;
}

static int obey_status(void *server, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    (void)args, (void)fault;
    return put_status(server, j);
}

static int obey_reload(void *server, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    int err = reload(server, fault);
    (void)args;
    return err ? err : put_status(server, j);
}

static int obey_register(void *server, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    struct server *s = server;
    (void)args, (void)fault;
    agent_hurry(s->agent);
    return put_status(s, j);
}

static int obey_off(void *server, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    struct server *s = server;
    int err = agent_set_off(s->agent, true, fault);
    (void)args;
    return err ? err : put_status(s, j);
}

static int obey_on(void *server, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    struct server *s = server;
    int err = agent_set_off(s->agent, false, fault);
    (void)args;
    return err ? err : put_status(s, j);
}

static void asked(void *ctx, struct ps_ctl_request req, const char *line, size_t len)
{
    static const struct ps_ctl_verb verbs[] = {{"status", obey_status, false},
                                               {"reload", obey_reload, false},
                                               {"register", obey_register, false},
                                               {"off", obey_off, false},
                                               {"on", obey_on, false}};
    ps_ctl_obey(verbs, sizeof verbs / sizeof *verbs, ctx, req, line, len);
}

// life

static void on_signal(void *ctx, int signum)
{
    struct server *s = ctx;
    struct ps_fault fault = {""};
    if (signum != SIGHUP) {
        (void)ps_sd_notify("STOPPING=1");
        ps_loop_stop(s->loop);
        return;
    }
    (void)reload(s, &fault);
}

static void changed(void *ctx)
{
    struct ps_fault fault = {""};
    (void)reload(ctx, &fault);
}

static int find_user(const struct server *s, uid_t *uid, gid_t *gid)
{
    int err = s->user ? ps_priv_user(s->user, uid, gid) : 0;
    if (err)
        return verb_fail(&prog, EXIT_SYSTEM, "user \"%s\": %s", s->user, ps_strerror(err));
    err = s->group ? ps_priv_group(s->group, gid) : 0;
    return err ? verb_fail(&prog, EXIT_SYSTEM, "group \"%s\": %s", s->group, ps_strerror(err)) : EXIT_DONE;
}

static int become(const struct server *s)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int err = 0, status = find_user(s, &uid, &gid);
    if (status != EXIT_DONE)
        return status;
    if (s->user || s->group)
        err = ps_priv_drop(uid, gid, 0);
    if (!err)
        err = ps_priv_no_new();
    return err ? verb_fail(&prog, EXIT_SYSTEM, "%s", ps_strerror(err)) : EXIT_DONE;
}

// systemd may make its folder for the service alone.
static int check_socket(const struct plan *plan, struct ps_fault *fault)
{
    char folder[PATH_MAX];
    ps_access_parent(plan->socket, folder);
    int err = ps_access_look(folder, W_OK | X_OK);
    if (err == -ENOENT)
        fprintf(stderr, "%s: warning: socket: %s has to be there when it starts\n", prog.name, folder);
    return err && err != -ENOENT ? ps_access_folder("socket", folder, fault) : 0;
}

// As that user, where root looks.
static int check(const struct server *s, const struct plan *plan)
{
    static const char *const names[] = {"lock", "identity.json", "registrations.json", "off", NULL};
    const char *user = s->user ? s->user : "", *group = s->group ? s->group : "";
    struct ps_fault fault = {""};
    int err = ps_daemon_check_who(user, group, &fault);
    if (!err)
        err = ps_daemon_become(user, group, 0, &fault);
    if (!err)
        err = ps_access_kept("state", plan->state_dir, names, &fault);
    if (!err)
        err = check_socket(plan, &fault);
    return err ? verb_fail(&prog, EXIT_NO, "%s", fault.text) : EXIT_DONE;
}

static int open_all(struct server *s, struct plan *plan, struct ps_fault *fault)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
    struct agent_conf conf = {.loop = s->loop,
                              .log = &s->log,
                              .root = s->root ? s->root : "",
                              .resolver = s->has_resolver ? &s->resolver : NULL};
    int err = agent_new(&conf, plan, &s->agent, fault);
    for (size_t i = 0; i < sizeof signals / sizeof *signals && !err; i++)
        err = ps_signal_add(s->loop, signals[i], on_signal, s);
    if (!err)
        err = ps_ctl_listen(s->loop, agent_plan(s->agent)->socket, PS_CTL_MODE, asked, s, &s->ctl, fault);
    if (!err)
        err = ps_fswatch_new(s->loop, s->path, 0, changed, s, &s->watch);
    // With all there that is made at the start, and before there are threads.
    if (!err && agent_plan(s->agent)->sandbox)
        err = serve_confine(agent_plan(s->agent), s->path, conf.root, &s->log, s->confined, fault);
    return err ? err : agent_start(s->agent);
}

static int run(struct server *s, struct plan *plan)
{
    struct ps_fault fault = {""};
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    s->started = (ps_ns)t.tv_sec * PS_SEC;
    for (size_t i = 0; i < plan->warnings.n; i++)
        ps_log(&s->log, PS_LOG_WARN, "configuration", "%s", plan->warnings.at[i]);
    int err = open_all(s, plan, &fault);
    if (!err) {
        ps_log(&s->log, PS_LOG_INFO, "serve", "listening on %s", agent_plan(s->agent)->socket);
        (void)ps_sd_notify("READY=1");
        err = ps_loop_run(s->loop);
    }
    ps_fswatch_free(s->watch);
    ps_ctl_close(s->ctl);
    agent_free(s->agent);
    ps_log_flush(&s->log);
    if (err < 0)
        return verb_fail(&prog, EXIT_SYSTEM, "%s", fault.text[0] ? fault.text : ps_strerror(err));
    return EXIT_DONE;
}

static int own(void *ctx, int letter, const char *value)
{
    struct server *s = ctx;
    switch (letter) {
    case OPT_ROOT:
        s->root = value;
        return 0;
    case OPT_RESOLVER:
        s->has_resolver = true;
        return verb_resolver(&prog, value, &s->resolver);
    case 'U':
        s->user = value;
        return 0;
    case 'G':
        s->group = value;
        return 0;
    case 'n':
        s->check = true;
        return 0;
    default:
        s->log.level = PS_LOG_DEBUG;
        return 0;
    }
}

int serve_main(int argc, char **argv)
{
    struct server s = {.o = {.own = own, .ctx = &s}};
    struct ps_fault fault = {""};
    struct plan *plan = calloc(1, sizeof *plan);
    ps_log_init(&s.log, "lsregister");
    s.log.level = PS_LOG_INFO;
    int status = plan ? verb_options_read(&s.o, &prog, 0, argc, argv) : EXIT_SYSTEM;
    s.path = verb_config_path(s.o.config);
    bool loaded = status < 0 && verb_load(s.path, plan, &fault) == 0;
    if (status < 0 && !loaded)
        status = verb_fail(&prog, EXIT_NO, "%s", fault.text);
    if (status < 0 && s.check)
        status = check(&s, plan);
    if (status < 0)
        status = become(&s) == EXIT_DONE ? -1 : EXIT_SYSTEM;
    if (status >= 0) {
        if (plan)
            plan_fini(plan);
        free(plan);
        return status;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    if (ps_loop_new(&s.loop) != 0)
        return verb_fail(&prog, EXIT_SYSTEM, "%s", ps_strerror(-ENOMEM));
    status = run(&s, plan);
    ps_loop_free(s.loop);
    return status;
}
