// SPDX-License-Identifier: Apache-2.0
// Which server the agent uses.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "lsregister/agent_impl.h"

static int family_of(const struct plan *p)
{
    return p->family == PLAN_IPV4 ? AF_INET : p->family == PLAN_IPV6 ? AF_INET6 : AF_UNSPEC;
}

static const char *present(const struct agent *a)
{
    const char *server = registrar_server(a->registrar);
    return server ? server : a->ledger.server;
}

static void no_server(struct agent *a, const char *why)
{
    if (strcmp(a->no_server, why) != 0)
        ps_log(a->conf.log, PS_LOG_WARN, "servers", "%s", why);
    snprintf(a->no_server, sizeof a->no_server, "%s", why);
    a->searched = true;
    agent_step(a);
}

static void use(struct agent *a, const char *server)
{
    const char *before = registrar_server(a->registrar);
    if (!before || strcmp(before, server) != 0)
        ps_log(a->conf.log, PS_LOG_INFO, "servers", "%s is used%s%s", server, before ? " in place of " : "",
               before ? before : "");
    a->no_server[0] = '\0';
    a->searched = true;
    if (registrar_use(a->registrar, server) != 0)
        ps_log(a->conf.log, PS_LOG_WARN, "servers", "%s", ps_strerror(-ENOMEM));
    agent_step(a);
}

// The present one, if it may still be used, or the first.
static const char *fallback(const struct agent *a, const struct choice_list *list)
{
    const char *server = present(a);
    for (size_t i = 0; i < list->n && server; i++)
        if (strcmp(list->at[i].server, server) == 0)
            return list->at[i].server;
    return list->n ? list->at[0].server : NULL;
}

static void seen(void *ctx, const struct choice_list *list)
{
    struct agent *a = ctx;
    ps_ns since;
    bool failing = registrar_failures(a->registrar, &since) >= FAILURES_TO_SWITCH;
    a->scout = NULL;
    const char *server =
        choice_make(&a->choice, list, present(a), failing, a->plan->better, a->plan->better_times);
    // With nobody in reach the machine goes on trying.
    if (!server)
        server = fallback(a, list);
    char *copy = server ? strdup(server) : NULL;
    ps_timer_about(a->servers_timer, SERVERS_EVERY, 60 * PS_SEC);
    if (copy)
        use(a, copy);
    free(copy);
}

void agent_servers_look(struct agent *a)
{
    if (a->scout || !a->list.n)
        return;
    if (scout_start(a->conf.loop, &a->list, family_of(a->plan), seen, a, &a->scout) != 0)
        ps_timer_start(a->servers_timer, SERVERS_RETRY);
}

// the list of others

static int take_list(void *ctx, const struct ps_mirror_doc *doc, char *why, size_t size)
{
    struct agent *a = ctx;
    struct choice_list list = {0};
    struct ps_fault fault = {""};
    int err = choice_read(&list, doc->data, doc->len, &fault);
    if (err) {
        choice_fini(&list);
        snprintf(why, size, "%s", fault.text[0] ? fault.text : ps_strerror(err));
        return err;
    }
    choice_fini(&a->list);
    a->list = list;
    return 0;
}

static void list_told(void *ctx, struct ps_mirror *m)
{
    struct agent *a = ctx;
    struct ps_mirror_state st;
    char why[400];
    ps_mirror_get(m, &st);
    if (a->list.n) {
        agent_servers_look(a);
        return;
    }
    snprintf(why, sizeof why, "no lookup server is known: %.300s; the next try is in 60 s", st.why);
    no_server(a, why);
}

static void look_again(void *ctx)
{
    agent_servers_look(ctx);
}

static int start_mirror(struct agent *a)
{
    struct ps_mirror_conf conf = {
        .url = a->plan->bootstrap,
        .update = SERVERS_EVERY,
        .retry = SERVERS_RETRY,
        .timeout = 10 * PS_SEC,
        .max = (size_t)1 << 20,
        .ca_file = a->plan->ca_file,
        .proxy = PS_HTTPC_ENV_PROXY,
        .take = take_list,
        .told = list_told,
        .ctx = a,
    };
    if (asprintf(&a->mirror_path, "%s/activehosts.json", a->plan->state_dir) < 0) {
        a->mirror_path = NULL;
        return -ENOMEM;
    }
    conf.path = a->mirror_path;
    int err = ps_mirror_new(a->conf.loop, a->http, &conf, &a->mirror);
    if (!err)
        err = ps_mirror_start(a->mirror);
    // The copy on disk is enough to begin with.
    if (!err && a->list.n)
        agent_servers_look(a);
    return err;
}

int agent_servers_start(struct agent *a)
{
    int err = a->servers_timer ? 0 : ps_timer_new(a->conf.loop, &a->servers_timer, look_again, a);
    for (size_t i = 0; i < a->plan->servers.n && !err; i++)
        err = choice_add(&a->list, a->plan->servers.at[i], (int64_t)i, true);
    // To delete, it is enough to know where.
    if (!err && a->conf.withdraw) {
        a->searched = true;
        return a->ledger.server ? registrar_use(a->registrar, a->ledger.server) : 0;
    }
    if (!err && a->list.n)
        agent_servers_look(a);
    else if (!err)
        err = start_mirror(a);
    return err;
}

void agent_servers_stop(struct agent *a)
{
    scout_cancel(a->scout);
    a->scout = NULL;
    ps_mirror_free(a->mirror);
    a->mirror = NULL;
    free(a->mirror_path);
    a->mirror_path = NULL;
    choice_fini(&a->list);
    if (a->servers_timer)
        ps_timer_stop(a->servers_timer);
}
