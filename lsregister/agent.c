// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_rand.h"
#include "lsregister/agent_impl.h"

#define STEP_MOST (3600 * PS_SEC)
#define LOOK_SOON (30 * PS_SEC)

static struct registrar_now now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (struct registrar_now){ps_loop_mono(), (ps_ns)t.tv_sec * PS_SEC + t.tv_nsec};
}

void agent_save(struct agent *a)
{
    struct ps_fault fault = {""};
    if (!registrar_take_changed(a->registrar))
        return;
    int err = ledger_save(&a->ledger, a->registrar, &fault);
    // What is not noted down is found again by the client-uuid.
    if (err && !a->unsaved[0])
        ps_log(a->conf.log, PS_LOG_WARN, "ledger", "%s; registrations go on without it", fault.text);
    snprintf(a->unsaved, sizeof a->unsaved, "%s", err ? fault.text : "");
}

// asking

static void idle(void *ctx)
{
    struct agent *a = ctx;
    if (a->conf.idle && !a->call)
        a->conf.idle(a->conf.ctx);
}

static void check_identity(struct agent *a)
{
    struct ps_fault fault = {""};
    if (!registrar_is_shared(a->registrar))
        return;
    if (ledger_rename(&a->ledger, a->machine[0] ? a->machine : NULL, &fault) != 0)
        ps_log(a->conf.log, PS_LOG_WARN, "ledger", "%s", fault.text);
    else if (registrar_rename(a->registrar, a->ledger.uuid) != 0)
        ps_log(a->conf.log, PS_LOG_WARN, "registrar", "%s", ps_strerror(-ENOMEM));
}

static void answered(void *ctx, struct lswire_reply *reply)
{
    struct agent *a = ctx;
    struct registrar_now t = now();
    ps_ns since;
    a->call = NULL;
    if (registrar_answer(a->registrar, &t, reply) != 0)
        ps_log(a->conf.log, PS_LOG_WARN, "registrar", "%s", ps_strerror(-ENOMEM));
    if (registrar_suspicion(a->registrar)[0])
        snprintf(a->suspicion, sizeof a->suspicion, "%s", registrar_suspicion(a->registrar));
    check_identity(a);
    if (registrar_failures(a->registrar, &since) >= FAILURES_TO_SWITCH && !a->conf.withdraw)
        agent_servers_look(a);
    agent_step(a);
}

void agent_step(struct agent *a)
{
    const struct lswire_ask *ask;
    struct registrar_now t = now();
    struct lswire_reply none;
    ps_ns until;
    if (a->call || !a->surveyed || !a->searched)
        return;
    bool more = registrar_next(a->registrar, &t, &ask, &until);
    agent_save(a);
    if (more && lsclient_ask(&a->client, ask, answered, a, &a->call) != 0) {
        lswire_none(false, ps_strerror(-ENOMEM), &none);
        (void)registrar_answer(a->registrar, &t, &none);
        until = t.mono + PS_SEC;
        more = false;
    }
    if (more)
        return;
    ps_timer_start(a->step_timer, until - t.mono < STEP_MOST ? until - t.mono : STEP_MOST);
    ps_timer_start(a->idle_timer, 0);
}

static void step(void *ctx)
{
    agent_step(ctx);
}

// looking

static void want(struct agent *a, const struct wishes *wishes)
{
    if (registrar_want(a->registrar, wishes) != 0)
        ps_log(a->conf.log, PS_LOG_WARN, "registrar", "%s", ps_strerror(-ENOMEM));
    a->surveyed = true;
    agent_step(a);
}

// Notes that were not there before are worth a line.
static void take_notes(struct agent *a, const struct words *notes)
{
    struct words copy = {0};
    for (size_t i = 0; i < notes->n; i++)
        if (!words_has(&a->notes, notes->at[i]))
            ps_log(a->conf.log, PS_LOG_WARN, "host", "%s", notes->at[i]);
    if (words_copy(&copy, notes) == 0) {
        words_fini(&a->notes);
        a->notes = copy;
    } else {
        words_fini(&copy);
    }
}

// The same for how services are asked; that is noted down with what is registered.
static void take_asked(struct agent *a, const struct words *asked)
{
    struct words copy = {0};
    for (size_t i = 0; i < asked->n; i++)
        if (!words_has(&a->ledger.asked, asked->at[i]))
            ps_log(a->conf.log, PS_LOG_INFO, "host", "%s", asked->at[i]);
    if (words_copy(&copy, asked) == 0) {
        words_fini(&a->ledger.asked);
        a->ledger.asked = copy;
    } else {
        words_fini(&copy);
    }
}

static void look(struct agent *a);

static void surveyed(void *ctx, const struct survey_result *r)
{
    struct agent *a = ctx;
    bool stale = a->next_plan || a->look_again;
    a->look_again = false;
    ps_timer_about(a->look_timer, a->plan->look, a->plan->look / 10);
    if (r->err)
        ps_log(a->conf.log, PS_LOG_WARN, "host", "it could not be looked at: %s", r->why);
    if (stale) {
        look(a);
        return;
    }
    take_notes(a, r->notes);
    if (!r->err)
        take_asked(a, r->asked);
    a->empty_looks = r->wishes->n ? 0 : a->empty_looks + 1;
    // A host without an address, as at its start, gets one soon.
    if (!r->wishes->n && a->plan->look > LOOK_SOON)
        ps_timer_start(a->look_timer, LOOK_SOON);
    // Neither does a look that failed change what was wished for before, nor one while the network is gone for a moment.
    if (!r->err && (a->conf.once || !a->empty_looks || a->empty_looks > SURVEY_GRACE))
        want(a, r->wishes);
    else if (a->conf.once)
        ps_timer_start(a->idle_timer, 0);
}

static bool was_registered(void *ctx, const char *id)
{
    const struct agent *a = ctx;
    size_t n;
    const struct registrar_entry *e = registrar_entries(a->registrar, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(e[i].id, id) == 0)
            return e[i].uri != NULL;
    return false;
}

// Why nothing is registered, whatever the host is like.
static bool is_held_back(struct agent *a, char *why, size_t size)
{
    char missing[200];
    if (a->conf.withdraw)
        snprintf(why, size, "registrations are withdrawn");
    else if (a->off || ledger_is_off(&a->ledger))
        snprintf(why, size, "registration is off; \"lsregister on\" turns it on");
    else if (!plan_is_complete(a->plan, missing, sizeof missing))
        snprintf(why, size, "nothing is registered: %s in the configuration", missing);
    else
        return false;
    return true;
}

// plans

static void told(void *ctx, bool bad, const char *text)
{
    const struct agent *a = ctx;
    ps_log(a->conf.log, bad ? PS_LOG_WARN : PS_LOG_INFO, "registrar", "%s", text);
}

static struct registrar_conf manners(struct agent *a)
{
    struct registrar_conf c = {
        .interval = a->plan->interval, .lease = a->plan->lease, .told = told, .ctx = a};
    (void)ps_rand_bytes(&c.seed, sizeof c.seed);
    return c;
}

static bool same_servers(const struct plan *a, const struct plan *b)
{
    if (a->servers.n != b->servers.n || strcmp(a->bootstrap, b->bootstrap) != 0 || a->family != b->family)
        return false;
    for (size_t i = 0; i < a->servers.n; i++)
        if (strcmp(a->servers.at[i], b->servers.at[i]) != 0)
            return false;
    return true;
}

static void set_client(struct agent *a)
{
    int version = a->plan->family == PLAN_IPV4 ? 4 : a->plan->family == PLAN_IPV6 ? 6 : 0;
    a->client =
        (struct lsclient){a->http, version, a->plan->ca_file, a->plan->servers.n ? a->plan->token : NULL};
}

static void free_plan(struct plan *p)
{
    if (p)
        plan_fini(p);
    free(p);
}

// The next plan in place of the one before.
static void take_plan(struct agent *a)
{
    bool same = same_servers(a->plan, a->next_plan);
    free_plan(a->plan);
    a->plan = a->next_plan;
    a->next_plan = NULL;
    set_client(a);
    struct registrar_conf conf = manners(a);
    registrar_conf_set(a->registrar, &conf);
    if (same)
        return;
    agent_servers_stop(a);
    if (agent_servers_start(a) != 0)
        ps_log(a->conf.log, PS_LOG_WARN, "servers", "%s", ps_strerror(-ENOMEM));
}

static void look(struct agent *a)
{
    static const struct wishes none;
    char why[300];
    if (survey_is_running(a->survey)) {
        a->look_again = true;
        return;
    }
    if (a->next_plan)
        take_plan(a);
    if (is_held_back(a, why, sizeof why)) {
        struct words notes = {0};
        if (!a->conf.withdraw && words_add(&notes, why) == 0)
            take_notes(a, &notes);
        words_fini(&notes);
        words_fini(&a->ledger.asked);
        ps_timer_stop(a->look_timer);
        want(a, &none);
    } else if (survey_start(a->survey, a->plan, was_registered) != 0) {
        ps_timer_start(a->look_timer, 10 * PS_SEC);
    }
}

static void look_now(void *ctx)
{
    look(ctx);
}

// orders

void agent_hurry(struct agent *a)
{
    registrar_hurry(a->registrar);
    look(a);
}

// A look that is under way reads the old plan.
void agent_replan(struct agent *a, struct plan *plan)
{
    free_plan(a->next_plan);
    a->next_plan = plan;
    look(a);
}

int agent_set_off(struct agent *a, bool off, struct ps_fault *fault)
{
    int err = ledger_set_off(&a->ledger, off, fault);
    // A full disk is no reason to stay registered.
    a->off = err && off;
    if (!err || off)
        agent_hurry(a);
    return err;
}

// life

static int open_ledger(struct agent *a, struct ps_fault *fault)
{
    struct ps_fault damage = {""};
    discover_machine(a->conf.root, a->machine);
    int err = ledger_open(&a->ledger, a->plan->state_dir, a->plan->uuid_file,
                          a->machine[0] ? a->machine : NULL, fault);
    if (err)
        return err;
    struct registrar_conf conf = manners(a);
    err = registrar_new(&conf, a->ledger.uuid, &a->registrar);
    if (!err && ledger_load(&a->ledger, a->registrar, &damage) != 0)
        ps_log(a->conf.log, PS_LOG_WARN, "ledger", "%s; what is registered is asked of the server",
               damage.text);
    return err;
}

static int open_net(struct agent *a)
{
    struct ps_dns_conf dns = {.servers = a->conf.resolver, .nservers = a->conf.resolver ? 1 : 0};
    struct ps_httpc_conf http = {.conns_max = 8, .conns_per_host = 2, .agent = "lsregister/" PACKAGE_VERSION};
    int err = ps_dns_new(a->conf.loop, &dns, &a->dns);
    if (!err)
        err = ps_httpc_new(a->conf.loop, &http, &a->http);
    if (!err)
        set_client(a);
    struct survey_conf survey = {a->conf.loop,   a->dns,           a->conf.root,
                                 discover_addrs, &a->ledger.names, !a->conf.once};
    if (!err)
        err = survey_new(&survey, surveyed, a, &a->survey);
    if (!err)
        err = ps_timer_new(a->conf.loop, &a->step_timer, step, a);
    if (!err)
        err = ps_timer_new(a->conf.loop, &a->look_timer, look_now, a);
    return err ? err : ps_timer_new(a->conf.loop, &a->idle_timer, idle, a);
}

int agent_new(const struct agent_conf *conf, struct plan *plan, struct agent **out, struct ps_fault *fault)
{
    struct agent *a = calloc(1, sizeof *a);
    if (!a) {
        free_plan(plan);
        return -ENOMEM;
    }
    a->conf = *conf;
    a->plan = plan;
    a->ledger.lock = -1;
    int err = open_ledger(a, fault);
    if (!err)
        err = open_net(a);
    if (err)
        agent_free(a);
    else
        *out = a;
    return err;
}

int agent_start(struct agent *a)
{
    int err = agent_servers_start(a);
    if (!err)
        look(a);
    return err;
}

void agent_free(struct agent *a)
{
    if (!a)
        return;
    lsclient_cancel(a->call);
    agent_servers_stop(a);
    survey_free(a->survey);
    ps_timer_free(a->step_timer);
    ps_timer_free(a->look_timer);
    ps_timer_free(a->servers_timer);
    ps_timer_free(a->idle_timer);
    ps_httpc_free(a->http);
    ps_dns_free(a->dns);
    registrar_free(a->registrar);
    ledger_close(&a->ledger);
    words_fini(&a->notes);
    free_plan(a->plan);
    free_plan(a->next_plan);
    free(a);
}

const struct plan *agent_plan(const struct agent *a)
{
    return a->plan;
}

const struct registrar *agent_registrar(const struct agent *a)
{
    return a->registrar;
}

const struct ledger *agent_ledger(const struct agent *a)
{
    return &a->ledger;
}

const struct words *agent_notes(const struct agent *a)
{
    return &a->notes;
}

const char *agent_suspicion(const struct agent *a)
{
    return a->suspicion;
}

const char *agent_unsaved(const struct agent *a)
{
    return a->unsaved;
}

const char *agent_no_server(const struct agent *a)
{
    return a->no_server;
}
