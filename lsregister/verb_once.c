// SPDX-License-Identifier: Apache-2.0
// lsregister once and withdraw: what the daemon does, done once.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "lsregister/agent.h"
#include "lsregister/exits.h"
#include "lsregister/verb_options.h"
#include "lsregister/verb_once.h"
#include "lsregister/verbs.h"

enum { OPT_ROOT = VERB_OWN, OPT_RESOLVER };

static const struct ps_opt once_table[] = {
    VERB_OPT_CONFIG,
    {OPT_RESOLVER, "resolver", "ADDR[:PORT]", "ask this DNS server", NULL},
    {OPT_ROOT, "root", "DIR", "what is read of the system stands under DIR, as in a container", NULL},
    {'v', "verbose", NULL, "tell each step", NULL},
    VERB_OPT_END,
};
static const struct ps_opt_prog once_prog = {
    "lsregister once",
    "[options]",
    "Registers this host, or renews, and ends: for cron, at least twice in the time a record lives. Not "
    "beside "
    "lsregister serve.",
    "Exit status: 0 all is registered; 1 not all; 2 usage; 3 no lookup server answers; 4 something cannot be "
    "used.\n"
    "See lsregister(1), lsregister.conf(5).",
    once_table,
};

static const struct ps_opt withdraw_table[] = {
    VERB_OPT_CONFIG,
    {OPT_ROOT, "root", "DIR", "what is read of the system stands under DIR, as in a container", NULL},
    {'v', "verbose", NULL, "tell each step", NULL},
    VERB_OPT_END,
};
static const struct ps_opt_prog withdraw_prog = {
    "lsregister withdraw",
    "[options]",
    "Deletes all that is registered, as before this host is given up. Not beside lsregister serve: it would "
    "register "
    "again; see lsregister off.",
    "Exit status: 0 nothing is registered any more; 1 not all is deleted; 2 usage; 3 no lookup server "
    "answers; 4 "
    "something cannot be used.\n"
    "See lsregister(1).",
    withdraw_table,
};

struct once {
    const struct ps_opt_prog *prog;
    struct verb_options o;
    const char *root;
    struct ps_addr resolver;
    bool has_resolver, withdraw;
    struct ps_log log;
    struct ps_loop *loop;
    struct agent *agent;
};

static void idle(void *ctx)
{
    struct once *o = ctx;
    ps_loop_stop(o->loop);
}

// What came of it.
static int judge(const struct once *o)
{
    const struct registrar *r = agent_registrar(o->agent);
    const struct words *notes = agent_notes(o->agent);
    ps_ns since;
    size_t n, doomed;
    const struct registrar_entry *e = registrar_entries(r, &n);
    const struct registrar_doomed *d = registrar_doomed(r, &doomed);
    for (size_t i = 0; i < n; i++)
        if (e[i].failed || !e[i].uri)
            (void)verb_fail(o->prog, 0, "%s: %s", e[i].id, e[i].last);
    for (size_t i = 0; i < doomed; i++)
        if (d[i].last[0])
            (void)verb_fail(o->prog, 0, "%s%s: cannot be deleted: %s", d[i].server, d[i].uri, d[i].last);
    if (agent_no_server(o->agent)[0])
        return verb_fail(o->prog, EXIT_NETWORK, "%s", agent_no_server(o->agent));
    if (registrar_failures(r, &since))
        return verb_fail(o->prog, EXIT_NETWORK, "%s", registrar_trouble(r));
    if (doomed)
        return verb_fail(o->prog, o->withdraw ? EXIT_NO : EXIT_DONE, "%zu %s not be deleted yet", doomed,
                         doomed == 1 ? "record could" : "records could");
    if (!o->withdraw && notes->n)
        return verb_fail(o->prog, EXIT_NO, "%s", notes->at[0]);
    if (!o->withdraw && agent_suspicion(o->agent)[0])
        return verb_fail(o->prog, EXIT_NO,
                         "%s: a copy of this host seems to register, too; remove identity.json and "
                         "registrations.json on one of the two",
                         agent_suspicion(o->agent));
    if (agent_unsaved(o->agent)[0])
        return verb_fail(o->prog, EXIT_SYSTEM, "%s: what was done is not noted down",
                         agent_unsaved(o->agent));
    return registrar_is_settled(r) ? EXIT_DONE : EXIT_NO;
}

static int work(struct once *o, struct plan *plan)
{
    struct ps_fault fault = {""};
    struct agent_conf conf = {.loop = o->loop,
                              .log = &o->log,
                              .root = o->root ? o->root : "",
                              .resolver = o->has_resolver ? &o->resolver : NULL,
                              .once = true,
                              .withdraw = o->withdraw,
                              .idle = idle,
                              .ctx = o};
    int status = EXIT_SYSTEM, err = agent_new(&conf, plan, &o->agent, &fault);
    if (!err)
        err = agent_start(o->agent);
    if (!err)
        err = ps_loop_run(o->loop);
    if (err < 0)
        (void)verb_fail(o->prog, 0, "%s", fault.text[0] ? fault.text : ps_strerror(err));
    else
        status = judge(o);
    agent_free(o->agent);
    return status;
}

static int own(void *ctx, int letter, const char *value)
{
    struct once *o = ctx;
    if (letter == OPT_ROOT)
        o->root = value;
    else if (letter == OPT_RESOLVER)
        o->has_resolver = true;
    else
        o->log.level = PS_LOG_INFO;
    return letter == OPT_RESOLVER ? verb_resolver(o->prog, value, &o->resolver) : 0;
}

static int act(struct once *o, const char *config)
{
    struct ps_fault fault = {""};
    struct plan *plan = calloc(1, sizeof *plan);
    int err = plan ? verb_load(verb_config_path(config), plan, &fault) : -1;
    (void)signal(SIGPIPE, SIG_IGN);
    if (!err && ps_loop_new(&o->loop) == 0) {
        int status = work(o, plan);
        ps_loop_free(o->loop);
        return status;
    }
    if (plan)
        plan_fini(plan);
    free(plan);
    return verb_fail(o->prog, EXIT_SYSTEM, "%s", err && plan ? fault.text : "out of memory");
}

static int run(const struct ps_opt_prog *prog, bool withdraw, int argc, char **argv)
{
    struct once o = {.prog = prog, .withdraw = withdraw, .o = {.own = own, .ctx = &o}};
    ps_log_init(&o.log, "lsregister");
    o.log.level = PS_LOG_FATAL;
    int status = verb_options_read(&o.o, prog, 0, argc, argv);
    return status >= 0 ? status : act(&o, o.o.config);
}

int withdraw_now(const struct ps_opt_prog *prog, const char *config, const char *root)
{
    struct once o = {.prog = prog, .withdraw = true, .root = root};
    ps_log_init(&o.log, "lsregister");
    o.log.level = PS_LOG_FATAL;
    return act(&o, config);
}

int once_main(int argc, char **argv)
{
    return run(&once_prog, false, argc, argv);
}

int withdraw_main(int argc, char **argv)
{
    return run(&withdraw_prog, true, argc, argv);
}
