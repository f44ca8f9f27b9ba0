// SPDX-License-Identifier: Apache-2.0
#include "pslimits/ground.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "pslimits/exits.h"

#define DNS_PORT 53

static int complain(const char *what)
{
    fprintf(stderr, "pslimits: %s\n", what);
    return EXIT_SYSTEM;
}

int ground_resolver(const char *text, struct ps_addr *out)
{
    struct ps_hostport hp;
    if (ps_hostport_parse(text, DNS_PORT, false, &hp) != 0 || ps_addr_parse(hp.host, hp.port, out) != 0) {
        fprintf(stderr,
                "pslimits: --resolver %s: wants an address, as in 192.0.2.53 or [2001:db8::53]:5353\n", text);
        return EXIT_USAGE;
    }
    return EXIT_YES;
}

int ground_init(struct ground *g, const struct options *o)
{
    struct facts_conf conf = {.patient = true};
    memset(g, 0, sizeof *g);
    lim_faults_init(&g->faults);
    if (o->resolver && ground_resolver(o->resolver, &g->resolver) != EXIT_YES)
        return EXIT_USAGE;
    conf.resolver = o->resolver ? &g->resolver : NULL;
    int err = ps_loop_new(&g->loop);
    if (!err)
        err = facts_new(g->loop, &conf, &g->facts);
    return err ? complain(ps_strerror(err)) : EXIT_YES;
}

void ground_fini(struct ground *g)
{
    free(g->name);
    lim_rules_free(g->rules);
    lim_faults_fini(&g->faults);
    facts_free(g->facts);
    if (g->loop)
        ps_loop_free(g->loop);
}

static bool from_network(int err)
{
    return err == PS_ETIMEOUT || err == PS_ERESOLVE || err == PS_EREFUSED || err == PS_EAUTH ||
           err == PS_ECLOSED || err == PS_EPROTO;
}

static void loaded(void *ctx, const struct load_result *r)
{
    struct ground *g = ctx;
    if (r->err) {
        complain(r->why);
        g->status = from_network(r->err) ? EXIT_NETWORK : EXIT_SYSTEM;
    }
    free(g->name);
    g->name = strdup(r->name);
    if (!g->name)
        g->status = complain(ps_strerror(-ENOMEM));
    g->rules = r->rules;
    g->unchecked = r->unchecked;
    g->faults = *r->faults;
    lim_faults_init(r->faults);
    ps_loop_stop(g->loop);
}

int ground_load(struct ground *g, const char *path)
{
    g->status = EXIT_YES;
    int err = load_begin(g->loop, facts_jq(g->facts), facts_http(g->facts), path, loaded, g, NULL);
    if (!err)
        err = ps_loop_run(g->loop);
    return err < 0 ? complain(ps_strerror(err)) : g->status;
}

static void tell_faults(const struct ground *g)
{
    for (size_t i = 0; i < g->faults.n; i++) {
        const struct lim_fault *f = &g->faults.at[i];
        if (f->weight == LIM_FAULT)
            fprintf(stderr, "pslimits: %s:%d: %s: %s%s%s\n", g->name, f->line, f->path, f->text,
                    f->hint ? "; " : "", f->hint ? f->hint : "");
    }
}

int ground_regime(struct ground *g, const char *path, bool lists, struct regime **out)
{
    int status = ground_load(g, path);
    if (status != EXIT_YES)
        return status;
    if (!g->rules) {
        tell_faults(g);
        return EXIT_SYSTEM;
    }
    int err =
        lists ? facts_regime(g->facts, g->rules, NULL, out) : regime_new(facts_jq(g->facts), g->rules, out);
    if (err)
        return complain(ps_strerror(err));
    g->rules = NULL;
    return EXIT_YES;
}
